// What is known of port numbers: claims about each of the 65,536, since nobody looks at those that have no name.
#include <gtest/gtest.h>

#include <map>

#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

TEST(Services, APortThatNobodyNamedIsUnknown) {
  std::map<PortKind, int> ports;
  int plain_web = 0;
  int amplifiers = 0;
  for (unsigned number = 0; number <= 65'535; ++number) {
    const auto port = static_cast<std::uint16_t>(number);
    ++ports[kind_of_port(port)];
    plain_web += is_plain_web(port) ? 1 : 0;
    amplifiers += is_amplifier(port) ? 1 : 0;
    EXPECT_EQ(is_amplifier(port), amplifier_on(port).has_value()) << port;
    if (service_of_port(port) != "unknown") {
      EXPECT_NE(kind_of_port(port), PortKind::Unknown) << port;
    }
  }
  const std::map<PortKind, int> expected{{PortKind::Login, 10}, {PortKind::MailLogin, 7}, {PortKind::Database, 6},
                                         {PortKind::Mail, 1},   {PortKind::Ordinary, 59}, {PortKind::Unknown, 65'536 - 83}};
  EXPECT_EQ(ports, expected);
  EXPECT_EQ(plain_web, 7);
  EXPECT_EQ(amplifiers, 21);
}

TEST(Services, NeighboursOfAKnownPortAreNotTakenForIt) {
  EXPECT_EQ(kind_of_port(22), PortKind::Login);
  EXPECT_EQ(kind_of_port(24), PortKind::Unknown);
  EXPECT_EQ(kind_of_port(902), PortKind::Unknown);
  EXPECT_EQ(kind_of_port(22 + 64), PortKind::Unknown);
  EXPECT_TRUE(is_plain_web(8080));
  EXPECT_FALSE(is_plain_web(8443));
}

}  // namespace
}  // namespace pinfold::detect
