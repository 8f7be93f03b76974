#include "detect/offline.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "detect/pipeline.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kStep = std::chrono::milliseconds{500};
constexpr std::uint64_t kSeed = 0x5EED;

std::shared_ptr<const inventory::Inventory> servers_in(std::span<const flow::FlowRecord> records, const std::vector<net::Prefix>& prefixes) {
  const auto is_ours = [&prefixes](const net::IpAddress& address) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&address](const net::Prefix& prefix) { return prefix.contains(address); });
  };
  std::set<net::Prefix> found(prefixes.begin(), prefixes.end());
  for (const flow::FlowRecord& record : records) {
    for (const net::IpAddress& address : {record.src, record.dst}) {
      if (found.size() < kMaxOfflineServers && is_ours(address)) {
        found.emplace(address, address.bits());
      }
    }
  }
  const CustomerId customer{"offline"};
  std::vector<inventory::Server> servers;
  for (const net::Prefix& prefix : found) {
    inventory::Server server;
    server.id = ServerId{prefix.length() == prefix.address().bits() ? to_string(prefix.address()) : to_string(prefix)};
    server.customer = customer;
    server.addresses = {prefix};
    servers.push_back(std::move(server));
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{customer, "offline", {}}}, std::move(servers));
}

/// In order of time: captures of two interfaces, or several files, come one after the other.
std::vector<std::pair<WallTime, flow::FlowRecord>> in_order(std::span<const flow::FlowRecord> records, SamplingRate sampling) {
  std::mt19937_64 random(kSeed);
  std::vector<std::pair<WallTime, flow::FlowRecord>> timed;
  WallTime now;
  for (flow::FlowRecord record : records) {
    now = record.last ? record.last->claimed() : now;
    if (sampling.one_in() > 1 && record.sampling_rate.one_in() == 1) {
      if (record.version == flow::ExportVersion::Packet && random() % sampling.one_in() != 0) {
        continue;
      }
      record.sampling_rate = sampling;
    }
    timed.emplace_back(now, record);
  }
  std::stable_sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return timed;
}

}  // namespace

std::vector<abuse::Finding> detect_offline(std::span<const flow::FlowRecord> records, const OfflineOptions& options) {
  Pipeline pipeline(options.thresholds, servers_in(records, options.servers), {{"file", 0}}, kSeed);
  std::map<FindingId, abuse::Finding> found;
  const auto take = [&](WallTime now) {
    for (abuse::Finding& finding : pipeline.take_findings(now)) {
      FindingId id = finding.id;
      found.insert_or_assign(std::move(id), std::move(finding));
    }
  };
  WallTime now;
  WallTime next_look;
  for (const auto& [time, record] : in_order(records, options.sampling)) {
    now = time;
    if (now >= next_look) {
      take(now);
      next_look = now + kStep;
    }
    pipeline.add(record, SourceIndex{0}, now);
  }
  // What came last still has to settle, and a running incident to give its last update.
  const Micros rest = std::max(options.thresholds.port_scan.settle, options.thresholds.port_scan.update_interval) + std::chrono::seconds{2};
  for (const WallTime end = now + rest; now <= end; now = now + kStep) {
    take(now);
  }
  std::vector<abuse::Finding> findings;
  findings.reserve(found.size());
  for (auto& [id, finding] : found) {
    findings.push_back(std::move(finding));
  }
  std::stable_sort(findings.begin(), findings.end(), [](const auto& a, const auto& b) { return a.first_seen < b.first_seen; });
  return findings;
}

}  // namespace pinfold::detect
