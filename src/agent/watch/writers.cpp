#include "agent/watch/writers.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/sensor/process_event.hpp"

namespace pinfold::agent {

Writers::Writers() : x_own_mounts(x_proc.link(1, "ns/mnt")) {}

void Writers::on_open(int fd, std::uint32_t pid, MonoTime now) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size != 0) {
    return;
  }
  auto writer = ask(pid, now);
  if (!writer) {
    return;
  }
  x_written.push_back({{status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)}, std::move(writer)});
  if (x_written.size() > kMaxWritten) {
    x_written.pop_front();
  }
}

std::shared_ptr<const ExecEvent> Writers::of(const FileId& id, std::uint32_t pid, MonoTime now) {
  for (auto it = x_written.rbegin(); it != x_written.rend(); ++it) {
    if (it->id == id) {
      return it->writer;
    }
  }
  return pid == 0 ? nullptr : ask(pid, now);
}

std::shared_ptr<const ExecEvent> Writers::ask(std::uint32_t pid, MonoTime now) {
  const auto known = x_asked.find(pid);
  if (known != x_asked.end() && now - known->second->at < kWriterAge) {
    return known->second;
  }
  if (now - x_second >= Seconds{1}) {
    x_second = now;
    x_asked_this_second = 0;
  }
  if (++x_asked_this_second > kWritersPerSecond) {
    return nullptr;
  }
  auto event = process_event(x_proc, pid, x_own_mounts, now);
  if (!event) {
    return nullptr;
  }
  complete_ancestry(x_proc, pid, event->ancestors);
  if (x_asked.size() >= kMaxWriters) {
    x_asked.clear();
  }
  return x_asked[pid] = std::make_shared<const ExecEvent>(*std::move(event));
}

}  // namespace pinfold::agent
