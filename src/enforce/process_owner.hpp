/// Which process holds a lease or has claimed a job, and whether it is certain that it runs no more: then what it held is nobody's at once,
/// instead of when its time is over. Used by: leases (enforce/lease.hpp), the store's claims (store/store.hpp), shards.
///
///   HOST/MACHINE/BOOT/NAMESPACE/PID/START     MACHINE is empty where /etc/machine-id says nothing (most containers)
///
///   same boot, same namespace           look at /proc: another start, or no such process: gone
///   same boot, another namespace        not known: a container beside us, or one that ended
///   another boot, OneMachine            gone: whoever works with a file of this machine's disk works under this kernel
///   another boot, ManyMachines          gone if host and machine are ours (it was before a reboot), else not known
///
/// Not known means false: its time must run out. Clock: none. Threads: any. Cost: a few small files of /proc.
/// Source: proc(5), field 22 of /proc/PID/stat; random(4), boot_id; machine-id(5).
#pragma once

#include <string>
#include <string_view>

namespace pinfold::enforce {

/// From where others may work with the same store: a SQLite file belongs to one machine, a PostgreSQL server to many.
enum class Reach : unsigned char { OneMachine, ManyMachines };

/// Where process numbers mean the same.
struct Realm {
  std::string host;
  std::string machine;  ///< empty: unknown
  std::string boot;
  std::string processes;  ///< the namespace of process numbers
};
[[nodiscard]] Realm this_realm();

/// This process, told apart from every other on any machine and of any time.
[[nodiscard]] std::string process_owner();
/// True only if that owner certainly runs no more.
[[nodiscard]] bool process_is_gone(std::string_view owner, Reach reach, const Realm& here = this_realm());

}  // namespace pinfold::enforce
