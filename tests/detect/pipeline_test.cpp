#include <gtest/gtest.h>

#include <random>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const net::IpAddress kA = ip("192.0.2.1");
constexpr inventory::ServerIndex kServerA{0};

TEST(Accountant, CountsBothDirectionsInSlotsOfEventTime) {
  Accountant accountant(1);
  const WallTime at{std::chrono::seconds{1'790'000'000 / 600 * 600}};  // on a slot boundary of every window
  accountant.add(kServerA, Direction::Outbound, SamplingRate{10}, Packets{2}, Bytes{100}, at);
  accountant.add(kServerA, Direction::Inbound, SamplingRate{1}, Packets{7}, Bytes{70}, at + seconds(5));
  accountant.add(kServerA, Direction::Outbound, SamplingRate{1}, Packets{1}, Bytes{1}, at + seconds(12));
  const auto ten = accountant.view(kServerA, Direction::Outbound, WindowLength::TenSeconds);
  EXPECT_EQ(ten.slot_start, at + seconds(10));
  EXPECT_EQ(ten.running.bytes.count, Bytes{1});
  EXPECT_EQ(ten.last_whole.bytes.count, Bytes{1000});
  EXPECT_EQ(ten.last_whole.packets.count, Packets{20});
  EXPECT_EQ(ten.last_whole.flows, Flows{1});
  const auto minute = accountant.view(kServerA, Direction::Outbound, WindowLength::Minute);
  EXPECT_EQ(minute.running.bytes.count, Bytes{1001});
  EXPECT_EQ(accountant.view(kServerA, Direction::Inbound, WindowLength::Minute).running.packets.count, Packets{7});

  EXPECT_TRUE(accountant.add(kServerA, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{5}, at + seconds(9)));  // one slot late
  EXPECT_EQ(accountant.view(kServerA, Direction::Outbound, WindowLength::TenSeconds).last_whole.bytes.count, Bytes{1005});
  EXPECT_FALSE(accountant.add(kServerA, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{5}, at - seconds(30)));  // too late for 10 s
}

/// In any order of arrival within a window and its predecessor, nothing is lost and nothing is invented.
TEST(Accountant, TheOrderOfRecordsDoesNotMatter) {
  std::mt19937 random(3);
  const WallTime begin{std::chrono::seconds{1'790'000'000 / 600 * 600}};
  std::vector<std::pair<WallTime, std::uint64_t>> records;
  std::uint64_t sum = 0;
  for (int i = 0; i < 500; ++i) {
    records.emplace_back(begin + Micros{random() % 1'200'000'000U}, random() % 1500U);
    sum += records.back().second;
  }
  records.emplace_back(begin + seconds(1199), 0);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(records.begin(), records.end(), random);
    Accountant accountant(1);
    for (const auto& [at, bytes] : records) {
      accountant.add(kServerA, Direction::Inbound, SamplingRate{}, Packets{1}, Bytes{bytes}, at);
    }
    const auto view = accountant.view(kServerA, Direction::Inbound, WindowLength::TenMinutes);
    EXPECT_EQ(view.running.bytes.count.value + view.last_whole.bytes.count.value, sum);
  }
}

TEST(Pipeline, ForeignTrafficIsCountedAndIgnored) {
  Watch watch;
  watch.add(tcp({target(1), 1}, {target(2), 2}, flow::kSyn, watch.now));
  EXPECT_EQ(watch.pipeline.counters().foreign, 1U);
  EXPECT_EQ(watch.pipeline.counters().accounted, 0U);
}

TEST(Pipeline, BiflowsAreCountedInBothDirections) {
  Watch watch;
  flow::FlowRecord record = tcp({target(1), 50'000}, {kA, 443}, kSession, watch.now, 5, 500);
  record.reverse_packets = Packets{9};
  record.reverse_bytes = Bytes{9000};
  watch.add(record);
  const auto out = watch.pipeline.accountant().view(kServerA, Direction::Outbound, WindowLength::Minute);
  const auto in = watch.pipeline.accountant().view(kServerA, Direction::Inbound, WindowLength::Minute);
  EXPECT_EQ(out.running.bytes.count, Bytes{9000});
  EXPECT_EQ(in.running.bytes.count, Bytes{500});
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"a"}), kStart);
}

TEST(Pipeline, LastOutboundIsTheEndOfTheLastRecordByAnySource) {
  Watch watch({{"sw1", 0}, {"sw1", 1}});
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"a"}), std::nullopt);
  watch.now = kStart + seconds(60);
  watch.add(tcp({kA, 1}, {target(1), 2}, kData, kStart + seconds(10)), 0);
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"a"}), kStart + seconds(10));
  watch.add(tcp({kA, 1}, {target(1), 2}, kData, kStart + seconds(20)), 1);  // the spare
  watch.add(tcp({target(1), 2}, {kA, 1}, kData, kStart + seconds(30)), 0);  // inbound proves nothing
  watch.add(tcp({kA, 1}, {target(1), 2}, kData, kStart + seconds(5)), 0);   // late
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"a"}), kStart + seconds(20));
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"nobody"}), std::nullopt);
}

