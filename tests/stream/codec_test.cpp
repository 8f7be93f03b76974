// Summaries on their way: what is written is read back, bit by bit; what a stranger writes is refused; shards and chunks lose nothing.
#include "stream/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace pinfold::stream {
namespace {

using detect::Direction;
using detect::RecordSighting;
using detect::Summary;
using detect::SummaryBatch;

constexpr WallTime kNow{Seconds{1'795'000'000}};

ByteSpan bytes_of(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

class Dice {
public:
  explicit Dice(unsigned seed) : x_random(seed) {}
  std::uint64_t any() { return x_random() >> (x_random() % 64); }  // of every magnitude
  bool coin() { return x_random() % 2 == 0; }
  net::IpAddress address() {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(x_random());
    }
    return coin() ? net::IpAddress::v4(static_cast<std::uint32_t>(x_random())) : net::IpAddress::v6(bytes);
  }
  WallTime time() { return kNow + Micros{static_cast<std::int64_t>(any() >> 1U) * (coin() ? 1 : -1)}; }
  template <typename T>
  T number() {
    return static_cast<T>(any());
  }

private:
  std::mt19937_64 x_random;
};

RecordSighting random_sighting(Dice& dice) {
  RecordSighting seen;
  seen.direction = dice.coin() ? Direction::Inbound : Direction::Outbound;
  seen.event = dice.time();
  seen.is_spoofed = dice.coin();
  seen.by_address_only = dice.coin();
  flow::FlowRecord& r = seen.record;
  r.version = static_cast<flow::ExportVersion>(dice.any() % 5);
  r.sampling_rate = SamplingRate{dice.number<std::uint32_t>()};
  if (dice.coin()) {
    r.first = ExporterTime{dice.time().since_epoch};
    r.tcp_flags = dice.number<std::uint8_t>();
    r.reverse_packets = Packets{dice.any()};
  }
  if (dice.coin()) {
    r.last = ExporterTime{dice.time().since_epoch};
    r.reverse_bytes = Bytes{dice.any()};
  }
  r.src = dice.address();
  r.dst = dice.address();
  r.src_port = dice.number<std::uint16_t>();
  r.dst_port = dice.number<std::uint16_t>();
  r.protocol = dice.number<std::uint8_t>();
  r.packets = Packets{dice.any()};
  r.bytes = Bytes{dice.any()};
  return seen;
}

Summary random_summary(Dice& dice, const std::string& server) {
  Summary summary;
  summary.server = ServerId{server};
  summary.point = dice.coin() ? "border" : "";
  summary.outbound = dice.time();
  summary.disagreed = dice.any();
  summary.left_out = dice.any();
  for (std::uint64_t i = dice.any() % 4; i > 0; --i) {
    summary.traffic.push_back(
        {dice.coin() ? Direction::Inbound : Direction::Outbound, dice.time(), dice.time(), dice.any(), dice.any(), dice.any(), dice.any()});
  }
  for (std::uint64_t i = dice.any() % 4; i > 0; --i) {
    summary.sightings.push_back(random_sighting(dice));
  }
  return summary;
}

SummaryBatch random_batch(Dice& dice, std::size_t servers) {
  SummaryBatch batch;
  batch.key = {"collector-" + std::to_string(dice.any() % 3), dice.any(), dice.any()};
  batch.published = kNow + Seconds{static_cast<std::int64_t>(dice.any() % 1000)};
  batch.points = {{"border", dice.any(), dice.coin(), dice.coin()}, {"rack", dice.any() % 5, dice.coin(), dice.coin()}};
  for (std::size_t i = 0; i < servers; ++i) {
    batch.summaries.push_back(random_summary(dice, "srv-" + std::to_string(i)));
  }
  return batch;
}

void expect_equal(const SummaryBatch& a, const SummaryBatch& b) {
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.published, b.published);
  EXPECT_EQ(a.points, b.points);
  EXPECT_EQ(a.summaries, b.summaries);
}

TEST(Codec, ReadsBackWhatItWrote) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Dice dice(seed);
    const SummaryBatch batch = random_batch(dice, seed % 7);
    const auto read = decode(bytes_of(encode(batch)));
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error();
    expect_equal(*read, batch);
  }
}

