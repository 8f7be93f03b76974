#include "engine/customers/remote_audit.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/text_file.hpp"
#include "ticket/audit_report.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxProgramBytes = std::size_t{64} << 20U;
constexpr int kFound = 1;  ///< pinfold-agent audit: something was found

/// The lines that are JSON; what else the program or a talkative login said comes back as the second.
std::pair<std::string, std::string> sorted(std::string_view output) {
  std::pair<std::string, std::string> both;
  for (const std::string_view line : split(output, '\n')) {
    std::string& side = line.starts_with('{') ? both.first : both.second;
    side.append(line).push_back('\n');
  }
  return both;
}

}  // namespace

std::filesystem::path agent_program() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "pinfold-agent"; }

std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return word + "'";
}

std::string remote_audit_command(const RemoteAudit& audit) {
  // Plain POSIX sh: the other side may be twenty years old. The home first: /tmp is often, and rightly, mounted noexec.
  std::string command =
      "umask 077; d=$(mktemp -d \"$HOME/.pinfold-audit.XXXXXX\" 2>/dev/null || mktemp -d /var/tmp/pinfold-audit.XXXXXX) || exit 3; "
      "trap 'rm -rf \"$d\"' 0; trap 'exit 3' 1 2 13 15; cat >\"$d/pinfold-agent\" && chmod 700 \"$d/pinfold-agent\" || exit 3; "
      "\"$d/pinfold-agent\" audit --json --order " +
      shell_word(audit.order);
  for (const std::string& path : audit.paths) {
    command += " " + shell_word(path);
  }
  return command;
}

Expected<std::string, std::string> run_remote_audit(const enforce::drivers::SshAccess& access, const RemoteAudit& audit) {
  const auto program = read_text_file(audit.program, kMaxProgramBytes);
  if (!program) {
    return Unexpected(audit.program.string() + ": " + program.error());
  }
  enforce::drivers::SshAccess longer = access;
  longer.most = ticket::kMaxReportBytes;
  const auto result = enforce::drivers::run_ssh(longer, remote_audit_command(audit), *program);
  if (!result) {
    return Unexpected(result.error().what);
  }
  auto [report, other] = sorted(result->output);
  if (result->is_cut) {
    return Unexpected(fmt::format("the report is larger than {} MiB", ticket::kMaxReportBytes >> 20U));
  }
  if (result->status != 0 && result->status != kFound) {
    return Unexpected(fmt::format("the audit ended with status {}: {}", result->status, printable(trim(other), 300)));
  }
  return std::move(report);
}

}  // namespace pinfold::engine
