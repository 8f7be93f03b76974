#include "detect/scan_finding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pinfold::detect {
namespace {

/// "4,812"
std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case flow::kTcp: return "tcp";
    case flow::kUdp: return "udp";
    case flow::kIcmp: return "icmp";
    case flow::kIcmpV6: return "icmp6";
    default: return std::to_string(protocol);
  }
}

bool is_icmp(std::uint8_t protocol) { return protocol == flow::kIcmp || protocol == flow::kIcmpV6; }

/// "tcp/22", "icmp type 8"
std::string service_name(std::uint8_t protocol, std::uint16_t port) {
  return is_icmp(protocol) ? fmt::format("{} type {}", protocol_name(protocol), port >> 8U) : fmt::format("{}/{}", protocol_name(protocol), port);
}

std::int64_t whole_seconds(Micros span) { return std::max<std::int64_t>((span + std::chrono::seconds{1} - Micros{1}) / std::chrono::seconds{1}, 1); }

std::string summary_of(const ScanIncident& scan) {
  const std::string about = scan.rate.one_in() > 1 ? "about " : "";
  const std::string fate = scan.refused_percent > 0 ? "refused or never answered" : "never answered";
  const std::string what =
      scan.kind == ScanKind::Horizontal
          ? fmt::format("{}{} hosts on {}", about, with_commas(scan.targets), service_name(scan.protocol, scan.port))
          : fmt::format("{}{} {} ports of {}", about, with_commas(scan.targets), protocol_name(scan.protocol), to_string(scan.peer));
  return fmt::format("contacted {} in {} s; {} % {}", what, whole_seconds(scan.span), scan.unanswered_percent, fate);
}

std::string floor_of(const ScanIncident& scan, const PortScanThresholds& thresholds) {
  const std::uint64_t one_in = scan.rate.one_in();
  const std::uint64_t least =
      one_in == 1 ? thresholds.min_targets_per_minute
                  : std::max<std::uint64_t>(thresholds.min_targets_per_minute, saturating_multiply(one_in, thresholds.min_sampled_targets));
  std::string text = fmt::format("scans of fewer than {}{} targets a minute are not reported", one_in > 1 ? "about " : "", with_commas(least));
  if (one_in > 1) {
    text += fmt::format(", for only one packet in {} was looked at", with_commas(one_in));
  }
  if (!scan.answers_visible) {
    text += "; answers to this server are not visible here, so unanswered means that it sent nothing but opening packets";
  }
  return text;
}

abuse::Confidence confidence_of(const ScanIncident& scan, bool has_losses) {
  int percent = scan.unanswered_percent >= 90 ? 95 : 85;
  percent -= scan.answers_visible ? 0 : 10;
  percent -= scan.rate.one_in() > 1 ? 10 : 0;
  percent -= scan.protocol == flow::kTcp ? 0 : 10;
  percent -= has_losses ? 10 : 0;
  return {static_cast<std::uint8_t>(percent)};
}

std::string sample_text(const ScanIncident& scan, const Contact& contact) {
  if (is_icmp(contact.key.protocol)) {
    return fmt::format("{} {} -> {} {} packets={}", to_string(contact.last), to_string(scan.source), to_string(contact.key.peer),
                       service_name(contact.key.protocol, contact.key.port), contact.packets);
  }
  return fmt::format("{} {} port {} -> {} port {} {} packets={}", to_string(contact.last), to_string(scan.source), contact.src_port,
                     to_string(contact.key.peer), contact.key.port, protocol_name(contact.key.protocol), contact.packets);
}

abuse::Evidence evidence_of(const ScanIncident& scan) {
  abuse::Evidence evidence;
  auto& facts = evidence.facts;
  const bool is_horizontal = scan.kind == ScanKind::Horizontal;
  facts.emplace_back(is_horizontal ? "destinations" : "ports", std::to_string(scan.targets));
  if (scan.rate.one_in() > 1) {
    facts.emplace_back(is_horizontal ? "destinations_sampled" : "ports_sampled", std::to_string(scan.seen));
  }
  facts.emplace_back("protocol", protocol_name(scan.protocol));
  if (!is_horizontal) {
    facts.emplace_back("destination", to_string(scan.peer));
  } else if (is_icmp(scan.protocol)) {
    facts.emplace_back("icmp_type", std::to_string(scan.port >> 8U));
  } else {
    facts.emplace_back("port", std::to_string(scan.port));
  }
  facts.emplace_back("seconds", std::to_string(whole_seconds(scan.span)));
  facts.emplace_back("unanswered_percent", std::to_string(scan.unanswered_percent));
  facts.emplace_back("refused_percent", std::to_string(scan.refused_percent));
  facts.emplace_back("source", to_string(scan.source));
  std::string top;
  for (const Contact& contact : scan.samples) {
    const std::string target = is_horizontal ? to_string(contact.key.peer) : std::to_string(contact.key.port);
    top += fmt::format("{}{} ({})", top.empty() ? "" : ", ", target, contact.packets);
  }
  facts.emplace_back(is_horizontal ? "top_destinations_by_packets" : "top_ports_by_packets", top);
  for (const Contact& contact : scan.samples) {
    facts.emplace_back("flow", sample_text(scan, contact));
  }
  return evidence;
}

}  // namespace

abuse::Finding scan_finding(const ScanIncident& scan, const PortScanThresholds& thresholds, FindingContext context) {
  abuse::Finding finding;
  finding.id = FindingId{fmt::format("net/{}/port_scan/{}", context.server.value, scan.first_seen.since_epoch.count())};
  finding.server = std::move(context.server);
  finding.abuse_class = abuse::AbuseClass::PortScan;
  finding.kind = scan.kind == ScanKind::Horizontal ? "horizontal" : "vertical";
  finding.origin = abuse::Origin::Network;
  finding.first_seen = scan.first_seen;
  finding.last_seen = scan.last_seen;
  finding.detected_at = context.now;
  finding.severity = scan.targets >= std::uint64_t{10} * thresholds.min_targets_per_minute ? abuse::Severity::High : abuse::Severity::Medium;
  finding.confidence = confidence_of(scan, context.lost_datagrams > 0);
  finding.summary = summary_of(scan);
  finding.sampling_rate = scan.rate;
  finding.floor = floor_of(scan, thresholds);
  finding.lost_datagrams = context.lost_datagrams;
  finding.observation_point = std::move(context.observation_point);
  finding.evidence = evidence_of(scan);
  return abuse::bounded(std::move(finding));
}

}  // namespace pinfold::detect
