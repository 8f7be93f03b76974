#include <gtest/gtest.h>

#include "flow/export_bytes.hpp"

namespace pinfold::flow {
namespace {

using test::Bench;
using test::ExportBytes;
using test::ip;

constexpr std::uint32_t kFlow = 1;
constexpr std::uint32_t kCounters = 2;
constexpr std::uint32_t kExpanded = 3;

ExportBytes datagram(std::uint32_t samples, const ExportBytes& body, std::uint32_t sequence = 1) {
  return ExportBytes{}.u32s({5, 1, 0xC0000201, 0, sequence, 1000, samples}).append(body);
}
ExportBytes flow_sample(std::uint32_t records, const ExportBytes& body, std::uint32_t input = 3, std::uint32_t output = 4) {
  return ExportBytes{}.u32s({1, 3, 1000, 5000, 0, input, output, records}).append(body);
}
ExportBytes raw_header(std::uint32_t protocol, std::uint32_t frame_length, const ExportBytes& header) {
  return ExportBytes{}.sflow(1, ExportBytes{}.u32s({protocol, frame_length, 4, static_cast<std::uint32_t>(header.size())}).append(header));
}
/// A SYN from 192.0.2.1:4444 to 198.51.100.1:22 in VLAN 100.
ExportBytes tagged_syn() {
  ExportBytes frame;
  frame.u64(0x0200'0000'0002'0200).u32(0x0000'0001).u16(0x8100).u16(0x6064).u16(0x0800);
  frame.u16(0x4500).u16(60).u32(0x00010000).u16(0x4006).u16(0).u32(0xC0000201).u32(0xC6336401);
  return frame.u16(4444).u16(22).u32(1).u32(0).u16(0x5002).u16(1024).u32(0);
}

TEST(Sflow5, AFlowSampleGivesOneRecordOfOnePacket) {
  Bench bench;
  const auto done = bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(1, raw_header(1, 1518, tagged_syn())))));
  ASSERT_TRUE(done);
  ASSERT_EQ(bench.flows.size(), 1U);
  const FlowRecord& flow = bench.flows[0];
  EXPECT_EQ(flow.version, ExportVersion::Sflow5);
  EXPECT_EQ(flow.sampling_rate.one_in(), 1000U);
  EXPECT_EQ(flow.packets.value, 1U);
  EXPECT_EQ(flow.bytes.value, 1518U) << "of the frame, not of the part that was sampled";
  EXPECT_EQ(ip(flow.src), "192.0.2.1");
  EXPECT_EQ(ip(flow.dst), "198.51.100.1");
  EXPECT_EQ(flow.src_port, 4444);
  EXPECT_EQ(flow.dst_port, 22);
  EXPECT_EQ(flow.tcp_flags, kSyn);
  EXPECT_EQ(flow.vlan, 100);
  EXPECT_EQ(net::to_string(*flow.src_mac), "02:00:00:00:00:01");
  EXPECT_EQ(net::to_string(*flow.dst_mac), "02:00:00:00:00:02");
  EXPECT_EQ(flow.in_if->value, 3U);
  EXPECT_EQ(flow.out_if->value, 4U);
  EXPECT_FALSE(flow.first) << "sFlow says no times";
}

TEST(Sflow5, ExpandedSamplesAreReadAndCountersCounted) {
  Bench bench;
  ExportBytes expanded;
  expanded.u32s({1, 0, 3, 512, 5000, 0, 0, 70000, 0, 0x3FFFFFFF, 1}).append(raw_header(1, 64, tagged_syn()));
  const auto done =
      bench.take(datagram(3, ExportBytes{}.sflow(kCounters, ExportBytes{}.zeros(16)).sflow(kExpanded, expanded).sflow(4, ExportBytes{}.zeros(8))));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->samples_skipped, 2U);
  ASSERT_EQ(bench.flows.size(), 1U);
  EXPECT_EQ(bench.flows[0].sampling_rate.one_in(), 512U);
  EXPECT_EQ(bench.flows[0].in_if->value, 70000U);
  EXPECT_FALSE(bench.flows[0].out_if) << "the device itself has no ifIndex";
}

