// Summaries: what collectors tell detectors (detect/summary). The detectors' input must not depend on how batches travel, and judging by summaries
// must find what judging by records finds.
#include "detect/summary/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "detect/summary/book.hpp"
#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

/// A number below `end`, the same in every run of one seed.
class Dice {
public:
  explicit Dice(unsigned seed) : x_random(seed) {}
  std::uint32_t operator()(std::uint32_t end) { return static_cast<std::uint32_t>(x_random() % end); }
  std::uint64_t any() { return x_random(); }
  std::mt19937& engine() { return x_random; }

private:
  std::mt19937 x_random;
};

constexpr std::uint8_t kWhole = flow::kSyn | flow::kAck | flow::kPsh | flow::kFin;

Summary random_summary(Dice& roll) {
  Summary summary;
  summary.server = ServerId{std::string(1, static_cast<char>('a' + roll(3)))};
  summary.point = roll(2) == 0 ? "border" : "rack";
  for (std::uint32_t i = roll(4); i > 0; --i) {
    const WallTime begin = kStart + seconds(roll(3));
    const bool is_huge = roll(8) == 0;
    summary.traffic.push_back({roll(2) == 0 ? Direction::Outbound : Direction::Inbound, begin, begin + seconds(roll(2)),
                               is_huge ? ~std::uint64_t{0} - roll(3) : roll.any(), roll.any(), roll(9), roll.any()});
  }
  for (std::uint32_t i = roll(5); i > 0; --i) {
    const WallTime at = kStart + seconds(roll(3));
    summary.sightings.push_back({Direction::Outbound, at, roll(4) == 0, false,
                                 tcp({ip("192.0.2.1"), static_cast<std::uint16_t>(roll(3))}, {target(roll(3)), 22}, flow::kSyn, at)});
  }
  summary.outbound = kStart + seconds(roll(5));
  summary.disagreed = roll(2);
  summary.left_out = roll(2);
  return summary;
}

std::vector<SummaryBatch> random_batches(Dice& roll) {
  std::vector<SummaryBatch> batches;
  std::map<std::string, std::uint64_t> sequences;
  for (int i = 0; i < 40; ++i) {
    const std::string collector = roll(2) == 0 ? "one" : "two";
    SummaryBatch batch;
    batch.key = {collector, 1 + roll(2), ++sequences[collector]};
    batch.published = kStart + seconds(roll(8));
    batch.points.push_back({"border", roll(3), roll(2) == 0, true});
    for (std::uint32_t n = roll(4); n > 0; --n) {
      batch.summaries.push_back(random_summary(roll));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<MergedSummaries> input_of(SummaryBook& book) { return book.take(kStart + seconds(60)); }

Summary merged(Summary mine, const Summary& other) {
  merge(mine, other);
  return mine;
}

TEST(Summary, MergingIsCommutativeAndAssociative) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Dice roll(seed);
    const Summary nothing;
    const Summary a = merged(nothing, random_summary(roll));
    Summary b = random_summary(roll);
    Summary c = random_summary(roll);
    b.server = c.server = a.server;
    b.point = c.point = a.point;
    EXPECT_EQ(merged(a, b).traffic, merged(merged(nothing, b), a).traffic) << seed;
    EXPECT_EQ(merged(a, b).sightings, merged(merged(nothing, b), a).sightings) << seed;
    EXPECT_EQ(merged(merged(a, b), c), merged(a, merged(b, c))) << seed;
  }
}

/// The property that everything behind relies on: only which batches there are counts, not how they came.
TEST(SummaryBook, GivesTheSameWhateverTheOrderTheGroupingAndTheRepetitions) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Dice roll(seed);
    const std::vector<SummaryBatch> batches = random_batches(roll);
    SummaryBook straight;
    for (const SummaryBatch& batch : batches) {
      ASSERT_EQ(straight.add(batch), SummaryBook::Taken::New);
    }
    const auto expected = input_of(straight);
    ASSERT_FALSE(expected.empty());

    std::vector<SummaryBatch> twice = batches;
    twice.insert(twice.end(), batches.begin(), batches.end());
    std::shuffle(twice.begin(), twice.end(), roll.engine());
    std::array<SummaryBook, 3> books;
    for (const SummaryBatch& batch : twice) {
      static_cast<void>(books.at(roll(3)).add(batch));
    }
    books[1].merge(books[2]);
    books[0].merge(books[1]);
    books[0].merge(books[1]);
    EXPECT_EQ(input_of(books[0]), expected) << seed;
  }
}

