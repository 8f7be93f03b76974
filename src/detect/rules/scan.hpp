/// Port scans: servers that try many destinations or ports and are not answered. Five rules, the first that passes speaks:
///   fast     rules/scan_windows.hpp: a hundred targets of one port, or ports of one destination, in a minute
///   sweep    rules/slow_scan.hpp: twenty silent neighbours (one /24) on one port in a minute
///   ports    rules/slow_scan.hpp: twenty refused or silent ports of one host in a minute, never tried before
///   patient  rules/slow_scan.hpp: a hundred in ten minutes, two hundred in an hour; `block`: the same over a few ports together. Sampled, the share
///   of
///            the fast rule is enough, if it is beyond chance
/// Nine silent hosts in 6,000 s are information only (silent_hosts): DNS, NTP, peer-to-peer and mail nodes do that every day.
/// Not found: scans by bare ACK packets under sampling or over IPv6; they look like the middle of a connection (the flood rule sees fierce ones).
/// Source:  share of failed first contacts: Jung et al., Fast Portscan Detection Using Sequential Hypothesis Testing, IEEE S&P 2004;
///          sampled: SYN-only share x distinct destinations, Mai et al., IMC 2006 on what sampling hides.
/// Cost:    a pass over the tables a second for servers with unanswered contacts. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/client_tracker.hpp"
#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

enum class ScanKind : std::uint8_t { Horizontal, Vertical, Block };
inline constexpr std::size_t kMaxScanSamples = 8;

/// What is known of one scan at its fiercest, and when it ran.
struct ScanIncident {
  ScanKind kind = ScanKind::Horizontal;
  bool is_sweep = false;  ///< of one subnet
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;            ///< horizontal; ICMP: type * 256
  net::IpAddress peer;               ///< vertical; sweep: the subnet
  std::vector<std::uint16_t> ports;  ///< block: the most tried
  net::IpAddress source;             ///< the server's address
  WallTime first_seen;
  WallTime last_seen;
  std::string_view measure;   ///< the threshold that decided
  std::uint64_t targets = 0;  ///< estimated; equals `seen` when nothing was sampled
  std::uint64_t seen = 0;     ///< distinct targets really in the records
  std::uint32_t unanswered_percent = 0;
  std::uint32_t refused_percent = 0;
  Micros span{};  ///< from first to last probe
  SamplingRate rate;
  bool answers_visible = false;
  std::vector<Contact> samples;  ///< at most kMaxScanSamples, the busiest first
};

/// `fast_until`: the end of the last fast scan; what belongs to it is no patient scan as well.
/// `usual_targets`: this server's usual number of targets a minute, if it is known.
struct ScanSighting {
  Sighting sighting;
  bool is_fast = false;  ///< within a minute
};
[[nodiscard]] std::optional<ScanSighting> judge_scan(const ClientView& view, const PortScanThresholds& thresholds, std::optional<WallTime> fast_until,
                                                     std::optional<std::uint32_t> usual_targets);

/// Information only: unanswered TCP hosts of the last hundred minutes when they are nine or more and most of what was tried.
[[nodiscard]] std::optional<std::uint64_t> silent_hosts(const ClientView& view, const PortScanThresholds& thresholds);

[[nodiscard]] Sighting scan_sighting(const ScanIncident& scan, const PortScanThresholds& thresholds, std::optional<std::uint32_t> usual_targets);

}  // namespace pinfold::detect
