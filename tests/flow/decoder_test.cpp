#include "flow/decoder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "flow/export_bytes.hpp"
#include "flow/record_json.hpp"

namespace pinfold::flow {
namespace {

using test::Bench;
using test::ExportBytes;

TEST(Decoder, TellsTheProtocolsApart) {
  EXPECT_EQ(sniff(ExportBytes{}.u16(5).u16(1).span()), ExportVersion::NetFlow5);
  EXPECT_EQ(sniff(ExportBytes{}.u16(9).u16(1).span()), ExportVersion::NetFlow9);
  EXPECT_EQ(sniff(ExportBytes{}.u16(10).u16(1).span()), ExportVersion::Ipfix);
  EXPECT_EQ(sniff(ExportBytes{}.u32(5).span()), ExportVersion::Sflow5);
  EXPECT_FALSE(sniff(ExportBytes{}.u32(4).span()));
  EXPECT_FALSE(sniff(ExportBytes{}.u8(0).span()));
  EXPECT_FALSE(sniff({}));
}

TEST(Decoder, WhatItDoesNotKnowIsCountedAndRefused) {
  Bench bench;
  const auto done = bench.take(ExportBytes{}.u32(0x47455420));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (DecodeError{Fault::UnknownVersion, 0}));
  EXPECT_EQ(bench.counters().datagrams, 1U);
  EXPECT_EQ(bench.counters().malformed, 1U);
}

TEST(Decoder, ExportersBeyondTheLimitAreRefused) {
  Limits limits;
  limits.exporters = 1;
  Decoder decoder(limits);
  std::vector<FlowRecord> flows;
  const ExportBytes datagram = test::ipfix({});
  EXPECT_TRUE(decoder.decode({net::IpAddress::v4(1), 0}, datagram.span(), flows, WallTime{}));
  const auto refused = decoder.decode({net::IpAddress::v4(2), 0}, datagram.span(), flows, WallTime{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::TooManyExporters);
  EXPECT_EQ(decoder.counters({net::IpAddress::v4(2), 0}).datagrams, 0U);
}

TEST(Decoder, TheDomainThatWasUnusedForLongestMakesRoom) {
  Limits limits;
  limits.domains_per_exporter = 2;
  Bench bench(limits);
  const ExportBytes layout = ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 8, 4}));
  const ExportBytes data = ExportBytes{}.set(256, ExportBytes{}.u32(1));
  for (const std::uint32_t domain : {1U, 2U, 1U, 3U}) {
    ASSERT_TRUE(bench.take(test::ipfix(layout, 0, domain)));
  }
  ASSERT_TRUE(bench.take(test::ipfix(data, 0, 1)));
  EXPECT_EQ(bench.flows.size(), 1U);
  ASSERT_TRUE(bench.take(test::ipfix(data, 0, 2)));
  EXPECT_EQ(bench.flows.size(), 1U) << "domain 2 was put out, and its template with it";
}

TEST(Decoder, ExportersDoNotShareTemplates) {
  Decoder decoder;
  std::vector<FlowRecord> flows;
  const ExportBytes layout = test::ipfix(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 8, 4})));
  const ExportBytes data = test::ipfix(ExportBytes{}.set(256, ExportBytes{}.u32(1)));
  ASSERT_TRUE(decoder.decode({net::IpAddress::v4(1), 0}, layout.span(), flows, WallTime{Seconds{9}}));
  ASSERT_TRUE(decoder.decode({net::IpAddress::v4(2), 0}, data.span(), flows, WallTime{}));
  EXPECT_TRUE(flows.empty());
  EXPECT_EQ(decoder.counters({net::IpAddress::v4(1), 0}).last_seen, WallTime{Seconds{9}});
}