TEST(SummaryBook, ABatchThatComesAgainCountsOnceEvenAfterItWasHandedOut) {
  Dice roll(7);
  SummaryBook book;
  SummaryBatch batch = random_batches(roll).front();
  EXPECT_EQ(book.add(batch), SummaryBook::Taken::New);
  EXPECT_EQ(book.add(batch), SummaryBook::Taken::Repeated);
  EXPECT_EQ(input_of(book).size(), 1U);
  EXPECT_EQ(book.add(batch), SummaryBook::Taken::Repeated);
  EXPECT_TRUE(book.take(kStart + seconds(120)).empty());
  EXPECT_EQ(book.counters().repeated, 2U);
}

TEST(SummaryBook, WhatComesLateIsHandedOutAndCountedAndWhatNobodyCanTellApartIsRefused) {
  SummaryBook book;
  SummaryBatch batch;
  batch.key = {"one", 1, 1};
  batch.published = kStart;
  EXPECT_TRUE(book.take(kStart + seconds(30)).empty());
  EXPECT_EQ(book.add(batch), SummaryBook::Taken::New);
  EXPECT_EQ(book.counters().late, 1U);
  EXPECT_EQ(book.take(kStart + seconds(31)).size(), 1U);
  static_cast<void>(book.take(kStart + SummaryBook::kMemory + seconds(60)));
  EXPECT_EQ(book.add(batch), SummaryBook::Taken::TooOld) << "its key is forgotten by now";
  EXPECT_EQ(book.counters().too_old, 1U);
}

TEST(SummaryBook, ASecondWaitsForTheOtherCollectors) {
  SummaryBook book;
  SummaryBatch batch;
  batch.key = {"one", 1, 1};
  batch.published = kStart;
  static_cast<void>(book.add(batch));
  EXPECT_TRUE(book.take(kStart + SummaryBook::kGrace - Micros{1}).empty());
  EXPECT_EQ(book.take(kStart + SummaryBook::kGrace).size(), 1U);
}

/// Two collectors, a book, a detector; beside them a pipeline that has all records itself.
class TwoCollectors {
public:
  explicit TwoCollectors(const std::shared_ptr<const inventory::Inventory>& inventory,
                         const std::vector<ObservationSource>& sources = {{"border", 0}})
      : direct({}, inventory, sources, kSeed),
        collectors{Pipeline({}, inventory, sources, kSeed), Pipeline({}, inventory, sources, kSeed)},
        detector(Pipeline::judged_by_summaries({}), inventory, sources, kSeed) {
    collectors[0].publish_as({"one", 1});
    collectors[1].publish_as({"two", 1});
  }

  void add(const flow::FlowRecord& record, std::size_t collector, std::uint32_t source = 0) {
    direct.add(record, SourceIndex{source}, now);
    collectors.at(collector).add(record, SourceIndex{source}, now);
  }

