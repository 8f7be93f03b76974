// Whose a file is: Alpine's database in a folder, and rpm by a program that answers as it does.
#include "agent/audit/ownership.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "agent/temporary_folder.hpp"

namespace pinfold::agent::audit {
namespace {

namespace fs = std::filesystem;
using Packages = std::map<std::string, std::string>;

Packages packages_of(const std::map<std::string, Owner>& owners) {
  Packages packages;
  for (const auto& [path, owner] : owners) {
    packages.emplace(path, owner.package);
  }
  return packages;
}

TEST(Ownership, OfAlpinesDatabase) {
  const TemporaryFolder root;
  fs::create_directories(root.path() / "lib/apk/db");
  std::ofstream(root.path() / "lib/apk/db/installed")
      << "C:Q1abc=\nP:phpmyadmin\nV:5.2.1-r0\nF:usr/share/webapps/phpmyadmin/libraries\nR:Config.php\nZ:Q1x=\n"
         "\nC:Q1def=\nP:busybox\nV:1.36\nF:bin\nR:busybox\n\n";
  const HostFiles files(root.path().string());
  EXPECT_EQ(packages_of(owners_of(files, {"/bin/busybox", "/bin/other", "/usr/share/webapps/phpmyadmin/libraries/Config.php"})),
            (Packages{{"/bin/busybox", "busybox"}, {"/usr/share/webapps/phpmyadmin/libraries/Config.php", "phpmyadmin"}}));
  EXPECT_TRUE(owners_of(files, {}).empty());
}

/// Answers as rpm -qf --queryformat '%{NAME}\n' does: two owners are two lines, what has gone is told on the error output.
std::string rpm_in(const TemporaryFolder& folder) {
  const fs::path program = folder.path() / "rpm";
  std::ofstream(program) << R"(#!/bin/sh
[ "$1 $2 $3 $4" = '-qf --queryformat %{NAME}\n --' ] || exit 9
shift 4
for file; do
  case $file in
    /usr/share/wordpress/*) echo wordpress ;;
    /usr/lib/both) echo first; echo second ;;
    /gone) echo "error: file $file: No such file or directory" >&2 ;;
    *) echo "file $file is not owned by any package" ;;
  esac
done
)";
  EXPECT_EQ(::chmod(program.c_str(), 0755), 0);
  return program.string();
}

TEST(Ownership, ByRpmIsOneAnswerAPath) {
  const TemporaryFolder folder;
  const std::string rpm = rpm_in(folder);
  EXPECT_EQ(packages_of(owners_by_rpm(rpm, {"/srv/a", "/usr/share/wordpress/index.php", "/usr/share/wordpress/wp-login.php"})),
            (Packages{{"/usr/share/wordpress/index.php", "wordpress"}, {"/usr/share/wordpress/wp-login.php", "wordpress"}}));
  EXPECT_TRUE(owners_by_rpm(rpm, {}).empty());
  EXPECT_TRUE(owners_by_rpm((folder.path() / "none").string(), {"/srv/a"}).empty()) << "no such program owns nothing";
}

TEST(Ownership, ByRpmIsNotShiftedByWhatHasGoneOrHasTwoOwners) {
  const TemporaryFolder folder;
  const std::string rpm = rpm_in(folder);
  EXPECT_EQ(packages_of(owners_by_rpm(rpm, {"/gone", "/srv/a", "/usr/share/wordpress/index.php"})),
            (Packages{{"/usr/share/wordpress/index.php", "wordpress"}}));
  EXPECT_EQ(packages_of(owners_by_rpm(rpm, {"/srv/a", "/usr/lib/both", "/usr/share/wordpress/index.php"})),
            (Packages{{"/usr/lib/both", "first"}, {"/usr/share/wordpress/index.php", "wordpress"}}));
}

}  // namespace
}  // namespace pinfold::agent::audit
