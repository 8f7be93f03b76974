#include <gtest/gtest.h>

#include "flow/export_bytes.hpp"

namespace pinfold::flow {
namespace {

using test::Bench;
using test::ExportBytes;
using test::ip;
using test::netflow9;
using test::time_text;

constexpr std::uint16_t kTemplates = 0;
constexpr std::uint16_t kOptions = 1;

/// Addresses, first and last uptime, sampler id.
ExportBytes timed_template() { return ExportBytes{}.u16s({256, 5, 8, 4, 12, 4, 22, 4, 21, 4, 48, 1}); }
ExportBytes timed_record(std::uint32_t first, std::uint32_t last, std::uint8_t sampler = 0) {
  return ExportBytes{}.u32(0x0A000001).u32(0xC6336407).u32(first).u32(last).u8(sampler);
}

TEST(NetFlow9, ReadsFlowsAndTheirTimesFromTheHeadersUptime) {
  Bench bench;
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, timed_template()).set(256, timed_record(90'000, 99'000).zeros(3)))));
  ASSERT_EQ(bench.flows.size(), 1U);
  EXPECT_EQ(bench.flows[0].version, ExportVersion::NetFlow9);
  EXPECT_EQ(ip(bench.flows[0].dst), "198.51.100.7");
  EXPECT_EQ(time_text(bench.flows[0].first), "2023-11-14T22:13:10Z");
  EXPECT_EQ(time_text(bench.flows[0].last), "2023-11-14T22:13:19Z");
}

TEST(NetFlow9, TimesAreRightWhenTheUptimeWrapped) {
  Bench bench;
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, timed_template()).set(256, timed_record(0xFFFFFFFF - 4999, 500)), 0, 1, 1000)));
  EXPECT_EQ(time_text(bench.flows.at(0).first), "2023-11-14T22:13:14Z");
  EXPECT_EQ(time_text(bench.flows.at(0).last), "2023-11-14T22:13:19.500Z");
}

TEST(NetFlow9, FieldTypesAboveTheEnterpriseBitHaveNoEnterprise) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.u16s({256, 2, 0x8000 | 230, 2, 8, 4});
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, layout).set(256, ExportBytes{}.u16(7).u32(0x0A000001)))));
  EXPECT_EQ(ip(bench.flows.at(0).src), "10.0.0.1");
}

TEST(NetFlow9, SamplerTablesGiveEachRecordItsRate) {
  Bench bench;
  // Scope System (4 bytes); samplerId, samplerMode, samplerRandomInterval.
  const ExportBytes options = ExportBytes{}.u16s({300, 4, 12, 1, 4, 48, 1, 49, 1, 50, 4});
  const ExportBytes rates = ExportBytes{}.u32(1).u8(1).u8(2).u32(1000).u32(1).u8(2).u8(2).u32(64);
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kOptions, options).set(300, rates))));
  const ExportBytes data = timed_record(0, 0, 1).append(timed_record(0, 0, 2)).append(timed_record(0, 0, 3));
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, timed_template()).set(256, data), 1)));
  ASSERT_EQ(bench.flows.size(), 3U);
  EXPECT_EQ(bench.flows[0].sampling_rate.one_in(), 1000U);
  EXPECT_EQ(bench.flows[1].sampling_rate.one_in(), 64U);
  EXPECT_EQ(bench.flows[2].sampling_rate.one_in(), 1U);
}

TEST(NetFlow9, ARateForAnInterfaceHoldsForItsFlowsOnly) {
  Bench bench;
  const ExportBytes options = ExportBytes{}.u16s({300, 4, 4, 2, 4, 34, 4}).zeros(2);
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kOptions, options).set(300, ExportBytes{}.u32s({5, 128})))));
  const ExportBytes layout = ExportBytes{}.u16s({256, 2, 8, 4, 10, 2});
  const ExportBytes data = ExportBytes{}.u32(1).u16(5).u32(1).u16(6);
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, layout).set(256, data), 1)));
  EXPECT_EQ(bench.flows.at(0).sampling_rate.one_in(), 128U);
  EXPECT_EQ(bench.flows.at(1).sampling_rate.one_in(), 1U);
}

TEST(NetFlow9, ScopesAreNotElements) {
  Bench bench;  // scope 1 (System) is not octetDeltaCount, scope 4 (Cache) no protocol
  const ExportBytes options = ExportBytes{}.u16s({300, 8, 4, 1, 4, 4, 1, 34, 2});
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kOptions, options).set(300, ExportBytes{}.u32(9).u8(9).u16(20)))));
  const ExportBytes layout = ExportBytes{}.u16s({256, 1, 8, 4});
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, layout).set(256, ExportBytes{}.u32(1)), 1)));
  EXPECT_EQ(bench.flows.at(0).sampling_rate.one_in(), 20U);
}

TEST(NetFlow9, ZerosThatFillTheDatagramUpAreNotSets) {
  Bench bench;
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(kTemplates, timed_template()).set(256, timed_record(0, 0)).zeros(100))));
  EXPECT_EQ(bench.flows.size(), 1U);
}

TEST(NetFlow9, LostDatagramsAreCountedAndLateOnesTakenBack) {
  Bench bench;
  const ExportBytes sets = ExportBytes{}.set(kTemplates, timed_template());
  for (const std::uint32_t sequence : {0xFFFFFFFEU, 0xFFFFFFFFU, 0U, 3U}) {
    ASSERT_TRUE(bench.take(netflow9(sets, sequence)));
  }
  EXPECT_EQ(bench.counters().lost_datagrams, 2U) << "1 and 2; the wrap itself is no loss";
  ASSERT_TRUE(bench.take(netflow9(sets, 2)));
  EXPECT_EQ(bench.counters().lost_datagrams, 1U);
  ASSERT_TRUE(bench.take(netflow9(sets, 40, 2)));
  EXPECT_EQ(bench.counters().lost_datagrams, 1U) << "another source has a sequence of its own";
  ASSERT_TRUE(bench.take(netflow9(sets, 0x70000000)));
  EXPECT_EQ(bench.counters().lost_datagrams, 1U) << "a restart";
}

TEST(NetFlow9, ASetThatIsLongerThanTheDatagramIsRefusedWithItsPlace) {
  Bench bench;
  const auto done = bench.take(netflow9(ExportBytes{}.set(kTemplates, timed_template()).u16(256).u16(999).u32(1)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (DecodeError{Fault::BadLength, 20 + 28 + 2}));
}

}  // namespace
}  // namespace pinfold::flow
