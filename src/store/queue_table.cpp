#include <fmt/format.h>

#include "records/store.hpp"
#include "store/api_tables.hpp"
#include "store/event_row.hpp"
#include "store/where.hpp"

namespace pinfold::store {
namespace {

using records::QueueFilter;
using records::QueueRow;
using records::QueueSort;

constexpr const char* kColumns =
    "SELECT case_id, version, server, customer, family, classes, state, state_since, opened_at, changed_at, severity, confidence, deadline_at, "
    "is_final, replied, bounced, needs_person, approval, earlier_cases, summary, owner FROM case_queue ";

Where where_of(const soci::session& session, const QueueFilter& filter) {
  Where where;
  if (filter.flag == records::QueueFlag::Approval) {
    where.add("approval = {}", 1LL);
  }
  if (filter.status != records::QueueStatus::All) {
    where.add("is_final = {}", filter.status == records::QueueStatus::Closed ? 1LL : 0LL);
  }
  if (filter.customer) {
    where.add("customer = {}", filter.customer->value);
  }
  if (filter.server) {
    where.add("server = {}", filter.server->value);
  }
  if (filter.owner) {
    where.add("owner = {}", *filter.owner);
  }
  if (filter.family) {
    where.add("family = {}", std::string(to_string(*filter.family)));
  }
  if (filter.at_least) {
    where.add("severity >= {}", static_cast<long long>(*filter.at_least));
  }
  if (filter.flag == records::QueueFlag::Replied) {
    where.add("replied = {}", 1LL);
  } else if (filter.flag == records::QueueFlag::Bounced) {
    where.add("bounced = {}", 1LL);
  } else if (filter.flag == records::QueueFlag::NeedsPerson) {
    where.add("needs_person = {}", 1LL);
  }
  if (!filter.states.empty()) {
    std::vector<std::string> names;
    for (const desk::State state : filter.states) {
      names.emplace_back(desk::to_string(state));
    }
    where.add_any("state", names);
  }
  if (!filter.search.empty()) {
    where.add(fmt::format("(server || ' ' || customer || ' PF-' || case_id) {} {{}} ESCAPE '\\'", like_operator(session)),
              like_anywhere(filter.search));
  }
  return where;
}

const char* column_of(QueueSort sort) {
  switch (sort) {
    case QueueSort::Opened: return "opened_at";
    case QueueSort::Severity: return "severity";
    case QueueSort::Deadline: return "deadline_at";
    case QueueSort::Changed: break;
  }
  return "changed_at";
}

std::vector<QueueRow> rows(soci::session& session, const Where& where, const std::string& tail) {
  std::vector<QueueRow> found;
  long long id = 0;
  long long version = 0;
  long long since = 0;
  long long opened = 0;
  long long changed = 0;
  long long severity = 0;
  long long confidence = 0;
  long long deadline = 0;
  long long is_final = 0;
  long long replied = 0;
  long long bounced = 0;
  long long needs = 0;
  long long approval = 0;
  long long earlier = 0;
  std::string family;
  std::string state;
  QueueRow row;
  Statement statement(session);
  where.bind(statement);
  const auto out = std::tie(id, version, row.server.value, row.customer.value, family, row.classes, state, since, opened, changed, severity,
                            confidence, deadline, is_final, replied, bounced, needs, approval, earlier, row.summary, row.owner);
  std::apply([&](auto&... value) { (statement.out(value), ...); }, out);
  statement.start(kColumns + where.sql() + tail);
  statement.execute(false);
  while (statement.fetch()) {
    const auto known_family = abuse::parse_family(family);
    const auto known_state = desk::parse_state(state);
    if (!known_family || !known_state || severity < 0 || severity > static_cast<long long>(abuse::Severity::Critical)) {
      throw records::StoreError(fmt::format("{}: its queue row is damaged", to_string(CaseId{id})));
    }
    row.id = CaseId{id};
    row.version = static_cast<std::uint32_t>(version);
    row.family = *known_family;
    row.state = *known_state;
    row.state_since = to_wall_time(since);
    row.opened = to_wall_time(opened);
    row.changed = to_wall_time(changed);
    row.severity = static_cast<abuse::Severity>(severity);
    row.confidence = static_cast<std::uint8_t>(confidence);
    row.deadline = deadline == records::kNoDeadline ? std::nullopt : std::optional(to_wall_time(deadline));
    row.is_final = is_final != 0;
    row.replied = replied != 0;
    row.bounced = bounced != 0;
    row.needs_person = needs != 0;
    row.approval = approval != 0;
    row.earlier_cases = static_cast<unsigned>(earlier);
    found.push_back(row);
  }
  return found;
}

std::vector<records::ChainRow> chain_rows(soci::session& session, const Where& where, std::size_t limit) {
  std::vector<records::ChainRow> found;
  long long position = 0;
  long long case_id = 0;
  std::string hash;
  EventRow row;
  Statement statement(session);
  where.bind(statement);
  const auto out = std::tie(position, case_id, hash, row.seq, row.at, row.kind, row.commitment, row.salt, row.payload);
  std::apply([&](auto&... value) { (statement.out(value), ...); }, out);
  statement.start("SELECT position, case_id, hash, seq, recorded_at, kind, commitment, salt, payload FROM events " + where.sql() +
                  fmt::format(" ORDER BY position DESC LIMIT {}", limit));
  statement.execute(false);
  while (statement.fetch()) {
    found.push_back({position, CaseId{case_id}, read_event(CaseId{case_id}, row), hash});
  }
  return found;
}

}  // namespace

std::vector<QueueRow> QueueTable::page(const QueueFilter& filter, const std::optional<records::QueuePlace>& after, std::size_t limit) const {
  Where where = where_of(x_session, filter);
  const std::string column = column_of(filter.sort);
  const bool rises = filter.sort == QueueSort::Deadline;
  if (after) {
    where.add_two(fmt::format("({}, case_id) {} ({{}}, {{}})", column, rises ? ">" : "<"), after->value, after->id);
  }
  const char* direction = rises ? "" : " DESC";
  return rows(x_session, where, fmt::format(" ORDER BY {}{}, case_id{} LIMIT {}", column, direction, direction, limit));
}

std::optional<QueueRow> QueueTable::find(CaseId id) const {
  Where where;
  where.add("case_id = {}", static_cast<long long>(id.value));
  auto found = rows(x_session, where, "");
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::map<desk::State, std::uint64_t> QueueTable::count_open(const std::optional<CustomerId>& customer) const {
  std::map<desk::State, std::uint64_t> counts;
  std::string state;
  long long count = 0;
  const auto take_one = [&] {
    if (const auto known = desk::parse_state(state)) {
      counts[*known] = static_cast<std::uint64_t>(count);
    }
  };
  if (customer) {
    const std::string id = customer->value;
    for_each_row(x_session, "SELECT state, COUNT(*) FROM case_queue WHERE is_final = 0 AND customer = :customer GROUP BY state", std::tie(id),
                 std::tie(state, count), take_one);
  } else {
    for_each_row(x_session, "SELECT state, COUNT(*) FROM case_queue WHERE is_final = 0 GROUP BY state", std::tie(), std::tie(state, count), take_one);
  }
  return counts;
}

std::uint64_t QueueTable::count(const QueueFilter& filter) const {
  Where where = where_of(x_session, filter);
  long long count = 0;
  Statement statement(x_session);
  where.bind(statement);
  statement.out(count);
  statement.start("SELECT COUNT(*) FROM case_queue " + where.sql());
  statement.execute(true);
  return static_cast<std::uint64_t>(count);
}

bool QueueTable::assign(CaseId id, std::string_view owner) {
  return execute(x_session, "UPDATE case_queue SET owner = :owner WHERE case_id = :id", std::string(owner), static_cast<long long>(id.value)) == 1;
}

std::vector<records::ChainRow> QueueTable::chain(std::int64_t before, std::size_t limit) const {
  Where where;
  where.add("position < {}", static_cast<long long>(before > 0 ? before : INT64_MAX));
  return chain_rows(x_session, where, limit);
}

std::vector<records::ChainRow> QueueTable::chain_of(std::string_view kind, std::int64_t before, std::size_t limit) const {
  Where where;
  where.add("kind = {}", std::string(kind));
  where.add("position < {}", static_cast<long long>(before > 0 ? before : INT64_MAX));
  return chain_rows(x_session, where, limit);
}

}  // namespace pinfold::store
