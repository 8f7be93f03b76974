#include <gtest/gtest.h>

#include <set>

#include "evaluate/traffic/exporter.hpp"

namespace pinfold::evaluate {
namespace {

constexpr WallTime kStart{std::chrono::seconds{1'795'392'000}};

End end_of(std::uint32_t number, std::uint16_t port) { return {net::IpAddress::v4(number), port}; }

TEST(Random, GivesTheSameNumbersForTheSameNameAndOthersForAnother) {
  Random a(7, "one");
  Random b(7, "one");
  Random c(7, "two");
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

TEST(Random, SkipsSoThatOneInNIsTaken) {
  Random random(1);
  double sum = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    sum += static_cast<double>(random.skip(100));
  }
  EXPECT_NEAR(sum / kDraws, 99, 3);
  EXPECT_EQ(random.skip(1), 0U);
}

TEST(Random, PoissonHasItsMeanWhetherSmallOrLarge) {
  Random random(2);
  for (const double mean : {0.5, 5.0, 200.0}) {
    double sum = 0;
    for (int i = 0; i < 5000; ++i) {
      sum += static_cast<double>(random.poisson(mean));
    }
    EXPECT_NEAR(sum / 5000, mean, mean * 0.1);
  }
}

TEST(Exporter, LosesNoPacketWhenNothingIsSampled) {
  Random random(3);
  Exporter exporter({}, random);
  Talk talk(random);
  exporter.add(talk.session(end_of(1, 0), end_of(2, 443), kStart, seconds(600), 5000, 3e6));
  std::uint64_t packets = 0;
  for (const ReceivedRecord& one : exporter.take()) {
    packets += one.record.packets.value;
  }
  EXPECT_EQ(packets, exporter.packets().there + exporter.packets().back);
}

TEST(Exporter, CutsLongFlowsAtTheActiveTimeoutAndShowsTheSynOnce) {
  Random random(4);
  Exporter exporter({}, random);
  Talk talk(random);
  exporter.add(talk.session(end_of(1, 0), end_of(2, 443), kStart, seconds(300), 5e6, 5e6));
  unsigned pieces = 0;
  unsigned with_syn = 0;
  for (const ReceivedRecord& one : exporter.take()) {
    if (one.record.src == net::IpAddress::v4(1)) {
      ++pieces;
      with_syn += (one.record.tcp_flags.value() & flow::kSyn) != 0 ? 1U : 0U;
      EXPECT_LE(one.record.last->since_epoch - one.record.first->since_epoch, std::chrono::seconds{60});
    }
  }
  EXPECT_GE(pieces, 5U);
  EXPECT_EQ(with_syn, 1U);
}

TEST(Exporter, GivesUpAFlowAfterTheInactiveTimeoutButAFinishedOneAtOnce) {
  Random random(5);
  Exporter exporter({}, random);
  Talk talk(random);
  exporter.add(talk.unanswered(end_of(1, 0), end_of(2, 25), kStart, 0));
  EXPECT_EQ(exporter.take().at(0).received, kStart + seconds(15));
  exporter.add(talk.refused(end_of(1, 0), end_of(2, 25), kStart));
  bool refusal_is_early = false;
  for (const ReceivedRecord& one : exporter.take()) {
    refusal_is_early |= one.record.src == net::IpAddress::v4(2) && one.received < kStart + seconds(2);
  }
  EXPECT_TRUE(refusal_is_early);
}

TEST(Exporter, SampledPacketsScaleBackToTheTruth) {
  for (const Method method : {Method::SampledPackets, Method::SampledFlows}) {
    Random random(6);
    Exporter exporter({method, 100}, random);
    Talk talk(random);
    for (std::uint16_t i = 0; i < 2000; ++i) {
      exporter.add(talk.session(end_of(1, 0), end_of(100U + i, 443), kStart + seconds(i), seconds(5), 3000, 100'000));
    }
    double packets = 0;
    std::set<std::uint32_t> rates;
    for (const ReceivedRecord& one : exporter.take()) {
      packets += static_cast<double>(one.record.packets.value) * one.record.sampling_rate.one_in();
      rates.insert(one.record.sampling_rate.one_in());
    }
    const double truth = static_cast<double>(exporter.packets().there + exporter.packets().back);
    EXPECT_NEAR(packets / truth, 1, 0.08);
    EXPECT_EQ(rates, std::set<std::uint32_t>{100});
  }
}

TEST(Exporter, ASampledSynIsASynAndNothingElse) {
  Random random(7);
  Exporter exporter({Method::SampledPackets, 2}, random);
  Talk talk(random);
  for (int i = 0; i < 200; ++i) {
    exporter.add(talk.session(end_of(1, 0), end_of(2, 443), kStart, seconds(5), 3000, 3000));
  }
  for (const ReceivedRecord& one : exporter.take()) {
    const std::uint8_t flags = one.record.tcp_flags.value();
    EXPECT_TRUE((flags & flow::kSyn) == 0 || (flags & flow::kFin) == 0);
    EXPECT_EQ(one.record.packets.value, 1U);
  }
}

}  // namespace
}  // namespace pinfold::evaluate
