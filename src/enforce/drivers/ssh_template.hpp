/// How one vendor's command line is spoken to, as data: drivers/ssh/*.toml, compiled in, or a file of the operator's.
///   mode = "exec" | "shell"     one command a connection, or lines typed into one session (`prologue` first, `epilogue` last)
///   [state] commands, and what is looked for in each line of their output: missing, name, alias, admin_up, admin_down, oper_up, oper_down, host
///   [macs]  commands, entry: two groups, the MAC address and the port           (left out: unreadable, which holds)
///   [down], [up], [save] commands, done (save only: what says that it is saved)
///   failed = [what says that a command was not understood]
/// "{port}" in a command is the port's name, checked before (is_safe_port_name). Expressions are ECMAScript, tried on one line at a time; lines
/// are cut at kMaxLine, so that no expression can run away. A group, where there is one, is the value.
/// Bounds:  kMaxTemplate bytes; kMaxCommands a list. Errors: a text that says which key is wrong.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxTemplate = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxCommands = 16;
inline constexpr std::size_t kMaxLine = 400;

struct SshTemplate {
  using Commands = std::vector<std::string>;
  std::string vendor;
  bool is_tried = false;  ///< against the real thing, by our own tests
  bool is_exec = true;
  Commands prologue;
  Commands epilogue;
  Commands state;
  std::map<std::string, std::regex, std::less<>> looks;  ///< of [state]
  Commands macs;
  std::optional<std::regex> mac_entry;
  Commands down;
  Commands up;
  Commands save;
  std::optional<std::regex> saved;
  std::vector<std::regex> failed;
};

[[nodiscard]] Expected<SshTemplate, std::string> parse_ssh_template(std::string_view text);
/// By vendor ("frr"), or a file (a path with a slash).
[[nodiscard]] Expected<SshTemplate, std::string> load_ssh_template(const std::string& name);
[[nodiscard]] std::vector<std::string> ssh_vendors();

/// The command with the port's name in it.
[[nodiscard]] std::string fill_in(const std::string& command, std::string_view port);
/// Line by line; the first group, or "" where the expression has none. nullopt: no line fits.
[[nodiscard]] std::optional<std::string> look_for(const std::regex& what, std::string_view output);
/// Calls back for every line that fits, cut at kMaxLine.
void each_line_like(const std::regex& what, std::string_view output, const std::function<void(const std::smatch&)>& found);

}  // namespace pinfold::enforce::drivers
