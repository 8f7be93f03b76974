#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/assert.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "desk/event_json.hpp"
#include "store/chain.hpp"
#include "store/event_row.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{4} * 1024 * 1024;  ///< a finding with all its evidence is far below

Nullable<long long> to_nullable_column(std::optional<WallTime> t) { return Nullable<long long>(t ? std::optional(to_column(*t)) : std::nullopt); }

}  // namespace

desk::Event read_event(CaseId id, const EventRow& row) {
  const auto damaged = [&](std::string_view what) { return records::StoreError(fmt::format("{} event {}: {}", to_string(id), row.seq, what)); };
  const auto salt = row.salt.get();
  const auto payload = row.payload.get();
  if (!salt && !payload) {
    return {static_cast<std::uint32_t>(row.seq), to_wall_time(row.at), desk::Erased{row.kind}};
  }
  if (!salt || !payload) {
    throw damaged("its content is damaged: content and salt are erased together or not at all");
  }
  if (commitment_of(*salt, *payload) != row.commitment) {
    throw damaged("its content is damaged: it does not match its commitment");
  }
  const auto json = parse_json(*payload, kMaxPayload);
  if (!json) {
    throw damaged("its content is damaged: " + json.error());
  }
  auto body = desk::parse_event(*json);
  if (!body) {
    throw damaged("its content is damaged: " + body.error());
  }
  return {static_cast<std::uint32_t>(row.seq), to_wall_time(row.at), std::move(body).value()};
}

CaseId CasesTable::create() {
  execute(x_session, "UPDATE counters SET value = value + 1 WHERE name = 'case'");
  long long number = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT value FROM counters WHERE name = 'case'", std::tie(), std::tie(number)));
  return CaseId{number};
}

std::optional<CaseId> CasesTable::find_open(const ServerId& server, const CustomerId& customer, abuse::Family family) const {
  const std::string family_name(to_string(family));
  long long id = 0;
  if (!first_row(x_session, "SELECT id FROM cases WHERE server = :server AND customer = :customer AND family = :family AND is_final = 0",
                 std::tie(server.value, customer.value, family_name), std::tie(id))) {
    return std::nullopt;
  }
  return CaseId{id};
}

unsigned CasesTable::count_earlier(const ServerId& server, const CustomerId& customer, abuse::Family family) const {
  const std::string family_name(to_string(family));
  const std::string not_counted(desk::to_string(desk::State::FalsePositive));
  long long count = 0;
  PINFOLD_ASSERT(first_row(x_session,
                           "SELECT COUNT(*) FROM cases WHERE server = :server AND customer = :customer AND family = :family AND is_final = 1 "
                           "AND state <> :state",
                           std::tie(server.value, customer.value, family_name, not_counted), std::tie(count)));
  return static_cast<unsigned>(count);
}

std::vector<desk::Event> CasesTable::events(CaseId id) const {
  const long long case_id = id.value;
  std::vector<desk::Event> events;
  EventRow row;
  for_each_row(x_session, "SELECT seq, recorded_at, kind, commitment, salt, payload FROM events WHERE case_id = :id ORDER BY seq", std::tie(case_id),
               std::tie(row.seq, row.at, row.kind, row.commitment, row.salt, row.payload), [&] {
                 if (row.seq != static_cast<long long>(events.size()) + 1) {
                   throw records::StoreError(fmt::format("{} event {}: missing", to_string(id), events.size() + 1));
                 }
                 events.push_back(read_event(id, row));
               });
  return events;
}

std::size_t CasesTable::count_events_since(std::string_view kind, WallTime since) const {
  const std::string name(kind);
  const long long from = to_column(since);
  long long count = 0;
  PINFOLD_ASSERT(
      first_row(x_session, "SELECT COUNT(*) FROM events WHERE kind = :kind AND recorded_at >= :since", std::tie(name, from), std::tie(count)));
  return static_cast<std::size_t>(count);
}

bool CasesTable::erase(CaseId id, std::uint32_t seq) {
  return execute(x_session,
                 "UPDATE events SET salt = NULL, payload = NULL WHERE case_id = :id1 AND seq = :seq AND "
                 "EXISTS (SELECT 1 FROM cases WHERE id = :id2 AND is_final = 1)",
                 static_cast<long long>(id.value), static_cast<long long>(seq), static_cast<long long>(id.value)) == 1;
}

void CasesTable::append(CaseId id, std::uint32_t last_seq, const std::vector<desk::Event>& events, const desk::Case& after,
                        std::optional<WallTime> next_due) {
  if (events.empty()) {
    return;
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    PINFOLD_ASSERT(events[i].seq == last_seq + i + 1);
  }
  PINFOLD_ASSERT(after.id == id && after.last_seq == events.back().seq);
  if (last_seq == 0) {
    insert_row(id, after, next_due);
  } else {
    update_row(id, last_seq, after, next_due);
  }
  append_events(id, events);
  QueueTable(x_session).follow(events, after);
  FeedTable feed(x_session);
  for (const desk::Event& event : events) {
    feed.add({.id = 0,
              .at = event.at,
              .topic = "case",
              .kind = std::string(kind_of(event.body)),
              .subject = to_string(id),
              .version = event.seq,
              .customer = after.customer,
              .server = after.server,
              .state = std::string(desk::to_string(after.state))});
  }
}