  /// A second passes. Batches arrive in any order and twice.
  void pass_second() {
    now = now + seconds(1);
    std::vector<SummaryBatch> arriving;
    for (Pipeline& collector : collectors) {
      if (auto batch = collector.take_batch(now)) {
        batches += 1;
        arriving.push_back(*batch);
        arriving.push_back(*std::move(batch));
      }
      EXPECT_TRUE(collector.take_findings(now).empty()) << "a collector judges nobody";
    }
    std::shuffle(arriving.begin(), arriving.end(), roll.engine());
    for (SummaryBatch& batch : arriving) {
      for (const Summary& summary : batch.summaries) {
        most_sightings = std::max(most_sightings, summary.sightings.size());
      }
      static_cast<void>(book.add(std::move(batch)));
    }
    for (const MergedSummaries& merged : book.take(now)) {
      detector.add_merged(merged, now);
    }
    look(direct, by_records);
    look(detector, by_summaries);
  }
  void settle() {
    for (int i = 0; i < 40; ++i) {
      pass_second();
    }
  }

  using Said = std::set<std::tuple<std::string, abuse::AbuseClass, std::string>>;
  void look(Pipeline& pipeline, Said& said) const {
    for (const abuse::Finding& finding : pipeline.take_findings(now)) {
      said.emplace(finding.server.value, finding.abuse_class, finding.kind);
    }
  }

  Pipeline direct;
  std::array<Pipeline, 2> collectors;
  Pipeline detector;
  SummaryBook book;
  WallTime now = kStart;
  Dice roll{1};
  Said by_records;
  Said by_summaries;
  std::size_t batches = 0;
  std::size_t most_sightings = 0;
};

