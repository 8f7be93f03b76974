/// Files that appear, become executable or are moved into the watched directories, by name.
///   fanotify  ≥ 5.9 (directory handles and names): one mark for a whole file system, and the process that did it.
///   inotify   the floor: names only, every directory marked by itself, nobody named.
/// Used by: the responder's loop, on its one thread.
/// Bounds:  kMaxMarked directories in all (reach.hpp); when one does not fit, `incomplete` says so.
/// Errors:  an event whose directory has gone is passed over: so has the file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/sensor/exec_sensor.hpp"
#include "base/expected.hpp"

namespace pinfold::agent {

struct DropEvent {
  std::string path;
  std::uint32_t pid = 0;   ///< who did it; 0 if it is not known
  bool directory = false;  ///< a new directory, already marked
};
using DropHandler = std::function<void(const DropEvent&)>;

class DropEvents {
public:
  DropEvents() = default;
  DropEvents(const DropEvents&) = delete;
  DropEvents& operator=(const DropEvents&) = delete;
  virtual ~DropEvents() = default;

  [[nodiscard]] virtual int wait_fd() const = 0;
  /// What there is, at most one buffer of it. What lay in a new directory before it was marked is handed over too.
  virtual void drain(const DropHandler& handler) = 0;
  [[nodiscard]] virtual bool incomplete() const = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
};

[[nodiscard]] Expected<std::unique_ptr<DropEvents>, std::string> open_fanotify_drops(const WatchedPaths& watched);
[[nodiscard]] Expected<std::unique_ptr<DropEvents>, std::string> open_inotify_drops(const WatchedPaths& watched);

/// The regular files in a directory, at most kMaxMarked: what may have been put there before the mark was.
[[nodiscard]] std::vector<std::string> files_in(const std::string& directory);

}  // namespace pinfold::agent
