#include <gtest/gtest.h>

#include "flow/export_bytes.hpp"

namespace pinfold::flow {
namespace {

using test::Bench;
using test::ExportBytes;
using test::ip;
using test::ipfix;
using test::time_text;

constexpr std::uint16_t kTemplates = 2;
constexpr std::uint16_t kOptions = 3;

/// Addresses, ports, protocol, packets (4 bytes), bytes (3: reduced-size encoding).
ExportBytes plain_template(std::uint16_t id = 256) { return ExportBytes{}.u16s({id, 7, 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 2, 4, 1, 3}); }
ExportBytes plain_record(std::uint16_t src_port = 40000) {
  return ExportBytes{}.u32(0x0A000001).u32(0xC6336407).u16(src_port).u16(443).u8(6).u32(9).integer(70000, 3);
}

TEST(Ipfix, ReadsFlowsWithATemplate) {
  Bench bench;
  const auto done = bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template()).set(256, plain_record().append(plain_record(40001)))));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->templates, 1U);
  EXPECT_EQ(done->records, 2U);
  ASSERT_EQ(bench.flows.size(), 2U);
  const FlowRecord& flow = bench.flows[1];
  EXPECT_EQ(flow.version, ExportVersion::Ipfix);
  EXPECT_EQ(ip(flow.src), "10.0.0.1");
  EXPECT_EQ(ip(flow.dst), "198.51.100.7");
  EXPECT_EQ(flow.src_port, 40001);
  EXPECT_EQ(flow.dst_port, 443);
  EXPECT_EQ(flow.packets.value, 9U);
  EXPECT_EQ(flow.bytes.value, 70000U);
  EXPECT_FALSE(flow.first) << "the export has no times";
  EXPECT_FALSE(flow.tcp_flags);
}

TEST(Ipfix, PaddingBehindTheLastRecordIsNoRecord) {
  Bench bench;
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template().zeros(2)).set(256, plain_record().zeros(3)))));
  EXPECT_EQ(bench.flows.size(), 1U);
}

TEST(Ipfix, TheLastSetMayReachBehindTheMessageButNotBehindTheDatagram) {
  const ExportBytes sets = ExportBytes{}.set(kTemplates, plain_template()).set(256, plain_record().zeros(2));
  ExportBytes datagram = ExportBytes{}.u16(10).u16(16 + sets.size() - 2).u32(test::kExportSeconds).u32(0).u32(1).append(sets);
  Bench bench;
  ASSERT_TRUE(bench.take(datagram));
  EXPECT_EQ(bench.flows.size(), 1U);
  EXPECT_FALSE(bench.take(datagram.span().first(datagram.size() - 2)));
  EXPECT_FALSE(bench.take(datagram.span().first(datagram.size() - 3)));
  EXPECT_TRUE(bench.take(ipfix(sets).zeros(7).u8(1))) << "bytes behind the message are none of its business";
}

TEST(Ipfix, DataWaitsForItsTemplateAndKeepsItsOwnExportTime) {
  Bench bench;
  const ExportBytes with_delta = ExportBytes{}.u16s({256, 2, 8, 4, 158, 4});
  const auto waiting = bench.take(ipfix(ExportBytes{}.set(256, ExportBytes{}.u32(1).u32(1'500'000))));
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->records, 0U);
  EXPECT_EQ(waiting->sets_waiting, 1U);
  const auto done = bench.take(ExportBytes{}.u16(10).u16(16 + 16).u32(test::kExportSeconds + 60).u32(0).u32(1).set(kTemplates, with_delta));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->records, 1U);
  EXPECT_EQ(time_text(bench.flows.at(0).first), "2023-11-14T22:13:18.500Z");
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, with_delta))));
  EXPECT_EQ(bench.flows.size(), 1U) << "what has waited is read once";
}

TEST(Ipfix, WaitingDataIsBounded) {
  Limits limits;
  limits.pending_sets_per_domain = 2;
  Bench bench(limits);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, plain_record()))));
  }
  EXPECT_EQ(bench.counters().sets_dropped, 1U);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template()))));
  EXPECT_EQ(bench.flows.size(), 2U);
}

