/// results.jsonl while it is being written: one row the moment it is known, so that a run that was stopped goes on where it was.
/// What an earlier run of the *same program* found is kept; another build's rows are dropped, because another build may find something else.
/// The first line is {"program": …}; a torn last line (a kill) is dropped. Threads: one at a time. Errors: is_good says that the disk took all.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "evaluate/report/row.hpp"

namespace pinfold::evaluate {

/// Of the running program's file; another build has another one.
[[nodiscard]] std::string fingerprint_of_this_program();

class Results {
public:
  Results(const std::filesystem::path& file, const std::string& program);
  [[nodiscard]] bool has(const std::string& part_name, const std::string& name) const { return x_known.contains({part_name, name}); }
  void add(const Row& row);
  [[nodiscard]] bool is_good();

private:
  std::set<std::pair<std::string, std::string>> x_known;  ///< part and name
  std::ofstream x_out;
};

}  // namespace pinfold::evaluate
