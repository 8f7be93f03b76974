#include <algorithm>
#include <array>
#include <filesystem>

#include "agent/judge.hpp"

namespace pinfold::agent {
namespace {

constexpr std::string_view kMemoryFile = "/memfd:";

/// Single-letter options whose value is the next argument, and those after which no script follows.
struct Options {
  std::string_view interpreter;
  std::string_view with_value;
  std::string_view without_script;  ///< "-c CODE": the code is in the arguments
  std::string_view names_script;    ///< "-f FILE"
};

constexpr std::array<Options, 6> kOptions{{
    {"perl", "", "eE", ""},
    {"python", "WX", "cm", ""},
    {"php", "cdtSzBREF", "rwsilm", "f"},
    {"ruby", "ICE", "e", ""},
    {"node", "r", "ep", ""},
    {"awk", "Fv", "", "f"},
}};
constexpr Options kShell{"sh", "oO", "c", ""};

const Options& options_of(std::string_view interpreter) {
  if (interpreter == "php-cgi") {
    interpreter = "php";
  } else if (interpreter == "gawk" || interpreter == "mawk") {
    interpreter = "awk";
  } else if (interpreter == "nodejs") {
    interpreter = "node";
  }
  const auto* found = std::find_if(kOptions.begin(), kOptions.end(), [&](const Options& row) { return row.interpreter == interpreter; });
  return found == kOptions.end() ? kShell : *found;
}

bool has(std::string_view letters, char letter) { return letters.find(letter) != std::string_view::npos; }

std::string absolute(const std::string& path, const std::string& cwd) {
  return (path.starts_with('/') ? std::filesystem::path(path) : std::filesystem::path(cwd) / path).lexically_normal().string();
}

std::optional<std::string> argument_after(const std::vector<std::string>& arguments, std::size_t i) {
  return i + 1 < arguments.size() ? std::optional(arguments[i + 1]) : std::nullopt;
}

/// Where the interpreter's own arguments begin. "busybox sh x": the applet's name stands in front.
std::size_t first_argument(std::string_view interpreter, const std::vector<std::string>& arguments) {
  return interpreter == "busybox" && arguments.size() > 1 && arguments[0].ends_with("busybox") ? 2 : 1;
}

/// The code to run is among the arguments, so no file holds it.
bool brings_its_code(const Options& options, std::string_view argument) {
  return has(options.without_script, argument[1]) || (options.interpreter == "sh" && has(argument, 'c'));
}

}  // namespace

std::optional<std::string> script_argument(std::string_view interpreter, const std::vector<std::string>& arguments) {
  const Options& options = options_of(interpreter);
  for (std::size_t i = first_argument(interpreter, arguments); i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      return argument_after(arguments, i);
    }
    if (argument.size() < 2 || argument[0] != '-') {
      return argument == "-" || argument.empty() ? std::nullopt : std::optional(argument);
    }
    if (argument[1] == '-') {
      continue;
    }
    if (brings_its_code(options, argument)) {
      return std::nullopt;
    }
    if (has(options.names_script, argument[1])) {
      return argument.size() > 2 ? std::optional(argument.substr(2)) : argument_after(arguments, i);
    }
    if (has(options.with_value, argument[1]) && argument.size() == 2) {
      ++i;
    }
  }
  return std::nullopt;
}

std::optional<Subject> find_subject(const ExecEvent& event, const WatchedPaths& watched) {
  if (event.exe_unlinked && event.exe.starts_with(kMemoryFile)) {
    return Subject{Subject::How::Memory, event.exe.substr(1), {}};
  }
  if (event.exe_watched || below(watched, event.exe)) {
    return Subject{Subject::How::Program, event.exe, {}};
  }
  const std::string_view interpreter = interpreter_name(event.exe);
  if (interpreter.empty()) {
    return std::nullopt;
  }
  const std::string called = interpreter == "busybox" && event.arguments.size() > 1 ? event.arguments[1] : std::string(interpreter);
  if (const auto argument = script_argument(interpreter, event.arguments)) {
    const std::string path = absolute(*argument, event.cwd);
    return below(watched, path) ? std::optional(Subject{Subject::How::Script, path, called}) : std::nullopt;
  }
  // Without a script and without code, an interpreter reads what it runs.
  if (event.arguments.size() <= 1 && below(watched, event.standard_input)) {
    return Subject{Subject::How::StandardInput, event.standard_input, called};
  }
  return std::nullopt;
}

}  // namespace pinfold::agent
