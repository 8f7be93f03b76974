#include "detect/accountant.hpp"

namespace pinfold::detect {
namespace {

constexpr std::array<Micros, 3> kLengths = {std::chrono::seconds{10}, std::chrono::minutes{1}, std::chrono::minutes{10}};

void add_to(Traffic& traffic, SamplingRate rate, Packets packets, Bytes bytes) {
  traffic.packets.count += rate.scale(Sampled<Packets>{packets}).count;
  traffic.bytes.count += rate.scale(Sampled<Bytes>{bytes}).count;
  traffic.flows += Flows{1};
}

}  // namespace

bool Accountant::add(inventory::ServerIndex server, Direction direction, SamplingRate rate, Packets packets, Bytes bytes, WallTime event) {
  bool in_time = true;
  const auto d = static_cast<std::size_t>(direction);
  for (std::size_t i = 0; i < kLengths.size(); ++i) {
    Window& window = x_servers[server.value].windows[i];
    const std::int64_t slot = event.since_epoch / kLengths[i];
    if (slot > window.slot) {
      window.last = slot == window.slot + 1 ? window.running : std::array<Traffic, 2>{};
      window.running = {};
      window.slot = slot;
    }
    if (slot == window.slot) {
      add_to(window.running[d], rate, packets, bytes);
    } else if (slot == window.slot - 1) {
      add_to(window.last[d], rate, packets, bytes);
    } else {
      in_time = false;
    }
  }
  return in_time;
}

WindowView Accountant::view(inventory::ServerIndex server, Direction direction, WindowLength length) const {
  const auto i = static_cast<std::size_t>(length);
  const auto d = static_cast<std::size_t>(direction);
  const Window& window = x_servers[server.value].windows[i];
  return {window.running[d], window.last[d], WallTime{window.slot * kLengths[i]}};
}

void Accountant::reorder(const std::vector<std::uint32_t>& old_index) {
  HugeVector<Server> fresh(old_index.size());
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] != kUnknown) {
      fresh[i] = x_servers[old_index[i]];
    }
  }
  x_servers = std::move(fresh);
}

}  // namespace pinfold::detect
