/// One line of build/evaluate/results.jsonl: what was played, what had to be found, what was. Written by the measuring run, read back by the
/// report, so that a report can be drawn again without measuring again.
/// Errors: read_rows names the line that it cannot read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/expected.hpp"

namespace pinfold::evaluate {

/// Where a row belongs; the names stand in the file.
namespace part {
inline constexpr const char* kAttacks = "attacks";        ///< table 1: episodes
inline constexpr const char* kDays = "days";              ///< table 1: innocent server-days
inline constexpr const char* kCaptures = "captures";      ///< table 2
inline constexpr const char* kSeven = "seven";            ///< the seven scenarios
inline constexpr const char* kMerged = "merged";          ///< the same episodes through two collectors
inline constexpr const char* kFastNetMon = "fastnetmon";  ///< what FastNetMon said to the same inputs
}  // namespace part

struct FalseFinding {
  std::string abuse_class;
  std::string summary;
};

struct Row {
  std::string part;
  std::string name;
  std::string half;    ///< "freeze", "test"; empty for what we did not make
  std::string method;  ///< how it was exported
  std::string attack;  ///< name of the attack; empty: innocent
  std::string abuse_class;
  std::string role;
  std::string why;       ///< captures: why that is expected
  std::string tool;      ///< FastNetMon's configuration
  std::string found_as;  ///< "port_scan horizontal"
  std::uint32_t one_in = 1;
  double rate = 0;
  double seconds = 0;  ///< length of the attack
  double days = 0;     ///< server-days
  double floor_seconds = 0;
  double seconds_to_detect = -1;
  bool is_above_floor = true;         ///< of sampling (run/floor.hpp)
  bool is_above_stated_floor = true;  ///< of the detectors
  bool is_found = false;
  bool is_kind_right = false;
  bool is_informed = false;
  std::uint64_t records = 0;
  std::vector<FalseFinding> false_ones;
};

[[nodiscard]] std::string to_json_line(const Row& row);
[[nodiscard]] Expected<Row, std::string> parse_row(const std::string& line);
/// The first line may name the program that wrote them (report/results.hpp).
[[nodiscard]] Expected<std::vector<Row>, std::string> read_rows(const std::filesystem::path& file);

}  // namespace pinfold::evaluate