TEST(Sflow5, AnOutputOfSeveralPortsOrADropIsNoInterface) {
  Bench bench;
  ExportBytes samples;
  samples.sflow(kFlow, flow_sample(1, raw_header(1, 64, tagged_syn()), 3, 0x80000002));
  samples.sflow(kFlow, flow_sample(1, raw_header(1, 64, tagged_syn()), 0, 0x40000102));
  ASSERT_TRUE(bench.take(datagram(2, samples)));
  EXPECT_FALSE(bench.flows.at(0).out_if);
  EXPECT_FALSE(bench.flows.at(1).out_if);
  EXPECT_FALSE(bench.flows.at(1).in_if);
}

TEST(Sflow5, UnknownRecordsAreSkippedByTheirLength) {
  Bench bench;
  const ExportBytes records = ExportBytes{}
                                  .sflow(1002, ExportBytes{}.zeros(13))
                                  .sflow((4413U << 12U) | 7, ExportBytes{}.zeros(20))
                                  .append(raw_header(1, 64, tagged_syn()))
                                  .sflow(1001, ExportBytes{}.u32s({200, 0, 200, 0}));
  ASSERT_TRUE(bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(4, records)))));
  EXPECT_EQ(bench.flows.at(0).dst_port, 22);
  EXPECT_EQ(bench.flows.at(0).vlan, 100) << "the frame's own tag comes before what the switch says";
}

TEST(Sflow5, HeadersThatTheAgentDecodedStandInForMissingOnes) {
  Bench bench;
  const ExportBytes ethernet = ExportBytes{}.u32(90).u32(0x02000000).u16(1).u16(0).u32(0x02000000).u16(2).u16(0).u32(0x0800);
  const ExportBytes ipv4 = ExportBytes{}.u32s({76, 6, 0xC0000201, 0xC6336401, 1025, 80, 0x12, 0});
  const ExportBytes vlan = ExportBytes{}.u32s({200, 0, 201, 0});
  ASSERT_TRUE(bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(3, ExportBytes{}.sflow(2, ethernet).sflow(3, ipv4).sflow(1001, vlan))))));
  const FlowRecord& flow = bench.flows.at(0);
  EXPECT_EQ(ip(flow.dst), "198.51.100.1");
  EXPECT_EQ(flow.dst_port, 80);
  EXPECT_EQ(flow.tcp_flags, 0x12);
  EXPECT_EQ(flow.bytes.value, 90U);
  EXPECT_EQ(flow.vlan, 200);
  EXPECT_EQ(net::to_string(*flow.src_mac), "02:00:00:00:00:01");
}

