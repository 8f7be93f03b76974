#include <algorithm>
#include <array>
#include <filesystem>

#include "agent/ancestors.hpp"
#include "agent/judge.hpp"
#include "base/text.hpp"

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

constexpr std::array<Options, 8> kOptions{{
    {"perl", "I", "eE", ""},
    {"python", "WX", "cm", ""},
    {"php", "cdtSzBREF", "rwsilm", "f"},
    {"ruby", "ICEr", "e", ""},
    {"node", "r", "ep", ""},
    {"awk", "Fv", "", "f"},
    {"lua", "l", "e", ""},
    {"expect", "", "c", "f"},
}};
constexpr Options kShell{"sh", "oO", "c", ""};

const Options& options_of(std::string_view interpreter) {
  if (interpreter == "php-cgi") {
    interpreter = "php";
  } else if (interpreter == "gawk" || interpreter == "mawk") {
    interpreter = "awk";
  } else if (interpreter == "nodejs") {
    interpreter = "node";
  } else if (interpreter == "pypy") {
    interpreter = "python";
  } else if (interpreter == "luajit") {
    interpreter = "lua";
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

/// The dynamic loader runs the program that it is given.
bool is_loader(std::string_view interpreter) { return interpreter.starts_with("ld-"); }

/// ". /dev/shm/x" and "source x" in a shell's "-c": the file at the beginning of the code.
std::string sourced_file(std::string_view code) {
  code = trim(code);
  for (const std::string_view word : {std::string_view(". "), std::string_view("source ")}) {
    if (code.starts_with(word)) {
      code = trim(code.substr(word.size()));
      return std::string(code.substr(0, code.find_first_of(" ;&|\t\n")));
    }
  }
  return {};
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
      const bool none = argument == "-" || argument.empty() || options.interpreter == "awk";  // awk's first operand is its code
      return none ? std::nullopt : std::optional(argument);
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

namespace {

/// Nothing among the arguments is a script, code, or anything but an option: it reads what it runs from its standard input.
bool reads_standard_input(std::string_view interpreter, const std::vector<std::string>& arguments) {
  const Options& options = options_of(interpreter);
  if (options.interpreter == "awk" || is_loader(interpreter)) {
    return false;
  }
  const auto begin = arguments.begin() + static_cast<std::ptrdiff_t>(std::min(first_argument(interpreter, arguments), arguments.size()));
  return std::all_of(begin, arguments.end(), [&](const std::string& argument) {
    return argument == "-" || (argument.size() > 1 && argument[0] == '-' && !brings_its_code(options, argument));
  });
}

std::optional<Subject> from_standard_input(const ExecEvent& event, const WatchedPaths& watched, const std::string& called) {
  const std::string& input = event.standard_input;
  if (below(watched, input)) {
    return Subject{Subject::How::StandardInput, input, called};
  }
  const bool socket = input.starts_with("socket:");
  if (socket || input.starts_with("pipe:")) {
    return Subject{Subject::How::StandardInput, std::string(socket ? kFromNetwork : kFromPipe), called};
  }
  return std::nullopt;
}

std::optional<Subject> loaded_program(const ExecEvent& event, const WatchedPaths& watched) {
  for (std::size_t i = 1; i < event.arguments.size(); ++i) {
    const std::string path = absolute(event.arguments[i], event.cwd);
    if (!event.arguments[i].starts_with('-') && below(watched, path)) {
      return Subject{Subject::How::Program, path, {}};
    }
  }
  return std::nullopt;
}

std::optional<Subject> sourced(const ExecEvent& event, const WatchedPaths& watched, const std::string& called) {
  for (std::size_t i = 1; i + 1 < event.arguments.size(); ++i) {
    const std::string& option = event.arguments[i];
    if (option.size() > 1 && option[0] == '-' && option[1] != '-' && has(option, 'c')) {
      const std::string file = sourced_file(event.arguments[i + 1]);
      const std::string path = file.empty() ? std::string{} : absolute(file, event.cwd);
      return below(watched, path) ? std::optional(Subject{Subject::How::Script, path, called}) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Subject> find_subject(const ExecEvent& event, const WatchedPaths& watched) {
  if (event.exe_unlinked && event.exe.starts_with(kMemoryFile)) {
    return Subject{Subject::How::Memory, event.exe.substr(1), {}};
  }
  if (event.exe_watched || below(watched, event.exe)) {
    return Subject{Subject::How::Program, event.exe, {}};
  }
  if (event.exe_unlinked && !of_the_system(event.exe) && !event.foreign_root) {
    return Subject{Subject::How::Deleted, event.exe, {}};
  }
  const std::string_view interpreter = interpreter_name(event.exe);
  if (interpreter.empty()) {
    return std::nullopt;
  }
  if (is_loader(interpreter)) {
    return loaded_program(event, watched);
  }
  const std::string called = interpreter == "busybox" && event.arguments.size() > 1 ? event.arguments[1] : std::string(interpreter);
  if (const auto argument = script_argument(interpreter, event.arguments)) {
    const std::string path = absolute(*argument, event.cwd);
    return below(watched, path) ? std::optional(Subject{Subject::How::Script, path, called}) : std::nullopt;
  }
  if (reads_standard_input(called, event.arguments)) {
    return from_standard_input(event, watched, called);
  }
  return options_of(called).interpreter == "sh" ? sourced(event, watched, called) : std::nullopt;
}

}  // namespace pinfold::agent
