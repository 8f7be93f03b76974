/// One run of the evaluation: a server with its role, perhaps an attack, one way of exporting. What is played depends on the name and the
/// seed alone, so that scenes may run in any order and on any machine, and give the same records.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluate/scenes/attacks.hpp"
#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {

/// Bump it and everything is drawn anew.
inline constexpr std::uint64_t kSeed = 20'261'127;

struct Scene {
  std::string name;
  Half half = Half::Test;
  ExportSettings exports;
  const Innocent* innocent = nullptr;  ///< the server's role; always there
  const Attack* attack = nullptr;
  double rate = 0;
  double attack_seconds = 0;
  Micros length{0};
  double load = 1;
};

/// The server's address, in every scene.
[[nodiscard]] net::IpAddress scene_server();

struct PlayedScene {
  std::vector<ReceivedRecord> records;  ///< in order of receipt
  AttackPlan plan;                      ///< when there is an attack
  std::uint64_t attack_packets = 0;     ///< outbound packets of the abuse on the wire, sampled or not
};
[[nodiscard]] PlayedScene play(const Scene& scene);

/// Every attack, at every rate, duration and sampling, `repeats` times.
[[nodiscard]] std::vector<Scene> attack_scenes(Half half, unsigned repeats);
/// Whole days of innocents: every role at every sampling, `days_each` each.
[[nodiscard]] std::vector<Scene> innocent_days(Half half, unsigned days_each);

}  // namespace pinfold::evaluate
