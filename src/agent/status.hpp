/// The tier and what else an operator wants to know, as `pinfold-agent status` prints it; written to DIR/status.json when it has
/// changed, within a second while there is something to see; what is merely counted up (execs, connections) within kStatusEvery.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/expected.hpp"
#include "base/time.hpp"

namespace pinfold::agent {

inline constexpr Seconds kStatusEvery{5};

struct Status {
  std::int64_t pid = 0;
  WallTime started;
  WallTime written;
  std::string tier;
  std::string server;
  std::uint64_t execs = 0;
  std::uint64_t events = 0;
  std::uint64_t connections = 0;
  std::uint64_t findings = 0;
  std::uint64_t without_content = 0;
  std::uint64_t held_back = 0;
  std::uint64_t allowed = 0;
  std::uint64_t events_lost = 0;
  std::uint64_t restarts = 0;
  std::uint64_t findings_sent = 0;
  std::uint64_t findings_waiting = 0;
  std::uint64_t findings_lost = 0;
  std::string last_error;

  bool operator==(const Status&) const = default;
};
/// Is there something to tell besides the time and what is merely counted up?
[[nodiscard]] bool has_news(const Status& now, Status before);
[[nodiscard]] std::string to_json_text(const Status& status);
[[nodiscard]] Expected<Status, std::string> load_status(const std::filesystem::path& state);

}  // namespace pinfold::agent
