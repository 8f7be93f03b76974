#include <gtest/gtest.h>

#include "flow/export_bytes.hpp"

namespace pinfold::flow {
namespace {

using test::Bench;
using test::ExportBytes;
using test::ip;
using test::time_text;

ExportBytes header(std::uint16_t count, std::uint32_t uptime, std::uint32_t sequence = 0, std::uint16_t sampling = 0) {
  return ExportBytes{}.u16(5).u16(count).u32(uptime).u32(test::kExportSeconds).u32(500'000'000).u32(sequence).u16(0x0102).u16(sampling);
}

ExportBytes record(std::uint32_t first, std::uint32_t last) {
  ExportBytes bytes;
  bytes.u32(0x0A000001).u32(0xC6336407).u32(0).u16(3).u16(4).u32(10).u32(1500).u32(first).u32(last);
  return bytes.u16(50000).u16(22).u8(0).u8(0x1B).u8(6).u8(0).u16(64512).u16(64513).u8(24).u8(16).u16(0);
}

TEST(NetFlow5, ReadsEveryFieldOfARecord) {
  Bench bench;
  ASSERT_TRUE(bench.take(header(1, 100'000, 7, 0x4000 | 512).append(record(90'000, 99'250))));
  ASSERT_EQ(bench.flows.size(), 1U);
  const FlowRecord& flow = bench.flows[0];
  EXPECT_EQ(flow.version, ExportVersion::NetFlow5);
  EXPECT_EQ(flow.sampling_rate.one_in(), 512U) << "the mode in the top bits is no part of the interval";
  EXPECT_EQ(ip(flow.src), "10.0.0.1");
  EXPECT_EQ(ip(flow.dst), "198.51.100.7");
  EXPECT_EQ(flow.src_port, 50000);
  EXPECT_EQ(flow.dst_port, 22);
  EXPECT_EQ(flow.protocol, kTcp);
  EXPECT_EQ(flow.tcp_flags, 0x1B);
  EXPECT_EQ(flow.packets.value, 10U);
  EXPECT_EQ(flow.bytes.value, 1500U);
  EXPECT_EQ(flow.in_if->value, 3U);
  EXPECT_EQ(flow.out_if->value, 4U);
  EXPECT_EQ(time_text(flow.first), "2023-11-14T22:13:10.500Z");
  EXPECT_EQ(time_text(flow.last), "2023-11-14T22:13:19.750Z");
  EXPECT_FALSE(flow.vlan);
}

TEST(NetFlow5, TimesAreRightWhenTheUptimeWrapped) {
  Bench bench;  // the uptime wrapped 1000 ms before the export; the flow began 2000 ms before it, and ended 300 ms "after" it
  ASSERT_TRUE(bench.take(header(1, 1000).append(record(0xFFFFFFFF - 999, 1300))));
  EXPECT_EQ(time_text(bench.flows.at(0).first), "2023-11-14T22:13:18.500Z");
  EXPECT_EQ(time_text(bench.flows.at(0).last), "2023-11-14T22:13:20.800Z");
}

TEST(NetFlow5, FlowsOlderThanHalfTheUptimesRangeAreStillInThePast) {
  Bench bench;
  constexpr std::uint32_t kThirtyDays = 30U * 86'400'000U;
  ASSERT_TRUE(bench.take(header(1, kThirtyDays + 5000).append(record(5000, kThirtyDays))));
  EXPECT_EQ(time_text(bench.flows.at(0).first), "2023-10-15T22:13:20.500Z");
}

TEST(NetFlow5, ACountThatDoesNotFitTheBytesIsRefused) {
  Bench bench;
  const auto done = bench.take(header(3, 0).append(record(0, 0)).append(record(0, 0)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (DecodeError{Fault::BadLength, 2}));
  EXPECT_EQ(to_string(done.error()), "byte 2: a length or count contradicts its surroundings");
  EXPECT_FALSE(bench.take(header(0, 0)));
  EXPECT_TRUE(bench.flows.empty());
  EXPECT_EQ(bench.counters().malformed, 2U);
}

TEST(NetFlow5, LostRecordsAreCountedFromTheFlowSequence) {
  Bench bench;
  ASSERT_TRUE(bench.take(header(2, 0, 100).append(record(0, 0)).append(record(0, 0))));
  ASSERT_TRUE(bench.take(header(1, 0, 102).append(record(0, 0))));
  EXPECT_EQ(bench.counters().lost_records, 0U);
  ASSERT_TRUE(bench.take(header(1, 0, 110).append(record(0, 0))));
  EXPECT_EQ(bench.counters().lost_records, 7U);
}

}  // namespace
}  // namespace pinfold::flow
