#include "collect/collector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
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
  void scan_by_netflow(const Collector& collector, std::uint32_t server) {
    for (std::uint32_t datagram = 0; datagram < 4; ++datagram) {
      std::vector<Syn> syns;
      for (std::uint32_t i = 0; i < 30; ++i) {
        syns.push_back({server, kOutside + datagram * 30 + i, 22});
      }
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
  ASSERT_TRUE(x_sender.send(netflow5({{kServerA, kOutside, 22}}, x_sequence, system_clock().wall()), *collector.port(Protocol::Ipfix)));
  x_sequence += 1 + 90;  // lost before the scan, so that no finding can be made without it
  scan_by_netflow(collector, kServerA);
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
  EXPECT_EQ(counters.pipeline.records, counters.pipeline.accounted + counters.pipeline.spare + counters.pipeline.foreign + counters.pipeline.events);
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
  // Each is explained without another one that would bring the kernel's count along.
  CollectorCounters counters = collector.counters();
  while (counters.sockets[1].datagrams + counters.sockets[1].kernel_drops < 120 + kFlood) {
    std::this_thread::yield();
    counters = collector.counters();
  }
  EXPECT_EQ(counters.sockets[1].datagrams + counters.sockets[1].kernel_drops, 120 + kFlood);
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
  // The finding comes before the last of the scan's records: the history has all of them.
  for (const auto end = std::chrono::steady_clock::now() + kDeadline;
       collector.counters().exporters[0].records < 120 && std::chrono::steady_clock::now() < end;) {
    std::this_thread::yield();
  }
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

TEST(PlaceInGroup, DependsOnTheAddressAloneAndSpreadsNeighbours) {
  std::array<unsigned, 4> hits{};
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const unsigned place = place_in_group(net::IpAddress::v4(0x0A00'0000U + i), 4);
    ASSERT_LT(place, 4U);
    ++hits.at(place);
  }
  EXPECT_GT(*std::min_element(hits.begin(), hits.end()), 200U);
  EXPECT_LT(place_in_group(*net::IpAddress::parse("2001:db8::1"), 4), 4U);
}

/// The kernel's filter and place_in_group must agree, whatever port an exporter sends from.
TEST(UdpSocketGroup, GivesEachSenderToItsOwnSocket) {
  constexpr unsigned kGroup = 4;
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  for (unsigned i = 0; i < kGroup; ++i) {
    sockets.push_back(std::make_unique<UdpSocket>(loopback(), i == 0 ? 0 : sockets.front()->port(), 1 << 20, kGroup));
  }
  constexpr std::uint32_t kSenders = 64;
  std::set<unsigned> used;
  for (std::uint32_t i = 1; i <= kSenders; ++i) {
    for (int again = 0; again < 3; ++again) {
      Sender sender(INADDR_LOOPBACK + i);  // a port of its own each time
      ASSERT_TRUE(sender.send({1, 2, 3}, sockets.front()->port()));
    }
  }
  ReceiveBuffers buffers(64);
  unsigned received = 0;
  for (unsigned i = 0; i < kGroup; ++i) {
    for (auto batch = sockets[i]->receive(buffers); !batch.empty(); batch = sockets[i]->receive(buffers)) {
      for (const Received& datagram : batch) {
        EXPECT_EQ(place_in_group(datagram.from, kGroup), i) << net::to_string(datagram.from);
        used.insert(i);
        ++received;
      }
    }
  }
  EXPECT_EQ(received, kSenders * 3);
  EXPECT_EQ(used.size(), kGroup);
}

TEST_F(CollectorTest, SeveralWorkersJudgeAServerByAllExportersRecords) {
  CollectorOptions made = options();
  made.workers = 3;
  made.exporters.clear();
  constexpr std::uint32_t kExporters = 8;
  for (std::uint32_t i = 0; i < kExporters; ++i) {
    made.exporters.push_back({loopback(INADDR_LOOPBACK + i), Protocol::Ipfix, "sw1", i});
  }
  made.exporters.push_back({loopback(), Protocol::Sflow, "sw1", 99});
  Collector collector(made, inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
  const std::uint16_t port = *collector.port(Protocol::Ipfix);
  for (std::uint32_t i = 0; i < kExporters; ++i) {
    Sender sender(INADDR_LOOPBACK + i);
    std::vector<Syn> syns;
    for (std::uint32_t s = 0; s < 30; ++s) {
      syns.push_back({kServerA, kOutside + i * 30 + s, 22});
    }
    ASSERT_TRUE(sender.send(netflow5(syns, 0, system_clock().wall()), port));
  }
  const auto all_are_there = [&] {
    const auto counters = collector.counters();
    return std::all_of(counters.exporters.begin(), counters.exporters.end() - 1, [](const auto& exporter) { return exporter.records == 30; });
  };
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!all_are_there() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  const CollectorCounters counters = collector.counters();
  EXPECT_TRUE(all_are_there());
  EXPECT_EQ(counters.sockets.at(0).datagrams, kExporters);
  EXPECT_EQ(counters.sockets.at(0).unknown_exporters, 0U);
  EXPECT_EQ(counters.pipeline.records, kExporters * 30);
  collector.stop();
}

/// A restart between a template and its data: what was kept is enough.
TEST_F(CollectorTest, DataIsReadAtOnceAfterARestart) {
  std::vector<records::ExporterRow> kept;
  const auto domain_message = [](std::uint16_t set, const std::vector<std::uint8_t>& body) {
    std::vector<std::uint8_t> bytes{0,    10,
                                    0,    static_cast<std::uint8_t>(20 + body.size()),
                                    0x65, 0x53,
                                    0xF1, 0,
                                    0,    0,
                                    0,    0,
                                    0,    0,
                                    0,    1,
                                    0,    static_cast<std::uint8_t>(set),
                                    0,    static_cast<std::uint8_t>(4 + body.size())};
    if (set >= 256) {
      bytes[16] = static_cast<std::uint8_t>(set >> 8U);
    }
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  };
  const auto records_of = [&](const CollectorOptions& made, const std::vector<std::uint8_t>& datagram) {
    Collector collector(made, inventory_of({{"a", kServerA}}), system_clock(), x_inbox.sink());
    EXPECT_TRUE(x_sender.send(datagram, *collector.port(Protocol::Ipfix)));
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (collector.counters().exporters.front().datagrams == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    kept = collector.take_memories();
    const ExporterCounters counters = collector.counters().exporters.front();
    return std::pair(counters.records, counters.sets_waiting);
  };
  const auto layout = domain_message(2, {1, 0, 0, 3, 0, 8, 0, 4, 0, 12, 0, 4, 0, 2, 0, 4});
  const auto data = domain_message(256, {0xC0, 0, 2, 1, 0xC6, 0x12, 0, 1, 0, 0, 0, 1});
  for (const unsigned workers : {1U, 3U}) {
    CollectorOptions made = options();
    made.workers = workers;
    EXPECT_EQ(records_of(made, data), std::pair(std::uint64_t{0}, std::uint64_t{1})) << "nothing is known yet: it waits";
    static_cast<void>(records_of(made, layout));
    ASSERT_EQ(kept.size(), 1U);
    made.remembered = kept;
    EXPECT_EQ(records_of(made, data), std::pair(std::uint64_t{1}, std::uint64_t{0}));
    EXPECT_TRUE(kept.empty()) << "no news";
    made.remembered.front().memory.resize(5);
    EXPECT_EQ(records_of(made, data), std::pair(std::uint64_t{0}, std::uint64_t{1})) << "damaged: it is heard anew";
  }
}

}  // namespace
}  // namespace pinfold::collect::testing
