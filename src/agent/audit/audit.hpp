/// `pinfold-agent audit`: one look at a server, no daemon, no installation, nothing written.
///   always            processes, sockets, schedules and startup files, world-writable places (names and rights), mounts, the system, PHP settings
///   with an order     the folders it names: applications and versions, malicious scripts, rights, code in uploads, secrets left behind
/// The rule of content: web content is read only below the paths of an order; the report names the order, and the desk refuses a report that names
/// another. Cost:    niced, two threads; a small server takes under a second, a web tree 2 s for 22,000 PHP files. Clock:   a Clock&. Threads: its
/// own. Errors: none; what could not be read is in the report's `left_out`. Kernels: nothing newer than openat and /proc is needed (Linux 3.2, the
/// static C library's floor).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent/audit/report.hpp"
#include "agent/audit/web_tree.hpp"
#include "agent/yara_rules.hpp"
#include "base/clock.hpp"

namespace pinfold::agent::audit {

struct AuditConfig {
  std::string root;                ///< "" or the folder of a mounted image; its /proc is looked at
  std::string order;               ///< "T-7"; empty: no web content is read
  std::vector<std::string> paths;  ///< absolute; what the order names
  unsigned threads = 2;
  std::set<std::string> allowed;  ///< SHA-256 (hex) of files that are known and not reported; asked on hits only
  std::string hostname;
  std::uint32_t own_pid = 0;
};

/// "T-7", "T-12.2": letters, digits, dot, dash, underscore, at most 64.
[[nodiscard]] bool is_order(std::string_view text);

[[nodiscard]] Report run_audit(const AuditConfig& config, const YaraRules& rules, const Clock& clock, TreeProgress& progress);

}  // namespace pinfold::agent::audit