/// if_counters of interface 7: 10 Gbit/s, up, 5 TB in, 300 errors, unicast not counted.
ExportBytes interface_counters() {
  ExportBytes bytes;
  bytes.u32s({7, 6}).u64(10'000'000'000).u32s({1, 3}).u64(5'000'000'000'000).u32s({0xFFFFFFFF, 12, 13, 14, 300, 0});
  return bytes.u64(6'000'000'000'000).u32s({21, 22, 23, 24, 25, 0});
}

TEST(Sflow5, InterfaceCountersAreGivenOutBesideTheFlows) {
  Bench bench;
  const ExportBytes other = ExportBytes{}.sflow(2, ExportBytes{}.zeros(52)).sflow((4413U << 12U) | 1, ExportBytes{}.zeros(7));
  ExportBytes samples;
  const ExportBytes name = ExportBytes{}.u32(6).text("swp7s0").zeros(2);
  samples.sflow(kCounters, ExportBytes{}.u32s({41, 7, 4}).append(other).sflow(1, interface_counters()).sflow(1005, name));
  samples.sflow(kFlow, flow_sample(1, raw_header(1, 64, tagged_syn())));
  samples.sflow(4, ExportBytes{}.u32s({42, 0, 7, 1}).sflow(1, interface_counters()));
  const auto done = bench.take(datagram(3, samples));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->counter_samples, 2U);
  EXPECT_EQ(bench.flows.size(), 1U);
  const auto& all = bench.decoder.interface_counters();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(ip(all[0].agent), "192.0.2.1");
  EXPECT_EQ(all[0].uptime_millis, 1000U);
  EXPECT_EQ(all[0].sequence, 41U);
  EXPECT_EQ(all[0].interface.value, 7U);
  EXPECT_EQ(all[0].speed, 10'000'000'000U);
  EXPECT_EQ(all[0].duplex, Duplex::Full);
  EXPECT_TRUE(all[0].admin_up);
  EXPECT_TRUE(all[0].oper_up);
  EXPECT_EQ(all[0].in_octets, 5'000'000'000'000U);
  EXPECT_FALSE(all[0].in_unicast) << "all ones: not counted";
  EXPECT_EQ(all[0].in_multicast, 12U);
  EXPECT_EQ(all[0].in_errors, 300U);
  EXPECT_EQ(all[0].out_octets, 6'000'000'000'000U);
  EXPECT_EQ(all[0].out_errors, 25U);
  EXPECT_EQ(all[0].name, "swp7s0");
  EXPECT_EQ(all[1].sequence, 42U) << "expanded";
  EXPECT_EQ(all[1].name, "") << "of its own sample only";
  ASSERT_TRUE(bench.take(datagram(0, {}, 2)));
  EXPECT_TRUE(bench.decoder.interface_counters().empty()) << "of the last datagram only";
}

TEST(Sflow5, ACounterSampleThatContradictsItselfCostsItselfAlone) {
  Bench bench;
  ExportBytes samples;
  samples.sflow(kCounters, ExportBytes{}.u32s({41, 7, 2}).sflow(1, interface_counters()).u32s({1, 4000}));
  samples.sflow(kCounters, ExportBytes{}.u32s({41, 7, 1}).sflow(1, ExportBytes{}.zeros(20)));
  samples.sflow(kFlow, flow_sample(1, raw_header(1, 64, tagged_syn())));
  const auto done = bench.take(datagram(3, samples));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->counter_samples, 0U);
  EXPECT_EQ(done->samples_skipped, 2U);
  EXPECT_TRUE(bench.decoder.interface_counters().empty()) << "not even the record before the fault";
  EXPECT_EQ(bench.flows.size(), 1U);
  EXPECT_FALSE(bench.take(datagram(2, ExportBytes{}.sflow(kCounters, ExportBytes{}.u32s({41, 7, 1}).sflow(1, interface_counters())))));
  EXPECT_TRUE(bench.decoder.interface_counters().empty()) << "a refused datagram gives none";
}

TEST(Sflow5, DiscardedPacketsAreCountedAndAreNoTraffic) {
  Bench bench;
  const ExportBytes discarded = ExportBytes{}.u32s({1, 0, 3, 0, 3, 0, 256, 1}).append(raw_header(1, 64, tagged_syn()));
  const auto done = bench.take(datagram(1, ExportBytes{}.sflow(5, discarded)));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->discarded_packets, 1U);
  EXPECT_EQ(bench.counters().discarded_packets, 1U);
  EXPECT_TRUE(bench.flows.empty());
}

