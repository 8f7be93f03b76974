/// From an exec to a statement: what was run out of a place from which nothing should be run, and how bad that looks.
/// Pure; used by the agent's loop for every event of whichever sensor.
/// Not reported: package managers and builds (they run scripts from /tmp all day), unless a web or file server is among the ancestors;
/// data files; a deleted program outside the watched directories (a daemon after an upgrade).
/// Not seen:     a script that is sourced or included by another, `cat x | perl`, a relative path that leads into a watched directory
///               from outside without "..", a symlink to a script handed to an interpreter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "abuse/abuse_class.hpp"
#include "agent/sensor/exec_sensor.hpp"

namespace pinfold::agent {

/// What was run.
struct Subject {
  enum class How : std::uint8_t { Program, Script, StandardInput, Memory };
  How how = How::Program;
  std::string path;         ///< normalised; "memfd:NAME" for Memory
  std::string interpreter;  ///< as it was called: "perl"; empty for programs
  friend bool operator==(const Subject&, const Subject&) = default;
};

/// nullopt if the event is none of our business after all: the kernel's filter lets through more than it must.
[[nodiscard]] std::optional<Subject> find_subject(const ExecEvent& event, const WatchedPaths& watched);

/// The argument that an interpreter takes as its script, by that interpreter's own options; nullopt for `-c code`, `-e code`, `-m module`.
[[nodiscard]] std::optional<std::string> script_argument(std::string_view interpreter, const std::vector<std::string>& arguments);

struct Judgement {
  std::string kind;  ///< "run_from_tmp" or "run_from_memory"
  abuse::Severity severity = abuse::Severity::Medium;
  abuse::Confidence confidence;
  std::string started_by;  ///< the ancestor that says most, as people call it: "php (php -S 192.0.2.11:80)"
};

/// nullopt: an ordinary thing to do.
[[nodiscard]] std::optional<Judgement> judge(const Subject& subject, const ExecEvent& event);

/// "perl ← sh ← php -S 192.0.2.11:80": the process itself, then its ancestors, without init.
[[nodiscard]] std::string ancestry_text(const Subject& subject, const ExecEvent& event);

}  // namespace pinfold::agent
