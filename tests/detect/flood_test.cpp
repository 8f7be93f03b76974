// Floods and reflectors: found at their floor, told apart from downloads, tunnels and victims, however the exporter orders its records.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const net::IpAddress kA = ip("192.0.2.1");
const net::IpAddress kVictim = ip("198.51.100.7");

/// As a flow exporter tells it: the record ends at `at` and began so long before.
flow::FlowRecord lasting(flow::FlowRecord record, Micros length) {
  record.first = ExporterTime{record.last->claimed().since_epoch - length};
  return record;
}

/// The latest of each.
std::map<std::string, abuse::Finding> told(Watch& watch) {
  std::map<std::string, abuse::Finding> latest;
  for (const abuse::Finding& finding : watch.findings()) {
    latest.insert_or_assign(finding.id.value, finding);
  }
  return latest;
}

void show_inbound(Watch& watch) { watch.add(tcp({kVictim, 50'000}, {ip("192.0.2.3"), 443}, kSession, watch.now, 20, 2000)); }

/// `packets` one by one at an even pace.
template <typename Make>
void play(Watch& watch, std::uint32_t packets, Micros over, Make&& make) {
  const WallTime begin = watch.now;
  for (std::uint32_t i = 0; i < packets; ++i) {
    watch.add(make(begin + over * i / packets, i));
    if (i % 500 == 0) {
      watch.look();
    }
  }
}

std::uint16_t port_of(std::uint32_t i) { return static_cast<std::uint16_t>(1024 + i % 60'000); }

TEST(Flood, ASynFloodOfTwoSecondsIsFoundAndDescribed) {
  Watch watch;
  show_inbound(watch);
  play(watch, 3000, seconds(2.5), [](WallTime at, std::uint32_t i) { return tcp({kA, port_of(i)}, {kVictim, 80}, flow::kSyn, at, 1, 44); });
  ASSERT_EQ(told(watch).size(), 1U);
  const abuse::Finding finding = watch.given.back();
  EXPECT_EQ(finding.abuse_class, abuse::AbuseClass::Flood);
  EXPECT_EQ(finding.kind, "syn");
  EXPECT_EQ(finding.severity, abuse::Severity::High);
  EXPECT_NE(finding.summary.find("198.51.100.7 port 80"), std::string::npos) << finding.summary;
  EXPECT_NE(fact(finding, "top_destinations_by_packets").find("198.51.100.7"), std::string::npos);
  EXPECT_NE(fact(finding, "flow").find("192.0.2.1"), std::string::npos);
  EXPECT_NE(finding.floor.find("1,000 SYNs"), std::string::npos) << finding.floor;
}

TEST(Flood, BelowItsRateOrForAnInstantItIsNone) {
  for (const auto& [packets, over] : {std::pair{1800U, seconds(0.5)}, std::pair{9000U, seconds(10)}}) {
    Watch watch;
    show_inbound(watch);
    play(watch, packets, over, [](WallTime at, std::uint32_t i) { return tcp({kA, port_of(i)}, {kVictim, 80}, flow::kSyn, at, 1, 44); });
    for (const abuse::Finding& finding : watch.findings()) {
      EXPECT_EQ(finding.severity, abuse::Severity::Info) << finding.summary;
    }
  }
}

TEST(Flood, UdpIcmpAndBareAcknowledgementsAreFound) {
  struct Row {
    const char* kind;
    std::uint64_t packets;
    flow::FlowRecord record;
  };
  const flow::FlowRecord ack = tcp({kA, 4000}, {kVictim, 80}, flow::kAck, kStart, 1, 40);
  for (Row row :
       {Row{"udp", 60'000, udp({kA, 4000}, {kVictim, 80}, kStart)}, Row{"icmp", 6000, icmp(kA, kVictim, 8, kStart)}, Row{"other", 120'000, ack}}) {
    Watch watch;
    show_inbound(watch);
    play(watch, 100, seconds(10), [&](WallTime at, std::uint32_t) {
      row.record.packets = Packets{row.packets / 100};
      row.record.bytes = Bytes{row.packets * 60 / 100};
      row.record.first = row.record.last = ExporterTime{at.since_epoch};
      return row.record;
    });
    ASSERT_EQ(told(watch).size(), 1U) << row.kind;
    EXPECT_EQ(watch.given[0].kind, row.kind);
    const auto a_second = static_cast<double>(row.packets) / 10;
    EXPECT_NEAR(std::stod(fact(told(watch).begin()->second, "packets_per_second")), a_second, a_second / 20) << row.kind;
  }
}

TEST(Flood, WhatAFloodedHostSaysIsNoAnswer) {
  Watch watch;
  show_inbound(watch);
  play(watch, 200, seconds(10), [](WallTime at, std::uint32_t i) {
    return i % 2 == 0 ? tcp({kA, 4000}, {kVictim, 80}, flow::kAck, at, 1500, 60'000)
                      : tcp({kVictim, 80}, {kA, 4000}, flow::kRst, at, 1500, 60'000);  // a RST for each
  });
  ASSERT_EQ(told(watch).size(), 1U);
  EXPECT_EQ(watch.given[0].kind, "other");

  Watch other;
  show_inbound(other);
  play(other, 200, seconds(10), [](WallTime at, std::uint32_t i) {
    flow::FlowRecord unreachable = icmp(kVictim, kA, 3, at);
    unreachable.packets = Packets{600};
    return i % 2 == 0 ? udp({kA, 4000}, {kVictim, 9}, at, 600, 60'000) : unreachable;
  });
  ASSERT_EQ(told(other).size(), 1U);
  EXPECT_EQ(other.given[0].kind, "udp");
}

/// What needs no answers to be judged does not wait for them.
TEST(Flood, SynsAndPingsAreFoundAtOnce) {
  for (const flow::FlowRecord& record : {tcp({kA, 4000}, {kVictim, 80}, flow::kSyn, kStart, 60'000, 60'000ULL * 44), icmp(kA, kVictim, 8, kStart)}) {
    Watch watch;
    show_inbound(watch);
    flow::FlowRecord long_one = lasting(record, seconds(20));
    long_one.packets = Packets{60'000};
    watch.add(long_one);
    watch.look();
    EXPECT_EQ(watch.given.size(), 1U) << int{record.protocol};
  }
}

/// The exporter gives up both directions of a tunnel each minute, some seconds apart; whichever comes first, it is no flood.
TEST(Flood, ATunnelIsAnsweredWhicheverDirectionIsToldFirst) {
  for (const auto& [answers_come_first, apart] : {std::pair{false, 1}, std::pair{true, 1}, std::pair{false, 8}, std::pair{true, 8}}) {
    Watch watch;
    show_inbound(watch);
    for (int minute = 1; minute <= 4; ++minute) {
      const WallTime at = kStart + seconds(60) * minute;
      const auto out = lasting(udp({kA, 51'820}, {kVictim, 51'820}, at, 720'000, 720'000ULL * 1300), seconds(60));
      const auto in = lasting(udp({kVictim, 51'820}, {kA, 51'820}, at, 300'000, 300'000ULL * 110), seconds(60));
      watch.add(answers_come_first ? in : out);
      for (int i = 0; i < apart; ++i) {
        watch.look_after(seconds(1));
      }
      watch.add(answers_come_first ? out : in);
      for (int i = 0; i < 20; ++i) {
        watch.look_after(seconds(1));
      }
    }
    EXPECT_TRUE(watch.findings().empty()) << answers_come_first << ' ' << apart;
  }
}

/// Sampled packets of half a second, handed on within a second: of a fast stream the first record alone is above the rate.
TEST(Flood, TheFirstHalfSecondOfAStreamWaitsForItsAnswers) {
  for (const bool is_answered : {true, false}) {
    Watch watch;
    show_inbound(watch);
    flow::FlowRecord out = lasting(udp({kA, 51'820}, {kVictim, 51'820}, kStart + seconds(0.5), 125, 125ULL * 1380), seconds(0.5));
    flow::FlowRecord in = lasting(udp({kVictim, 51'820}, {kA, 51'820}, kStart + seconds(0.5), 55, 55ULL * 110), seconds(0.5));
    out.sampling_rate = in.sampling_rate = SamplingRate{100};
    watch.add(out);
    watch.look_after(seconds(1));
    if (is_answered) {
      watch.add(in);
    }
    EXPECT_EQ(told(watch).size(), is_answered ? 0U : 1U);
  }
}

TEST(Flood, ADownloadIsNoneThoughItsAcknowledgementsPour) {
  for (const bool data_comes_first : {false, true}) {
    Watch watch;
    show_inbound(watch);
    const WallTime at = kStart + seconds(60);
    const auto acks = lasting(tcp({kA, 40'000}, {kVictim, 443}, flow::kAck, at, 2'400'000, 2'400'000ULL * 52), seconds(60));
    const auto data = lasting(tcp({kVictim, 443}, {kA, 40'000}, kData, at, 5'000'000, 5'000'000ULL * 1500), seconds(60));
    watch.add(data_comes_first ? data : acks);
    watch.look();
    watch.add(data_comes_first ? acks : data);
    for (int i = 0; i < 10; ++i) {
      watch.look_after(seconds(1));
    }
    EXPECT_TRUE(watch.findings().empty()) << data_comes_first;
  }
}

/// Silent flows are given up a quarter of a minute after their last packet, finished ones at once.
TEST(Flood, IsJudgedThoughOtherRecordsAreNewer) {
  Watch watch;
  show_inbound(watch);
  watch.now = kStart + seconds(20);
  watch.add(tcp({kA, 443}, {target(1), 50'000}, kSession, kStart + seconds(35), 10, 5000));
  watch.look();
  watch.pipeline.add(lasting(udp({kA, 4000}, {kVictim, 80}, kStart + seconds(20), 160'000, 160'000ULL * 900), seconds(20)), SourceIndex{0},
                     watch.now);
  for (int i = 0; i < 11; ++i) {
    watch.look_after(seconds(1));
  }
  ASSERT_EQ(watch.given.size(), 1U);
  EXPECT_EQ(watch.given[0].kind, "udp");
}

TEST(Flood, WhereAnswersAreNotVisibleItHasToBeHeavier) {
  for (const auto& [packets, is_found] : {std::pair{60'000ULL, false}, std::pair{240'000ULL, true}}) {
    Watch watch;
    play(watch, 100, seconds(10), [&, all = packets](WallTime at, std::uint32_t) { return udp({kA, 4000}, {kVictim, 80}, at, all / 100, all * 9); });
    EXPECT_EQ(told(watch).size(), is_found ? 1U : 0U);
  }
}

TEST(Flood, ManyConnectionsToOneHostAreInformation) {
  Watch watch;
  show_inbound(watch);
  play(watch, 2000, seconds(10), [](WallTime at, std::uint32_t i) { return tcp({kA, port_of(i)}, {kVictim, 80}, kSession, at, 8, 900); });
  ASSERT_EQ(told(watch).size(), 1U);
  EXPECT_EQ(watch.given[0].abuse_class, abuse::AbuseClass::Flood);
  EXPECT_EQ(watch.given[0].severity, abuse::Severity::Info);
  EXPECT_LT(watch.given[0].confidence, abuse::Confidence{60});
}

TEST(Flood, ADeclaredGameServerMayStreamAndItsDeclarationEnds) {
  for (const auto& [until, findings] : {std::pair{kStart + seconds(3600), 0U}, std::pair{kStart, 1U}}) {
    Thresholds thresholds;
    thresholds.roles.push_back({ServerId{"a"}, {inventory::Role::GameOrVoice, "a game", until}});
    Watch watch({{"border", 0}}, small_network(), thresholds);
    show_inbound(watch);
    play(watch, 100, seconds(10), [](WallTime at, std::uint32_t) { return udp({kA, 30'120}, {kVictim, 5000}, at, 600, 60'000); });
    EXPECT_EQ(told(watch).size(), findings);
  }
}

/// `questions` from the victim's address, and so many answers of so many bytes each.
void reflect(Watch& watch, std::uint16_t port, std::uint64_t asked_bytes, std::uint64_t answers, std::uint64_t answer_bytes, bool answers_first) {
  const WallTime at = watch.now + seconds(20);
  const auto in = lasting(udp({kVictim, 80}, {kA, port}, at, 2000, 2000 * asked_bytes), seconds(20));
  const auto out = lasting(udp({kA, port}, {kVictim, 80}, at, 2000 * answers, 2000 * answers * answer_bytes), seconds(20));
  watch.add(answers_first ? out : in);
  watch.look();
  watch.add(answers_first ? in : out);
  for (int i = 0; i < 11; ++i) {
    watch.look_after(seconds(1));
  }
}

TEST(Reflector, IsFoundWhicheverDirectionIsToldFirst) {
  for (const bool answers_first : {false, true}) {
    Watch watch;
    show_inbound(watch);
    reflect(watch, 123, 36, 10, 468, answers_first);
    ASSERT_EQ(watch.given.size(), 1U) << answers_first;
    EXPECT_EQ(watch.given[0].abuse_class, abuse::AbuseClass::Reflector);
    EXPECT_EQ(watch.given[0].kind, "ntp");
    EXPECT_EQ(fact(watch.given[0], "destination"), "198.51.100.7");
    EXPECT_NE(watch.given[0].summary.find("130 times"), std::string::npos) << watch.given[0].summary;
  }
}

TEST(Reflector, AnAnswerInTwoFragmentsIsOneAnswer) {
  Watch watch;
  show_inbound(watch);
  reflect(watch, 53, 92, 2, 928, false);  // 1.8 kB a name
  ASSERT_EQ(watch.given.size(), 1U);
  EXPECT_EQ(watch.given[0].kind, "dns");
}

TEST(Reflector, OrdinaryServiceIsNone) {
  struct Row {
    const char* what;
    std::uint16_t port;
    std::uint64_t asked;
    std::uint64_t answers;
    std::uint64_t bytes;
  };
  for (const Row& row : {Row{"a time server", 123, 76, 1, 76}, Row{"a resolver", 53, 75, 1, 400}, Row{"signed answers", 53, 85, 1, 900}}) {
    Watch watch;
    show_inbound(watch);
    reflect(watch, row.port, row.asked, row.answers, row.bytes, false);
    EXPECT_TRUE(watch.given.empty()) << row.what;
  }
}

TEST(Reflector, AnswersToNobodysQuestionAreAFlood) {
  Watch watch;
  show_inbound(watch);
  play(watch, 100, seconds(10), [](WallTime at, std::uint32_t) { return udp({kA, 53}, {kVictim, 80}, at, 900, 900'000); });
  ASSERT_EQ(told(watch).size(), 1U);
  EXPECT_EQ(watch.given[0].abuse_class, abuse::AbuseClass::Flood);
}

}  // namespace
}  // namespace pinfold::detect::testing
