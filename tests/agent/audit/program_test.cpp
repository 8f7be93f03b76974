// The program itself: its exit statuses, and that the one static file starts where there is nothing else.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "agent/temporary_folder.hpp"
#include "base/sanitized.hpp"

namespace pinfold::agent::audit {
namespace {

struct Result {
  int status = -1;
  std::string output;
};

Result run(const std::string& command) {
  Result result;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> block{};
  for (std::size_t got = 0; pipe != nullptr && (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    result.output.append(block.data(), got);
  }
  const int status = pipe == nullptr ? -1 : ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

const std::string kAgent = PINFOLD_BINARY_DIR "/bin/pinfold-agent";

TEST(AuditProgram, SaysWhatIsWrongAndEndsWithItsStatus) {
  const TemporaryFolder root;
  std::filesystem::create_directories(root.path() / "var/www");
  const std::string audit = kAgent + " audit --root " + root.path().string();
  EXPECT_EQ(run(audit + " /var/www").status, 2);
  EXPECT_NE(run(audit + " /var/www").output.find("name the order, as --order T-7"), std::string::npos);
  EXPECT_EQ(run(audit + " --order T-7").status, 2);
  EXPECT_EQ(run(audit + " --order 'T 7' /var/www").status, 2);
  EXPECT_EQ(run(audit + " --order T-7 /no/such").status, 3);
  EXPECT_EQ(run(audit + " --allow /no/such").status, 3);
  EXPECT_EQ(run(audit + " --no-such-flag").status, 2);
  EXPECT_EQ(run(audit + " --order T-7 /var/www").status, 0);
  std::ofstream(root.path() / "var/www/x.php") << "<?php @eval($_POST['cmd']); ?>";
  const Result found = run(audit + " --order T-7 /var/www");
  EXPECT_EQ(found.status, 1);
  EXPECT_NE(found.output.find("\"rule\":\"php_runs_request\""), std::string::npos) << found.output;
}

TEST(AuditProgram, StartsInAnEmptyRoot) {
  if (kIsSanitized) {
    GTEST_SKIP() << "sanitizer builds are not linked statically";
  }
  if (::geteuid() != 0) {
    GTEST_SKIP() << "chroot needs root";
  }
  const TemporaryFolder root;
  std::filesystem::copy_file(kAgent, root.path() / "pinfold-agent");
  std::filesystem::create_directories(root.path() / "srv");
  std::ofstream(root.path() / "srv/x.php") << "<?php @eval($_POST['cmd']); ?>";
  const Result result = run("chroot " + root.path().string() + " /pinfold-agent audit --order T-7 /srv");
  EXPECT_EQ(result.status, 1) << result.output;
  EXPECT_NE(result.output.find("\"type\":\"summary\""), std::string::npos) << result.output;
}

}  // namespace
}  // namespace pinfold::agent::audit