TEST(Ipfix, TemplatesBelongToTheirObservationDomain) {
  Bench bench;
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template()), 0, 1)));
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, plain_record()), 0, 2)));
  EXPECT_TRUE(bench.flows.empty());
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, plain_record()), 0, 1)));
  EXPECT_EQ(bench.flows.size(), 1U);
}

TEST(Ipfix, AWithdrawnTemplateIsGone) {
  Bench bench;
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template(256).append(plain_template(257))))));
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, ExportBytes{}.u16s({256, 0})))));
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, plain_record()).set(257, plain_record()))));
  EXPECT_EQ(bench.flows.size(), 1U);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, ExportBytes{}.u16s({kTemplates, 0})))));
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(257, plain_record()))));
  EXPECT_EQ(bench.flows.size(), 1U) << "id 2 withdraws all of them";
}

TEST(Ipfix, VariableLengthAndEnterpriseFieldsAreSteppedOver) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.u16s({300, 5, 82, 0xFFFF, 8, 4, 0x8000 | 12}).u16(0xFFFF).u32(9).u16s({12, 4, 0x8001, 8}).u32(29305);
  ExportBytes data;
  data.u8(4).text("eth0").u32(0x0A000001).u8(0xFF).u16(300).zeros(300).u32(0xC6336407).u64(4321);
  data.u8(0).u32(0x0A000002).u8(0).u32(0xC6336408).u64(1);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(300, data))));
  ASSERT_EQ(bench.flows.size(), 2U);
  EXPECT_EQ(ip(bench.flows[0].dst), "198.51.100.7") << "enterprise 9's element 12 is not IANA's";
  EXPECT_EQ(bench.flows[0].reverse_bytes->value, 4321U) << "RFC 5103";
  EXPECT_EQ(ip(bench.flows[1].src), "10.0.0.2");
}

TEST(Ipfix, AVariableLengthThatLiesCostsTheWholeDatagram) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.u16s({300, 2, 8, 4, 82, 0xFFFF});
  const ExportBytes data = ExportBytes{}.u32(1).u8(2).text("ab").u32(2).u8(200).text("ab");
  const auto done = bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(300, data)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (DecodeError{Fault::BadLength, 16 + 16 + 4 + 7}));
  EXPECT_TRUE(bench.flows.empty()) << "not even the record before the fault";
}

TEST(Ipfix, TimesOfEveryUnit) {
  struct Row {
    const char* name;
    std::uint16_t element;
    std::uint16_t length;
    std::uint64_t value;
    const char* expected;
  };
  constexpr std::uint64_t kNtp = (std::uint64_t{test::kExportSeconds} + 2'208'988'800) << 32U;
  const Row rows[] = {
      {"seconds", 150, 4, test::kExportSeconds, "2023-11-14T22:13:20Z"},
      {"milliseconds", 152, 8, std::uint64_t{test::kExportSeconds} * 1000 + 7, "2023-11-14T22:13:20.007Z"},
      {"microseconds are NTP", 154, 8, kNtp + 0x8000'0000, "2023-11-14T22:13:20.500Z"},
      {"nanoseconds are NTP", 156, 8, kNtp + 0x4000'0000, "2023-11-14T22:13:20.250Z"},
      {"microseconds before the export", 158, 4, 2'000'001, "2023-11-14T22:13:17.999999Z"},
      {"NTP era 1", 156, 8, std::uint64_t{1} << 32U, "2036-02-07T06:28:17Z"},
      {"beyond year 9999", 152, 8, 0xFFFF'FFFF'FFFF'FFFF, "absent"},
      {"uptime without the time of start", 22, 4, 5000, "absent"},
      {"observation time", 323, 8, std::uint64_t{test::kExportSeconds} * 1000, "2023-11-14T22:13:20Z"},
  };
  for (const Row& row : rows) {
    Bench bench;
    ASSERT_TRUE(bench.take(ipfix(ExportBytes{}
                                     .set(kTemplates, ExportBytes{}.u16s({256, 2, 8, 4, row.element, row.length}))
                                     .set(256, ExportBytes{}.u32(1).integer(row.value, row.length)))))
        << row.name;
    EXPECT_EQ(time_text(bench.flows.at(0).first), row.expected) << row.name;
  }
}

TEST(Ipfix, UptimesCountFromTheSystemInitTimeOverWraps) {
  Bench bench;
  // The system started 50 days before the export, so that the 32-bit uptime in ms has wrapped once.
  constexpr std::uint64_t kUptime = 50ULL * 86'400'000;
  constexpr std::uint64_t kInit = std::uint64_t{test::kExportSeconds} * 1000 - kUptime;
  const ExportBytes options = ExportBytes{}.u16s({400, 2, 1, 143, 4, 160, 8});
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kOptions, options).set(400, ExportBytes{}.u32(1).u64(kInit)))));
  const ExportBytes layout = ExportBytes{}.u16s({256, 3, 8, 4, 22, 4, 21, 4});
  const ExportBytes data = ExportBytes{}.u32(1).u32((kUptime - 600'000'000) & 0xFFFF'FFFF).u32((kUptime - 2000) & 0xFFFF'FFFF);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(256, data))));
  EXPECT_EQ(time_text(bench.flows.at(0).first), "2023-11-07T23:33:20Z");
  EXPECT_EQ(time_text(bench.flows.at(0).last), "2023-11-14T22:13:18Z");
}

