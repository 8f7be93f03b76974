/// What a command prints: a table for people on a terminal, JSON lines for machines (anything else, or --json).
/// Exit status of every command: 0 done, 1 the answer is no, 2 wrong use, 3 the environment failed.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace pinfold::app {

enum class Exit : int { Done = 0, No = 1, WrongUse = 2, Environment = 3 };

/// Ends the command with a status and one line on standard error.
struct Stop : std::runtime_error {
  Stop(Exit status, const std::string& message) : std::runtime_error(message), exit_status(status) {}
  Exit exit_status;
};

/// A whole file; Stop(Environment) when it cannot be read.
[[nodiscard]] std::string read_file(const std::string& file);
/// The files that were named, and all below the folders that were, in the order of their names; Stop(Environment) when a folder cannot be read.
[[nodiscard]] std::vector<std::string> files_below(const std::vector<std::string>& named);
/// One JSON object, one line, whoever reads.
void print_line(const nlohmann::json& object);

class Output {
public:
  explicit Output(bool force_json);
  [[nodiscard]] bool json() const { return x_json; }
  /// One JSON object, one line; for machines only.
  void line(const nlohmann::json& object) const;
  /// A table for people; nothing when machines read.
  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) const;
  /// A line for people; nothing when machines read.
  void say(const std::string& text) const;

private:
  bool x_json;
};

}  // namespace pinfold::app
