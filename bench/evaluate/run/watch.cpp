#include "evaluate/run/watch.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "detect/pipeline.hpp"
#include "detect/summary/book.hpp"

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
      thresholds.roles.push_back({ServerId{to_string(address)}, {*role, "evaluation", WallTime{std::chrono::hours{24 * 365 * 200}}}});
    }
  }
  return thresholds;
}

detect::Pipeline pipeline_of(const WatchSettings& settings, detect::Thresholds thresholds) {
  return {std::move(thresholds), inventory_of(settings), {{"border", 0}}, kHashSeed};
}

class OneProcess {
public:
  /// After so long without a record, contacts and long flows have settled; what else is due is told before the next record.
  static constexpr Micros kDone = std::chrono::milliseconds{3600};
  static constexpr Micros kClose = std::chrono::milliseconds{500};
  explicit OneProcess(const WatchSettings& settings) : x_pipeline(pipeline_of(settings, with_roles(settings))) {}
  void add(const flow::FlowRecord& record, WallTime now) { x_pipeline.add(record, detect::SourceIndex{0}, now); }
  [[nodiscard]] std::vector<abuse::Finding> take_findings(WallTime now) { return x_pipeline.take_findings(now); }

private:
  detect::Pipeline x_pipeline;
};

/// Two line cards of one border, each read by a collector of its own; a conversation may go out by one and come back by the other.
class TwoCollectors {
public:
  static constexpr Micros kDone = std::chrono::seconds{45};
  static constexpr Micros kClose = std::chrono::seconds{44};
  explicit TwoCollectors(const WatchSettings& settings)
      : x_collectors{pipeline_of(settings, with_roles(settings)), pipeline_of(settings, with_roles(settings))},
        x_detector(pipeline_of(settings, detect::Pipeline::judged_by_summaries(with_roles(settings)))) {
    x_collectors[0].publish_as({"one", 1});
    x_collectors[1].publish_as({"two", 1});
  }
  void add(const flow::FlowRecord& record, WallTime now) {
    const std::size_t card = (std::hash<net::IpAddress>{}(record.src) ^ record.src_port) % x_collectors.size();
    x_collectors.at(card).add(record, detect::SourceIndex{0}, now);
  }
  [[nodiscard]] std::vector<abuse::Finding> take_findings(WallTime now) {
    for (detect::Pipeline& collector : x_collectors) {
      if (auto batch = collector.take_batch(now)) {
        static_cast<void>(x_book.add(*batch));  // delivered at least once
        static_cast<void>(x_book.add(*std::move(batch)));
      }
    }
    for (const detect::MergedSummaries& merged : x_book.take(now)) {
      x_detector.add_merged(merged, now);
    }
    return x_detector.take_findings(now);
  }

private:
  std::array<detect::Pipeline, 2> x_collectors;
  detect::SummaryBook x_book;
  detect::Pipeline x_detector;
};

template <typename Detector>
std::vector<Seen> watch(std::span<const ReceivedRecord> records, const WatchSettings& settings, Detector& detector) {
  std::map<FindingId, std::size_t> index;
  std::vector<Seen> seen;
  const auto take = [&](WallTime now) {
    for (abuse::Finding& finding : detector.take_findings(now)) {
      const auto [at, is_new] = index.emplace(finding.id, seen.size());
      if (is_new) {
        seen.push_back({std::move(finding), now});
      } else {
        seen[at->second].finding = std::move(finding);
      }
    }
  };
  WallTime now;
  if (settings.shows_both_ways && !records.empty()) {
    now = records.front().received;
    detector.add(neighbours_packet(now), now);
  }
  WallTime next_look = now;
  for (const ReceivedRecord& received : records) {
    const WallTime at = std::max(now, received.received);
    // As it runs live, where a look can find anything: every half second while records come, once more when the last ones have settled, and before
    // the next one.
    const WallTime settled = now + Detector::kDone;
    while (next_look <= std::min(at, settled)) {
      take(next_look);
      if (next_look == settled) {
        break;
      }
      next_look = next_look - now < Detector::kClose ? next_look + kStep : settled;
    }
    if (next_look < at) {
      take(at);
      next_look = at + kStep;
    }
    now = at;
    detector.add(received.record, now);
  }
  for (const WallTime end = now + kRest; next_look < end; next_look = next_look + kStep) {
    take(next_look);
  }
  return seen;
}

}  // namespace

std::vector<Seen> watch(std::span<const ReceivedRecord> records, const WatchSettings& settings) {
  if (settings.through_collectors) {
    TwoCollectors detector(settings);
    return watch(records, settings, detector);
  }
  OneProcess detector(settings);
  return watch(records, settings, detector);
}

bool accuses(const abuse::Finding& finding) {
  return finding.severity > abuse::Severity::Info && finding.abuse_class != abuse::AbuseClass::BandwidthBurst;
}

}  // namespace pinfold::evaluate