TEST(Sflow5, HeadersOfEveryKindOfLinkAreRead) {
  ExportBytes packet;
  packet.u16(0x4500).u16(60).u32(0x00010000).u16(0x4006).u16(0).u32(0xC0000201).u32(0xC6336401);
  packet.u16(4444).u16(22).u32(1).u32(0).u16(0x5002).u16(1024).u32(0);
  const ExportBytes macs = ExportBytes{}.u64(0x0200'0000'0002'0200).u32(1);
  struct Row {
    const char* name;
    std::uint32_t protocol;
    ExportBytes before;
  };
  for (const Row& row :
       {Row{"IPv4", 11, {}}, Row{"PPP", 7, ExportBytes{}.u16(0x0021)}, Row{"packet over SONET", 14, ExportBytes{}.u16(0xFF03).u16(0x0021)},
        Row{"MPLS", 13, ExportBytes{}.u32s({0x00010040, 0x00010140})},
        Row{"MPLS on Ethernet", 1, ExportBytes{}.append(macs).u16(0x8847).u32(0x00010140)},
        Row{"PPPoE", 1, ExportBytes{}.append(macs).u16(0x8864).u16(0x1100).u16(9).u16(42).u16(0x0021)},
        Row{"QinQ", 1, ExportBytes{}.append(macs).u16(0x88A8).u16(100).u16(0x8100).u16(5).u16(0x0800)}}) {
    Bench bench;
    const ExportBytes header = ExportBytes{}.append(row.before).append(packet);
    ASSERT_TRUE(bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(1, raw_header(row.protocol, 1500, header)))))) << row.name;
    EXPECT_EQ(ip(bench.flows.at(0).src), "192.0.2.1") << row.name;
    EXPECT_EQ(bench.flows.at(0).dst_port, 22) << row.name;
    EXPECT_EQ(bench.flows.at(0).bytes.value, 1500U) << row.name;
  }
  Bench bench;
  ASSERT_TRUE(bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(1, raw_header(5, 1500, packet))))));
  EXPECT_FALSE(bench.flows.at(0).exported.has(Field::Src)) << "frame relay is not read";
  EXPECT_EQ(bench.flows.at(0).bytes.value, 1500U) << "but its bytes are traffic";
}

TEST(Sflow5, LengthsThatLieAreRefusedWithTheirPlace) {
  Bench bench;
  ExportBytes header_lies;
  header_lies.sflow(1, ExportBytes{}.u32s({1, 64, 4, 0xFFFFFFFF}).zeros(14));
  const auto header = bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(1, header_lies))));
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error(), (DecodeError{Fault::BadLength, 28 + 8 + 32 + 8}));
  const auto sample = bench.take(datagram(1, ExportBytes{}.u32(kFlow).u32(4000).zeros(40)));
  ASSERT_FALSE(sample);
  EXPECT_EQ(sample.error(), (DecodeError{Fault::BadLength, 32}));
  const auto count = bench.take(datagram(0xFFFFFFFF, ExportBytes{}));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().fault, Fault::TooManySamples);
  const auto records = bench.take(datagram(1, ExportBytes{}.sflow(kFlow, flow_sample(0xFFFFFFFF, raw_header(1, 64, tagged_syn())))));
  EXPECT_FALSE(records);
  EXPECT_TRUE(bench.flows.empty());
}

TEST(Sflow5, LostDatagramsAreCountedPerAgentAndSubAgent) {
  Bench bench;
  for (const std::uint32_t sequence : {1U, 2U, 6U}) {
    ASSERT_TRUE(bench.take(datagram(0, {}, sequence)));
  }
  EXPECT_EQ(bench.counters().lost_datagrams, 3U);
  ASSERT_TRUE(bench.take(ExportBytes{}.u32s({5, 1, 0xC0000202, 0, 900, 1000, 0})));
  EXPECT_EQ(bench.counters().lost_datagrams, 3U) << "another agent behind the same address";
}

TEST(Sflow5, AgentsMayHaveIpv6Addresses) {
  Bench bench;
  const ExportBytes head = ExportBytes{}.u32s({5, 2}).u64(0x20010DB800000000).u64(1).u32s({0, 1, 1000, 1});
  ASSERT_TRUE(bench.take(ExportBytes{}.append(head).sflow(kFlow, flow_sample(1, raw_header(1, 64, tagged_syn())))));
  EXPECT_EQ(bench.flows.size(), 1U);
}

TEST(Sflow5, AgentsMayNotKnowTheirAddressButMayNotMakeUpAType) {
  const ExportBytes sample = ExportBytes{}.sflow(kFlow, flow_sample(1, raw_header(1, 64, tagged_syn())));
  Bench bench;
  ASSERT_TRUE(bench.take(ExportBytes{}.u32s({5, 0, 0, 1, 1000, 1}).append(sample))) << "type 0 has no bytes of address";
  EXPECT_EQ(bench.flows.size(), 1U);
  const auto odd = bench.take(ExportBytes{}.u32s({5, 3, 0xC0000201, 0, 1, 1000, 1}).append(sample));
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().fault, Fault::Truncated);
}

}  // namespace
}  // namespace pinfold::flow
