#include "engine/customers/remote_audit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace pinfold::engine {
namespace {

std::string said_by_shell(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 256> block{};
  for (std::size_t got = 0; pipe != nullptr && (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    output.append(block.data(), got);
  }
  static_cast<void>(pipe == nullptr ? -1 : ::pclose(pipe));
  return output;
}

TEST(RemoteAudit, AWordStaysOneWordInTheShellWhateverItHolds) {
  for (const std::string word : {"/var/www", "it's", "$(id)", "`id`", "a b", "\"", "\\", "-n", "a\nb", "''", ";id"}) {
    EXPECT_EQ(said_by_shell("printf %s " + shell_word(word)), word);
  }
}

TEST(RemoteAudit, IsValidForAnOldShellAndNamesItsOrder) {
  const std::string command = remote_audit_command({"T-7", {"/var/www/it's", "/srv/$(id)"}, "/x"});
  EXPECT_EQ(said_by_shell("sh -n -c " + shell_word(command) + " && echo fine"), "fine\n");
  EXPECT_NE(command.find("audit --json --order 'T-7' '/var/www/it'\\''s' '/srv/$(id)'"), std::string::npos) << command;
}

}  // namespace
}  // namespace pinfold::engine
