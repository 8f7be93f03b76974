#include <gtest/gtest.h>

#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::net {
namespace {

TEST(IpAddress, TextSurvivesARoundTrip) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    const auto parsed = IpAddress::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), text);
  }
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->v4_number(), 0xC0000201U);
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "01.2.3.4", "fe80::1%eth0", "host.example", "1.2.3.4 "}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(Prefix, ContainsExactlyItsAddresses) {
  const auto prefix = Prefix::parse("192.0.2.16/28");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("192.0.2.31")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("192.0.2.32")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("::ffff:192.0.2.17")));
  EXPECT_TRUE(Prefix::parse("::/0")->contains(*IpAddress::parse("2001:db8::1")));
}

TEST(Prefix, RefusesHostBitsAndWrongLengths) {
  for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "/24", "2001:db8::/129"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
  EXPECT_EQ(to_string(*Prefix::parse("192.0.2.7")), "192.0.2.7/32");
}

TEST(MacAddress, TakesColonsAndDashesAndGivesColons) {
  EXPECT_EQ(to_string(*MacAddress::parse("02-00-00-AA-00-01")), "02:00:00:aa:00:01");
  for (const char* text : {"", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00-00:00:01", "020000000001", "02:00:00:00:00:0g"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

}  // namespace
}  // namespace pinfold::net
