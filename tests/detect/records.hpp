/// Hand-made flow records and a small network for the detection tests: server "a" 192.0.2.1, "b" 192.0.2.2, "c" 192.0.2.3, "v6" 2001:db8::1.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "detect/pipeline.hpp"

namespace pinfold::detect::testing {

inline const WallTime kStart{std::chrono::seconds{1'790'000'000}};
inline constexpr std::uint64_t kSeed = 42;
inline constexpr std::uint8_t kData = flow::kAck | flow::kPsh;
inline constexpr std::uint8_t kSession = flow::kSyn | flow::kAck | flow::kPsh | flow::kFin;

inline net::IpAddress ip(const char* text) { return net::IpAddress::parse(text).value(); }
/// One of 65,536 hosts outside.
inline net::IpAddress target(std::uint32_t i) { return net::IpAddress::v4(0xC612'0000U + i); }
inline Micros seconds(double s) { return Micros{static_cast<std::int64_t>(s * 1e6)}; }

inline inventory::Server server(const char* id, const char* prefix) {
  inventory::Server made;
  made.id = ServerId{id};
  made.customer = CustomerId{"1"};
  made.addresses = {net::Prefix::parse(prefix).value()};
  return made;
}

inline std::shared_ptr<const inventory::Inventory> inventory_of(std::vector<inventory::Server> servers) {
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{CustomerId{"1"}, "One", {}}}, std::move(servers));
}

inline std::shared_ptr<const inventory::Inventory> small_network() {
  return inventory_of({server("a", "192.0.2.1"), server("b", "192.0.2.2"), server("c", "192.0.2.3"), server("v6", "2001:db8::1")});
}

struct End {
  net::IpAddress address;
  std::uint16_t port = 0;
};

inline flow::FlowRecord tcp(End from, End to, std::uint8_t flags, WallTime at, std::uint64_t packets = 1, std::uint64_t bytes = 60) {
  flow::FlowRecord record;
  record.src = from.address;
  record.dst = to.address;
  record.src_port = from.port;
  record.dst_port = to.port;
  record.protocol = flow::kTcp;
  record.tcp_flags = flags;
  record.packets = Packets{packets};
  record.bytes = Bytes{bytes};
  record.first = ExporterTime{at.since_epoch};
  record.last = ExporterTime{at.since_epoch};
  return record;
}

inline flow::FlowRecord udp(End from, End to, WallTime at, std::uint64_t packets = 1, std::uint64_t bytes = 70) {
  flow::FlowRecord record = tcp(from, to, 0, at, packets, bytes);
  record.protocol = flow::kUdp;
  record.tcp_flags.reset();
  return record;
}

inline flow::FlowRecord icmp(net::IpAddress from, net::IpAddress to, std::uint8_t type, WallTime at) {
  flow::FlowRecord record = udp({from, 0}, {to, static_cast<std::uint16_t>(type << 8U)}, at, 1, 84);
  record.protocol = flow::kIcmp;
  return record;
}

/// One pipeline, its present time, and all findings so far (the latest of each id).
class Watch {
public:
  explicit Watch(std::vector<ObservationSource> sources = {{"border", 0}}, std::shared_ptr<const inventory::Inventory> inventory = small_network(),
                 Thresholds thresholds = {})
      : pipeline(thresholds, std::move(inventory), std::move(sources), kSeed) {}

  /// Received at `now`, which is at least the record's end.
  void add(const flow::FlowRecord& record, std::uint32_t source = 0) {
    if (record.last && record.last->claimed() > now) {
      now = record.last->claimed();
    }
    pipeline.add(record, SourceIndex{source}, now);
  }
  void look() {
    for (abuse::Finding& finding : pipeline.take_findings(now)) {
      given.push_back(std::move(finding));
    }
  }
  void look_after(Micros later) {
    now = now + later;
    look();
  }
  /// After everything has settled.
  const std::vector<abuse::Finding>& findings() {
    look_after(seconds(11));
    return given;
  }

  Pipeline pipeline;
  WallTime now = kStart;
  std::vector<abuse::Finding> given;
};

inline std::string fact(const abuse::Finding& finding, const std::string& name) {
  for (const auto& [key, value] : finding.evidence.facts) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

}  // namespace pinfold::detect::testing
