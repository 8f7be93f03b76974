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

TEST(PacketHeader, MplsLabelsAreSteppedOver) {
  const PacketHeader two = parse_ethernet(bytes({kMacs, "8847 0001 0040 0001 1140", kV4Syn}));
  EXPECT_EQ(to_string(*two.src), "192.0.2.1");
  EXPECT_EQ(two.dst_port, 22);
  EXPECT_EQ(two.ether_type, 0x8847);
  const PacketHeader six = parse_ethernet(bytes({kMacs, "8100 0064 8848 0001 0140", kV6Start, "1100010400000000"}));
  EXPECT_EQ(six.vlan, 100);
  EXPECT_EQ(to_string(*six.src), "2001:db8::1");
  EXPECT_EQ(parse_mpls(bytes({"0001 0140", kV4Syn})).dst_port, 22) << "the stack alone";
  const PacketHeader pseudowire = parse_ethernet(bytes({kMacs, "8847 0001 0140 00000000", kMacs, "0800", kV4Syn}));
  EXPECT_FALSE(pseudowire.src) << "a control word, and somebody's whole Ethernet behind it";
  std::string endless;
  for (unsigned i = 0; i <= kMaxMplsLabels; ++i) {
    endless += "00010040";
  }
  EXPECT_FALSE(parse_ethernet(bytes({kMacs, "8847", endless, "00010140", kV4Syn})).src) << "no bottom within the bound";
  EXPECT_FALSE(parse_ethernet(bytes({kMacs, "8847 0001 0040"})).src) << "no bottom at all";
}

TEST(PacketHeader, PppoeSessionsAndPppAreSteppedInto) {
  const PacketHeader v4 = parse_ethernet(bytes({kMacs, "8100 0007 8864 11 00 1234 002a 0021", kV4Syn}));
  EXPECT_EQ(v4.vlan, 7);
  EXPECT_EQ(to_string(*v4.dst), "198.51.100.1");
  EXPECT_EQ(v4.dst_port, 22);
  EXPECT_TRUE(parse_ethernet(bytes({kMacs, "8864 11 00 1234 0054 0057", kV6Start})).src);
  EXPECT_FALSE(parse_ethernet(bytes({kMacs, "8864 11 00 1234 002a c021", kV4Syn})).src) << "link control, not IP";
  EXPECT_FALSE(parse_ethernet(bytes({kMacs, "8863 11 09 0000 002a 0021", kV4Syn})).src) << "discovery";
  EXPECT_FALSE(parse_ethernet(bytes({kMacs, "8864 11 00 1234 0002 0021", kV4Syn})).src) << "the length ends before the packet";
  EXPECT_EQ(parse_ppp(bytes({"ff03 0021", kV4Syn})).dst_port, 22);
  EXPECT_EQ(parse_ppp(bytes({"21", kV4Syn})).dst_port, 22) << "protocol field compressed";
  EXPECT_EQ(parse_ppp(bytes({"0281 0001 0140", kV4Syn})).dst_port, 22) << "MPLS over PPP";
  EXPECT_FALSE(parse_ppp(bytes({"ff03"})).src);
}

TEST(PacketHeader, LlcSnapIsSteppedInto) {
  EXPECT_EQ(parse_ethernet(bytes({kMacs, "0030 aaaa03 000000 0800", kV4Syn})).dst_port, 22);
  const PacketHeader spanning_tree = parse_ethernet(bytes({kMacs, "0026 424203 0000 000000"}));
  EXPECT_FALSE(spanning_tree.ether_type);
  EXPECT_TRUE(spanning_tree.src_mac);
}

/// A server must not be charged with what stands in an inner header, which anybody may write.
TEST(PacketHeader, OfATunnelTheOuterHeaderCounts) {
  constexpr const char* kInner = "4500 0028 0001 0000 40 06 0000 0a000001 0a000002 115c0019 00000001 00000000 5002 0400 0000 0000";
  struct Row {
    const char* name;
    const char* outer;
    std::uint8_t protocol;
    bool has_ports;
  };
  for (const Row& row : {Row{"GRE", "4500 0040 0001 0000 40 2f 0000 c0000201 c6336401 0000 0800", 47, false},
                         Row{"IP in IP", "4500 003c 0001 0000 40 04 0000 c0000201 c6336401", 4, false},
                         Row{"VXLAN",
                             "4500 006e 0001 0000 40 11 0000 c0000201 c6336401 c001 12b5 005a 0000 08000000 00000100 020000000002 "
                             "020000000001 0800",
                             17, true},
                         Row{"ESP", "4500 0040 0001 0000 40 32 0000 c0000201 c6336401 00000001 00000001", 50, false}}) {
    const PacketHeader header = parse_ethernet(bytes({kMacs, "0800", row.outer, kInner}));
    EXPECT_EQ(to_string(*header.src), "192.0.2.1") << row.name;
    EXPECT_EQ(to_string(*header.dst), "198.51.100.1") << row.name;
    EXPECT_EQ(header.protocol, row.protocol) << row.name;
    EXPECT_EQ(header.src_port.has_value(), row.has_ports) << row.name;
    EXPECT_FALSE(header.tcp_flags) << row.name;
    EXPECT_NE(header.dst_port, 25) << row.name;
  }
  const PacketHeader six_in_four = parse_ip(bytes({"4500 0050 0001 0000 40 29 0000 c0000201 c6336401", kV6Start}));
  EXPECT_EQ(six_in_four.protocol, 41);
  EXPECT_EQ(to_string(*six_in_four.src), "192.0.2.1");
}

TEST(PacketHeader, ACutAtEveryByteOnlyTakesAway) {
  for (const auto& whole : {bytes({kMacs, "88a8 0064 8100 000a 0800", kV4Syn}), bytes({kMacs, "8847 0001 0040 0001 0140", kV4Syn}),
                            bytes({kMacs, "8864 11 00 1234 002a 0021", kV4Syn}), bytes({kMacs, "0030 aaaa03 000000 0800", kV4Syn}),
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
