#include "detect/client_tracker.hpp"

#include <algorithm>
#include <utility>

#include "base/fetch_line.hpp"
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

std::uint16_t seconds_of(Micros memory) { return static_cast<std::uint16_t>(std::chrono::duration_cast<Seconds>(memory).count()); }

std::size_t port_bit(const ContactEvent& seen, std::uint8_t protocol) { return (seen.port * 31U + protocol) % 256U; }

}  // namespace

ClientTracker::ClientTracker(Column<Row> rows, std::uint64_t hash_seed, Micros settle)
    : x_settle(settle),
      x_pool(pool_limit(rows.size())),
      x_kinds{{hash_seed, kMaxContacts, &x_pool}, {hash_seed, kMaxSlowContacts, &x_pool}, {hash_seed, kMaxSessions, &x_pool}},
      x_servers(std::move(rows)),
      x_sources(x_servers.size()) {}

ClientTracker::Reading ClientTracker::read_sent(inventory::ServerIndex server, const flow::FlowRecord& record) const {
  Reading reading;
  reading.contact = detect::read_outbound(record);
  if (!reading.contact) {
    return reading;
  }
  reading.is_session = is_session_outbound(record, *reading.contact);
  reading.contact_hash = hash_of_contact(x_kinds.recent.seed, record.dst, reading.contact->port, record.protocol);
  reading.session_hash = reading.is_session ? hash_of_session(x_kinds.sessions.seed, reading.contact_hash, record.src_port) : 0;
  Row& state = x_servers[server.value];
  if (!opens(state, reading)) {
    return reading;
  }
  fetch_line(&state.slow);  // the row's second cache line
  recent(state).prefetch(reading.contact_hash);
  return reading;
}

void ClientTracker::fetch_tables(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading) const {
  Row& state = x_servers[server.value];
  if (!reading.contact || !opens(state, reading)) {
    return;
  }
  if (record.protocol == flow::kTcp) {
    const Contact* known = recent(state).glance(key_outbound(record, *reading.contact), reading.contact_hash);
    if (known == nullptr || !is_known_to_slow(*known, *reading.contact, known->last)) {
      slow(state).prefetch(reading.contact_hash);
    }
  }
  if (reading.is_session) {
    sessions(state).prefetch(reading.session_hash);
  }
}

ClientTracker::Reading ClientTracker::read_received(inventory::ServerIndex server, const flow::FlowRecord& record) const {
  Reading reading;
  reading.contact = detect::read_inbound(record);
  if (!reading.contact) {
    return reading;
  }
  Row& state = x_servers[server.value];
  if (state.tried_ports.test(port_bit(*reading.contact, record.protocol))) {
    hash_received(reading, record);
    fetch_line(&state.slow);
    recent(state).prefetch(reading.contact_hash);
  }
  return reading;
}

void ClientTracker::hash_received(Reading& reading, const flow::FlowRecord& record) const {
  reading.is_session = is_session_inbound(record);
  reading.contact_hash = hash_of_contact(x_kinds.recent.seed, record.src, reading.contact->port, record.protocol);
  reading.session_hash = reading.is_session ? hash_of_session(x_kinds.sessions.seed, reading.contact_hash, record.dst_port) : 0;
  reading.is_hashed = true;
}

void ClientTracker::advance(Row& state, WallTime event) {
  const std::uint32_t slot = slot_of(event);
  if (slot <= state.newest_slot) {
    return;
  }
  state.newest_slot = slot;
  recent(state).expire(WallTime{(std::int64_t{slot} - kSlots + 1) * kSlot});
  if (slot - state.swept_slot >= kSlots) {
    state.swept_slot = slot;
    slow(state).expire(WallTime{std::int64_t{slot} * kSlot - kSlowMemory});
    sessions(state).expire(WallTime{std::int64_t{slot} * kSlot - state.session_memory()});
    if (sessions(state).size() < kMaxSessions / 8) {
      state.session_seconds = seconds_of(kSessionMemory);
    }
  }
}

Contact* ClientTracker::touch(ContactTable table, const ContactKey& key, std::uint64_t hash) {
  Contact* contact = table.touch(key, hash, contact_limit());
  x_refused += contact == nullptr && table.capacity() == 0 ? 1U : 0U;
  return contact;
}

void ClientTracker::make_room_for_sessions(Row& state) {
  for (const Micros memory : {kShortSessionMemory, kShortestSessionMemory}) {
    if (sessions(state).size() < kMaxSessions) {
      return;
    }
    state.session_seconds = std::min(state.session_seconds, seconds_of(memory));
    sessions(state).expire(state.newest - memory);
  }
}

Session* ClientTracker::touch(Row& state, const SessionKey& key, std::uint64_t hash) {
  if (Session* known = sessions(state).find(key, hash)) {
    return known;
  }
  make_room_for_sessions(state);
  return sessions(state).touch(key, hash, kMaxSessions);
}

void ClientTracker::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading, WallTime event,
                             WallTime received) {
  if (!reading.contact) {
    return;
  }
  const ContactEvent& seen = *reading.contact;
  Row& state = state_of(server);
  if (!opens(state, reading)) {
    return;
  }
  state.is_client = true;
  state.tried_ports.set(port_bit(seen, record.protocol));
  advance(state, event);
  if (is_too_late(state, event)) {
    return;
  }
  const ContactKey key = key_outbound(record, seen);
  bool is_news = record.protocol == flow::kTcp;
  if (Contact* contact = touch(recent(state), key, reading.contact_hash)) {
    is_news = is_news && !is_known_to_slow(*contact, seen, event);
    note_outbound(*contact, seen, record, event, received, kSpell);
    contact->told_slow = is_news ? second_of(event) : contact->told_slow;
  }
  if (is_news) {
    if (Contact* contact = touch(slow(state), key, reading.contact_hash)) {
      note_outbound(*contact, seen, record, event, received, kSlowMemory);
    }
  }
  if (reading.is_session) {
    if (Session* at = touch(state, session_outbound(record), reading.session_hash)) {
      note_outbound(*at, record, event);
    }
  }
  note_source(server, state, record.src);
  state.rate = record.sampling_rate;
  state.newest = std::max(state.newest, event);
  state.newest_received = std::max(state.newest_received, received);
  queue(server, state);
}

