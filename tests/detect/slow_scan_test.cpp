// Scans that a minute's count of one port does not show, and what looks like them.
#include <gtest/gtest.h>

#include <random>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const End kA{ip("192.0.2.1"), 40'000};

void show_inbound(Watch& watch) { watch.add(tcp({target(9), 50'000}, {ip("192.0.2.3"), 443}, kSession, watch.now, 20, 2000)); }
net::IpAddress scattered(std::uint32_t i) { return target((i * 257U) % 65'536U); }

TEST(SlowScan, TwentyRefusedPortsOfOneHostAreAScanAndNineteenAreNot) {
  for (const auto& [ports, is_found] : {std::pair{19U, false}, std::pair{43U, true}}) {
    Watch watch;
    show_inbound(watch);
    for (std::uint32_t i = 0; i < ports; ++i) {
      const auto port = static_cast<std::uint16_t>(100 + i * 7);
      watch.add(tcp(kA, {target(1), port}, flow::kSyn, kStart + seconds(0.1) * i));
      watch.add(tcp({target(1), port}, kA, flow::kRst | flow::kAck, watch.now));
    }
    ASSERT_EQ(watch.findings().size(), is_found ? 1U : 0U) << ports;
    if (is_found) {
      EXPECT_EQ(watch.given[0].kind, "vertical");
      EXPECT_EQ(fact(watch.given[0], "destination"), to_string(target(1)));
    }
  }
}

TEST(SlowScan, ALoadBalancerWhoseBackendsDiedAsksForWhatItKnows) {
  Watch watch;
  show_inbound(watch);
  for (std::uint32_t second = 0; second < 240; second += 2) {
    const bool is_dead = second >= 120;
    for (std::uint16_t port = 9001; port <= 9040; ++port) {
      const WallTime at = kStart + seconds(second + 0.01 * (port - 9000));
      watch.add(tcp(kA, {target(1), port}, is_dead ? flow::kSyn : kSession, at));
      if (!is_dead) {
        watch.add(tcp({target(1), port}, kA, kSession, at));
      }
    }
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(SlowScan, TracerouteIsNone) {
  Watch watch;
  show_inbound(watch);
  for (std::uint32_t i = 0; i < 90; ++i) {
    watch.add(udp(kA, {target(1), static_cast<std::uint16_t>(33'434 + i)}, kStart + seconds(0.2) * i));
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(SlowScan, APingSweepIsFoundThoughManyAnswerAndAMonitorIsNot) {
  Watch watch;
  show_inbound(watch);
  for (std::uint32_t i = 0; i < 20; ++i) {
    const net::IpAddress host = net::IpAddress::v4(0xCB00'7100U + i);
    watch.add(icmp(kA.address, host, 8, kStart + seconds(0.1) * i));
    if (i % 5 < 3) {
      watch.add(icmp(host, kA.address, 0, watch.now));
    }
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(fact(watch.given[0], "subnet"), "203.0.113.0/24");

  Watch monitor;  // once a minute, all at once, a tenth of them down
  show_inbound(monitor);
  for (std::uint32_t round = 0; round < 5; ++round) {
    for (std::uint32_t i = 0; i < 100; ++i) {
      const net::IpAddress host = net::IpAddress::v4(0xCB00'7100U + i);
      monitor.add(icmp(kA.address, host, 8, kStart + seconds(60) * round + seconds(0.02) * i));
      if (i % 10 != 0) {
        monitor.add(icmp(host, kA.address, 0, monitor.now));
      }
    }
    monitor.look_after(seconds(3));
  }
  EXPECT_TRUE(monitor.findings().empty());
}

/// Bots try two or three ports; none of them alone reaches a hundred.
TEST(SlowScan, ABurstOverTwoPortsIsABlock) {
  Watch watch;
  show_inbound(watch);
  for (std::uint32_t i = 0; i < 110; ++i) {
    watch.add(tcp(kA, {scattered(i), static_cast<std::uint16_t>(i % 5 < 3 ? 81 : 23)}, flow::kSyn, kStart + seconds(0.001) * i));
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].kind, "block");
  EXPECT_EQ(fact(watch.given[0], "most_tried_ports"), "81, 23");
}

/// Any host, any of a hundred ports, 1:1 and sampled.
TEST(SlowScan, ABlockScanNeedsNoPatternWhenNobodyAnswers) {
  for (const std::uint32_t one_in : {1U, 100U}) {
    Watch watch;
    show_inbound(watch);
    std::mt19937 random(1);
    for (std::uint32_t i = 0; i < 250 * one_in; ++i) {
      flow::FlowRecord syn = tcp(kA, {target(static_cast<std::uint32_t>(random() % 65'536)), static_cast<std::uint16_t>(1 + random() % 1000)},
                                 flow::kSyn, kStart + seconds(400) * i / (250 * one_in));
      syn.version = flow::ExportVersion::Sflow5;
      syn.sampling_rate = SamplingRate{one_in};
      if (random() % one_in == 0) {
        watch.add(syn);
      }
      if (i % 200 == 0) {
        watch.look();
      }
    }
    ASSERT_FALSE(watch.findings().empty()) << one_in;
    EXPECT_EQ(watch.given.back().kind, "block") << one_in;
  }
}

/// Its table holds one contact in thirty-two then: two dead peers on one port in it are no sixty-four.
TEST(SlowScan, APeerToPeerClientOfVeryManyIsNone) {
  Watch watch;
  std::mt19937 random(7);
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    const WallTime at = watch.now + seconds(0.1);
    const auto port = static_cast<std::uint16_t>(6881 + random() % 3000);
    const net::IpAddress peer = net::IpAddress::v4(0xC6000000U + i * 97);
    watch.add(tcp({kA.address, 50'000}, {peer, port}, flow::kSyn, at));
    if (random() % 2 == 0) {
      watch.add(tcp({peer, port}, {kA.address, 50'000}, flow::kSyn | flow::kAck, at));
    }
    if (i % 100 == 0) {
      watch.look();
    }
  }
  watch.look_after(seconds(10));
  for (const abuse::Finding& found : watch.findings()) {
    EXPECT_NE(found.abuse_class, abuse::AbuseClass::PortScan) << found.summary;
  }
}

TEST(SlowScan, PeerToPeerAndDeadPeersAreNone) {
  std::mt19937 random(2);
  Watch swarm;
  show_inbound(swarm);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const WallTime at = kStart + seconds(1) * i;
    const End peer{target(static_cast<std::uint32_t>(random() % 65'536)),
                   static_cast<std::uint16_t>(i % 3 == 0 ? 6881 + random() % 9 : 10'000 + random() % 50'000)};
    const bool is_gone = random() % 100 < 65;
    swarm.add(tcp(kA, peer, is_gone ? flow::kSyn : kSession, at, is_gone ? 2 : 30, is_gone ? 120 : 9000));
    if (!is_gone) {
      swarm.add(tcp(peer, kA, kSession, at, 30, 30'000));
    }
    swarm.look();
  }
  EXPECT_TRUE(swarm.findings().empty());

  Watch node;  // three quarters of the addresses that gossip named are dead
  show_inbound(node);
  for (std::uint32_t i = 0; i < 700; ++i) {
    const WallTime at = kStart + seconds(5) * i;
    const bool is_dead = random() % 100 < 75;
    node.add(tcp(kA, {scattered(i), 30'303}, is_dead ? flow::kSyn : kSession, at, is_dead ? 3 : 40, is_dead ? 180 : 20'000));
    if (!is_dead) {
      node.add(tcp({scattered(i), 30'303}, kA, kSession, at, 40, 20'000));
    }
    node.look();
  }
  EXPECT_TRUE(node.findings().empty());
}

}  // namespace
}  // namespace pinfold::detect::testing
