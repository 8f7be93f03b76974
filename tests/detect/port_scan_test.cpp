#include <gtest/gtest.h>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const End kA{ip("192.0.2.1"), 40'000};
const net::IpAddress kOutside = ip("203.0.113.9");

/// Different for every i below 65,536, and neighbours lie in different subnets: what a sweep of one subnet shows is tested apart.
net::IpAddress scattered(std::uint32_t i) { return target((i * 257U) % 65'536U); }

void syn_scan(Watch& watch, std::uint32_t targets, Micros over, std::uint16_t port = 22, std::uint32_t first_target = 0) {
  const WallTime begin = watch.now;
  for (std::uint32_t i = 0; i < targets; ++i) {
    watch.add(tcp(kA, {scattered(first_target + i), port}, flow::kSyn, begin + over * i / targets));
  }
}

/// Some traffic from outside, so that the observation point is known to show both directions.
void show_inbound(Watch& watch) { watch.add(tcp({kOutside, 50'000}, {ip("192.0.2.3"), 443}, kSession, watch.now, 20, 2000)); }

TEST(PortScan, AHorizontalScanIsFoundAndDescribed) {
  Watch watch;
  show_inbound(watch);
  syn_scan(watch, 1200, seconds(30));
  ASSERT_EQ(watch.findings().size(), 1U);
  const abuse::Finding& finding = watch.given[0];
  EXPECT_EQ(finding.server, ServerId{"a"});
  EXPECT_EQ(finding.abuse_class, abuse::AbuseClass::PortScan);
  EXPECT_EQ(finding.kind, "horizontal");
  EXPECT_EQ(finding.summary, "contacted 1,200 hosts on tcp/22 in 30 s; 100 % never answered");
  EXPECT_EQ(finding.first_seen, kStart);
  EXPECT_EQ(finding.last_seen, kStart + seconds(30) - seconds(30) / 1200);
  EXPECT_EQ(finding.severity, abuse::Severity::High);
  EXPECT_EQ(finding.observation_point, "border");
  EXPECT_EQ(finding.id.value, "net/a/port_scan/" + std::to_string(kStart.since_epoch.count()));
  EXPECT_EQ(fact(finding, "destinations"), "1200");
  EXPECT_EQ(fact(finding, "port"), "22");
  EXPECT_NE(fact(finding, "flow").find("192.0.2.1 port 40000 -> 198.18."), std::string::npos);
  EXPECT_FALSE(finding.floor.empty());
}

TEST(PortScan, AHundredTargetsAMinuteAreFoundWithinSeconds) {
  Watch watch;
  const WallTime begin = watch.now;
  std::optional<WallTime> found;
  for (std::uint32_t i = 0; i < 200 && !found; ++i) {
    watch.add(tcp(kA, {target(i), 23}, flow::kSyn, begin + seconds(0.5) * i));  // 120 a minute
    watch.look();
    found = watch.given.empty() ? std::nullopt : std::optional{watch.now};
  }
  ASSERT_TRUE(found);
  EXPECT_LE(*found - begin, seconds(50 + 4));  // the hundredth target is contacted after 50 s
}

TEST(PortScan, BelowTheThresholdIsQuiet) {
  Watch watch;
  syn_scan(watch, 99, seconds(50));
  EXPECT_TRUE(watch.findings().empty());
}

/// `a_minute` silent hosts a minute, for so many minutes.
std::vector<abuse::Finding> patient_scan(std::uint32_t a_minute, std::uint32_t minutes) {
  Watch watch;
  for (std::uint32_t minute = 0; minute < minutes; ++minute) {
    watch.now = kStart + seconds(60) * minute;
    syn_scan(watch, a_minute, seconds(60), 22, minute * a_minute);
    watch.look();
  }
  return watch.findings();
}

TEST(PortScan, APatientScanAddsUpOverMinutesAndItsRestDoesNot) {
  const auto found = patient_scan(20, 10);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back().kind, "horizontal");
  EXPECT_EQ(found.back().id, found.front().id);
  EXPECT_EQ(found.back().first_seen, kStart);
  EXPECT_LT(found.back().confidence, abuse::Confidence{90});
  EXPECT_TRUE(patient_scan(1, 60).empty());   // sixty in an hour
  EXPECT_FALSE(patient_scan(3, 60).empty());  // and 180 whom nobody answered
}

TEST(PortScan, AVerticalScanIsFound) {
  Watch watch;
  for (std::uint32_t i = 0; i < 300; ++i) {
    watch.add(tcp(kA, {target(7), static_cast<std::uint16_t>(1 + i)}, flow::kSyn, watch.now + seconds(0.02)));
    watch.add(tcp({target(7), static_cast<std::uint16_t>(1 + i)}, kA, flow::kRst | flow::kAck, watch.now));
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].kind, "vertical");
  EXPECT_EQ(watch.given[0].summary, "contacted 300 tcp ports of 198.18.0.7 in 6 s; 100 % refused or never answered");
  EXPECT_EQ(fact(watch.given[0], "destination"), "198.18.0.7");
}

TEST(PortScan, EveryKindOfTcpProbeCounts) {
  for (const int flags : {+flow::kSyn, flow::kSyn | flow::kRst, +flow::kFin, 0, flow::kFin | flow::kPsh | 0x20}) {
    Watch watch;
    for (std::uint32_t i = 0; i < 150; ++i) {
      flow::FlowRecord probe = tcp(kA, {target(i), 80}, static_cast<std::uint8_t>(flags), watch.now + seconds(0.1));
      probe.version = flow::ExportVersion::Packet;
      watch.add(probe);
    }
    EXPECT_EQ(watch.findings().size(), 1U) << flags;
  }
}

TEST(PortScan, WithoutTcpFlagsTheSizeDecides) {
  for (const bool is_probe : {true, false}) {
    Watch watch;
    for (std::uint32_t i = 0; i < 150; ++i) {
      flow::FlowRecord record = tcp(kA, {target(i), 80}, 0, watch.now + seconds(0.1), is_probe ? 2 : 12, is_probe ? 120 : 4000);
      record.tcp_flags.reset();
      watch.add(record);
    }
    EXPECT_EQ(watch.findings().size(), is_probe ? 1U : 0U);
  }
}

TEST(PortScan, UdpAndIcmpSweepsAreFoundWhereAnswersAreVisible) {
  for (const bool is_udp : {true, false}) {
    for (const bool shows_answers : {true, false}) {
      Watch watch;
      if (shows_answers) {
        show_inbound(watch);
      }
      for (std::uint32_t i = 0; i < 200; ++i) {
        const WallTime at = watch.now + seconds(0.1);
        watch.add(is_udp ? udp(kA, {target(i), 161}, at) : icmp(kA.address, target(i), 8, at));
      }
      EXPECT_EQ(watch.findings().size(), shows_answers ? 1U : 0U) << "udp " << is_udp;
    }
  }
}

TEST(PortScan, V6ScansAreFound) {
  Watch watch;
  for (std::uint32_t i = 0; i < 150; ++i) {
    std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0D, 0xB8, 0xFF};
    bytes[15] = static_cast<std::uint8_t>(i);
    watch.add(tcp({ip("2001:db8::1"), 5000}, {net::IpAddress::v6(bytes), 22}, flow::kSyn, watch.now + seconds(0.1)));
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].server, ServerId{"v6"});
}

TEST(PortScan, ARunningIncidentUpdatesOneFinding) {
  Watch watch;
  for (std::uint32_t second = 0; second < 300; ++second) {
    syn_scan(watch, 10, seconds(1), 22, second * 10);
    watch.now = kStart + seconds(1) * (second + 1);
    watch.look();
  }
  ASSERT_GE(watch.findings().size(), 20U);
  EXPECT_LE(watch.given.size(), 32U);  // once in ten seconds
  for (const abuse::Finding& finding : watch.given) {
    EXPECT_EQ(finding.id, watch.given[0].id);
    EXPECT_EQ(finding.first_seen, kStart);
  }
  EXPECT_GT(watch.given.back().last_seen, kStart + seconds(285));
  watch.look_after(seconds(30));  // nothing new: nothing said, but the last update
  const std::size_t before = watch.given.size();
  watch.look_after(seconds(30));
  EXPECT_EQ(watch.given.size(), before);
  EXPECT_GT(watch.given.back().last_seen, kStart + seconds(298));
}

TEST(PortScan, AfterQuietItIsANewIncident) {
  Watch watch;
  syn_scan(watch, 200, seconds(20));
  ASSERT_EQ(watch.findings().size(), 1U);
  watch.now = kStart + seconds(20 + 125);
  const WallTime again = watch.now;
  syn_scan(watch, 200, seconds(20));
  ASSERT_EQ(watch.findings().size(), 2U);
  EXPECT_NE(watch.given[0].id, watch.given[1].id);
  EXPECT_EQ(watch.given[1].first_seen, again);
}

TEST(PortScan, AStragglerDoesNotProlongTheScan) {
  Watch watch;
  syn_scan(watch, 600, seconds(20));
  ASSERT_EQ(watch.findings().size(), 1U);
  const WallTime end = watch.given[0].last_seen;
  watch.add(tcp(kA, {target(9000), 22}, flow::kSyn, kStart + seconds(48)));
  watch.look_after(seconds(3));
  watch.look_after(seconds(12));
  EXPECT_EQ(watch.given.back().last_seen, end);
}

TEST(PortScan, LateAndUnorderedRecordsCountInTheirOwnTime) {
  Watch watch;
  watch.now = kStart + seconds(100);
  watch.add(tcp(kA, {target(5000), 443}, kSession, watch.now, 20, 3000));
  for (std::uint32_t i = 0; i < 200; ++i) {  // ended 100 to 40 s ago, newest and oldest interleaved
    watch.add(tcp(kA, {target(i), 22}, flow::kSyn, kStart + seconds(0.3) * ((i * 77) % 200)));
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].first_seen, kStart);
  EXPECT_EQ(watch.given[0].last_seen, kStart + seconds(0.3) * 199);
}

TEST(PortScan, SampledScansAreEstimatedAndSayTheirFloor) {
  Watch watch;
  for (std::uint32_t i = 0; i < 60; ++i) {
    flow::FlowRecord probe = tcp(kA, {target(i * 7), 445}, flow::kSyn, watch.now + seconds(0.5));
    probe.version = flow::ExportVersion::Sflow5;
    probe.sampling_rate = SamplingRate{100};
    watch.add(probe);
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  const abuse::Finding& finding = watch.given[0];
  EXPECT_EQ(finding.summary.substr(0, 42), "contacted about 6,000 hosts on tcp/445 in ");
  EXPECT_EQ(fact(finding, "destinations_sampled"), "60");
  EXPECT_EQ(finding.sampling_rate, SamplingRate{100});
  EXPECT_NE(finding.floor.find("about 2,000 targets a minute"), std::string::npos) << finding.floor;
}

TEST(PortScan, AFewSampledPacketsAreNoScan) {
  Watch watch;
  for (std::uint32_t i = 0; i < 15; ++i) {
    flow::FlowRecord probe = tcp(kA, {target(i), 445}, flow::kSyn, watch.now + seconds(0.5));
    probe.sampling_rate = SamplingRate{1000};
    watch.add(probe);
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(PortScan, LossesAreCarriedAndLowerTheConfidence) {
  Watch clean;
  syn_scan(clean, 200, seconds(10));
  Watch lossy;
  syn_scan(lossy, 200, seconds(10));
  lossy.pipeline.note_loss(SourceIndex{0}, 17, lossy.now);
  ASSERT_EQ(clean.findings().size(), 1U);
  ASSERT_EQ(lossy.findings().size(), 1U);
  EXPECT_EQ(clean.given[0].lost_datagrams, 0U);
  EXPECT_EQ(lossy.given[0].lost_datagrams, 17U);
  EXPECT_LT(lossy.given[0].confidence, clean.given[0].confidence);
}

TEST(PortScan, MemoryIsBoundedAndTheEstimateHolds) {
  Watch watch;
  for (std::uint32_t i = 0; i < 60'000; ++i) {
    watch.add(tcp(kA, {target(i), 22}, flow::kSyn, kStart + seconds(0.0009) * i));
  }
  EXPECT_LE(watch.pipeline.contact_slots(), 2 * kMaxContacts);
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_NEAR(std::stod(fact(watch.given[0], "destinations")), 60'000, 6'000);
  watch.now = watch.now + seconds(600);
  watch.look_after(seconds(61));
  EXPECT_EQ(watch.pipeline.contact_slots(), 0U);
}

TEST(PortScan, ManyScannersTogetherStayBounded) {
  std::vector<inventory::Server> servers;
  for (std::uint32_t i = 0; i < 300; ++i) {
    servers.push_back(server(("s" + std::to_string(i)).c_str(), to_string(net::IpAddress::v4(0xC0000200U + i)).c_str()));
  }
  Watch watch({{"border", 0}}, inventory_of(std::move(servers)));
  for (std::uint32_t t = 0; t < 2000; ++t) {
    for (std::uint32_t i = 0; i < 300; ++i) {
      watch.pipeline.add(tcp({net::IpAddress::v4(0xC0000200U + i), 40'000}, {target(t), 22}, flow::kSyn, watch.now), SourceIndex{0}, watch.now);
    }
    watch.now = watch.now + seconds(0.01);
  }
  EXPECT_LT(watch.pipeline.contact_slots(), 2 * ClientTracker::kMaxSlots);
  EXPECT_EQ(watch.findings().size(), 300U);
}

}  // namespace
}  // namespace pinfold::detect::testing
