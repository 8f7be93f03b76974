#include "agent/self_limits.hpp"

#include <linux/capability.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/sanitized.hpp"

namespace pinfold::agent {
namespace {

constexpr unsigned kLastCapability = 63;

}  // namespace

bool drop_capabilities(std::initializer_list<unsigned> kept) {
  std::uint64_t wanted = 0;
  for (const unsigned capability : kept) {
    wanted |= std::uint64_t{1} << capability;
  }
  for (unsigned capability = 0; capability <= kLastCapability; ++capability) {
    if (((wanted >> capability) & 1U) == 0) {
      static_cast<void>(prctl(PR_CAPBSET_DROP, capability));  // EINVAL beyond the kernel's last; without CAP_SETPCAP there is nothing to drop
    }
  }
  static_cast<void>(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) {
    return false;
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.at(i).permitted &= static_cast<std::uint32_t>(wanted >> (32U * i));
    data.at(i).effective = data.at(i).permitted;
    data.at(i).inheritable = 0;
  }
  return syscall(SYS_capset, &header, data.data()) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void limit_memory(std::uint64_t bytes) {
  if (kIsSanitized) {
    return;
  }
  const rlimit limit{bytes, bytes};
  static_cast<void>(setrlimit(RLIMIT_DATA, &limit));
  // Three threads that allocate little need no heaps of their own; a copy that is freed goes back at once; and so does now what the compiler of the
  // rules took.
  constexpr int kOwnMapping = 64 * 1024;
  static_cast<void>(mallopt(M_ARENA_MAX, 1));                 // NOLINT(concurrency-mt-unsafe): before there are threads
  static_cast<void>(mallopt(M_MMAP_THRESHOLD, kOwnMapping));  // NOLINT(concurrency-mt-unsafe): as above
  static_cast<void>(malloc_trim(0));
}

void set_own_priority(int nice) { static_cast<void>(setpriority(PRIO_PROCESS, 0, nice)); }

}  // namespace pinfold::agent
