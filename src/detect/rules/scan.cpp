#include <fmt/format.h>

#include <algorithm>

#include "detect/rules/scan.hpp"
#include "detect/rules/scan_windows.hpp"
#include "detect/rules/slow_scan.hpp"
#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

std::string subnet_text(const ScanIncident& scan) { return to_string(net::Prefix(scan.peer, scan.peer.bits() - 8)); }

std::string ports_text(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (const std::uint16_t port : ports) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", port);
  }
  return text;
}

std::string targets_text(const ScanIncident& scan) {
  const std::string number = about(scan.rate) + with_commas(scan.targets);
  switch (scan.kind) {
    case ScanKind::Horizontal:
      return scan.is_sweep ? fmt::format("{} hosts of {} on {}", number, subnet_text(scan), service_name(scan.protocol, scan.port))
                           : fmt::format("{} hosts on {}", number, service_name(scan.protocol, scan.port));
    case ScanKind::Vertical: return fmt::format("{} {} ports of {}", number, protocol_name(scan.protocol), to_string(scan.peer));
    case ScanKind::Block: break;
  }
  return fmt::format("{} hosts and ports on {}/{}", number, protocol_name(scan.protocol), ports_text(scan.ports));
}

std::string summary_of(const ScanIncident& scan, std::optional<std::uint32_t> usual_targets) {
  const std::string fate = scan.refused_percent > 0 ? "refused or never answered" : "never answered";
  const std::string usual = usual_targets ? fmt::format("; this server's usual number is {}", with_commas(*usual_targets)) : "";
  return fmt::format("contacted {} in {}; {} % {}{}", targets_text(scan), span_text(scan.span), scan.unanswered_percent, fate, usual);
}

std::string floor_of(const ScanIncident& scan, const PortScanThresholds& thresholds) {
  const std::uint64_t one_in = scan.rate.one_in();
  const std::uint64_t least =
      one_in == 1 ? thresholds.min_targets_per_minute
                  : std::max<std::uint64_t>(thresholds.min_targets_per_minute, saturating_multiply(one_in, thresholds.min_sampled_targets));
  std::string text = fmt::format("scans of fewer than {}{} targets a minute are not reported", about(scan.rate), with_commas(least));
  if (one_in == 1) {
    text += fmt::format(", unless they reach {} in ten minutes or {} in an hour", with_commas(thresholds.min_targets_per_ten_minutes),
                        with_commas(thresholds.min_targets_per_hour));
  }
  text += sampled_clause(scan.rate);
  if (!scan.answers_visible) {
    text += "; answers to this server are not visible here, so unanswered means that it sent nothing but opening packets";
  }
  return text;
}

constexpr Micros kMinute = std::chrono::minutes{1};

abuse::Confidence confidence_of(const ScanIncident& scan, const PortScanThresholds& thresholds) {
  int percent = scan.unanswered_percent >= 90 ? 95 : 85;
  percent -= scan.answers_visible ? 0 : 10;
  percent -= scan.rate.one_in() > 1 ? 10 : 0;
  percent -= scan.protocol == flow::kTcp ? 0 : 10;
  // Twenty silent neighbours, or a hundred in ten minutes: surely odd, less surely abuse than a hundred in a minute.
  percent -= scan.is_sweep || scan.targets * kMinute < thresholds.min_targets_per_minute * std::max(scan.span, kMinute) ? 10 : 0;
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

std::vector<std::pair<std::string, std::string>> facts_of(const ScanIncident& scan) {
  std::vector<std::pair<std::string, std::string>> facts;
  const bool is_vertical = scan.kind == ScanKind::Vertical;
  facts.emplace_back(is_vertical ? "ports" : "destinations", std::to_string(scan.targets));
  if (scan.rate.one_in() > 1) {
    facts.emplace_back(is_vertical ? "ports_sampled" : "destinations_sampled", std::to_string(scan.seen));
  }
  facts.emplace_back("protocol", protocol_name(scan.protocol));
  if (is_vertical) {
    facts.emplace_back("destination", to_string(scan.peer));
  } else if (scan.kind == ScanKind::Block) {
    facts.emplace_back("most_tried_ports", ports_text(scan.ports));
  } else if (is_icmp(scan.protocol)) {
    facts.emplace_back("icmp_type", std::to_string(scan.port >> 8U));
  } else {
    facts.emplace_back("port", std::to_string(scan.port));
  }
  if (scan.is_sweep) {
    facts.emplace_back("subnet", subnet_text(scan));
  }
  facts.emplace_back("seconds", std::to_string(whole_seconds(scan.span)));
  facts.emplace_back("unanswered_percent", std::to_string(scan.unanswered_percent));
  facts.emplace_back("refused_percent", std::to_string(scan.refused_percent));
  facts.emplace_back("source", to_string(scan.source));
  std::string top;
  for (const Contact& contact : scan.samples) {
    const std::string target = is_vertical ? std::to_string(contact.key.port) : to_string(contact.key.peer);
    top += fmt::format("{}{} ({})", top.empty() ? "" : ", ", target, contact.packets);
  }
  facts.emplace_back(is_vertical ? "top_ports_by_packets" : "top_destinations_by_packets", top);
  for (const Contact& contact : scan.samples) {
    facts.emplace_back("flow", sample_text(scan, contact));
  }
  return facts;
}

std::string_view name_of(ScanKind kind) { return kind == ScanKind::Horizontal ? "horizontal" : kind == ScanKind::Vertical ? "vertical" : "block"; }

}  // namespace

Sighting scan_sighting(const ScanIncident& scan, const PortScanThresholds& thresholds, std::optional<std::uint32_t> usual_targets) {
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::PortScan;
  sighting.kind = name_of(scan.kind);
  sighting.series = to_string(abuse::AbuseClass::PortScan);
  sighting.first_seen = scan.first_seen;
  sighting.last_seen = scan.last_seen;
  sighting.strength = scan.targets;
  sighting.measure = scan.measure;
  sighting.measured = scan.targets;
  sighting.severity = scan.targets >= std::uint64_t{10} * thresholds.min_targets_per_minute ? abuse::Severity::High : abuse::Severity::Medium;
  sighting.confidence = confidence_of(scan, thresholds);
  sighting.summary = summary_of(scan, usual_targets);
  sighting.floor = floor_of(scan, thresholds);
  sighting.rate = scan.rate;
  sighting.facts = facts_of(scan);
  return sighting;
}

std::optional<ScanSighting> judge_scan(const ClientView& view, const PortScanThresholds& thresholds, std::optional<WallTime> fast_until,
                                       std::optional<std::uint32_t> usual_targets) {
  auto found = strongest_scan(view, thresholds);
  if (!found) {
    found = subnet_sweep(view, thresholds);
  }
  if (!found) {
    found = ports_of_one_host(view, thresholds);
  }
  const bool is_fast = found.has_value();
  if (!found) {
    found = patient_scan(view, thresholds, fast_until ? *fast_until + Micros{1} : WallTime{});
  }
  return found ? std::optional{ScanSighting{scan_sighting(*found, thresholds, usual_targets), is_fast}} : std::nullopt;
}

}  // namespace pinfold::detect
