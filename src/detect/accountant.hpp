/// Per-server counters, both directions, over 10 s, 1 min and 10 min: what the volume detectors, the portal and the silence check read.
/// Each window is a running bucket and the last whole one, on slots of event time: 10:20:00–10:20:10, not "the last ten seconds".
/// Units:   packets and bytes scaled by the sampling rate (Estimated); flows as exported, which sampling does not scale.
/// Clock:   event times only (record end times, see Pipeline). A record of the whole bucket before still counts there; an older one is
///          late: it counts in no window of that length.
/// Cost:    O(1) a record; 312 bytes a server, dense by ServerIndex: no hash on the hot path.
/// Threads: none.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/huge_vector.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

enum class Direction : std::uint8_t { Outbound, Inbound };  ///< as the server sees it
enum class WindowLength : std::uint8_t { TenSeconds, Minute, TenMinutes };

struct Traffic {
  Estimated<Packets> packets;
  Estimated<Bytes> bytes;
  Flows flows;
};

struct WindowView {
  Traffic running;     ///< the bucket that holds `slot_start`
  Traffic last_whole;  ///< the bucket before it
  WallTime slot_start;
};

class Accountant {
public:
  explicit Accountant(std::size_t servers) : x_servers(servers) {}

  /// Returns whether the record was in time for every window.
  bool add(inventory::ServerIndex server, Direction direction, SamplingRate rate, Packets packets, Bytes bytes, WallTime event);
  /// Fetches what `add` will touch.
  void prefetch(inventory::ServerIndex server) const {
    const auto* row = reinterpret_cast<const char*>(&x_servers[server.value]);
    for (std::size_t at = 0; at < sizeof(Server); at += 64) {
      __builtin_prefetch(row + at, 1);
    }
  }
  [[nodiscard]] WindowView view(inventory::ServerIndex server, Direction direction, WindowLength length) const;

  /// New order of servers: `old_index[i]` is where server i stood, kUnknown for a new one.
  static constexpr std::uint32_t kUnknown = 0xFFFFFFFF;
  void reorder(const std::vector<std::uint32_t>& old_index);

private:
  struct Window {
    std::int64_t slot = 0;
    std::array<Traffic, 2> running;  ///< by Direction
    std::array<Traffic, 2> last;
  };
  struct Server {
    std::array<Window, 3> windows;  ///< by WindowLength
  };
  HugeVector<Server> x_servers;
};

}  // namespace pinfold::detect