TEST(Pipeline, AWrongClockIsNotBelieved) {
  Watch watch;
  flow::FlowRecord record = tcp({kA, 1}, {target(1), 2}, kData, kStart + std::chrono::hours{24});
  watch.pipeline.add(record, SourceIndex{0}, kStart);
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"a"}), kStart);
  record.last = ExporterTime{};
  watch.pipeline.add(record, SourceIndex{0}, kStart);
  EXPECT_EQ(watch.pipeline.counters().wrong_clock, 2U);
}

TEST(Pipeline, AForgedSourceAddressChargesWhoSentIt) {
  inventory::Server a = server("a", "192.0.2.1");
  inventory::Server b = server("b", "192.0.2.2");
  a.mac = net::MacAddress::parse("02:00:00:00:00:0a");
  b.mac = net::MacAddress::parse("02:00:00:00:00:0b");
  Watch watch({{"sw1", 0}}, inventory_of({a, b}));
  for (std::uint32_t i = 0; i < 200; ++i) {
    flow::FlowRecord probe = tcp({kA, 40'000}, {target(i), 22}, flow::kSyn, watch.now + seconds(0.1));
    probe.src_mac = b.mac;
    watch.add(probe);
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].server, ServerId{"b"});
}

TEST(Pipeline, ANewInventoryKeepsWhatIsKnown) {
  Watch watch;
  const auto scan = [&](std::uint32_t from) {
    for (std::uint32_t i = from; i < from + 80; ++i) {
      watch.add(tcp({kA, 40'000}, {target(i), 22}, flow::kSyn, watch.now + seconds(0.1)));
    }
  };
  scan(0);
  watch.pipeline.set_inventory(inventory_of({server("new", "192.0.2.77"), server("b", "192.0.2.2"), server("a", "192.0.2.1")}));
  EXPECT_TRUE(watch.pipeline.last_outbound(ServerId{"a"}));
  scan(80);
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].server, ServerId{"a"});
  EXPECT_EQ(fact(watch.given[0], "destinations"), "160");

  watch.pipeline.set_inventory(inventory_of({server("b", "192.0.2.2")}));
  scan(1000);
  EXPECT_EQ(watch.pipeline.counters().foreign, 80U);
  EXPECT_EQ(watch.pipeline.last_outbound(ServerId{"a"}), std::nullopt);
}

/// Anything may come in: the counters must add up, and nothing may crash or grow.
TEST(Pipeline, RandomRecordsKeepTheCountersConsistent) {
  std::mt19937 random(11);
  const auto pick = [&random](std::uint32_t choices) { return static_cast<std::uint32_t>(random() % choices); };
  Watch watch({{"sw1", 0}, {"sw1", 1}, {"border", 0}});
  for (int i = 0; i < 50'000; ++i) {
    flow::FlowRecord record = tcp({pick(2) == 0 ? kA : target(pick(300)), static_cast<std::uint16_t>(pick(70))},
                                  {pick(3) != 0 ? target(pick(300)) : ip("192.0.2.2"), static_cast<std::uint16_t>(pick(70))},
                                  static_cast<std::uint8_t>(pick(64)), kStart + Micros{pick(900'000'000)}, pick(5), pick(9000));
    record.protocol = static_cast<std::uint8_t>(std::array{1, 6, 17, 58, 47}[pick(5)]);
    record.sampling_rate = SamplingRate{1 + pick(3)};
    record.version = static_cast<flow::ExportVersion>(pick(5));
    watch.pipeline.add(record, SourceIndex{static_cast<std::uint32_t>(pick(3))}, kStart + Micros{pick(1'000'000'000)});
    if (i % 100 == 0) {
      (void)watch.pipeline.take_findings(kStart + Micros{pick(1'000'000'000)});
    }
  }
  const PipelineCounters counters = watch.pipeline.counters();
  EXPECT_EQ(counters.records, 50'000U);
  EXPECT_EQ(counters.records, counters.accounted + counters.spare + counters.foreign + counters.events);
  EXPECT_LE(watch.pipeline.contact_slots(), 4 * 2 * kMaxContacts);
}

/// A firewall's log of connections that began or were refused is no traffic; and who made them tried nobody in vain, as far as can be known.
TEST(Pipeline, EventsWithoutAPacketOrByteAreNoTrafficAndNoAttempts) {
  Watch watch;
  for (std::uint32_t i = 0; i < 300; ++i) {
    flow::FlowRecord created = tcp({ip("192.0.2.1"), 40'000}, {target(i), 443}, 0, kStart + seconds(i * 0.1), 0, 0);
    created.tcp_flags.reset();
    watch.add(created);
  }
  EXPECT_TRUE(watch.findings().empty());
  EXPECT_EQ(watch.pipeline.counters().events, 300U);
  EXPECT_EQ(watch.pipeline.counters().accounted, 0U);
  EXPECT_TRUE(watch.pipeline.last_outbound(ServerId{"a"})) << "it lives";
}

TEST(Pipeline, AFirewallThatCountsBytesAloneIsCountedInBothDirections) {
  Watch watch;
  flow::FlowRecord session = tcp({ip("192.0.2.1"), 40'000}, {target(1), 443}, 0, kStart, 0, 500);
  session.reverse_bytes = Bytes{60'000};
  watch.add(session);
  EXPECT_EQ(watch.pipeline.accountant().view({0}, Direction::Inbound, WindowLength::TenSeconds).running.bytes.count, Bytes{60'000});
}

}  // namespace
}  // namespace pinfold::detect::testing
