#include "net/host_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinfold::net {
namespace {

TEST(HostName, IsOneLabelOrSeveral) {
  const std::string longest_label(63, 'a');
  for (const std::string& good : {std::string("mx"), std::string("Mail-1.example"), std::string("1.2.example"), longest_label + ".example"}) {
    EXPECT_TRUE(is_host_name(good)) << good;
  }
}

TEST(HostName, HasBoundsAndNoOtherCharacters) {
  const std::string long_label(64, 'a');
  std::string long_name = "a";
  while (long_name.size() < 254) {
    long_name += ".a";
  }
  for (const std::string& bad : {std::string(), std::string("."), std::string("a..b"), std::string("a."), std::string("-a.b"), std::string("a-.b"),
                                 std::string("a_b"), std::string("a b"), std::string("ü.example"), long_label, long_name}) {
    EXPECT_FALSE(is_host_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace pinfold::net
