#include <gtest/gtest.h>

#include <vector>

#include "base/text.hpp"
#include "net/packet_header.hpp"

namespace pinfold::net {
namespace {

constexpr const char* kMacs = "020000000002020000000001";
constexpr const char* kV4Syn = "4500002800010000400600 00c0000201c6336401 115c0016000000010000000050020400 00000000";
constexpr const char* kV6Start = "6000000000202c4020010db8000000000000000000000001 20010db8000000000000000000000002";

std::vector<std::uint8_t> bytes(std::initializer_list<std::string_view> parts) {
  std::string hex;
  for (const std::string_view part : parts) {
    for (const char c : part) {
      if (c != ' ') {
        hex += c;
      }
    }
  }
  return from_hex(hex).value();
}

TEST(PacketHeader, ReadsEthernetIpv4AndTcp) {
  const auto frame = bytes({kMacs, "0800", kV4Syn});
  const PacketHeader header = parse_ethernet(frame);
  EXPECT_EQ(to_string(*header.src_mac), "02:00:00:00:00:01");
  EXPECT_EQ(to_string(*header.dst_mac), "02:00:00:00:00:02");
  EXPECT_EQ(to_string(*header.src), "192.0.2.1");
  EXPECT_EQ(to_string(*header.dst), "198.51.100.1");
  EXPECT_EQ(header.protocol, 6);
  EXPECT_EQ(header.src_port, 4444);
  EXPECT_EQ(header.dst_port, 22);
  EXPECT_EQ(header.tcp_flags, 0x02);
  EXPECT_EQ(header.ip_length, 40U);
  EXPECT_FALSE(header.vlan);
  EXPECT_FALSE(header.later_fragment);
}

TEST(PacketHeader, TheOutermostVlanCounts) {
  EXPECT_EQ(parse_ethernet(bytes({kMacs, "8100 e064 0800", kV4Syn})).vlan, 100);
  const PacketHeader stacked = parse_ethernet(bytes({kMacs, "88a8 0064 8100 000a 0800", kV4Syn}));
  EXPECT_EQ(stacked.vlan, 100);
  EXPECT_EQ(stacked.dst_port, 22);
  const PacketHeader priority = parse_ethernet(bytes({kMacs, "8100 e000 0800", kV4Syn}));
  EXPECT_FALSE(priority.vlan) << "id 0 is a priority tag";
  EXPECT_EQ(priority.dst_port, 22);
  EXPECT_FALSE(parse_ethernet(bytes({kMacs, "8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 0800", kV4Syn})).src) << "five tags";
}

TEST(PacketHeader, Ipv4OptionsAreSteppedOver) {
  const PacketHeader header = parse_ip(bytes({"4600 0020 0001 0000 40 11 0000 c0000201 c6336401 94040000 0035 1389 0008 0000"}));
  EXPECT_EQ(header.src_port, 53);
  EXPECT_EQ(header.dst_port, 5001);
}

TEST(PacketHeader, LaterFragmentsHaveNoPorts) {
  const PacketHeader later = parse_ip(bytes({"4500 0024 0001 00b9 40 11 0000 c0000201 c6336401 00351389 00080000 00000000 00000000"}));
  EXPECT_TRUE(later.later_fragment);
  EXPECT_EQ(later.protocol, 17);
  EXPECT_FALSE(later.src_port);
  const PacketHeader first = parse_ip(bytes({"4500 0024 0001 2000 40 11 0000 c0000201 c6336401 00351389 00100000 00000000 00000000"}));
  EXPECT_FALSE(first.later_fragment);
  EXPECT_EQ(first.src_port, 53);
}

TEST(PacketHeader, Ipv6ExtensionHeadersAreFollowed) {
  // fragment (first, more to come) → destination options → UDP
  const PacketHeader header = parse_ip(bytes({kV6Start, "3c00000100000001 1100010400000000 0035 1234 0010 0000 0102030405060708"}));
  EXPECT_EQ(to_string(*header.src), "2001:db8::1");
  EXPECT_EQ(header.protocol, 17);
  EXPECT_EQ(header.src_port, 53);
  EXPECT_EQ(header.dst_port, 0x1234);
  EXPECT_EQ(header.payload.size(), 8U);
  const PacketHeader later = parse_ip(bytes({kV6Start, "1100000900000001 0035 1234 0010 0000"}));
  EXPECT_TRUE(later.later_fragment);
  EXPECT_EQ(later.protocol, 17);
  EXPECT_FALSE(later.src_port);
  // authentication header counts in units of four bytes
  const PacketHeader sealed = parse_ip(bytes({"60000000 0018 33 40", "20010db8000000000000000000000001 20010db8000000000000000000000002",
                                              "3a02 0000 00000001 00000001 00000000 8000 0000"}));
  EXPECT_EQ(sealed.protocol, 58);
  EXPECT_EQ(sealed.icmp_type_code, 0x8000);
}

TEST(PacketHeader, AnEndlessChainOfExtensionHeadersIsGivenUp) {
  std::string chain;
  for (unsigned i = 0; i < kMaxExtensionHeaders + 1; ++i) {
    chain += "3c00010400000000";
  }
  const PacketHeader header =
      parse_ip(bytes({"60000000 0200 3c 40", "20010db8000000000000000000000001 20010db8000000000000000000000002", chain, "00351234"}));
  EXPECT_TRUE(header.src);
  EXPECT_FALSE(header.src_port);
}

TEST(PacketHeader, IcmpTypeAndCode) {
  const PacketHeader header = parse_ip(bytes({"4500 0020 0001 0000 40 01 0000 c0000201 c6336401 0303 0000"}));
  EXPECT_EQ(header.icmp_type_code, 0x0303);
  EXPECT_FALSE(header.src_port);
}

TEST(PacketHeader, UdpPayloadEndsWhereUdpAndIpSay) {
  const auto packet = bytes({"4500 0020 0001 0000 40 11 0000 c0000201 c6336401 0035 1389 000a 0000 6162 ffff 0000 0000"});
  const PacketHeader header = parse_ip(packet);
  EXPECT_EQ(header.payload.size(), 2U);
  EXPECT_EQ(header.payload.front(), 'a');
}

TEST(PacketHeader, WhatIsNotIpKeepsItsMacAddresses) {
  const PacketHeader header = parse_ethernet(bytes({kMacs, "0806 0001 0800"}));
  EXPECT_TRUE(header.src_mac);
  EXPECT_EQ(header.ether_type, 0x0806);
  EXPECT_FALSE(header.src);
}

TEST(PacketHeader, ACutAtEveryByteOnlyTakesAway) {
  for (const auto& whole : {bytes({kMacs, "88a8 0064 8100 000a 0800", kV4Syn}),
                            bytes({kMacs, "86dd", kV6Start, "3c00000100000001 1100010400000000 0035 1234 0010 0000 0102030405060708"})}) {
    const PacketHeader complete = parse_ethernet(whole);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const PacketHeader header = parse_ethernet(cut);
      EXPECT_TRUE(!header.src || header.src == complete.src) << length;
      EXPECT_TRUE(!header.dst_port || header.dst_port == complete.dst_port) << length;
      EXPECT_TRUE(!header.tcp_flags || header.tcp_flags == complete.tcp_flags) << length;
      EXPECT_LE(header.payload.size(), complete.payload.size()) << length;
    }
  }
}

}  // namespace
}  // namespace pinfold::net