TEST(Ipfix, SamplingRatesComeFromOptions) {
  struct Row {
    const char* name;
    ExportBytes layout;
    ExportBytes data;
    std::uint32_t expected;
  };
  const Row rows[] = {
      {"samplingInterval", ExportBytes{}.u16s({400, 2, 1, 143, 4, 34, 4}), ExportBytes{}.u32s({1, 500}), 500},
      {"samplerRandomInterval", ExportBytes{}.u16s({400, 2, 1, 143, 4, 50, 4}), ExportBytes{}.u32s({1, 64}), 64},
      {"samplingPacketInterval and space", ExportBytes{}.u16s({400, 3, 1, 143, 4, 305, 4, 306, 4}), ExportBytes{}.u32s({1, 1, 999}), 1000},
      {"size of a population", ExportBytes{}.u16s({400, 3, 1, 143, 4, 309, 4, 310, 4}), ExportBytes{}.u32s({1, 2, 200}), 100},
      {"of this interface", ExportBytes{}.u16s({400, 2, 1, 10, 4, 34, 4}), ExportBytes{}.u32s({7, 256}), 256},
      {"of another interface", ExportBytes{}.u16s({400, 2, 1, 10, 4, 34, 4}), ExportBytes{}.u32s({8, 256}), 1},
      {"the only selector, which records do not name", ExportBytes{}.u16s({400, 3, 1, 302, 4, 305, 4, 306, 4}), ExportBytes{}.u32s({3, 1, 49}), 50},
      {"samplingProbability as a double", ExportBytes{}.u16s({400, 2, 1, 143, 4, 311, 8}), ExportBytes{}.u32(1).u64(0x3F50'624D'D2F1'A9FC), 1000},
      {"samplingProbability as a float", ExportBytes{}.u16s({400, 2, 1, 143, 4, 311, 4}), ExportBytes{}.u32s({1, 0x3C23D70A}), 100},
      {"a probability above one", ExportBytes{}.u16s({400, 2, 1, 143, 4, 311, 4}), ExportBytes{}.u32s({1, 0x40000000}), 1},
      {"no number at all", ExportBytes{}.u16s({400, 2, 1, 143, 4, 311, 8}), ExportBytes{}.u32(1).u64(0x7FF8'0000'0000'0001), 1},
      {"zero says nothing", ExportBytes{}.u16s({400, 2, 1, 143, 4, 34, 4}), ExportBytes{}.u32s({1, 0}), 1},
  };
  for (const Row& row : rows) {
    Bench bench;
    const auto options = bench.take(ipfix(ExportBytes{}.set(kOptions, row.layout).set(400, row.data)));
    ASSERT_TRUE(options) << row.name;
    EXPECT_EQ(options->option_records, 1U) << row.name;
    EXPECT_TRUE(bench.flows.empty()) << "an options record is no flow";
    const ExportBytes layout = ExportBytes{}.u16s({256, 2, 8, 4, 10, 4});
    ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(256, ExportBytes{}.u32s({1, 7})))));
    EXPECT_EQ(bench.flows.at(0).sampling_rate.one_in(), row.expected) << row.name;
  }
}

TEST(Ipfix, LostRecordsAreCountedOverEveryKindOfDataRecord) {
  Bench bench;
  const ExportBytes options = ExportBytes{}.u16s({400, 2, 1, 143, 4, 34, 4});
  const ExportBytes sets = ExportBytes{}
                               .set(kTemplates, plain_template())
                               .set(kOptions, options)
                               .set(256, plain_record().append(plain_record()))
                               .set(400, ExportBytes{}.u32s({1, 10}));
  ASSERT_TRUE(bench.take(ipfix(sets, 1000)));
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, plain_record()), 1003)));
  EXPECT_EQ(bench.counters().lost_records, 0U);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, plain_record()), 1009)));
  EXPECT_EQ(bench.counters().lost_records, 5U);
}

