/// The tier and what else an operator wants to know, as `pinfold-agent status` prints it; written to DIR/status.json every second.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/expected.hpp"
#include "base/time.hpp"

namespace pinfold::agent {

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
};
[[nodiscard]] std::string to_json_text(const Status& status);
[[nodiscard]] Expected<Status, std::string> load_status(const std::filesystem::path& state);

}  // namespace pinfold::agent
