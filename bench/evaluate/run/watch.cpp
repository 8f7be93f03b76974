#include "evaluate/run/watch.hpp"

#include <algorithm>
#include <map>

#include "detect/pipeline.hpp"

namespace pinfold::evaluate {
namespace {

constexpr Micros kStep = std::chrono::milliseconds{500};
/// After the last record: contacts settle, windows close, running incidents give their last update.
constexpr Micros kRest = std::chrono::minutes{3};
constexpr std::uint64_t kHashSeed = 0x5EED;
const net::IpAddress kNeighbour = net::IpAddress::v4(0x0A00'FE01);

/// A packet to another server of ours.
flow::FlowRecord neighbours_packet(WallTime at) {
  flow::FlowRecord record;
  record.src = net::IpAddress::v4(0x1400'0001);
  record.dst = kNeighbour;
  record.protocol = flow::kTcp;
  record.src_port = 443;
  record.dst_port = 50'000;
  record.tcp_flags = flow::kAck;
  record.packets = Packets{1};
  record.bytes = Bytes{52};
  record.first = ExporterTime{at.since_epoch};
  record.last = record.first;
  return record;
}

std::shared_ptr<const inventory::Inventory> inventory_of(const WatchSettings& settings) {
  const CustomerId customer{"evaluation"};
  std::vector<inventory::Server> servers;
  const auto add = [&](const net::IpAddress& address) {
    inventory::Server server;
    server.id = ServerId{to_string(address)};
    server.customer = customer;
    server.addresses = {net::Prefix(address, address.bits())};
    servers.push_back(std::move(server));
  };
  std::for_each(settings.servers.begin(), settings.servers.end(), add);
  if (settings.shows_both_ways) {
    add(kNeighbour);
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{customer, "evaluation", {}}}, std::move(servers));
}

/// The thresholds, with the declared role of every server.
detect::Thresholds with_roles(const WatchSettings& settings) {
  detect::Thresholds thresholds = settings.thresholds;
  if (const auto role = inventory::parse_role(settings.declared)) {
    for (const net::IpAddress& address : settings.servers) {
      thresholds.roles.push_back({ServerId{to_string(address)}, *role, "evaluation", WallTime{std::chrono::hours{24 * 365 * 200}}});
    }
  }
  return thresholds;
}

}  // namespace

std::vector<Seen> watch(std::span<const ReceivedRecord> records, const WatchSettings& settings) {
  detect::Pipeline pipeline(with_roles(settings), inventory_of(settings), {{"border", 0}}, kHashSeed);
  std::map<FindingId, std::size_t> index;
  std::vector<Seen> seen;
  const auto take = [&](WallTime now) {
    for (abuse::Finding& finding : pipeline.take_findings(now)) {
      const auto [at, is_new] = index.emplace(finding.id, seen.size());
      if (is_new) {
        seen.push_back({std::move(finding), now});
      } else {
        seen[at->second].finding = std::move(finding);
      }
    }
  };
  WallTime next_look;
  WallTime now;
  if (settings.shows_both_ways && !records.empty()) {
    pipeline.add(neighbours_packet(records.front().received), detect::SourceIndex{0}, records.front().received);
  }
  for (const ReceivedRecord& received : records) {
    now = std::max(now, received.received);
    if (now >= next_look) {
      take(now);
      next_look = now + kStep;
    }
    pipeline.add(received.record, detect::SourceIndex{0}, now);
  }
  for (const WallTime end = now + kRest; now < end; now = now + kStep) {
    take(now);
  }
  return seen;
}

bool accuses(const abuse::Finding& finding) {
  return finding.severity > abuse::Severity::Info && finding.abuse_class != abuse::AbuseClass::BandwidthBurst;
}

}  // namespace pinfold::evaluate