TEST(Ipfix, IcmpTypeAndCodeStandInTheDestinationPort) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.u16s({256, 3, 8, 4, 4, 1, 32, 2}).u16s({257, 4, 8, 4, 4, 1, 176, 1, 177, 1});
  const ExportBytes sets = ExportBytes{}
                               .set(kTemplates, layout)
                               .set(256, ExportBytes{}.u32(1).u8(kIcmp).u16(0x0301))
                               .set(257, ExportBytes{}.u32(1).u8(kIcmp).u8(11).u8(1))
                               .set(256, ExportBytes{}.u32(1).u8(kTcp).u16(0x0301));
  ASSERT_TRUE(bench.take(ipfix(sets)));
  EXPECT_EQ(bench.flows.at(0).dst_port, 0x0301);
  EXPECT_EQ(bench.flows.at(1).dst_port, 0x0B01);
  EXPECT_EQ(bench.flows.at(2).dst_port, 0) << "not ICMP";
}

TEST(Ipfix, OfTwoAddressesTheOneInUseCounts) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.u16s({256, 2, 8, 4, 27, 16});
  const ExportBytes data = ExportBytes{}.u32(0x0A000001).zeros(16).u32(0).u64(0x20010DB800000000).u64(5);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(256, data))));
  EXPECT_EQ(ip(bench.flows.at(0).src), "10.0.0.1");
  EXPECT_EQ(ip(bench.flows.at(1).src), "2001:db8::5");
}

TEST(Ipfix, BadTemplatesAreRefusedWithTheirPlace) {
  struct Row {
    const char* name;
    ExportBytes set;
    Fault fault;
  };
  ExportBytes many;
  many.u16s({256, 257});
  for (int i = 0; i < 257; ++i) {
    many.u16s({1000, 1});
  }
  const Row rows[] = {
      {"an id that belongs to no data set", ExportBytes{}.u16s({255, 1, 8, 4}), Fault::BadTemplate},
      {"records of no bytes", ExportBytes{}.u16s({256, 1, 8, 0}), Fault::BadTemplate},
      {"fewer fields than it says", ExportBytes{}.u16s({256, 3, 8, 4, 12, 4}), Fault::Truncated},
      {"too many fields", many, Fault::TooManyFields},
      {"records longer than a datagram", ExportBytes{}.u16s({256, 2, 1000, 0xFFFE, 1001, 0xFFFE}), Fault::BadTemplate},
  };
  for (const Row& row : rows) {
    Bench bench;
    const auto done = bench.take(ipfix(ExportBytes{}.set(kTemplates, row.set)));
    ASSERT_FALSE(done) << row.name;
    EXPECT_EQ(done.error().fault, row.fault) << row.name;
    EXPECT_GE(done.error().offset, 20U) << row.name;
  }
}

TEST(Ipfix, TemplatesAndRecordsAreLimited) {
  Limits limits;
  limits.templates_per_exporter = 2;
  limits.records_per_datagram = 3;
  Bench bench(limits);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template(256).append(plain_template(257))))));
  EXPECT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template(256))))) << "a repeated template takes no room";
  const auto third = bench.take(ipfix(ExportBytes{}.set(kTemplates, plain_template(258))));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().fault, Fault::TooManyTemplates);
  ExportBytes four;
  for (int i = 0; i < 4; ++i) {
    four.append(plain_record());
  }
  const auto many = bench.take(ipfix(ExportBytes{}.set(256, four)));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().fault, Fault::TooManyRecords);
  EXPECT_TRUE(bench.flows.empty());
}

}  // namespace
}  // namespace pinfold::flow
