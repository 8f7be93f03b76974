// A day's work of three kinds of server, scripted with real programs: nobody is accused. After each day something bad is run, so that a
// silent agent would fail, too.
#include "agent/in_namespaces.hpp"

namespace pinfold::agent {
namespace {

/// Programs under system names: /usr/games is covered by a folder of the test's own, in the test's own mount namespace.
void make_system_programs(LabServer& server, std::initializer_list<std::pair<const char*, const char*>> programs) {
  server.command("mkdir -p /mnt/state/system; mount --bind /mnt/state/system /usr/games; mkdir -p /mnt/www/wp-content/uploads /mnt/home");
  for (const auto& [from, to] : programs) {
    server.command(fmt::format("cp {} /usr/games/{}", from, to));
  }
}

/// Runs the day, then a marker; returns what was told besides the marker.
std::vector<std::string> told_of_the_day(LabServer& server, const std::string& day) {
  std::ofstream(server.folder() / "day.sh") << day;
  const std::string ended = server.ask("sh /mnt/state/day.sh </dev/null >/mnt/state/day.log 2>&1; echo DAY_ENDED $?", "DAY_ENDED");
  EXPECT_EQ(ended, "DAY_ENDED 0") << std::ifstream(server.folder() / "day.log").rdbuf();
  server.command("echo 'print 1;' > /dev/shm/marker.pl; perl /dev/shm/marker.pl </dev/null >/dev/null");
  EXPECT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/marker.pl"); }, kPatience));
  // What was run before the marker has had its time to be told: an event waits for its content for 300 ms at the most.
  server.command("sleep 1; echo 'print 2;' > /dev/shm/end.pl; perl /dev/shm/end.pl </dev/null >/dev/null");
  EXPECT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/end.pl"); }, kPatience));
  std::vector<std::string> alarms;
  for (const abuse::Finding& f : server.desk().told().findings) {
    if (fact(f, "script") != "/dev/shm/marker.pl" && fact(f, "script") != "/dev/shm/end.pl") {
      alarms.push_back(f.summary + " | " + fact(f, "ancestry"));
    }
  }
  return alarms;
}

using Days = AgentInNamespaces;

TEST_F(Days, OfABuildMachine) {
  LabServer server;
  START_OR_SKIP(server, "");
  make_system_programs(server, {{"/bin/dash", "gitlab-runner"}, {"/bin/dash", "sshd"}, {"/bin/dash", "apt-get"}});
  const auto alarms = told_of_the_day(server, R"(set -e
mkdir -p /tmp/work/hello && cd /tmp/work/hello
printf 'int main(void){return 0;}\n' > hello.c
cat > configure <<'END'
#!/bin/sh
echo 'int main(void){return 0;}' > conftest.c
gcc conftest.c -o conftest && ./conftest
printf '#!/bin/sh\n:\n' > config.status; chmod +x config.status; ./config.status
printf 'all: hello\nhello: hello.c\n\tgcc -o hello hello.c\ncheck: hello\n\t./hello\n\t./test.sh\n\tperl gen.pl > gen.h\n' > Makefile
END
printf '#!/bin/sh\n:\n' > test.sh; chmod +x configure test.sh; echo 'print 1;' > gen.pl
./configure
make && make check
./hello
gcc hello.c -o again && ./again
cp /bin/true ./tool; strip ./tool 2>/dev/null || true
mkdir -p /tmp/pkg/DEBIAN; printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.net>\nDescription: x\n' > /tmp/pkg/DEBIAN/control
dpkg-deb -b /tmp/pkg /tmp/x.deb
mkdir -p /tmp/Foo && cd /tmp/Foo && echo 'print "Makefile written\n";' > Makefile.PL && perl Makefile.PL
mkdir -p /tmp/ci && printf 'set -e\ncd /tmp/ci\n./step.sh\n' > /tmp/ci/job.sh && printf '#!/bin/sh\n:\n' > /tmp/ci/step.sh && chmod +x /tmp/ci/step.sh
/usr/games/gitlab-runner -c 'sh -xe /tmp/ci/job.sh; :'
/usr/games/apt-get -c 'printf "#!/bin/sh\n:\n" > /tmp/x.config.1; chmod +x /tmp/x.config.1; /tmp/x.config.1; perl -e 1; :'
mkdir -p /tmp/vendor && printf '#!/bin/sh\necho installed\n' > /tmp/vendor/install.sh && sh /tmp/vendor/install.sh
printf '#!/bin/sh\n:\n' > /tmp/thing-1.2.run && chmod +x /tmp/thing-1.2.run && /tmp/thing-1.2.run
/usr/games/sshd -c 'cd /tmp; printf "#!/bin/sh\n:\n" > try.sh; chmod +x try.sh; ./try.sh; sh try.sh; cp /bin/true mine; ./mine; :'
awk '{print $1}' /tmp/work/hello/Makefile > /tmp/words; cd /tmp && awk '{print $1}' words > /dev/null; sort < words > sorted
cat words | sort | sh -c 'cat' > /dev/null
)");
  EXPECT_EQ(alarms, std::vector<std::string>{});
}

TEST_F(Days, OfAWordPressHost) {
  LabServer server;
  START_OR_SKIP(server, "");
  make_system_programs(
      server,
      {{"/usr/bin/perl", "php-fpm8.2"}, {"/usr/bin/perl", "php8.2"}, {"/bin/dash", "apache2"}, {"/bin/dash", "cron"}, {"/usr/bin/perl", "perl5"}});
  const auto alarms = told_of_the_day(server, R"(set -e
cat > /mnt/www/upload.php <<'END'
open(F, '>', '/tmp/phpAb12Cd'); print F "#!/bin/sh\nan upload that looks like a script"; close F;
open(F, '>', '/tmp/sess_0123456789'); print F 'user|s:5:"alice"'; close F;
open(F, '<', '/tmp/sess_0123456789'); <F>; close F;
open(F, '>', '/tmp/plugin-1.2.tmp'); print F "PK\x03\x04"; close F;
rename '/tmp/phpAb12Cd', '/mnt/www/wp-content/uploads/photo.jpg';
system('cp /etc/hostname /tmp/magick-1; cat /tmp/magick-1 > /mnt/www/wp-content/uploads/thumb.jpg; rm /tmp/magick-1');
system('sh', '-c', 'grep -c look /mnt/www/wp-content/uploads/thumb.jpg');
system('/usr/games/perl5', '/usr/games/exiftool', '/tmp/plugin-1.2.tmp');
open(M, '|-', 'sh', '-c', 'cat > /mnt/www/mail'); print M "Subject: hello\n"; close M;
END
echo 'print "exif\n";' > /usr/games/exiftool; echo 'print "wp\n";' > /usr/games/wp; echo 'open(F,">","/tmp/wp-cron.lock");' > /mnt/www/wp-cron.php
chown 33 /mnt/www -R
for i in 1 2 3; do setpriv --reuid 33 --clear-groups /usr/games/php-fpm8.2 /mnt/www/upload.php; rm -f /tmp/sess_0123456789 /tmp/plugin-1.2.tmp; done
/usr/games/cron -c '/usr/games/php8.2 /mnt/www/wp-cron.php; :'
/usr/games/php8.2 /usr/games/wp
setpriv --reuid 33 --clear-groups /usr/games/apache2 -c 'echo "a b" | sort > /dev/null; :'
mkdir -p /tmp/systemd-private-0123-php8.2-fpm.service-x/tmp && printf 'data' > /tmp/systemd-private-0123-php8.2-fpm.service-x/tmp/file
unshare --net /usr/games/php-fpm8.2 -e 'use Socket; for my $i (1..60) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(443, inet_aton("198.18.4.$i"))); } for (1..3000) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(3306, inet_aton("198.18.5.1"))); }'
mkdir -p /tmp/.X11-unix /tmp/.ICE-unix; touch /tmp/.X11-unix/X0
)");
  EXPECT_EQ(alarms, std::vector<std::string>{});
}

TEST_F(Days, OfAMailHost) {
  LabServer server;
  START_OR_SKIP(server, "");
  make_system_programs(server, {{"/usr/bin/perl", "smtp"},
                                {"/bin/dash", "exim4"},
                                {"/bin/dash", "procmail"},
                                {"/bin/dash", "clamd"},
                                {"/usr/bin/perl", "perl5"},
                                {"/usr/bin/perl", "named"},
                                {"/bin/dash", "logrotate"}});
  const auto alarms = told_of_the_day(server, R"(set -e
echo 'open(F, ">", "/tmp/.spamassassin12tmp"); print F "mail"; close F; open(F, "/tmp/.spamassassin12tmp"); <F>; unlink "/tmp/.spamassassin12tmp";' > /usr/games/spamd
/usr/games/perl5 -T /usr/games/spamd
setpriv --reuid 110 --clear-groups /usr/games/clamd -c 'mkdir /tmp/clamav-1; cp --no-preserve=mode /bin/ls /tmp/clamav-1/attachment.exe; printf "#!/bin/sh\nrm -rf /\n" > /tmp/clamav-1/invoice.sh; cat /tmp/clamav-1/invoice.sh > /dev/null; rm -r /tmp/clamav-1; :'
/usr/games/exim4 -c '/usr/games/procmail -c "cat > /mnt/home/mbox; :" < /etc/hostname; :'
/usr/games/exim4 -c 'echo Subject: x | /usr/games/procmail -c "cat >> /mnt/home/mbox; :"; :'
unshare --net /usr/games/smtp -e 'use Socket; for my $i (1..200) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(25, inet_aton("198.18.6.$i"))); }'
unshare --net /usr/games/named -e 'use Socket; socket(my $u, PF_INET, SOCK_DGRAM, 17); for my $i (1..250) { send($u, "q", 0, sockaddr_in(53, inet_aton("198.18.7.$i"))); }'
printf 'kill -0 $$\n' > /tmp/logrotate.Ab1; /usr/games/logrotate -c 'sh /tmp/logrotate.Ab1; :'
)");
  EXPECT_EQ(alarms, std::vector<std::string>{});
}

}  // namespace
}  // namespace pinfold::agent