/// The datagrams of a fuzz corpus file: each behind a 16-bit length.
std::vector<std::vector<std::uint8_t>> corpus_datagrams(const std::string& name) {
  std::ifstream in(std::string(PINFOLD_SOURCE_DIR) + "/fuzz/corpus/" + name, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<std::vector<std::uint8_t>> datagrams;
  ByteReader reader{bytes};
  while (const auto length = reader.u16()) {
    const auto datagram = reader.bytes(std::min<std::size_t>(*length, reader.remaining()));
    datagrams.emplace_back(datagram->begin(), datagram->end());
  }
  return datagrams;
}

/// Every datagram of every protocol, cut at every byte: never more flows than the whole gives, and those the same as the whole's first.
/// Each cut lies in memory of exactly its size, so that the sanitizer builds see a read behind it.
TEST(Decoder, ACutAtEveryByteGivesNoFlowThatTheWholeHasNot) {
  for (const char* name : {"flow_ipfix/ipfix_template_then_data", "flow_ipfix/ipfix_variable_length_and_reverse", "flow_netflow9/sampler_option",
                           "flow_netflow5/two_records", "flow_sflow/flow_and_counter_samples", "flow_sflow/expanded_ipv6_fragment_in_qinq"}) {
    const auto datagrams = corpus_datagrams(name);
    ASSERT_FALSE(datagrams.empty()) << name;
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      Bench whole;
      for (std::size_t k = 0; k <= i; ++k) {
        ASSERT_TRUE(whole.take(datagrams[k])) << name;
      }
      for (std::size_t length = 0; length < datagrams[i].size(); ++length) {
        Bench bench;
        for (std::size_t k = 0; k < i; ++k) {
          ASSERT_TRUE(bench.take(datagrams[k])) << name;
        }
        const std::vector<std::uint8_t> cut(datagrams[i].begin(), datagrams[i].begin() + static_cast<std::ptrdiff_t>(length));
        const std::size_t before = bench.flows.size();
        const auto done = bench.take(cut);
        ASSERT_LE(bench.flows.size(), whole.flows.size()) << name << " cut at " << length;
        if (!done) {
          ASSERT_EQ(bench.flows.size(), before) << name << " cut at " << length;
          ASSERT_LE(done.error().offset, length) << name;
        }
        for (std::size_t k = 0; k < bench.flows.size(); ++k) {
          ASSERT_EQ(to_json(bench.flows[k], std::nullopt), to_json(whole.flows[k], std::nullopt)) << name << " cut at " << length;
        }
      }
    }
  }
}

TEST(RecordJson, HasExactlyTheFieldsThatTheExportHad) {
  FlowRecord flow;
  EXPECT_EQ(to_json(flow, std::nullopt).dump(), R"({"sampling_rate":1,"version":"ipfix"})");
  flow.version = ExportVersion::Sflow5;
  flow.sampling_rate = SamplingRate{512};
  flow.first = ExporterTime{Millis{1'700'000'000'250}};
  flow.last = ExporterTime{Seconds{1'700'000'001}};
  flow.src = *net::IpAddress::parse("2001:db8::1");
  flow.dst = *net::IpAddress::parse("2001:db8::2");
  flow.src_port = 40000;
  flow.dst_port = 25;
  flow.protocol = kTcp;
  flow.tcp_flags = kSyn;
  flow.packets = Packets{1};
  flow.bytes = Bytes{86};
  flow.in_if = IfIndex{3};
  flow.out_if = IfIndex{4};
  flow.src_mac = net::MacAddress::parse("02:00:00:00:00:01");
  flow.dst_mac = net::MacAddress::parse("02:00:00:00:00:02");
  flow.vlan = 100;
  for (const Field field : {Field::Src, Field::Dst, Field::SrcPort, Field::DstPort, Field::Protocol, Field::Packets, Field::Bytes}) {
    flow.exported.add(field);
  }
  const nlohmann::json expected = nlohmann::json::parse(R"({
    "exporter": "192.0.2.9", "version": "sflow5", "sampling_rate": 512, "first": "2023-11-14T22:13:20.250Z", "last": "2023-11-14T22:13:21Z",
    "src": "2001:db8::1", "dst": "2001:db8::2", "src_port": 40000, "dst_port": 25, "protocol": 6, "tcp_flags": 2, "packets": 1, "bytes": 86,
    "in_if": 3, "out_if": 4, "src_mac": "02:00:00:00:00:01", "dst_mac": "02:00:00:00:00:02", "vlan": 100})");
  EXPECT_EQ(to_json(flow, net::IpAddress::parse("192.0.2.9")), expected);
}

}  // namespace
}  // namespace pinfold::flow