TEST(Codec, RefusesWhatIsCutAnywhere) {
  Dice dice(7);
  const std::string whole = encode(random_batch(dice, 3));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode(bytes_of(whole.substr(0, length)))) << length << " of " << whole.size() << " bytes";
  }
  EXPECT_THAT(decode(bytes_of(whole + "x")).error(), testing::HasSubstr("something follows"));
}

TEST(Codec, SurvivesEveryFlippedByte) {
  Dice dice(8);
  const std::string whole = encode(random_batch(dice, 2));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      std::string forged = whole;
      forged[at] = static_cast<char>(static_cast<unsigned char>(forged[at]) ^ flip);
      static_cast<void>(decode(bytes_of(forged)));  // an error or other numbers, but neither a crash nor a hang
    }
  }
}

TEST(Codec, RefusesAnotherEditionAndLyingCounts) {
  EXPECT_THAT(decode(bytes_of("PFS2")).error(), testing::HasSubstr("no summaries of an edition that this program knows"));
  std::string lie = "PFS1";
  lie += '\x01';
  lie += "c";
  lie += std::string("\x01\x01\x01", 3);                 // epoch, sequence, published
  lie += std::string("\xFF\xFF\xFF\xFF\x0F", 5) + "xx";  // points: four billion
  EXPECT_THAT(decode(bytes_of(lie)).error(), testing::HasSubstr("out of bounds"));
}

TEST(Splitter, GivesEveryServerToItsShardAndLosesNothing) {
  Dice dice(9);
  const SummaryBatch batch = random_batch(dice, 500);
  Splitter splitter(8, 4096);
  std::map<std::string, Summary> found;
  std::set<detect::SummaryKey> keys;
  for (const Message& message : splitter.split(batch)) {
    EXPECT_LE(message.bytes.size(), 8192U) << "one summary may go beyond the target, not two";
    const auto read = decode(bytes_of(message.bytes));
    ASSERT_TRUE(read) << read.error();
    EXPECT_TRUE(keys.insert(read->key).second) << "each message has a key of its own";
    EXPECT_EQ(read->published, batch.published);
    for (const Summary& summary : read->summaries) {
      EXPECT_EQ(shard_of(summary.server, 8), message.shard);
      EXPECT_TRUE(found.emplace(summary.server.value, summary).second);
    }
  }
  ASSERT_EQ(found.size(), batch.summaries.size());
  for (const Summary& summary : batch.summaries) {
    EXPECT_EQ(found.at(summary.server.value), summary);
  }
}

TEST(Splitter, TellsEveryShardOfLossesOnceAndOfLifeInTime) {
  Splitter splitter(4);
  std::map<unsigned, std::uint64_t> lost;
  std::map<unsigned, int> heard;
  for (int second = 0; second < 30; ++second) {
    SummaryBatch batch;
    batch.key = {"c", 1, static_cast<std::uint64_t>(second)};
    batch.published = kNow + Seconds{second};
    batch.points = {{"border", 1, true, true}};
    batch.summaries.emplace_back().server = ServerId{"srv-1"};
    for (const Message& message : splitter.split(batch)) {
      const auto read = decode(bytes_of(message.bytes));
      ASSERT_TRUE(read);
      for (const auto& report : read->points) {
        lost[message.shard] += report.lost_datagrams;
        EXPECT_TRUE(report.is_alive);
      }
      ++heard[message.shard];
    }
  }
  const unsigned busy = shard_of(ServerId{"srv-1"}, 4);
  EXPECT_EQ(heard[busy], 30);
  EXPECT_EQ(lost[busy], 30U);
  for (unsigned shard = 0; shard < 4; ++shard) {
    EXPECT_GE(heard[shard], 3) << "at least once in ten seconds";
    EXPECT_GE(lost[shard], 21U) << "what is not told yet is told with the next";
    EXPECT_LE(lost[shard], 30U);
  }
}

TEST(Shards, OfAServerStaysWhereItIs) {
  EXPECT_EQ(shard_of(ServerId{"srv-1"}, 64), shard_of(ServerId{"srv-1"}, 64));
  std::vector<int> sizes(16);
  for (int i = 0; i < 16'000; ++i) {
    ++sizes[shard_of(ServerId{"server-" + std::to_string(i)}, 16)];
  }
  for (const int size : sizes) {
    EXPECT_NEAR(size, 1000, 150);
  }
}

}  // namespace
}  // namespace pinfold::stream
