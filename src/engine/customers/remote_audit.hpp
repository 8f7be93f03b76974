/// Runs `pinfold-agent audit` on a server that has no agent: over one SSH session the program is copied into a folder of its own, run, its report
/// fetched and the folder removed again, whatever happens. Used by: `pinfold audit run`. The order, its consent and its paths are the caller's to
/// check; paths are quoted here. Security: as enforce/drivers/ssh_session.hpp: pinned host key, public-key login only, no shell on our side. The
/// program lies in a folder of mode 0700 in
///          the account's home (or /var/tmp) for as long as it runs. The report is text from a machine that may be hostile: see
///          ticket/audit_report.hpp.
/// Bounds:  `access.within` in all; kMaxReportBytes of report. Threads: any; blocks.
/// Errors:  words for people: no connection, refused login, the time was up, the program said something else than a report.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "enforce/drivers/ssh_session.hpp"

namespace pinfold::engine {

struct RemoteAudit {
  std::string order;               ///< "T-7"
  std::vector<std::string> paths;  ///< absolute
  std::filesystem::path program;   ///< pinfold-agent, static
};

/// pinfold-agent, beside the running program.
[[nodiscard]] std::filesystem::path agent_program();

/// The report's JSON lines.
[[nodiscard]] Expected<std::string, std::string> run_remote_audit(const enforce::drivers::SshAccess& access, const RemoteAudit& audit);

/// What the other side's shell is asked to do. Pure; for the tests.
[[nodiscard]] std::string remote_audit_command(const RemoteAudit& audit);
/// 'it'\''s': one word for a POSIX shell, whatever it holds.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace pinfold::engine
