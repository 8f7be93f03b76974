#include "collect/collector.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "datagrams.hpp"

namespace pinfold::collect::testing {
namespace {

constexpr std::uint32_t kServerA = 0xC0000201;  // 192.0.2.1
constexpr std::uint32_t kServerB = 0xC0000202;
constexpr std::uint32_t kOutside = 0xC6120000;
constexpr std::uint32_t kOtherExporter = INADDR_LOOPBACK + 1;
constexpr auto kDeadline = std::chrono::seconds{20};

net::IpAddress loopback(std::uint32_t address = INADDR_LOOPBACK) { return net::IpAddress::v4(address); }

/// What the sink was given; tests wait for it, never for time to pass.
class Inbox {
public:
  FindingSink sink() {
    return [this](abuse::Finding finding) {
      const std::lock_guard lock(x_mutex);
      x_findings.push_back(std::move(finding));
      x_arrived.notify_all();
    };
  }
  [[nodiscard]] std::optional<abuse::Finding> wait_for(const char* server) {
    std::unique_lock lock(x_mutex);
    std::optional<abuse::Finding> found;
    x_arrived.wait_for(lock, kDeadline, [&] {
      for (const abuse::Finding& finding : x_findings) {
        if (finding.server == ServerId{server}) {
          found = finding;
        }
      }
      return found.has_value();
    });
    return found;
  }
  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock(x_mutex);
    return x_findings.size();
  }

private:
  std::mutex x_mutex;
  std::condition_variable x_arrived;
  std::vector<abuse::Finding> x_findings;
};

std::shared_ptr<const inventory::Inventory> inventory_of(std::vector<std::pair<const char*, std::uint32_t>> servers) {
  std::vector<inventory::Server> made;
  for (const auto& [id, address] : servers) {
    inventory::Server server;
    server.id = ServerId{id};
    server.customer = CustomerId{"1"};
    server.addresses = {net::Prefix{net::IpAddress::v4(address), 32}};
    made.push_back(std::move(server));
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{CustomerId{"1"}, "One", {}}}, std::move(made));
}

CollectorOptions options() {
  CollectorOptions made;
  made.ipfix = UdpEndpoint{loopback(), 0};
  made.sflow = UdpEndpoint{loopback(), 0};
  made.exporters = {{loopback(), Protocol::Ipfix, "sw1", 0}, {loopback(), Protocol::Sflow, "sw1", 1}};
  made.thresholds.port_scan.settle = Micros{0};
  return made;
}

class CollectorTest : public ::testing::Test {
protected:
  /// 120 targets on tcp/22, in four datagrams.
  void scan_by_netflow(const Collector& collector, std::uint32_t server, std::uint32_t skipped_sequence = 0) {
    for (std::uint32_t datagram = 0; datagram < 4; ++datagram) {
      std::vector<Syn> syns;
      for (std::uint32_t i = 0; i < 30; ++i) {
        syns.push_back({server, kOutside + datagram * 30 + i, 22});
      }
      x_sequence += datagram == 2 ? skipped_sequence : 0;
      ASSERT_TRUE(x_sender.send(netflow5(syns, x_sequence, system_clock().wall()), *collector.port(Protocol::Ipfix)));
      x_sequence += 30;
    }
  }

  Inbox x_inbox;
  Sender x_sender;
  std::uint32_t x_sequence = 1000;
};

TEST_F(CollectorTest, AScanOnTheWireBecomesAFinding) {
  const WallTime before = system_clock().wall();
  Collector collector(options(), inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  EXPECT_EQ(collector.last_outbound(ServerId{"a"}), std::nullopt);
  scan_by_netflow(collector, kServerA);
  const auto finding = x_inbox.wait_for("a");
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->abuse_class, abuse::AbuseClass::PortScan);
  EXPECT_EQ(finding->observation_point, "sw1");
  EXPECT_EQ(finding->lost_datagrams, 0U);
  ASSERT_TRUE(collector.last_outbound(ServerId{"a"}));
  EXPECT_GE(*collector.last_outbound(ServerId{"a"}) + std::chrono::milliseconds{1}, before);  // v5 times are whole milliseconds
}

