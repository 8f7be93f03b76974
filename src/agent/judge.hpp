/// From an exec or a drop to a statement: what was run out of a place from which nothing should be run, and how bad that looks.
/// Pure; used by the agent's loop for every event of whichever sensor.
///
/// What speaks for it: a server that serves strangers among the ancestors (ancestors.hpp), a service's user, cron, a hidden or borrowed
/// name, memory, what the rules find in the content. What speaks against it: a person's login, an installer's name.
/// Never reported, unless a server that serves strangers is among the ancestors: package managers, builds and what they built, server
/// management, the copies of themselves that container runtimes make; a deleted program of the system (a daemon after an upgrade).
/// A judgement below kTold is told only if the rules or its connections make it worse.
/// Not seen:     a script that is included by another, a path that an interpreter's options hide, a pipe whose writer has gone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "agent/sensor/exec_sensor.hpp"

namespace pinfold::agent {

inline constexpr std::uint8_t kTold = 40;  ///< per cent of confidence

/// What was run.
struct Subject {
  enum class How : std::uint8_t { Program, Script, StandardInput, Memory, Deleted };
  How how = How::Program;
  std::string path;         ///< normalised; "memfd:NAME" for Memory; "(a pipe)", "(a network connection)" where no file is known
  std::string interpreter;  ///< as it was called: "perl"; empty for programs
  friend bool operator==(const Subject&, const Subject&) = default;
};

/// nullopt if the event is none of our business after all: the kernel's filter lets through more than it must.
[[nodiscard]] std::optional<Subject> find_subject(const ExecEvent& event, const WatchedPaths& watched);

/// The argument that an interpreter takes as its script, by that interpreter's own options; nullopt for `-c code`, `-e code`, `-m module`.
[[nodiscard]] std::optional<std::string> script_argument(std::string_view interpreter, const std::vector<std::string>& arguments);

/// Standard input is a pipe or a socket, and nothing else says what is to be run.
inline constexpr std::string_view kFromPipe = "(a pipe)";
inline constexpr std::string_view kFromNetwork = "(a network connection)";

struct Judgement {
  std::string kind;  ///< "run_from_tmp", "run_from_memory", "run_from_pipe", "run_deleted", "dropped_in_tmp"
  abuse::Severity severity = abuse::Severity::Medium;
  abuse::Confidence confidence;
  std::string started_by;          ///< the ancestor that says most, as people call it: "php (php -S 192.0.2.11:80)"
  std::vector<std::string> signs;  ///< what made it worse, in words
};

/// nullopt: an ordinary thing to do. `built_here`: the file was written by a compiler or package build that no stranger began.
[[nodiscard]] std::optional<Judgement> judge(const Subject& subject, const ExecEvent& event, bool built_here = false);

/// A file that appeared. `writer` is who wrote it (pid 0 and no program if it had gone; its uid is then the file's owner).
struct Drop {
  std::string path;
  ExecEvent writer;
  bool executable = false;  ///< by its mode
  bool is_program = false;  ///< ELF
  bool is_library = false;  ///< ELF without an interpreter of its own: a shared library
  bool is_script = false;   ///< begins with "#!"
};
[[nodiscard]] std::optional<Judgement> judge_drop(const Drop& drop);
/// Written by a compiler or package build that no stranger began.
[[nodiscard]] bool is_build_product(const Drop& drop);
/// PHP's uploads and sessions are the customer's: never opened, never kept.
[[nodiscard]] bool is_customers_data(std::string_view path);

/// The rules have found something in the content: surer, and worse.
void weigh_rules(Judgement& judgement, const std::vector<std::string>& rules);

/// "perl ← sh ← php -S 192.0.2.11:80": the process itself, then its ancestors, without init.
[[nodiscard]] std::string ancestry_text(const Subject& subject, const ExecEvent& event);

}  // namespace pinfold::agent