/// One second of a network where six servers misbehave and two do not. Each flow goes through one of two routers, its answer through either.
class Scene {
public:
  explicit Scene(TwoCollectors& two) : x_two(two) {}
  void one_second() {
    for (int i = 0; i < 4; ++i) {  // guesses passwords
      talk(1, host(i), 22, 14, 2400);
    }
    for (std::uint32_t i = 0; i < 40; ++i) {  // scans
      send(2, target(x_two.roll(65'536)), 445, 1, 44, flow::kSyn);
      send(5, host(1), static_cast<std::uint16_t>(x_two.roll(60'000)), 1, 44, flow::kSyn);
    }
    for (int i = 0; i < 6; ++i) {  // spams
      talk(3, host(static_cast<int>(x_two.roll(300))), 25, 18, 6000);
    }
    for (int i = 0; i < 20; ++i) {  // floods
      send(4, host(7), 80, 1000, 1'000'000, 0, flow::kUdp);
      send(7, host(9), 80, 300, 300ULL * 44, flow::kSyn);
    }
    for (int i = 0; i < 10; ++i) {  // is asked, and answers
      const auto client = target(x_two.roll(65'536));
      record(tcp({client, high_port()}, {server_at(6), 443}, kWhole, x_two.now, 8, 900));
      record(tcp({server_at(6), 443}, {client, high_port()}, kWhole, x_two.now, 20, 28'000));
    }
    for (int i = 0; i < 30; ++i) {  // crawls: is answered
      talk(8, target(x_two.roll(65'536)), 443, 9, 1500);
    }
  }

private:
  static net::IpAddress server_at(int number) { return net::IpAddress::v4(0x0A00'0000U + static_cast<std::uint32_t>(number)); }
  static net::IpAddress host(int i) { return net::IpAddress::v4(0x5000'0000U + static_cast<std::uint32_t>(i) * 977U); }
  std::uint16_t high_port() { return static_cast<std::uint16_t>(20'000 + x_two.roll(40'000)); }
  void record(flow::FlowRecord made) {
    made.version = flow::ExportVersion::NetFlow5;
    x_two.add(made, x_two.roll(2));
  }
  void send(int from, net::IpAddress to, std::uint16_t port, std::uint64_t packets, std::uint64_t bytes, std::uint8_t flags,
            std::uint8_t protocol = flow::kTcp) {
    flow::FlowRecord made = tcp({server_at(from), high_port()}, {to, port}, flags, x_two.now, packets, bytes);
    made.protocol = protocol;
    record(made);
  }
  void talk(int from, net::IpAddress to, std::uint16_t port, std::uint64_t packets, std::uint64_t bytes) {
    const flow::FlowRecord there = tcp({server_at(from), high_port()}, {to, port}, kWhole, x_two.now, packets, bytes);
    record(there);
    record(tcp({to, port}, {there.src, there.src_port}, kWhole, x_two.now, packets, bytes));
  }
  TwoCollectors& x_two;
};

std::shared_ptr<const inventory::Inventory> eight_servers() {
  std::vector<inventory::Server> servers;
  for (int i = 1; i <= 8; ++i) {
    servers.push_back(server(std::to_string(i).c_str(), ("10.0.0." + std::to_string(i)).c_str()));
  }
  return inventory_of(std::move(servers));
}

TEST(Summary, TwoCollectorsAndADetectorFindWhatOnePipelineFinds) {
  TwoCollectors two(eight_servers());
  Scene scene(two);
  for (int second = 0; second < 60; ++second) {
    scene.one_second();
    two.pass_second();
  }
  two.settle();
  EXPECT_EQ(two.by_summaries, two.by_records);
  EXPECT_EQ(two.by_records.size(), 6U) << "six servers misbehave";
  EXPECT_EQ(two.book.counters().repeated, two.batches);
  EXPECT_EQ(two.book.counters().late, 0U);
}

/// Whether that makes up for it, the evaluation shows: every attack through two collectors (docs/evaluation).
TEST(Summary, WhoLooksSeldomerAsksForAHundredthLessOfAFlood) {
  const FloodThresholds usual;
  const FloodThresholds told = Pipeline::judged_by_summaries({}).flood;
  EXPECT_EQ(told.min_syn_pps * 100, usual.min_syn_pps * 99);
  EXPECT_EQ(told.min_udp_pps * 100, usual.min_udp_pps * 99);
  EXPECT_EQ(told.min_icmp_pps * 100, usual.min_icmp_pps * 99);
  EXPECT_EQ(told.min_other_pps * 100, usual.min_other_pps * 99);
  EXPECT_EQ(told.min_ack_pps * 100, usual.min_ack_pps * 99);
}

void expect_same_hour(const TwoCollectors& two, inventory::ServerIndex server, Direction direction) {
  const Traffic ours = two.detector.accountant().view(server, direction, WindowLength::Hour).running;
  const Traffic theirs = two.direct.accountant().view(server, direction, WindowLength::Hour).running;
  EXPECT_EQ(ours.bytes.count, theirs.bytes.count) << server.value;
  EXPECT_EQ(ours.packets.count, theirs.packets.count) << server.value;
  EXPECT_EQ(ours.flows, theirs.flows) << server.value;
}

TEST(Summary, TheWindowsHoldTheSameTraffic) {
  TwoCollectors two(eight_servers());
  Scene scene(two);
  for (int second = 0; second < 30; ++second) {
    scene.one_second();
    two.pass_second();
  }
  two.settle();
  for (std::uint32_t i = 0; i < 8; ++i) {
    expect_same_hour(two, {i}, Direction::Outbound);
    expect_same_hour(two, {i}, Direction::Inbound);
  }
}

TEST(Summary, SampledTrafficKeepsItsErrorAndLongFlowsTheirLength) {
  TwoCollectors two(small_network());
  flow::FlowRecord record = tcp({ip("192.0.2.1"), 443}, {target(1), 50'000}, kData, kStart, 100, 100'000);
  record.sampling_rate = SamplingRate{1000};
  record.first = ExporterTime{(kStart - seconds(600)).since_epoch};
  two.add(record, 0);
  two.settle();
  for (const WindowLength length : {WindowLength::TenMinutes, WindowLength::Hour}) {
    const WindowView ours = two.detector.accountant().view({0}, Direction::Outbound, length);
    const WindowView theirs = two.direct.accountant().view({0}, Direction::Outbound, length);
    EXPECT_EQ(ours.running.packets.count, theirs.running.packets.count);
    EXPECT_EQ(ours.last_whole.bytes.count, theirs.last_whole.bytes.count);
    EXPECT_NEAR(ours.running.relative_error(), theirs.running.relative_error(), 1e-6);
  }
}

TEST(Summary, PacketsThatTwoCollectorsSeeAtTwoPointsCountOnce) {
  TwoCollectors two(small_network(), {{"border", 0}, {"rack", 0}});
  for (int second = 0; second < 20; ++second) {
    const auto record = tcp({ip("192.0.2.1"), 443}, {target(1), 50'000}, kData, two.now, 10, 10'000);
    two.add(record, 0, 0);
    two.collectors[1].add(record, SourceIndex{1}, two.now);
    two.pass_second();
  }
  two.settle();
  EXPECT_EQ(two.detector.accountant().view({0}, Direction::Outbound, WindowLength::Hour).running.packets.count, Packets{200});
  EXPECT_GT(two.detector.counters().spare, 0U);
}

TEST(Summary, AServerThatOnlyAnswersIsTrafficAlone) {
  TwoCollectors two(small_network());
  for (std::uint32_t i = 0; i < 2000; ++i) {
    two.add(tcp({target(i), 50'000}, {ip("192.0.2.1"), 443}, kWhole, two.now, 8, 900), 0);
    two.add(tcp({ip("192.0.2.1"), 443}, {target(i), 50'000}, kWhole, two.now, 1, 1400), 0);
  }
  two.settle();
  EXPECT_EQ(two.most_sightings, 0U);
}

TEST(Summary, EqualRecordsBecomeOneAndTheirNumberIsBounded) {
  TwoCollectors two(small_network());
  two.pass_second();  // the first batch is always a whole one
  for (std::uint32_t i = 0; i < 300; ++i) {
    two.add(tcp({ip("192.0.2.1"), 40'000}, {target(1), 22}, flow::kSyn, two.now), 0);
  }
  two.pass_second();
  EXPECT_EQ(two.most_sightings, 0U) << "fifteen different ones are urgent, one is not";
  two.settle();
  EXPECT_EQ(two.most_sightings, 1U);
  for (std::uint32_t i = 0; i < 4 * kMaxSightings; ++i) {
    two.add(tcp({ip("192.0.2.1"), 40'000}, {net::IpAddress::v4(0x5000'0000U + i), 22}, flow::kSyn, two.now), 0);
  }
  two.settle();
  EXPECT_EQ(two.most_sightings, 2 * kMaxSightings);
  EXPECT_EQ(two.detector.counters().untracked, 2 * kMaxSightings);
  EXPECT_EQ(two.detector.accountant().view({0}, Direction::Outbound, WindowLength::Hour).running.packets.count,
            two.direct.accountant().view({0}, Direction::Outbound, WindowLength::Hour).running.packets.count)
      << "what is left out is counted as traffic";
}

TEST(Summary, LossesTravelWithIt) {
  TwoCollectors two(small_network());
  std::uint64_t lost = 0;
  for (std::uint32_t second = 0; second < 40; ++second) {
    for (std::uint32_t i = 0; i < 20; ++i) {
      two.add(tcp({ip("192.0.2.1"), 40'000}, {target(second * 20 + i), 445}, flow::kSyn, two.now, 1, 44), 0);
    }
    two.collectors[0].note_loss(SourceIndex{0}, 41, two.now);
    two.now = two.now + seconds(1);
    if (auto batch = two.collectors[0].take_batch(two.now)) {
      static_cast<void>(two.book.add(*std::move(batch)));
    }
    for (const MergedSummaries& merged : two.book.take(two.now)) {
      two.detector.add_merged(merged, two.now);
    }
    for (const abuse::Finding& finding : two.detector.take_findings(two.now)) {
      lost = std::max(lost, finding.lost_datagrams);
    }
  }
  EXPECT_GE(lost, 41U);
  EXPECT_EQ(lost % 41, 0U);
}

}  // namespace
}  // namespace pinfold::detect::testing
