/// Which package of the distribution a file came with, and whether it is still as the package had it. Distributions close holes without changing the
/// version that an application states, so what they own and maintain is not called vulnerable.
/// Used by: the audit, once, with all paths it wants to know of.
/// Sources: dpkg's /var/lib/dpkg/info/NAME.list and NAME.md5sums; apk's /lib/apk/db/installed; rpm by running /usr/bin/rpm -qf (its database has had
///          four formats), only on the running system.
/// Trust:   these files could be changed by whoever took the server over. What they excuse stays in the report, as "maintained by the distribution".
/// Cost:    one pass over dpkg's lists (30 MB, 50 ms) when any path is asked about; nothing otherwise.
/// Bounds:  kMaxListBytes a list, kMaxPackages packages, kMaxRpmPaths paths, kRpmSeconds in all. Threads: none.
#pragma once

#include <map>
#include <set>
#include <string>

#include "agent/audit/host_files.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxListBytes = std::size_t{64} << 20U;
inline constexpr std::size_t kMaxPackages = 50'000;
inline constexpr std::size_t kMaxRpmPaths = 500;
inline constexpr int kRpmSeconds = 20;

struct Owner {
  std::string package;
  std::string md5;  ///< as the package had it; empty: it does not say
};

/// Path → owner, for those that have one.
[[nodiscard]] std::map<std::string, Owner> owners_of(const HostFiles& files, const std::set<std::string>& paths);
/// The same by a program that answers as `rpm -qf` does. All paths at once; one by one where that answer does not fit them.
/// The paths exist: of what does not, rpm says nothing where it is read.
[[nodiscard]] std::map<std::string, Owner> owners_by_rpm(const std::string& program, const std::set<std::string>& paths);

}  // namespace pinfold::agent::audit
