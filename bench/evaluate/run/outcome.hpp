/// What came of one scene, small enough to keep for all of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluate/run/scene.hpp"
#include "evaluate/run/watch.hpp"

namespace pinfold::evaluate {

struct FoundAbuse {
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string kind;
  bool accuses = false;
  double seconds_after_start = 0;  ///< of the attack, or of the scene
  std::string summary;
};

struct Outcome {
  std::vector<FoundAbuse> found;  ///< in order of detection
  std::uint64_t records = 0;
  std::uint64_t attack_packets = 0;
};

/// Unit of the counts: (server, class, episode).
struct Verdict {
  bool is_found = false;  ///< an accusation of the right class (or one that names the same deed) during the attack or just after
  bool is_kind_right = false;
  bool is_informed = false;  ///< at least information of the right class
  double seconds_to_detect = 0;
  std::vector<const FoundAbuse*> false_ones;  ///< accusations of a wrong class, or before the attack; one a class
};

[[nodiscard]] Outcome run_scene(const Scene& scene);
[[nodiscard]] Verdict judge(const Scene& scene, const Outcome& outcome);

/// All of them, on `threads` threads, in the order of `scenes`; progress goes to standard error.
[[nodiscard]] std::vector<Outcome> run_all(const char* title, std::span<const Scene> scenes, unsigned threads);

}  // namespace pinfold::evaluate