TEST_F(CollectorTest, UnknownExportersAndGarbageAreCountedAndDropped) {
  Collector collector(options(), inventory_of({{"a", kServerA}, {"b", kServerB}}), system_clock(), x_inbox.sink());
  const Sender stranger(kOtherExporter);
  for (std::uint32_t i = 0; i < 5; ++i) {
    std::vector<Syn> syns;
    for (std::uint32_t target = 0; target < 30; ++target) {
      syns.push_back({kServerB, kOutside + i * 30 + target, 22});
    }
    ASSERT_TRUE(stranger.send(netflow5(syns, i * 30, system_clock().wall()), *collector.port(Protocol::Ipfix)));
  }
  Bytes8 cut = netflow5({{kServerA, kOutside, 22}}, x_sequence, system_clock().wall());
  cut.resize(40);
  for (const Bytes8& garbage : {Bytes8{}, Bytes8{1, 2, 3}, cut, sflow5({kServerA, kOutside, 22}, 1)}) {
    ASSERT_TRUE(x_sender.send(garbage, *collector.port(Protocol::Ipfix)));
  }
  scan_by_netflow(collector, kServerA);
  ASSERT_TRUE(x_inbox.wait_for("a"));
  collector.stop();

  const CollectorCounters counters = collector.counters();
  ASSERT_EQ(counters.sockets.size(), 2U);
  EXPECT_EQ(counters.sockets[0].unknown_exporters, 5U);
  EXPECT_EQ(counters.sockets[0].datagrams, 5U + 4U + 4U);
  ASSERT_EQ(counters.exporters.size(), 2U);
  EXPECT_EQ(counters.exporters[0].datagrams, 8U);
  EXPECT_EQ(counters.exporters[0].decode_errors, 4U);
  EXPECT_EQ(counters.exporters[0].records, 120U);
  EXPECT_TRUE(counters.exporters[0].last_heard);
  EXPECT_EQ(collector.last_outbound(ServerId{"b"}), std::nullopt);  // nobody can be accused by a stranger
  EXPECT_EQ(x_inbox.size(), 1U);
}

TEST_F(CollectorTest, BothExportsOfTheSamePacketsCountOnce) {
  Collector collector(options(), inventory_of({{"a", kServerA}, {"b", kServerB}}), system_clock(), x_inbox.sink());
  ASSERT_TRUE(x_sender.send(netflow5({{kServerB, kOutside, 22}}, x_sequence++, system_clock().wall()), *collector.port(Protocol::Ipfix)));
  for (std::uint32_t i = 0; i < 120; ++i) {
    ASSERT_TRUE(x_sender.send(sflow5({kServerA, kOutside + i, 22}, i + 1), *collector.port(Protocol::Sflow)));
  }
  scan_by_netflow(collector, kServerA);
  ASSERT_TRUE(x_inbox.wait_for("a"));
  collector.stop();
  const CollectorCounters counters = collector.counters();
  EXPECT_TRUE(counters.exporters[0].is_accounted);
  EXPECT_FALSE(counters.exporters[1].is_accounted);
  EXPECT_LE(counters.pipeline.accounted + counters.pipeline.spare, 241U);
  EXPECT_EQ(counters.exporters[0].records, 121U);
  EXPECT_EQ(counters.pipeline.records, counters.exporters[0].records + counters.exporters[1].records);
  EXPECT_EQ(x_inbox.size(), 1U);
}

