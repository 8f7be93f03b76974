#include "seal.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/sanitized.hpp"

namespace pinfold::reader {
namespace {

void require(bool done, const char* what) {
  if (!done) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

void limit(int resource, rlim_t value, const char* what) {
  const rlimit both{value, value};
  require(setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0, what);
}

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

void add(const Filter& filter, std::uint32_t action, int call) {
  if (seccomp_rule_add(filter.get(), action, call, 0) != 0) {
    throw std::runtime_error("seccomp: a rule was refused for system call " + std::to_string(call));
  }
}

}  // namespace

void set_limits(std::size_t memory, unsigned cpu_seconds) {
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  require(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "no core dumps");  // a dump would be a copy of a customer's mail
  if (!kIsSanitized) {
    limit(RLIMIT_AS, memory, "address space");
  }
  limit(RLIMIT_CPU, cpu_seconds, "processor time");
  limit(RLIMIT_FSIZE, 0, "file size");
  limit(RLIMIT_NOFILE, 32, "open files");
  limit(RLIMIT_CORE, 0, "core size");
}

void seal() {
  if (kIsSanitized) {
    return;
  }
  limit(RLIMIT_NOFILE, 0, "open files");
  limit(RLIMIT_NPROC, 0, "processes");
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) {
    throw std::runtime_error("seccomp: no filter could be made");
  }
  static constexpr std::array kAllowed = {SCMP_SYS(read),   SCMP_SYS(write),         SCMP_SYS(brk),          SCMP_SYS(munmap),
                                          SCMP_SYS(mremap), SCMP_SYS(madvise),       SCMP_SYS(futex),        SCMP_SYS(getrandom),
                                          SCMP_SYS(exit),   SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(exit_group)};
  for (const int call : kAllowed) {
    add(filter, SCMP_ACT_ALLOW, call);
  }
  // glibc looks for a converter when a mail names a charset that was not loaded; the text is then read as UTF-8.
  static constexpr std::array kAbsent = {SCMP_SYS(open),       SCMP_SYS(openat), SCMP_SYS(stat),
                                         SCMP_SYS(newfstatat), SCMP_SYS(access), SCMP_SYS(readlink)};
  for (const int call : kAbsent) {
    add(filter, SCMP_ACT_ERRNO(ENOENT), call);
  }
  // Memory, but none that can be executed, and none of a file.
  static constexpr std::array<scmp_arg_cmp, 2> kMapping = {
      {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}, {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS}}};
  const bool memory = seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(mmap), kMapping.size(), kMapping.data()) == 0 &&
                      seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, kMapping.data()) == 0;
  if (!memory || seccomp_load(filter.get()) != 0) {
    throw std::runtime_error("seccomp: the filter was not taken");
  }
}

}  // namespace pinfold::reader
