#include "detect/client_tracker.hpp"

#include <algorithm>
#include <utility>

#include "detect/accountant.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kEvaluationInterval = std::chrono::seconds{1};
constexpr Micros kSweepInterval = std::chrono::minutes{1};
constexpr Micros kShortSessionMemory = std::chrono::minutes{10};
constexpr Micros kShortestSessionMemory = std::chrono::minutes{2};
/// Fewer contacts and sessions than any rule asks for.
constexpr std::size_t kWorthContacts = 15;
constexpr std::size_t kWorthSessions = 5;

std::size_t port_bit(const ContactKey& key) { return (key.port * 31U + key.protocol) % 256U; }

}  // namespace

ClientTracker::ClientTracker(std::size_t servers, std::uint64_t hash_seed, Micros settle) : x_settle(settle), x_seed(hash_seed), x_servers(servers) {}

ClientTracker::State* ClientTracker::state_for(inventory::ServerIndex server) {
  auto& state = x_servers[server.value];
  if (!state) {
    if (x_slots >= 2 * kMaxSlots) {
      ++x_refused;
      return nullptr;
    }
    state = std::make_unique<State>(x_seed);
  }
  return state.get();
}

void ClientTracker::advance(State& state, WallTime event) {
  const std::int64_t slot = event.since_epoch / kSlot;
  if (slot <= state.newest_slot) {
    return;
  }
  state.newest_slot = slot;
  x_slots -= state.recent.capacity() + state.slow.capacity();
  state.recent.expire(WallTime{(slot - kSlots + 1) * kSlot});
  if (slot - state.swept_slot >= kSlots) {
    state.swept_slot = slot;
    state.slow.expire(WallTime{slot * kSlot - kSlowMemory});
    state.sessions.expire(WallTime{slot * kSlot - state.session_memory});
    if (state.sessions.size() < kMaxSessions / 8) {
      state.session_memory = kSessionMemory;
    }
  }
  x_slots += state.recent.capacity() + state.slow.capacity();
}

Contact* ClientTracker::touch(ContactTable& table, const ContactKey& key) {
  const std::size_t limit = contact_limit();
  x_slots -= table.capacity();
  Contact* contact = table.touch(key, limit);
  x_slots += table.capacity();
  return contact;
}

void ClientTracker::make_room_for_sessions(State& state) {
  for (const Micros memory : {kShortSessionMemory, kShortestSessionMemory}) {
    if (state.sessions.size() < kMaxSessions) {
      return;
    }
    state.session_memory = std::min(state.session_memory, memory);
    state.sessions.expire(state.newest - memory);
  }
}

Session* ClientTracker::touch(State& state, const SessionKey& key) {
  if (Session* known = state.sessions.find(key)) {
    return known;
  }
  make_room_for_sessions(state);
  return state.sessions.touch(key);
}

void ClientTracker::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, WallTime received) {
  const auto seen = read_outbound(record);
  if (!seen) {
    return;
  }
  const auto session = session_outbound(record, *seen);
  State* state = state_of(server);
  if (state == nullptr) {
    if (seen->sign != ContactSign::Attempt && !session) {
      return;
    }
    state = state_for(server);
    if (state == nullptr) {
      return;
    }
  }
  // All tables at once: one wait instead of three.
  state->recent.prefetch(seen->key);
  state->slow.prefetch(seen->key);
  if (session) {
    state->sessions.prefetch(*session);
  }
  state->tried_ports.set(port_bit(seen->key));
  advance(*state, event);
  if (is_too_late(*state, event)) {
    return;
  }
  if (Contact* contact = touch(state->recent, seen->key)) {
    note_outbound(*contact, *seen, record, event, received, kSpell);
  }
  if (record.protocol == flow::kTcp) {
    if (Contact* contact = touch(state->slow, seen->key)) {
      note_outbound(*contact, *seen, record, event, received, kSlowMemory);
    }
  }
  if (session) {
    if (Session* at = touch(*state, *session)) {
      note_outbound(*at, record, event);
    }
  }
  state->source = record.src;
  state->rate = record.sampling_rate;
  state->newest = std::max(state->newest, event);
  state->newest_received = std::max(state->newest_received, received);
  queue(server, *state);
}

