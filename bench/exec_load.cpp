// exec_load COUNT WORKERS PROGRAM [ARGUMENT...]: starts PROGRAM as fast as it can, COUNT times in all, and prints the wall and CPU seconds
// that it took. The load of bench/agent_bench.py. posix_spawn, so that what is measured is the exec and not the copying of this process.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

double cpu_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int start(long count, char** arguments) {
  std::array<char*, 1> environment{nullptr};
  for (long i = 0; i < count; ++i) {
    pid_t child = -1;
    if (posix_spawn(&child, arguments[0], nullptr, nullptr, arguments, environment.data()) != 0) {
      return 1;
    }
    waitpid(child, nullptr, 0);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    static_cast<void>(std::fprintf(stderr, "exec_load COUNT WORKERS PROGRAM [ARGUMENT...]\n"));
    return 2;
  }
  const long count = std::strtol(argv[1], nullptr, 10);
  const long workers = std::strtol(argv[2], nullptr, 10);
  timespec before{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (long i = 0; i < workers; ++i) {
    if (fork() == 0) {
      _exit(start(count / workers, argv + 3));
    }
  }
  int failed = 0;
  int status = 0;
  while (wait(&status) > 0) {
    failed += status == 0 ? 0 : 1;
  }
  timespec after{};
  clock_gettime(CLOCK_MONOTONIC, &after);
  const double wall = static_cast<double>(after.tv_sec - before.tv_sec) + static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
  std::printf("%.3f %.3f\n", wall, cpu_of(RUSAGE_CHILDREN) + cpu_of(RUSAGE_SELF));
  return failed;
}
