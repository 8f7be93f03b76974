/// Floods that a look at single destinations misses: spread over a network (carpet bombing), of bare acknowledgements, and the slow ones that hold a
/// web server's connections open. Beside each, what looks like it and is none.
#include <gtest/gtest.h>

#include <algorithm>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const net::IpAddress kA = ip("192.0.2.1");
const net::IpAddress kVictim = ip("198.51.100.7");

std::uint16_t port_of(std::uint32_t i) { return static_cast<std::uint16_t>(1024 + i * 7 % 60'000); }
net::IpAddress host(std::uint32_t i) { return net::IpAddress::v4(0xCB00'7100U + i % 256); }  // 203.0.113.0/24

void show_inbound(Watch& watch) { watch.add(tcp({kVictim, 50'000}, {ip("192.0.2.3"), 443}, kSession, watch.now, 20, 2000)); }

template <typename Make>
void play(Watch& watch, std::uint32_t records, Micros over, Make&& make) {
  show_inbound(watch);
  const WallTime begin = watch.now;
  for (std::uint32_t i = 0; i < records; ++i) {
    watch.add(make(begin + over * i / records, i));
    if (i % 200 == 0) {
      watch.look();
    }
  }
}

/// The latest of each accusation of that class.
std::vector<abuse::Finding> accused(Watch& watch, abuse::AbuseClass abuse_class = abuse::AbuseClass::Flood) {
  std::vector<abuse::Finding> latest;
  for (const abuse::Finding& finding : watch.findings()) {
    if (finding.abuse_class == abuse_class && finding.severity != abuse::Severity::Info) {
      std::erase_if(latest, [&](const abuse::Finding& other) { return other.id == finding.id; });
      latest.push_back(finding);
    }
  }
  return latest;
}

TEST(CarpetBombing, IsFoundByTheNetworksSumThoughNoHostGetsMuch) {
  struct Row {
    const char* kind;
    std::uint64_t packets_each;
    flow::FlowRecord (*make)(WallTime, std::uint32_t);
  };
  for (const Row& row : {Row{"udp", 16,
                             [](WallTime at, std::uint32_t i) {
                               return udp({kA, port_of(i)}, {host(i * 31), 80}, at);
                             }},
                         Row{"syn", 4,
                             [](WallTime at, std::uint32_t i) {
                               return tcp({kA, port_of(i)}, {host(i * 31), 443}, flow::kSyn, at);
                             }},
                         Row{"icmp", 2, [](WallTime at, std::uint32_t i) { return icmp(kA, host(i * 31), 8, at); }}}) {
    Watch watch;
    play(watch, 8000, seconds(20), [&](WallTime at, std::uint32_t i) {
      flow::FlowRecord record = row.make(at, i);
      record.packets = Packets{row.packets_each};
      record.bytes = Bytes{row.packets_each * 60};
      return record;
    });
    const auto found = accused(watch);
    ASSERT_EQ(found.size(), 1U) << row.kind;
    EXPECT_EQ(found[0].kind, row.kind);
    EXPECT_EQ(fact(found[0], "destination"), "203.0.113.0/24");
    EXPECT_GE(std::stoi(fact(found[0], "destination_hosts")), 150) << row.kind;
    EXPECT_NE(found[0].summary.find("hosts of 203.0.113.0/24"), std::string::npos) << found[0].summary;
  }
}

TEST(CarpetBombing, IsFoundOverIpv6AndWhenSampled) {
  Watch six;
  play(six, 8000, seconds(20), [](WallTime at, std::uint32_t i) {
    std::array<std::uint8_t, 16> bytes = ip("2001:db8:7::").bytes();
    bytes[15] = static_cast<std::uint8_t>(i * 31);
    return udp({ip("2001:db8::1"), port_of(i)}, {net::IpAddress::v6(bytes), 80}, at, 16, 960);
  });
  ASSERT_EQ(accused(six).size(), 1U);
  EXPECT_EQ(fact(accused(six)[0], "destination"), "2001:db8:7::/64");
  Watch sampled;
  play(sampled, 400, seconds(20), [](WallTime at, std::uint32_t i) {  // 20,000 a second
    flow::FlowRecord record = udp({kA, port_of(i)}, {host(i * 31), 80}, at);
    record.sampling_rate = SamplingRate{1000};
    return record;
  });
  ASSERT_EQ(accused(sampled).size(), 1U);
  EXPECT_EQ(accused(sampled)[0].kind, "udp");
}

TEST(CarpetBombing, IsNotAScanNorAServiceNorFarViewers) {
  Watch scan;  // every host and port once
  play(scan, 20'000, seconds(10), [](WallTime at, std::uint32_t i) {
    return tcp({kA, 40'000}, {host(i), static_cast<std::uint16_t>(1 + i / 256)}, flow::kSyn, at);
  });
  EXPECT_TRUE(accused(scan).empty());
  EXPECT_FALSE(accused(scan, abuse::AbuseClass::PortScan).empty());
  Watch service;  // players of one provider's network send, too
  play(service, 8000, seconds(20), [](WallTime at, std::uint32_t i) {
    const End player{host(i / 2 * 31), port_of(i / 2)};
    return i % 2 == 0 ? udp({kA, 27'015}, player, at, 40, 4800) : udp(player, {kA, 27'015}, at, 12, 800);
  });
  EXPECT_TRUE(accused(service).empty());
  Watch viewers;  // one-sided streams to twenty viewers of one network, none too fast
  play(viewers, 600, seconds(20), [](WallTime at, std::uint32_t i) { return udp({kA, 5004}, {host(i % 20), 5004}, at, 240, 300'000); });
  EXPECT_TRUE(accused(viewers).empty());
}

TEST(AckFlood, OfAThousandASecondFromManyPortsIsFound) {
  Watch watch;
  play(watch, 30'000, seconds(20), [](WallTime at, std::uint32_t i) { return tcp({kA, port_of(i)}, {kVictim, 80}, flow::kAck, at, 1, 40); });
  const auto found = accused(watch);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "other");
  EXPECT_NE(found[0].summary.find("(ACK)"), std::string::npos) << found[0].summary;
}

TEST(AckFlood, IsNoDownloadThatIsSeenOneWay) {
  Watch watch;  // one port; its data take another way
  play(watch, 600, seconds(20), [](WallTime at, std::uint32_t) { return tcp({kA, 40'000}, {kVictim, 443}, flow::kAck, at, 60, 60 * 52); });
  EXPECT_TRUE(accused(watch).empty());
  Watch busy;  // a proxy's many connections, answered
  play(busy, 60'000, seconds(20), [](WallTime at, std::uint32_t i) {
    return i % 2 == 0 ? tcp({kA, port_of(i)}, {kVictim, 8080}, flow::kAck, at, 1, 52)
                      : tcp({kVictim, 8080}, {kA, port_of(i - 1)}, kData, at, 1, 1500);
  });
  EXPECT_TRUE(accused(busy).empty());
}

/// `connections` opened over ten seconds; from then on each says a header each ten seconds. Packet by packet, as a capture shows it.
struct Held {
  std::uint32_t connections = 150;
  std::uint16_t port = 80;
  std::uint64_t answer = 52;  ///< bytes of what comes back for each header
  bool closes = false;
};
void hold(Watch& watch, const Held& held) {
  show_inbound(watch);
  const WallTime begin = watch.now;
  for (int round = 0; round < 6; ++round) {
    for (std::uint32_t i = 0; i < held.connections; ++i) {
      const WallTime at = begin + seconds(10) * round + seconds(9.9) * i / held.connections;
      const End from{kA, port_of(i)};
      const End to{kVictim, held.port};
      if (round == 0) {
        watch.add(tcp(from, to, flow::kSyn, at));
        watch.add(tcp(to, from, flow::kSyn | flow::kAck, at));
        watch.add(tcp(from, to, flow::kAck, at, 1, 52));
        watch.add(tcp(from, to, kData, at, 1, 200));
      } else {
        watch.add(tcp(from, to, held.closes ? flow::kFin | flow::kAck : kData, at, 1, 70));
      }
      watch.add(tcp(to, from, held.answer > 52 ? kData : flow::kAck, at, 1, held.answer));
      watch.look();
    }
  }
}

TEST(SlowConnections, ThatGetNoAnswerAreFoundPacketByPacket) {
  Watch watch;
  hold(watch, {});
  const auto found = accused(watch);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "other");
  EXPECT_EQ(found[0].severity, abuse::Severity::Medium);
  EXPECT_NE(found[0].summary.find("198.51.100.7 port 80 open"), std::string::npos) << found[0].summary;
  EXPECT_GE(std::stoi(fact(found[0], "connections")), 100);
}

/// The exporter tells each connection's first minute as one record.
TEST(SlowConnections, AreFoundInFlowRecords) {
  Watch watch;
  show_inbound(watch);
  for (std::uint32_t i = 0; i < 200; ++i) {
    const auto port = static_cast<std::uint16_t>(40'000 + i);  // a client's, above the port it goes to
    const WallTime at = kStart + seconds(60) + seconds(0.05) * i;
    for (flow::FlowRecord record : {tcp({kA, port}, {kVictim, 8080}, flow::kSyn | flow::kAck | flow::kPsh, at, 8, 60 + 52 + 250 + 5 * 70),
                                    tcp({kVictim, 8080}, {kA, port}, flow::kSyn | flow::kAck, at, 7, 60 + 6 * 52)}) {
      record.first = ExporterTime{(at - seconds(58)).since_epoch};
      watch.add(record);
    }
    watch.look();
  }
  for (int i = 0; i < 6; ++i) {
    watch.look_after(seconds(1));
  }
  EXPECT_EQ(accused(watch).size(), 1U);
}

/// What a client of many plain web servers holds would be a table of destinations for each such client. It gets one for what stands out alone.
TEST(SlowConnections, OnlyWhoHoldsManyToOneServerIsLookedAtClosely) {
  struct Row {
    const char* name;
    std::uint8_t flags;
    std::uint32_t web_servers;
    bool is_busy;
  };
  constexpr std::uint8_t kHeld = flow::kSyn | flow::kAck | flow::kPsh;
  for (const Row& row : {Row{"a client that closes at once", kSession, 1, false}, Row{"a crawler", kHeld, 100, false},
                         Row{"two backends in turn", kHeld, 2, false}, Row{"one that is held", kHeld, 1, true}}) {
    Watch watch;
    show_inbound(watch);
    for (std::uint32_t i = 0; i < 100; ++i) {
      watch.add(tcp({kA, port_of(i)}, {target(i % row.web_servers), 80}, row.flags, watch.now + seconds(0.02), 12, 2000));
    }
    EXPECT_EQ(watch.pipeline.detectors().volumes().busy() == 1, row.is_busy) << row.name;
  }
}

TEST(SlowConnections, AreNoneWhenAnsweredClosedFewOrNotToTheWeb) {
  struct Row {
    const char* name;
    Held held;
  };
  for (const Row& row : {Row{"a pool that is answered", {150, 80, 400, false}}, Row{"health checks that close", {150, 80, 52, true}},
                         Row{"few", {50, 80, 52, false}}, Row{"no web port", {150, 5672, 52, false}}}) {
    Watch watch;
    hold(watch, row.held);
    EXPECT_TRUE(accused(watch).empty()) << row.name;
  }
}

}  // namespace
}  // namespace pinfold::detect::testing
