/// The shared words for abuse: class, family, severity, confidence, origin. Names are fixed by the command line (docs/manual/commands.md)
/// and follow XARF v4 where it has one.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pinfold::abuse {

enum class AbuseClass : std::uint8_t {
  PortScan,
  Flood,
  BruteForce,
  Spam,
  BandwidthBurst,
  Reflector,
  FileSharing,
  MaliciousScript,
  VulnerableApp,
  Phishing,
  MalwareHosting,
  Copyright,
  Compromised,
  OpenService,
  Other,
};

/// Symptoms of one family on one server are one story and earn one first warning.
enum class Family : std::uint8_t { Compromise, Exposure, Content };

enum class Severity : std::uint8_t { Info, Low, Medium, High, Critical };

/// Who says so. `Network` and `Host` are our own telemetry; only those may count as "it happened again".
enum class Origin : std::uint8_t { Network, Host, Reporter, Staff };

/// 0 to 100, per cent: how sure the detector is that this is abuse and that it is this server's.
struct Confidence {
  std::uint8_t percent = 0;
  friend constexpr auto operator<=>(Confidence, Confidence) = default;
};

[[nodiscard]] Family family_of(AbuseClass c);

[[nodiscard]] std::string_view to_string(AbuseClass c);  ///< "port_scan"
[[nodiscard]] std::string_view to_string(Family f);
[[nodiscard]] std::string_view to_string(Severity s);
[[nodiscard]] std::string_view to_string(Origin o);
[[nodiscard]] std::optional<AbuseClass> parse_abuse_class(std::string_view text);
[[nodiscard]] std::optional<Family> parse_family(std::string_view text);
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view text);
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view text);

/// For people: "port scan".
[[nodiscard]] std::string_view title(AbuseClass c);

}  // namespace pinfold::abuse
