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

std::size_t port_bit(const ContactEvent& seen, std::uint8_t protocol) { return (seen.port * 31U + protocol) % 128U; }

}  // namespace

ClientTracker::ClientTracker(Rows rows, std::uint64_t hash_seed, Micros settle)
    : x_settle(settle),
      x_pool(pool_limit(rows.tables.size())),
      x_kinds{{hash_seed, kMaxContacts, &x_pool}, {hash_seed, kMaxSlowContacts, &x_pool}, {hash_seed, kMaxSessions, &x_pool}},
      x_rows(std::move(rows)),
      x_busy(x_rows.tables.size()) {}

std::optional<ClientTracker::Reading> ClientTracker::read_sent(inventory::ServerIndex server, const flow::FlowRecord& record) {
  const auto seen = detect::read_outbound(record);
  if (!seen) {
    return std::nullopt;
  }
  const bool is_session = is_session_outbound(record, *seen);
  Tables& tables = x_rows.tables[server.value];
  if (!tables.is_client && !is_session && seen->sign != ContactSign::Attempt) {  // what a server serves leaves no trace until it has opened something
    return std::nullopt;
  }
  tables.is_client = true;
  x_rows.traces[server.value].tried_ports.set(port_bit(*seen, record.protocol));
  const std::uint64_t hash = hash_of_contact(x_kinds.recent.seed, record.dst, seen->port, record.protocol);
  return Reading{*seen, is_session, hash, is_session ? hash_of_session(x_kinds.sessions.seed, hash, record.src_port) : 0};
}

void ClientTracker::fetch_sent(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading) const {
  Tables& tables = x_rows.tables[server.value];
  if (record.protocol == flow::kTcp) {
    const Contact* known = recent(tables).glance(key_outbound(record, reading.contact), reading.contact_hash);
    if (known == nullptr || !is_known_to_slow(*known, reading.contact, known->last)) {
      slow(tables).prefetch(reading.contact_hash);
    }
  }
  if (reading.is_session) {
    sessions(tables).prefetch(reading.session_hash);
  }
}

std::optional<ClientTracker::Reading> ClientTracker::read_received(inventory::ServerIndex server, const flow::FlowRecord& record) const {
  const auto seen = detect::read_inbound(record);
  if (!seen || !x_rows.traces[server.value].tried_ports.test(port_bit(*seen, record.protocol))) {
    return std::nullopt;
  }
  fetch_line(&x_rows.tables[server.value]);
  const bool is_session = is_session_inbound(record);
  const std::uint64_t hash = hash_of_contact(x_kinds.recent.seed, record.src, seen->port, record.protocol);
  return Reading{*seen, is_session, hash, is_session ? hash_of_session(x_kinds.sessions.seed, hash, record.dst_port) : 0};
}

void ClientTracker::fetch_received(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading) const {
  Tables& tables = x_rows.tables[server.value];
  if (record.protocol == flow::kTcp) {
    slow(tables).prefetch(reading.contact_hash);
  }
  if (reading.is_session) {
    sessions(tables).prefetch(reading.session_hash);
  }
}

void ClientTracker::advance(Tables& tables, WallTime event) {
  const std::uint32_t slot = slot_of(event);
  if (slot <= tables.newest_slot) {
    return;
  }
  const bool is_time_to_sweep = slot / kSlots != tables.newest_slot / kSlots;
  tables.newest_slot = slot;
  recent(tables).expire(WallTime{(std::int64_t{slot} - kSlots + 1) * kSlot});
  if (is_time_to_sweep) {
    slow(tables).expire(WallTime{std::int64_t{slot} * kSlot - kSlowMemory});
    sessions(tables).expire(WallTime{std::int64_t{slot} * kSlot - tables.session_memory()});
    if (sessions(tables).size() < kMaxSessions / 8) {
      tables.session_seconds = seconds_of(kSessionMemory);
    }
  }
}

Contact* ClientTracker::touch(ContactTable table, const ContactKey& key, std::uint64_t hash) {
  Contact* contact = table.touch(key, hash, contact_limit());
  x_refused += contact == nullptr && table.capacity() == 0 ? 1U : 0U;
  return contact;
}

void ClientTracker::make_room_for_sessions(Tables& tables, WallTime newest) {
  for (const Micros memory : {kShortSessionMemory, kShortestSessionMemory}) {
    if (sessions(tables).size() < kMaxSessions) {
      return;
    }
    tables.session_seconds = std::min(tables.session_seconds, seconds_of(memory));
    sessions(tables).expire(newest - memory);
  }
}

Session* ClientTracker::touch(Tables& tables, const SessionKey& key, std::uint64_t hash, WallTime newest) {
  if (Session* known = sessions(tables).find(key, hash)) {
    return known;
  }
  make_room_for_sessions(tables, newest);
  return sessions(tables).touch(key, hash, kMaxSessions);
}

void ClientTracker::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading, WallTime event,
                             WallTime received) {
  const ContactEvent& seen = reading.contact;
  Tables& tables = x_rows.tables[server.value];
  Trace& trace = x_rows.traces[server.value];
  advance(tables, event);
  if (is_too_late(tables, event)) {
    return;
  }
  const ContactKey key = key_outbound(record, seen);
  bool is_news = record.protocol == flow::kTcp;
  if (Contact* contact = touch(recent(tables), key, reading.contact_hash)) {
    is_news = is_news && !is_known_to_slow(*contact, seen, event);
    note_outbound(*contact, seen, record, event, received, kSpell);
    contact->told_slow = is_news ? second_of(event) : contact->told_slow;
  }
  if (is_news) {
    if (Contact* contact = touch(slow(tables), key, reading.contact_hash)) {
      note_outbound(*contact, seen, record, event, received, kSlowMemory);
    }
  }
  if (reading.is_session) {
    if (Session* at = touch(tables, session_outbound(record), reading.session_hash, trace.newest)) {
      note_outbound(*at, record, event);
    }
  }
  trace.rate = record.sampling_rate;
  trace.newest = std::max(trace.newest, event);
  trace.received = std::max(trace.received, second_of(received));
  if (!tables.is_queued && !is_worth_a_look(tables)) {
    return;
  }
  Busy& busy = x_busy[server.value];
  busy.source = record.src;
  busy.received = std::max(busy.received, received);
  if (!tables.is_queued) {
    tables.is_queued = true;
    x_queue.push_back(server);
  }
}