TEST_F(CollectorTest, SflowAloneFindsTheScanToo) {
  CollectorOptions only_sflow = options();
  only_sflow.ipfix.reset();
  Collector collector(only_sflow, inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  EXPECT_EQ(collector.port(Protocol::Ipfix), std::nullopt);
  for (std::uint32_t i = 0; i < 120; ++i) {
    ASSERT_TRUE(x_sender.send(sflow5({kServerA, kOutside + i, 22}, i + 1), *collector.port(Protocol::Sflow)));
  }
  EXPECT_TRUE(x_inbox.wait_for("a"));
}

TEST_F(CollectorTest, AFindingMadeWhileDataWasLostSaysSo) {
  Collector collector(options(), inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  scan_by_netflow(collector, kServerA, 90);
  const auto finding = x_inbox.wait_for("a");
  ASSERT_TRUE(finding);
  EXPECT_GE(finding->lost_datagrams, 1U);
  EXPECT_EQ(collector.counters().exporters[0].lost_records, 90U);
}

TEST_F(CollectorTest, EveryDatagramIsExplained) {
  CollectorOptions made = options();
  made.sflow.reset();
  Collector collector(made, inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  const Sender stranger(kOtherExporter);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stranger.send({1, 2, 3}, *collector.port(Protocol::Ipfix)));
  }
  Bytes8 cut = netflow5({{kServerA, kOutside, 22}}, x_sequence, system_clock().wall());
  cut.resize(20);
  ASSERT_TRUE(x_sender.send(cut, *collector.port(Protocol::Ipfix)));
  ASSERT_TRUE(x_sender.send({0, 7}, *collector.port(Protocol::Ipfix)));
  scan_by_netflow(collector, kServerA);
  const auto finding = x_inbox.wait_for("a");
  ASSERT_TRUE(finding);
  EXPECT_GE(finding->lost_datagrams, 2U);  // what was refused is lost
  const CollectorCounters counters = collector.counters();
  const SocketCounters& socket = counters.sockets[0];
  const ExporterCounters& exporter = counters.exporters[0];
  EXPECT_EQ(socket.datagrams, 9U);
  EXPECT_EQ(socket.datagrams, exporter.datagrams + socket.unknown_exporters);
  ASSERT_EQ(socket.strangers.size(), 1U);
  EXPECT_EQ(socket.strangers[0].address, loopback(kOtherExporter));
  EXPECT_EQ(socket.strangers[0].datagrams, 3U);
  EXPECT_EQ(exporter.decode_errors, 2U);
  EXPECT_EQ(exporter.faults[static_cast<std::size_t>(flow::Fault::Truncated)], 1U);
  EXPECT_EQ(exporter.faults[static_cast<std::size_t>(flow::Fault::UnknownVersion)], 1U);
  EXPECT_EQ(counters.pipeline.records, exporter.records);
  EXPECT_EQ(counters.pipeline.records, counters.pipeline.accounted + counters.pipeline.spare + counters.pipeline.foreign);
}

TEST_F(CollectorTest, RecordsOfOtherInterfacesAreCountedAndDropped) {
  CollectorOptions made = options();
  made.exporters[1].interfaces = {IfIndex{9}, IfIndex{4}};  // the test's samples go from 3 to 4
  made.exporters[0].interfaces = {IfIndex{9}};              // its flows name no interface
  made.exporters[1].observation_point = "sw2";
  Collector collector(made, inventory_of({{"a", kServerA}, {"b", kServerB}}), system_clock(), x_inbox.sink());
  scan_by_netflow(collector, kServerB);
  for (std::uint32_t i = 0; i < 120; ++i) {
    ASSERT_TRUE(x_sender.send(sflow5({kServerA, kOutside + i, 22}, i + 1), *collector.port(Protocol::Sflow)));
  }
  ASSERT_TRUE(x_inbox.wait_for("a"));
  collector.stop();
  const CollectorCounters counters = collector.counters();
  EXPECT_EQ(counters.exporters[0].other_interfaces, counters.exporters[0].records);
  EXPECT_EQ(counters.exporters[1].other_interfaces, 0U);
  EXPECT_EQ(collector.last_outbound(ServerId{"b"}), std::nullopt);
}

TEST_F(CollectorTest, WhatTheKernelThrewAwayIsCountedAndStandsInTheFinding) {
  CollectorOptions made = options();
  made.receive_buffer_bytes = 1;  // the kernel makes it its minimum: two or three datagrams
  std::mutex gate;
  gate.lock();  // the sink holds the collector's thread, so that nobody reads the socket
  Collector collector(made, inventory_of({{"a", kServerA}, {"b", kServerB}}), system_clock(), [&](abuse::Finding finding) {
    x_inbox.sink()(std::move(finding));
    const std::lock_guard wait(gate);
  });
  for (std::uint32_t i = 0; i < 120; ++i) {  // by sFlow: small datagrams, one at a time
    const std::uint64_t before = collector.counters().sockets[1].datagrams;
    ASSERT_TRUE(x_sender.send(sflow5({kServerB, kOutside + i, 22}, i + 1), *collector.port(Protocol::Sflow)));
    while (collector.counters().sockets[1].datagrams == before) {
      std::this_thread::yield();
    }
  }
  ASSERT_TRUE(x_inbox.wait_for("b"));
  constexpr std::uint32_t kFlood = 200;
  for (std::uint32_t i = 0; i < kFlood; ++i) {
    ASSERT_TRUE(x_sender.send(sflow5({kServerA, kOutside + i, 22}, 121 + i), *collector.port(Protocol::Sflow)));
  }
  gate.unlock();
  // The kernel tells what it dropped with the next datagram that it can deliver.
  CollectorCounters counters;
  for (std::uint32_t i = 0; counters.sockets.empty() || counters.sockets[1].kernel_drops == 0; ++i) {
    ASSERT_TRUE(x_sender.send(sflow5({kServerB, kOutside, 22}, 321 + i), *collector.port(Protocol::Sflow)));
    std::this_thread::yield();
    counters = collector.counters();
    ASSERT_LT(i, 1'000'000U);
  }
  EXPECT_GT(counters.sockets[1].kernel_drops, 0U);
}

TEST_F(CollectorTest, ANewInventoryHoldsFromTheNextBatch) {
  Collector collector(options(), inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  collector.set_inventory(inventory_of({{"b", kServerB}, {"a", kServerA}}));
  scan_by_netflow(collector, kServerB);
  EXPECT_TRUE(x_inbox.wait_for("b"));
}

TEST_F(CollectorTest, StopsAtOnceAndOnlyOnce) {
  Collector collector(options(), inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  const MonoTime before = system_clock().mono();
  collector.stop();
  collector.stop();
  EXPECT_LT(system_clock().mono() - before, std::chrono::seconds{2});
}

TEST_F(CollectorTest, APortThatIsTakenIsAnErrorAtTheStart) {
  Collector first(options(), inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  CollectorOptions same = options();
  same.ipfix->port = *first.port(Protocol::Ipfix);
  EXPECT_THROW(Collector(same, inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink()), std::system_error);
}

/// The middle of the minute in which the test began, however long it takes.
struct MidMinute final : Clock {
  WallTime now{std::chrono::floor<std::chrono::minutes>(system_clock().wall().since_epoch) + Seconds{30}};
  [[nodiscard]] WallTime wall() const override { return now; }
  [[nodiscard]] MonoTime mono() const override { return system_clock().mono(); }
};

TEST_F(CollectorTest, WhatFlowsShowedIsHandedToTheHistory) {
  Inbox inbox;
  const MidMinute clock;
  Collector collector(options(), inventory_of({{"a", kServerA}}), clock, inbox.sink());
  scan_by_netflow(collector, kServerA);
  ASSERT_TRUE(inbox.wait_for("a"));
  collector.add_interface(ServerId{"a"}, {{}, clock.wall(), Bytes{1'000'000}, {}, {}, {}});  // flows are accounted: ignored
  EXPECT_TRUE(collector.take_minutes().empty());                                             // the minute is not over
  records::Slot sum;
  for (const records::TrafficSample& sample : collector.take_minutes(true)) {
    EXPECT_EQ(sample.server, ServerId{"a"});
    EXPECT_EQ(sample.source, records::TrafficSource::Flows);
    sum += sample.slot;
  }
  EXPECT_EQ(sum.out.packets, Packets{120});
  EXPECT_EQ(sum.out.bytes, Bytes{120 * 60});
  EXPECT_TRUE(collector.take_minutes(true).empty());
}

}  // namespace
}  // namespace pinfold::collect::testing
