#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/assert.hpp"
#include "base/json_reader.hpp"
#include "store/tables.hpp"
#include "ticket/event_json.hpp"

namespace pinfold::store {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{1} << 20U;

}  // namespace

ticket::TicketId TicketsTable::create() {
  execute(x_session, "UPDATE counters SET value = value + 1 WHERE name = 'ticket'");
  long long number = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT value FROM counters WHERE name = 'ticket'", std::tie(), std::tie(number)));
  return ticket::TicketId{number};
}

std::vector<ticket::Event> TicketsTable::events(ticket::TicketId id) const {
  const long long number = id.value;
  std::vector<ticket::Event> events;
  long long seq = 0;
  long long at = 0;
  std::string payload;
  for_each_row(x_session, "SELECT seq, at, payload FROM ticket_events WHERE ticket = :id ORDER BY seq", std::tie(number), std::tie(seq, at, payload),
               [&] {
                 const auto damaged = [&](const std::string& what) {
                   return records::StoreError(fmt::format("{} entry {}: its content is damaged: {}", to_string(id), seq, what));
                 };
                 const auto json = parse_json(payload, kMaxPayload);
                 if (!json) {
                   throw damaged(json.error());
                 }
                 auto body = ticket::parse_event(*json);
                 if (!body) {
                   throw damaged(body.error());
                 }
                 events.push_back({static_cast<std::uint32_t>(seq), to_wall_time(at), std::move(body).value()});
               });
  return events;
}

void TicketsTable::append(const ticket::Ticket& after, const std::vector<ticket::Event>& events) {
  if (events.empty()) {
    return;
  }
  const auto before = static_cast<long long>(events.front().seq) - 1;
  const std::string state(to_string(after.state));
  if (before == 0) {
    execute(x_session,
            "INSERT INTO tickets (id, customer, server, kind, subject, state, last_seq, opened_at, changed_at) "
            "VALUES (:id, :customer, :server, :kind, :subject, :state, :seq, :opened, :changed)",
            static_cast<long long>(after.id.value), after.opening.customer.value, after.opening.server.value,
            std::string(to_string(after.opening.kind)), after.opening.subject, state, static_cast<long long>(after.last_seq), to_column(after.opened),
            to_column(after.changed));
  } else if (execute(x_session, "UPDATE tickets SET state = :state, last_seq = :after, changed_at = :changed WHERE id = :id AND last_seq = :before",
                     state, static_cast<long long>(after.last_seq), to_column(after.changed), static_cast<long long>(after.id.value), before) == 0) {
    throw records::Conflict(fmt::format("{}: no longer at entry {}", to_string(after.id), before));
  }
  for (const ticket::Event& event : events) {
    execute(x_session, "INSERT INTO ticket_events (ticket, seq, at, payload) VALUES (:ticket, :seq, :at, :payload)",
            static_cast<long long>(after.id.value), static_cast<long long>(event.seq), to_column(event.at), ticket::to_json(event.body).dump());
    FeedTable(x_session).add({.id = 0,
                              .at = event.at,
                              .topic = "ticket",
                              .kind = std::string(kind_of(event.body)),
                              .subject = to_string(after.id),
                              .version = event.seq,
                              .customer = after.opening.customer,
                              .server = after.opening.server,
                              .state = state});
  }
}

namespace {

template <typename... In>
std::vector<records::TicketSummary> summaries(soci::session& session, const std::string& tail, const In&... in) {
  std::vector<records::TicketSummary> tickets;
  records::TicketSummary row;
  long long id = 0;
  long long opened = 0;
  long long changed = 0;
  long long version = 0;
  for_each_row(session, "SELECT id, customer, server, kind, subject, state, opened_at, changed_at, last_seq FROM tickets " + tail, std::tie(in...),
               std::tie(id, row.customer.value, row.server.value, row.kind, row.subject, row.state, opened, changed, version), [&] {
                 row.id = ticket::TicketId{id};
                 row.opened = to_wall_time(opened);
                 row.changed = to_wall_time(changed);
                 row.version = static_cast<std::uint32_t>(version);
                 tickets.push_back(row);
               });
  return tickets;
}

}  // namespace

std::vector<records::TicketSummary> TicketsTable::list(std::size_t limit) const {
  const auto at_most = static_cast<long long>(std::min<std::size_t>(limit, std::numeric_limits<int>::max()));
  return summaries(x_session, "ORDER BY changed_at DESC, id DESC LIMIT :at_most", at_most);
}

std::vector<records::TicketSummary> TicketsTable::page(const records::TicketFilter& filter, const std::optional<records::TicketSummary>& after,
                                                       std::size_t limit) const {
  const auto at_most = static_cast<long long>(limit);
  const long long changed = after ? to_column(after->changed) : std::numeric_limits<long long>::max();
  const auto id = static_cast<long long>(after ? after->id.value : 0);
  const std::string tail =
      " AND (:state1 = '' OR state = :state2) AND (changed_at, id) < (:changed, :id) ORDER BY changed_at DESC, id DESC LIMIT :at_most";
  if (filter.customer) {
    return summaries(x_session, "WHERE customer = :customer" + tail, filter.customer->value, filter.state, filter.state, changed, id, at_most);
  }
  return summaries(x_session, "WHERE 1 = 1" + tail, filter.state, filter.state, changed, id, at_most);
}

}  // namespace pinfold::store