void ClientTracker::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading, WallTime event) {
  const Trace& trace = x_rows.traces[server.value];
  Tables& tables = x_rows.tables[server.value];
  advance(tables, event);
  if (is_too_late(tables, event)) {
    return;
  }
  const ContactEvent& seen = reading.contact;
  const ContactKey key = key_inbound(record, seen);
  const bool is_answer = seen.sign != ContactSign::Refused;
  if (Contact* contact = is_answer ? touch(recent(tables), key, reading.contact_hash) : recent(tables).find(key, reading.contact_hash)) {
    note_inbound(*contact, seen.sign, event);
  }
  if (record.protocol == flow::kTcp) {
    // Only what the server has tried: an answer that overtakes its question is taken in by the next one.
    if (Contact* contact = slow(tables).find(key, reading.contact_hash)) {
      note_inbound(*contact, seen.sign, event);
    }
  }
  if (reading.is_session && is_answer) {
    // A whole session in one record may come before its other half; a first packet alone opens nothing.
    const SessionKey session = session_inbound(record);
    if (Session* at = record.packets.value > 2 ? touch(tables, session, reading.session_hash, trace.newest)
                                               : sessions(tables).find(session, reading.session_hash)) {
      note_inbound(*at, record, event);
    }
  }
}

bool ClientTracker::is_worth_a_look(Tables& tables) const {
  return recent(tables).size() >= kWorthContacts || slow(tables).size() >= kWorthContacts || sessions(tables).size() >= kWorthSessions;
}

void ClientTracker::drop(Tables& tables) {
  const WallTime everything{Micros::max()};
  recent(tables).expire(everything);
  slow(tables).expire(everything);
  sessions(tables).expire(everything);
}

void ClientTracker::each_due(WallTime now, const AnswersVisible& answers_visible, const Look& look) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    const Trace& trace = x_rows.traces[server.value];
    Tables& tables = x_rows.tables[server.value];
    Busy& busy = x_busy[server.value];
    if (now - busy.evaluated >= kEvaluationInterval || now < busy.evaluated) {
      busy.evaluated = now;
      look(server, ClientView{recent(tables), slow(tables), sessions(tables), tables.session_memory(), trace.rate, answers_visible(server),
                              tables.newest_slot, trace.newest, busy.source, now, x_settle});
    }
    // Once more after the last record has settled; then only new records can change anything.
    tables.is_queued = busy.evaluated - busy.received < x_settle;
    if (tables.is_queued) {
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
  for (std::size_t i = 0; i < x_rows.tables.size(); ++i) {
    Tables& tables = x_rows.tables[i];
    Trace& trace = x_rows.traces[i];
    if (!tables.is_client || tables.is_queued) {
      continue;
    }
    const Micros idle = now - WallTime{Seconds{trace.received}};
    if (idle <= kMemory + kSweepInterval) {
      continue;
    }
    // By the event time of its last record: what the exporter's clock says, not ours.
    recent(tables).expire(trace.newest + idle - kMemory);
    slow(tables).expire(trace.newest + idle - kSlowMemory);
    sessions(tables).expire(trace.newest + idle - tables.session_memory());
    if (recent(tables).size() + slow(tables).size() + sessions(tables).size() == 0) {
      tables = {};
      trace = {};
      x_busy[i] = {};
    }
  }
}

ClientTracker::Habits ClientTracker::habits(inventory::ServerIndex server) const {
  Tables& tables = x_rows.tables[server.value];
  if (!tables.is_client) {
    return {};
  }
  const Trace& trace = x_rows.traces[server.value];
  std::uint64_t targets = 0;
  std::uint64_t mail_servers = 0;
  recent(tables).for_each([&](const Contact& contact) { targets += contact.is_outbound() ? 1U : 0U; });
  slow(tables).for_each([&](const Contact& contact) {
    mail_servers += kind_of_port(contact.key.port) == PortKind::Mail && contact.last > trace.newest - kShortSessionMemory ? 1U : 0U;
  });
  return {targets * recent(tables).scale() * 6 / kSlots, mail_servers * slow(tables).scale(), trace.rate};
}

std::size_t ClientTracker::recent_slots() const {
  std::size_t slots = 0;
  for (std::size_t i = 0; i < x_rows.tables.size(); ++i) {
    slots += recent(x_rows.tables[i]).capacity();
  }
  return slots;
}

void ClientTracker::reorder(const std::vector<std::uint32_t>& old_index, Rows fresh) {
  std::vector<Busy> busy(old_index.size());
  x_queue.clear();
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    const std::uint32_t old = old_index[i];
    if (old == Accountant::kUnknown) {
      continue;
    }
    fresh.traces[i] = x_rows.traces[old];
    fresh.tables[i] = std::exchange(x_rows.tables[old], Tables{});
    busy[i] = x_busy[old];
    if (fresh.tables[i].is_queued) {
      x_queue.push_back({i});
    }
  }
  for (std::size_t i = 0; i < x_rows.tables.size(); ++i) {
    drop(x_rows.tables[i]);
  }
  x_rows = std::move(fresh);
  x_busy = std::move(busy);
}

}  // namespace pinfold::detect
