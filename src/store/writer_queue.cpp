#include "store/writer_queue.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "records/store.hpp"

namespace pinfold::store {
namespace {

/// SQLite's own busy handler looks for the write lock every 100 ms: who holds the turn has it by then, unless a third is writing.
constexpr Millis kLook{10};
constexpr int kMostLooks = 50;

}  // namespace

void WriterQueue::enter(Millis timeout) {
  std::unique_lock lock(x_mutex);
  const std::uint64_t place = x_next_place++;
  const bool must_wait = x_is_taken || !x_places.empty();
  x_places.push_back(place);
  if (must_wait && x_waits) {
    x_waits();
  }
  const auto is_our_turn = [&] { return !x_is_taken && x_places.front() == place; };
  while (!is_our_turn()) {
    const std::uint64_t seen = x_served;
    if (!x_moved.wait_for(lock, timeout, [&] { return x_served != seen || is_our_turn(); })) {
      x_places.erase(std::find(x_places.begin(), x_places.end(), place));
      throw records::StoreError(fmt::format("busy: no writer of this process has ended within {}", to_string(Micros{timeout})));
    }
  }
  x_places.pop_front();
  x_is_taken = true;
}

void WriterQueue::leave() {
  {
    const std::lock_guard lock(x_mutex);
    x_is_taken = false;
    ++x_served;
  }
  x_moved.notify_all();
}

TurnFile::TurnFile(const std::string& file) : x_fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}

TurnFile::~TurnFile() {
  if (x_fd >= 0) {
    ::close(x_fd);
  }
}

TurnFile::Hold::Hold(const TurnFile& file) : x_fd(file.x_fd) {
  for (int i = 0; i < kMostLooks && ::flock(x_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i) {
    std::this_thread::sleep_for(kLook);
  }
}

TurnFile::Hold::~Hold() { ::flock(x_fd, LOCK_UN); }

}  // namespace pinfold::store
