/// A finding: one detector's (or reporter's) statement that a server did something between two times, with its evidence, its confidence,
/// and the floor of what could have been seen at all. The unit that detectors, agents and reporters hand to the desk.
/// Bounds:  text fields are cut to kMaxText, evidence to kMaxFacts facts and kMaxFiles files by whoever makes them; `bounded` does it.
/// JSON:    abuse/finding_json.hpp; field names are the command line's (`pinfold detect`).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "net/ip_address.hpp"

namespace pinfold::abuse {

inline constexpr std::size_t kMaxText = 4096;
inline constexpr std::size_t kMaxFacts = 64;
inline constexpr std::size_t kMaxFiles = 16;

/// A kept copy of something (a script), known by its hash. The bytes live in the evidence store, never in a case or a mail.
struct EvidenceFile {
  std::string path;    ///< where it was found, as the server saw it
  std::string sha256;  ///< hex
  std::uint64_t size = 0;
  friend bool operator==(const EvidenceFile&, const EvidenceFile&) = default;
};

/// Name → value, in the order people should read them ("destinations" → "4812", "process" → "perl /dev/shm/x.pl").
/// Values that came from outside have been through `printable`.
struct Evidence {
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<EvidenceFile> files;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct Finding {
  FindingId id;  ///< same id = same running incident at the same detector: a later one updates the earlier
  ServerId server;
  AbuseClass abuse_class = AbuseClass::Other;
  std::string kind;  ///< "horizontal", "ssh", … : the class's sub-kind
  Origin origin = Origin::Network;
  WallTime first_seen;  ///< event time, not report time
  WallTime last_seen;
  WallTime detected_at;
  Severity severity = Severity::Medium;
  Confidence confidence;
  std::string summary;                        ///< one sentence a customer understands
  std::optional<SamplingRate> sampling_rate;  ///< network findings
  std::string floor;                          ///< what could not have been seen, in words; empty if not applicable
  std::uint64_t lost_datagrams = 0;           ///< exports known to be lost while this was made
  std::string observation_point;              ///< "sw1/swp24", the agent's id, the reporter's address
  Evidence evidence;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Our own telemetry: the only kind that can be "again".
[[nodiscard]] inline bool is_own_telemetry(const Finding& f) { return f.origin == Origin::Network || f.origin == Origin::Host; }

/// The same finding, cut to the bounds above.
[[nodiscard]] Finding bounded(Finding finding);

}  // namespace pinfold::abuse