void ClientTracker::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event) {
  State* state = state_of(server);
  if (state == nullptr) {
    return;
  }
  const auto seen = read_inbound(record);
  if (!seen || !state->tried_ports.test(port_bit(seen->key))) {
    return;
  }
  advance(*state, event);
  if (is_too_late(*state, event)) {
    return;
  }
  const bool is_answer = seen->sign != ContactSign::Refused;
  if (Contact* contact = is_answer ? touch(state->recent, seen->key) : state->recent.find(seen->key)) {
    note_inbound(*contact, seen->sign, event);
  }
  if (record.protocol == flow::kTcp) {
    // Only what the server has tried: an answer that overtakes its question is taken in by the next one.
    if (Contact* contact = state->slow.find(seen->key)) {
      note_inbound(*contact, seen->sign, event);
    }
  }
  if (const auto session = session_inbound(record); session && is_answer) {
    // A whole session in one record may come before its other half; a first packet alone opens nothing.
    if (Session* at = record.packets.value > 2 ? touch(*state, *session) : state->sessions.find(*session)) {
      note_inbound(*at, record, event);
    }
  }
}

void ClientTracker::queue(inventory::ServerIndex server, State& state) {
  const bool is_worth = state.recent.size() >= kWorthContacts || state.slow.size() >= kWorthContacts || state.sessions.size() >= kWorthSessions;
  if (is_worth && !state.is_queued) {
    state.is_queued = true;
    x_queue.push_back(server);
  }
}

void ClientTracker::each_due(WallTime now, const AnswersVisible& answers_visible, const Look& look) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    State& state = *state_of(server);
    if (now - state.evaluated >= kEvaluationInterval || now < state.evaluated) {
      state.evaluated = now;
      look(server, ClientView{state.recent, state.slow, state.sessions, state.session_memory, state.rate, answers_visible(server), state.newest_slot,
                              state.newest, state.source, now, x_settle});
    }
    // Once more after the last record has settled; then only new records can change anything.
    state.is_queued = state.evaluated - state.newest_received < x_settle;
    if (state.is_queued) {
      kept.push_back(server);
    }
  }
  x_queue = std::move(kept);
  if (now - x_swept >= kSweepInterval || now < x_swept) {
    sweep(now);
  }
}

void ClientTracker::sweep(WallTime now) {
  x_swept = now;
  for (auto& state : x_servers) {
    if (!state || state->is_queued) {
      continue;
    }
    const Micros idle = now - state->newest_received;
    if (idle <= kMemory + kSweepInterval) {
      continue;
    }
    x_slots -= state->recent.capacity() + state->slow.capacity();
    // By the event time of its last record: what the exporter's clock says, not ours.
    state->recent.expire(state->newest + idle - kMemory);
    state->slow.expire(state->newest + idle - kSlowMemory);
    state->sessions.expire(state->newest + idle - state->session_memory);
    if (state->recent.size() + state->slow.size() + state->sessions.size() == 0) {
      state.reset();
    } else {
      x_slots += state->recent.capacity() + state->slow.capacity();
    }
  }
}

ClientTracker::Habits ClientTracker::habits(inventory::ServerIndex server) const {
  const auto& state = x_servers[server.value];
  if (!state) {
    return {};
  }
  std::uint64_t targets = 0;
  std::uint64_t mail_servers = 0;
  state->recent.for_each([&](const Contact& contact) { targets += contact.is_outbound() ? 1U : 0U; });
  state->slow.for_each([&](const Contact& contact) {
    mail_servers += kind_of_port(contact.key.port) == PortKind::Mail && contact.last > state->newest - kShortSessionMemory ? 1U : 0U;
  });
  return {targets * state->recent.scale() * 6 / kSlots, mail_servers * state->slow.scale(), state->rate};
}

std::size_t ClientTracker::recent_slots() const {
  std::size_t slots = 0;
  for (const auto& state : x_servers) {
    slots += state ? state->recent.capacity() : 0;
  }
  return slots;
}

void ClientTracker::reorder(const std::vector<std::uint32_t>& old_index) {
  std::vector<std::unique_ptr<State>> fresh(old_index.size());
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
    x_slots += state ? state->recent.capacity() + state->slow.capacity() : 0;
  }
}

}  // namespace pinfold::detect
