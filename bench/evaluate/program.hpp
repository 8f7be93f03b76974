/// The three steps of the evaluation, as `pinfold-evaluate` runs them. Each returns an exit status: 0 done, 3 the environment failed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pinfold::evaluate {

struct ProgramOptions {
  std::filesystem::path results;
  std::filesystem::path report;
  std::filesystem::path data;  ///< may be absent: table 2 is empty then, and says so
  std::filesystem::path list;
  /// What to play: any of recordings, attacks, days, merged; empty: everything.
  std::vector<std::string> parts;
  std::string half;         ///< "freeze" or "test"; empty: both
  std::string only;         ///< scenes whose name holds this
  unsigned days_each = 52;  ///< 29 roles, 4 samplings: 6,032 server-days
  unsigned repeats = 3;
  unsigned threads = 2;
};

[[nodiscard]] int measure(const ProgramOptions& options);
[[nodiscard]] int report(const ProgramOptions& options);
[[nodiscard]] int feed(const ProgramOptions& options);

}  // namespace pinfold::evaluate