void CasesTable::insert_row(CaseId id, const desk::Case& after, std::optional<WallTime> next_due) {
  long long last_number = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT value FROM counters WHERE name = 'case'", std::tie(), std::tie(last_number)));
  PINFOLD_ASSERT(id.value >= 1 && id.value <= last_number);  // create() gives the numbers
  const long long inserted =
      execute(x_session,
              "INSERT INTO cases (id, server, customer, family, state, is_final, last_seq, opened_at, changed_at, due_at) "
              "VALUES (:id, :server, :customer, :family, :state, :final, :seq, :opened, :changed, :due) ON CONFLICT DO NOTHING",
              static_cast<long long>(id.value), after.server.value, after.customer.value, std::string(to_string(after.family)),
              std::string(desk::to_string(after.state)), is_final(after.state) ? 1LL : 0LL, static_cast<long long>(after.last_seq),
              to_column(after.opened), to_column(after.changed), to_nullable_column(next_due));
  if (inserted == 0) {
    throw records::Conflict(fmt::format("{}: begun meanwhile, or another case of {} is open", to_string(id), printable(after.server.value)));
  }
}

void CasesTable::update_row(CaseId id, std::uint32_t last_seq, const desk::Case& after, std::optional<WallTime> next_due) {
  const long long updated =
      execute(x_session,
              "UPDATE cases SET state = :state, is_final = :final, last_seq = :after, changed_at = :changed, due_at = :due "
              "WHERE id = :id AND last_seq = :before",
              std::string(desk::to_string(after.state)), is_final(after.state) ? 1LL : 0LL, static_cast<long long>(after.last_seq),
              to_column(after.changed), to_nullable_column(next_due), static_cast<long long>(id.value), static_cast<long long>(last_seq));
  if (updated == 0) {
    throw records::Conflict(fmt::format("{}: no longer at event {}", to_string(id), last_seq));
  }
}

void CasesTable::append_events(CaseId id, const std::vector<desk::Event>& events) {
  long long position = 0;
  std::string previous;
  if (!first_row(x_session, "SELECT position, hash FROM chain_head WHERE id = 1", std::tie(), std::tie(position, previous))) {
    throw records::StoreError("the head of the event chain is gone; run: pinfold audit-log verify");
  }
  for (const desk::Event& event : events) {
    const std::string payload = desk::to_json(event.body).dump();
    PINFOLD_ASSERT(payload.size() <= kMaxPayload);
    const std::string salt = make_salt();
    const ChainLink link{id, event.seq, event.at, std::string(kind_of(event.body)), commitment_of(salt, payload)};
    previous = link_hash(previous, link);
    ++position;
    execute(x_session,
            "INSERT INTO events (position, case_id, seq, recorded_at, kind, commitment, hash, salt, payload) "
            "VALUES (:position, :case_id, :seq, :at, :kind, :commitment, :hash, :salt, :payload)",
            position, static_cast<long long>(id.value), static_cast<long long>(event.seq), to_column(event.at), link.kind, link.commitment, previous,
            salt, payload);
  }
  execute(x_session, "UPDATE chain_head SET position = :position, hash = :hash WHERE id = 1", position, previous);
}

std::vector<records::CaseSummary> CasesTable::list(std::size_t limit) const {
  const auto at_most = static_cast<long long>(std::min<std::size_t>(limit, std::numeric_limits<int>::max()));
  std::vector<records::CaseSummary> cases;
  long long id = 0;
  std::string server;
  std::string customer;
  std::string family;
  std::string state;
  long long opened = 0;
  long long changed = 0;
  for_each_row(x_session,
               "SELECT id, server, customer, family, state, opened_at, changed_at FROM cases ORDER BY changed_at DESC, id DESC LIMIT :at_most",
               std::tie(at_most), std::tie(id, server, customer, family, state, opened, changed), [&] {
                 const auto known_family = abuse::parse_family(family);
                 const auto known_state = desk::parse_state(state);
                 if (!known_family || !known_state) {
                   throw records::StoreError(fmt::format("{}: its row is damaged: family or state", to_string(CaseId{id})));
                 }
                 cases.push_back(
                     {CaseId{id}, ServerId{server}, CustomerId{customer}, *known_family, *known_state, to_wall_time(opened), to_wall_time(changed)});
               });
  return cases;
}

std::vector<CaseId> CasesTable::due(WallTime now, std::size_t limit) const {
  const long long until = to_column(now);
  const auto at_most = static_cast<long long>(std::min<std::size_t>(limit, std::numeric_limits<int>::max()));
  std::vector<CaseId> cases;
  long long id = 0;
  for_each_row(x_session, "SELECT id FROM cases WHERE due_at <= :now ORDER BY due_at, id LIMIT :at_most", std::tie(until, at_most), std::tie(id),
               [&] { cases.emplace_back(id); });
  return cases;
}

}  // namespace pinfold::store
