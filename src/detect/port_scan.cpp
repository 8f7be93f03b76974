#include "detect/port_scan.hpp"

#include <algorithm>
#include <utility>

#include "detect/accountant.hpp"
#include "detect/scan_windows.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kEvaluationInterval = std::chrono::seconds{1};
constexpr Micros kSweepInterval = std::chrono::minutes{1};

std::size_t port_bit(const ContactKey& key) { return (key.port * 31U + key.protocol) % 256U; }

}  // namespace

PortScanDetector::PortScanDetector(PortScanThresholds thresholds, std::size_t servers, std::uint64_t hash_seed)
    : x_thresholds(thresholds), x_seed(hash_seed), x_servers(servers) {}

PortScanDetector::ServerState* PortScanDetector::state_of(inventory::ServerIndex server) { return x_servers[server.value].get(); }

Contact* PortScanDetector::touch(ServerState& state, const ContactKey& key, WallTime event) {
  if (const std::int64_t slot = event.since_epoch / kSlot; slot > state.newest_slot) {
    state.newest_slot = slot;
    x_slots -= state.table.capacity();
    state.table.expire(WallTime{(slot - kSlots + 1) * kSlot});
    x_slots += state.table.capacity();
  }
  if (event.since_epoch / kSlot <= state.newest_slot - kSlots) {
    return nullptr;  // too late to matter
  }
  x_slots -= state.table.capacity();
  Contact* contact = state.table.touch(key, x_slots >= kMaxSlots);
  x_slots += state.table.capacity();
  return contact;
}

void PortScanDetector::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, WallTime received) {
  const auto seen = read_outbound(record);
  if (!seen) {
    return;
  }
  ServerState* state = state_of(server);
  if (state == nullptr) {
    if (seen->sign != ContactSign::Attempt) {
      return;
    }
    if (x_slots >= 2 * kMaxSlots) {
      ++x_refused;
      return;
    }
    x_servers[server.value] = std::make_unique<ServerState>(x_seed);
    state = state_of(server);
  }
  state->tried_ports.set(port_bit(seen->key));
  Contact* contact = touch(*state, seen->key, event);
  if (contact == nullptr) {
    return;
  }
  const bool is_same_spell = contact->is_outbound() && event - contact->last <= kSlotsPerWindow * kSlot;
  contact->first = is_same_spell ? std::min(contact->first, event) : event;
  contact->last = std::max(contact->last, event);
  contact->received = received;
  contact->signs |= static_cast<std::uint8_t>(seen->sign);
  contact->signs |= seen->answer ? static_cast<std::uint8_t>(*seen->answer) : std::uint8_t{0};
  contact->src_port = record.src_port;
  contact->packets += record.packets.value;
  state->source = record.src;
  state->rate = record.sampling_rate;
  state->newest_received = std::max(state->newest_received, received);
  if (!state->is_queued && state->table.size() >= entries_needed(*state)) {
    state->is_queued = true;
    x_queue.push_back(server);
  }
}

void PortScanDetector::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event) {
  ServerState* state = state_of(server);
  if (state == nullptr) {
    return;
  }
  const auto seen = read_inbound(record);
  if (!seen || !state->tried_ports.test(port_bit(seen->key))) {
    return;
  }
  Contact* contact = seen->sign == ContactSign::Refused ? state->table.find(seen->key) : touch(*state, seen->key, event);
  if (contact == nullptr) {
    return;
  }
  contact->signs |= static_cast<std::uint8_t>(seen->sign);
  contact->last = contact->is_outbound() ? contact->last : std::max(contact->last, event);
}

std::uint64_t PortScanDetector::entries_needed(const ServerState& state) const {
  const std::uint64_t exact = x_thresholds.min_targets_per_minute / (state.rate.one_in() * state.table.scale());
  return state.rate.one_in() == 1 ? exact : std::max<std::uint64_t>(exact, x_thresholds.min_sampled_targets / state.table.scale());
}

void PortScanDetector::evaluate(WallTime now, const AnswersVisible& answers_visible, const Emit& emit) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    ServerState& state = *state_of(server);
    if (now - state.evaluated >= kEvaluationInterval || now < state.evaluated) {
      state.evaluated = now;
      look(state, answers_visible(server), now);
    }
    const bool has_news = state.incident && state.incident->last_seen > state.given_out_last_seen;
    if (has_news && (state.given_out_last_seen < state.incident->first_seen || now - state.given_out >= x_thresholds.update_interval)) {
      state.given_out = now;
      state.given_out_last_seen = state.incident->last_seen;
      emit(server, *state.incident);
    }
    // Once more after the last record has settled; then only new records can change anything.
    const bool is_settled = state.evaluated - state.newest_received >= x_thresholds.settle;
    state.is_queued = !is_settled || (state.incident && state.incident->last_seen > state.given_out_last_seen);
    if (state.is_queued) {
      kept.push_back(server);
    }
  }
  x_queue = std::move(kept);
  if (now - x_swept >= kSweepInterval || now < x_swept) {
    sweep(now);
  }
}

void PortScanDetector::look(ServerState& state, bool answers_visible, WallTime now) const {
  auto found = strongest_scan({state.table, state.rate, answers_visible, state.newest_slot, now}, x_thresholds);
  if (!found) {
    return;
  }
  found->source = state.source;
  const bool goes_on = state.incident && found->first_seen - state.incident->last_seen <= x_thresholds.quiet;
  if (goes_on) {
    found->first_seen = state.incident->first_seen;
    found->last_seen = std::max(found->last_seen, state.incident->last_seen);
    if (found->targets < state.incident->targets) {  // the fiercest minute is what people should read
      state.incident->last_seen = found->last_seen;
      return;
    }
  }
  state.incident = std::move(found);
}

void PortScanDetector::sweep(WallTime now) {
  x_swept = now;
  const Micros idle = std::max(kMemory, x_thresholds.quiet) + kSweepInterval;
  for (auto& state : x_servers) {
    if (state && !state->is_queued && now - state->newest_received > idle) {
      x_slots -= state->table.capacity();
      state.reset();
    }
  }
}

void PortScanDetector::reorder(const std::vector<std::uint32_t>& old_index) {
  std::vector<std::unique_ptr<ServerState>> fresh(old_index.size());
  x_queue.clear();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    fresh[i] = std::move(x_servers[old_index[i]]);
    if (fresh[i] && fresh[i]->is_queued) {
      x_queue.push_back({static_cast<std::uint32_t>(i)});
    }
  }
  x_servers = std::move(fresh);
  x_slots = 0;
  for (const auto& state : x_servers) {
    x_slots += state ? state->table.capacity() : 0;
  }
}

}  // namespace pinfold::detect
