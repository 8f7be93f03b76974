/// What came of one scene, small enough to keep for all of them.
#pragma once

#include <functional>
#include <optional>
#include <span>
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

/// By one process that has all records, or through two collectors and their summaries.
enum class Way : std::uint8_t { OneProcess, TwoCollectors };
[[nodiscard]] Outcome run_scene(const Scene& scene, Way way = Way::OneProcess);
[[nodiscard]] Verdict judge(const Scene& scene, const Outcome& outcome);

/// All of them, on `threads` threads; `done` is called for each as it ends, one at a time. Progress goes to standard error.
void run_all(const char* title, std::span<const Scene> scenes, unsigned threads, Way way,
             const std::function<void(std::size_t, const Outcome&)>& done);

}  // namespace pinfold::evaluate
