// A slow disk, for tests: loaded before the C library (LD_PRELOAD), it lets every fsync and fdatasync take as many milliseconds longer as the file
// that PINFOLD_SLOW_DISK names says (read each time; none, or no file: no longer). What a program does between "written" and "durable" then takes as
// long as it does on a disk that is worn out, or shared with somebody who writes a backup.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

void wait_as_told() {
  constexpr long kMostMs = 60'000;
  const char* name = std::getenv("PINFOLD_SLOW_DISK");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  std::FILE* file = name == nullptr ? nullptr : std::fopen(name, "re");
  long ms = 0;
  if (file == nullptr) {
    return;
  }
  if (std::fscanf(file, "%ld", &ms) != 1 || ms < 0 || ms > kMostMs) {
    ms = 0;
  }
  std::fclose(file);
  const timespec pause{ms / 1000, ms % 1000 * 1'000'000};
  nanosleep(&pause, nullptr);
}

int after_waiting(const char* name, int descriptor) {
  wait_as_told();
  // POSIX promises that a function's address survives the way through void*.
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(descriptor);
}

}  // namespace

extern "C" {
int fsync(int descriptor) { return after_waiting("fsync", descriptor); }
int fdatasync(int descriptor) { return after_waiting("fdatasync", descriptor); }
}
