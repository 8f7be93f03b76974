/// The seven servers of FastNetMon's comparison (30 s of unsampled NetFlow v5): six abusers and one honest download. FastNetMon, stock, bans one
/// abuser and the download.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

constexpr std::uint8_t kAll = flow::kSyn | flow::kAck | flow::kPsh | flow::kFin;

class Scenarios {
public:
  Scenarios()
      : watch({{"border", 0}},
              inventory_of({server("ssh", "10.0.0.1"), server("scan", "10.0.0.2"), server("mail", "10.0.0.3"), server("udp", "10.0.0.4"),
                            server("ports", "10.0.0.5"), server("download", "10.0.0.6"), server("syn", "10.0.0.7")})) {
    for (net::IpAddress& address : fixed) {
      address = world();
    }
  }

  void run(int seconds_long) {
    for (int second = 0; second < seconds_long; ++second) {
      one_second();
      std::shuffle(flows.begin(), flows.end(), random);
      watch.now = kStart + seconds(second + 1);
      for (flow::FlowRecord& record : flows) {
        record.version = flow::ExportVersion::NetFlow5;
        record.first = ExporterTime{(watch.now - seconds(1)).since_epoch};
        record.last = ExporterTime{(watch.now - seconds(0.001)).since_epoch};
        watch.pipeline.add(record, SourceIndex{0}, watch.now);
      }
      flows.clear();
      watch.look();
    }
    (void)watch.findings();
    for (const abuse::Finding& finding : watch.given) {
      first_said.try_emplace(finding.server.value, finding.detected_at);
      latest[finding.server.value].insert_or_assign(finding.id.value, finding);
    }
  }

  Watch watch;
  std::map<std::string, std::map<std::string, abuse::Finding>> latest;  ///< by server, by id
  std::map<std::string, WallTime> first_said;

private:
  net::IpAddress world() { return net::IpAddress::v4(0x5000'0000U + static_cast<std::uint32_t>(random() % 0x4000'0000U)); }
  std::uint32_t between(std::uint32_t least, std::uint32_t below) { return least + static_cast<std::uint32_t>(random() % (below - least)); }
  std::uint16_t high_port() { return static_cast<std::uint16_t>(between(1024, 65'535)); }
  void flow(int number, net::IpAddress to, std::uint16_t port, std::uint64_t packets, std::uint64_t bytes, std::uint8_t flags) {
    flows.push_back(
        tcp({net::IpAddress::v4(0x0A00'0000U + static_cast<std::uint32_t>(number)), high_port()}, {to, port}, flags, kStart, packets, bytes));
  }
  void one_second() {
    for (int i = 0; i < 20; ++i) {
      flow(1, fixed.at(between(0, 40)), 22, between(11, 20), between(1500, 3500), kAll);
    }
    for (int i = 0; i < 1000; ++i) {
      flow(2, world(), 445, 1, 44, flow::kSyn);
    }
    for (int i = 0; i < 50; ++i) {
      flow(3, fixed.at(between(0, 300)), 25, between(12, 30), between(3000, 9000), kAll);
      flow(4, fixed[0], 80, 2000, 2'000'000, 0);
      flows.back().protocol = flow::kUdp;
    }
    for (int i = 0; i < 500; ++i) {
      flow(5, fixed[1], static_cast<std::uint16_t>(between(1, 65'535)), 1, 44, flow::kSyn);
    }
    for (int i = 0; i < 10; ++i) {
      flows.push_back(tcp({fixed[2], 443}, {net::IpAddress::v4(0x0A00'0006U), high_port()}, flow::kAck, kStart, 9000, 9000ULL * 1450));
    }
    for (int i = 0; i < 60; ++i) {
      flow(7, fixed[3], 80, 300, 300ULL * 44, flow::kSyn);
    }
  }

  std::mt19937 random{1};
  std::array<net::IpAddress, 300> fixed;
  std::vector<flow::FlowRecord> flows;
};

TEST(Scenarios, SixAbusersAreNamedAndTheDownloadIsLeftAlone) {
  Scenarios scenarios;
  scenarios.run(30);
  struct Row {
    const char* server;
    abuse::AbuseClass abuse_class;
    const char* kind;
  };
  for (const Row& row : {Row{"ssh", abuse::AbuseClass::BruteForce, "ssh"}, Row{"scan", abuse::AbuseClass::PortScan, "horizontal"},
                         Row{"mail", abuse::AbuseClass::Spam, "smtp"}, Row{"udp", abuse::AbuseClass::Flood, "udp"},
                         Row{"ports", abuse::AbuseClass::PortScan, "vertical"}, Row{"syn", abuse::AbuseClass::Flood, "syn"}}) {
    const auto& findings = scenarios.latest[row.server];
    ASSERT_EQ(findings.size(), 1U) << row.server;
    EXPECT_EQ(findings.begin()->second.abuse_class, row.abuse_class) << row.server;
    EXPECT_EQ(findings.begin()->second.kind, row.kind) << row.server;
    EXPECT_GE(findings.begin()->second.confidence, abuse::Confidence{60}) << row.server << ": a case is opened from 60 on";
    EXPECT_LE(scenarios.first_said.at(row.server) - kStart, seconds(10)) << row.server;
  }
  EXPECT_TRUE(scenarios.latest["download"].empty());
}

}  // namespace
}  // namespace pinfold::detect::testing