void ClientTracker::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& read, WallTime event) {
  Row& state = state_of(server);
  if (!read.contact || !state.is_client || !state.tried_ports.test(port_bit(*read.contact, record.protocol))) {
    return;
  }
  advance(state, event);
  if (is_too_late(state, event)) {
    return;
  }
  Reading reading = read;
  if (!reading.is_hashed) {  // it was read before what it answers was counted
    hash_received(reading, record);
  }
  const ContactEvent& seen = *reading.contact;
  const ContactKey key = key_inbound(record, seen);
  const bool is_answer = seen.sign != ContactSign::Refused;
  if (Contact* contact = is_answer ? touch(recent(state), key, reading.contact_hash) : recent(state).find(key, reading.contact_hash)) {
    note_inbound(*contact, seen.sign, event);
  }
  if (record.protocol == flow::kTcp) {
    // Only what the server has tried: an answer that overtakes its question is taken in by the next one.
    if (Contact* contact = slow(state).find(key, reading.contact_hash)) {
      note_inbound(*contact, seen.sign, event);
    }
  }
  if (reading.is_session && is_answer) {
    // A whole session in one record may come before its other half; a first packet alone opens nothing.
    const SessionKey session = session_inbound(record);
    if (Session* at = record.packets.value > 2 ? touch(state, session, reading.session_hash) : sessions(state).find(session, reading.session_hash)) {
      note_inbound(*at, record, event);
    }
  }
}

void ClientTracker::note_source(inventory::ServerIndex server, Row& state, const net::IpAddress& source) {
  const std::uint32_t hash = source.is_v4() ? source.v4_number() : static_cast<std::uint32_t>(std::hash<net::IpAddress>{}(source));
  if (hash != state.source_hash) {
    state.source_hash = hash;
    x_sources[server.value] = source;
  }
}

void ClientTracker::forget(Row& state) {
  const WallTime everything{Micros::max()};
  recent(state).expire(everything);
  slow(state).expire(everything);
  sessions(state).expire(everything);
  state = Row{};
}

void ClientTracker::queue(inventory::ServerIndex server, Row& state) {
  const bool is_worth = recent(state).size() >= kWorthContacts || slow(state).size() >= kWorthContacts || sessions(state).size() >= kWorthSessions;
  if (is_worth && !state.is_queued) {
    state.is_queued = true;
    x_queue.push_back(server);
  }
}

void ClientTracker::each_due(WallTime now, const AnswersVisible& answers_visible, const Look& look) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    Row& state = state_of(server);
    if (now - state.evaluated >= kEvaluationInterval || now < state.evaluated) {
      state.evaluated = now;
      look(server, ClientView{recent(state), slow(state), sessions(state), state.session_memory(), state.rate, answers_visible(server),
                              state.newest_slot, state.newest, x_sources[server.value], now, x_settle});
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
  for (std::size_t i = 0; i < x_servers.size(); ++i) {
    Row& state = x_servers[i];
    if (!state.is_client || state.is_queued) {
      continue;
    }
    const Micros idle = now - state.newest_received;
    if (idle <= kMemory + kSweepInterval) {
      continue;
    }
    // By the event time of its last record: what the exporter's clock says, not ours.
    recent(state).expire(state.newest + idle - kMemory);
    slow(state).expire(state.newest + idle - kSlowMemory);
    sessions(state).expire(state.newest + idle - state.session_memory());
    if (recent(state).size() + slow(state).size() + sessions(state).size() == 0) {
      state = Row{};
    }
  }
}

ClientTracker::Habits ClientTracker::habits(inventory::ServerIndex server) const {
  Row& state = x_servers[server.value];
  if (!state.is_client) {
    return {};
  }
  std::uint64_t targets = 0;
  std::uint64_t mail_servers = 0;
  recent(state).for_each([&](const Contact& contact) { targets += contact.is_outbound() ? 1U : 0U; });
  slow(state).for_each([&](const Contact& contact) {
    mail_servers += kind_of_port(contact.key.port) == PortKind::Mail && contact.last > state.newest - kShortSessionMemory ? 1U : 0U;
  });
  return {targets * recent(state).scale() * 6 / kSlots, mail_servers * slow(state).scale(), state.rate};
}

std::size_t ClientTracker::recent_slots() const {
  std::size_t slots = 0;
  for (std::size_t i = 0; i < x_servers.size(); ++i) {
    Row& state = x_servers[i];
    slots += recent(state).capacity();
  }
  return slots;
}

void ClientTracker::reorder(const std::vector<std::uint32_t>& old_index, Column<Row> fresh) {
  std::vector<net::IpAddress> sources(old_index.size());
  x_queue.clear();
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    fresh[i] = std::exchange(x_servers[old_index[i]], Row{});
    sources[i] = x_sources[old_index[i]];
    if (fresh[i].is_queued) {
      x_queue.push_back({i});
    }
  }
  for (std::size_t i = 0; i < x_servers.size(); ++i) {
    forget(x_servers[i]);
  }
  x_servers = std::move(fresh);
  x_sources = std::move(sources);
}

}  // namespace pinfold::detect
