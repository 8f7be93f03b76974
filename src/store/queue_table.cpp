#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "desk/verdict.hpp"
#include "records/store.hpp"
#include "store/api_tables.hpp"
#include "store/event_row.hpp"

namespace pinfold::store {
namespace {

using records::QueueFilter;
using records::QueueRow;
using records::QueueSort;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
/// The network says what others suffer, so its finding leads; else whoever is surest.
constexpr long long kNetworkLeads = 1000;
constexpr std::size_t kMostCustomers = 50;

constexpr auto kUndecided = static_cast<long long>(desk::Verdict::Undecided);
constexpr auto kRight = static_cast<long long>(desk::Verdict::Right);
constexpr auto kWrong = static_cast<long long>(desk::Verdict::Wrong);

constexpr const char* kColumns =
    "SELECT case_id, version, server, customer, family, classes, state, state_since, opened_at, changed_at, severity, confidence, deadline_at, "
    "is_final, replied, bounced, needs_person, approval, earlier_cases, summary, owner FROM case_queue ";

/// A condition that is put together piece by piece, with what is bound to it in the same order.
class Where {
public:
  template <typename T>
  void add(std::string_view piece, T value) {
    x_sql += x_sql.empty() ? "WHERE " : " AND ";
    x_sql += fmt::format(fmt::runtime(piece), fmt::format(":p{}", x_values.size()));
    x_values.emplace_back(std::move(value));
  }
  void add_two(std::string_view piece, long long a, long long b) {
    x_sql += x_sql.empty() ? "WHERE " : " AND ";
    x_sql += fmt::format(fmt::runtime(piece), fmt::format(":p{}", x_values.size()), fmt::format(":p{}", x_values.size() + 1));
    x_values.emplace_back(a);
    x_values.emplace_back(b);
  }
  void add_any(std::string_view column, const std::vector<std::string>& values) {
    x_sql += x_sql.empty() ? "WHERE " : " AND ";
    std::string list;
    for (const std::string& value : values) {
      list += fmt::format("{}:p{}", list.empty() ? "" : ", ", x_values.size());
      x_values.emplace_back(value);
    }
    x_sql += fmt::format("{} IN ({})", column, list);
  }
  [[nodiscard]] const std::string& sql() const { return x_sql; }
  void bind(Statement& statement) const {
    for (const auto& value : x_values) {
      std::visit([&](const auto& v) { statement.in(v); }, value);
    }
  }

private:
  std::string x_sql;
  std::vector<std::variant<long long, std::string>> x_values;
};

std::string like(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') {
      pattern += '\\';
    }
    pattern += c;
  }
  return pattern + "%";
}

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
    where.add(fmt::format("(server || ' ' || customer || ' PF-' || case_id) {} {{}} ESCAPE '\\'", like_operator(session)), like(filter.search));
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

std::vector<QueueRow> rows(soci::session& session, Where where, const std::string& tail) {
  std::vector<QueueRow> found;
  long long id = 0, version = 0, since = 0, opened = 0, changed = 0, severity = 0, confidence = 0,
            deadline = 0;                                                                  // NOLINT(readability-isolate-declaration)
  long long is_final = 0, replied = 0, bounced = 0, needs = 0, approval = 0, earlier = 0;  // NOLINT(readability-isolate-declaration)
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

bool waits_for_person(const desk::Case& c) {
  switch (c.state) {
    case desk::State::Undeliverable:
    case desk::State::SecondNotice:
    case desk::State::Disputed:
    case desk::State::ActionFailed: return true;
    default: return !is_final(c.state) && (!c.unjudged_mails.empty() || c.objection_since.has_value());
  }
}

bool waits_for_approval(const desk::Case& c) {
  const desk::PortAction* action = c.open_action();
  return action != nullptr && (!action->is_approved() || (action->held && !action->is_released()));
}

bool has_bounced(const desk::Case& c) {
  const bool failed = std::any_of(c.notices.begin(), c.notices.end(), [](const desk::Notice& n) { return n.failed.has_value(); });
  return failed && std::none_of(c.notices.begin(), c.notices.end(), [](const desk::Notice& n) { return n.reached(); });
}

long long deadline_of(const desk::Case& c) {
  const desk::Notice* warning = c.first_warning();
  if (is_final(c.state) || c.answered() || warning == nullptr || !warning->delivered || !warning->window) {
    return records::kNoDeadline;
  }
  return to_column(*warning->delivered + *warning->window);
}

/// What of the row comes from findings and answers, one event after the other.
struct Told {
  long long severity = 0;
  long long lead_rank = 0;
  std::string lead_class;
  std::string summary;
  long long verdict = kUndecided;
  Nullable<long long> answer_s;
  Nullable<long long> answered_at;
};

void take(Told& told, const desk::Event& event, const desk::Case& after) {
  told.verdict = static_cast<long long>(desk::judged_by(static_cast<desk::Verdict>(told.verdict), event.body));
  if (const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body)) {
    const abuse::Finding& finding = recorded->finding;
    told.severity = std::max(told.severity, static_cast<long long>(finding.severity));
    const long long rank = (finding.origin == abuse::Origin::Network ? kNetworkLeads : 0) + finding.confidence.percent + 1;
    if (rank >= told.lead_rank) {
      told.lead_rank = rank;
      told.lead_class = to_string(finding.abuse_class);
      told.summary = finding.summary;
    }
  } else if (std::holds_alternative<desk::ResponseRecorded>(event.body)) {
    const desk::Notice* warning = after.first_warning();
    if (!told.answered_at.get() && warning != nullptr && warning->delivered && event.at >= *warning->delivered) {
      told.answered_at = Nullable<long long>(std::optional(to_column(event.at)));
      told.answer_s = Nullable<long long>(std::optional<long long>((event.at - *warning->delivered).count() / kMicrosPerSecond));
    }
  }
}

std::string classes_of(const desk::Case& c, const std::string& lead) {
  std::set<abuse::AbuseClass> all;
  for (const desk::Incident& incident : c.incidents) {
    all.insert(incident.classes.begin(), incident.classes.end());
  }
  std::string text = lead;
  for (const abuse::AbuseClass one : all) {
    if (to_string(one) != lead) {
      text += (text.empty() ? "" : ",") + std::string(to_string(one));
    }
  }
  return text;
}

std::uint8_t confidence_of(const desk::Case& c) {
  std::uint8_t most = 0;
  for (const desk::Incident& incident : c.incidents) {
    most = std::max(most, incident.max_confidence);
  }
  return most;
}

std::vector<records::ChainRow> chain_rows(soci::session& session, Where where, std::size_t limit) {
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
  return rows(x_session, std::move(where), fmt::format(" ORDER BY {}{}, case_id{} LIMIT {}", column, direction, direction, limit));
}

std::optional<QueueRow> QueueTable::find(CaseId id) const {
  Where where;
  where.add("case_id = {}", static_cast<long long>(id.value));
  auto found = rows(x_session, std::move(where), "");
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

std::map<std::string, records::ClassRecord> QueueTable::records_by_class(WallTime from, WallTime to) const {
  std::map<std::string, records::ClassRecord> found;
  const long long begin = to_column(from);
  const long long end = to_column(to);
  std::string classes;
  long long verdict = 0;
  long long is_final = 0;
  long long count = 0;
  for_each_row(x_session,
               "SELECT classes, verdict, is_final, COUNT(*) FROM case_queue WHERE opened_at >= :from AND opened_at < :to GROUP BY classes, verdict, "
               "is_final",
               std::tie(begin, end), std::tie(classes, verdict, is_final, count), [&] {
                 for (const std::string_view one : split(classes, ',')) {
                   if (one.empty()) {
                     continue;
                   }
                   records::ClassRecord& record = found[std::string(one)];
                   const auto n = static_cast<std::uint64_t>(count);
                   record.cases += n;
                   record.right += verdict == kRight && is_final != 0 ? n : 0;
                   record.wrong += verdict == kWrong ? n : 0;
                   record.open += verdict != kWrong && is_final == 0 ? n : 0;
                 }
               });
  return found;
}

records::CaseStatistics QueueTable::statistics(WallTime from, WallTime to) const {
  records::CaseStatistics s;
  const long long begin = to_column(from);
  const long long end = to_column(to);
  long long count = 0;
  long long repeated = 0;
  std::string name;
  PINFOLD_ASSERT(first_row(x_session,
                           "SELECT COUNT(*), COALESCE(SUM(CASE WHEN earlier_cases > 0 THEN 1 ELSE 0 END), 0) FROM case_queue WHERE opened_at >= "
                           ":from AND opened_at < :to",
                           std::tie(begin, end), std::tie(count, repeated)));
  s.opened = static_cast<std::uint64_t>(count);
  s.repeated = static_cast<std::uint64_t>(repeated);
  for_each_row(x_session, "SELECT classes, COUNT(*) FROM case_queue WHERE opened_at >= :from AND opened_at < :to GROUP BY classes",
               std::tie(begin, end), std::tie(name, count), [&] {
                 for (const std::string_view one : split(name, ',')) {
                   if (!one.empty()) {
                     s.by_class[std::string(one)] += static_cast<std::uint64_t>(count);
                   }
                 }
               });
  const auto most = static_cast<long long>(kMostCustomers);
  for_each_row(x_session,
               "SELECT customer, COUNT(*) FROM case_queue WHERE opened_at >= :from AND opened_at < :to GROUP BY customer ORDER BY COUNT(*) DESC, "
               "customer LIMIT :most",
               std::tie(begin, end, most), std::tie(name, count), [&] { s.by_customer.emplace_back(name, static_cast<std::uint64_t>(count)); });
  long long day = 0;
  for_each_row(x_session,
               fmt::format("SELECT kind, recorded_at / {}, COUNT(*) FROM events WHERE kind IN ('case_opened', 'closed_by_staff', "
                           "'closed_after_quiet', 'probation_ended', 'notice_delivered', 'response_recorded', 'port_action_finished') AND "
                           "recorded_at >= :from AND recorded_at < :to GROUP BY kind, recorded_at / {}",
                           kMicrosPerDay, kMicrosPerDay),
               std::tie(begin, end), std::tie(name, day, count), [&] {
                 s.events[name] += static_cast<std::uint64_t>(count);
                 s.days[day][name] += static_cast<std::uint64_t>(count);
               });
  s.closed = s.events["closed_by_staff"] + s.events["closed_after_quiet"] + s.events["probation_ended"];
  for_each_row(x_session, "SELECT answer_s FROM case_queue WHERE answered_at >= :from AND answered_at < :to ORDER BY answer_s", std::tie(begin, end),
               std::tie(count), [&] { s.answer_seconds.push_back(count); });
  return s;
}

std::vector<records::ChainRow> QueueTable::chain(std::int64_t before, std::size_t limit) const {
  Where where;
  where.add("position < {}", static_cast<long long>(before > 0 ? before : INT64_MAX));
  return chain_rows(x_session, std::move(where), limit);
}

std::vector<records::ChainRow> QueueTable::chain_of(std::string_view kind, std::int64_t before, std::size_t limit) const {
  Where where;
  where.add("kind = {}", std::string(kind));
  where.add("position < {}", static_cast<long long>(before > 0 ? before : INT64_MAX));
  return chain_rows(x_session, std::move(where), limit);
}

void QueueTable::follow(const std::vector<desk::Event>& events, const desk::Case& after) {
  Told told;
  std::string classes;
  const auto id = static_cast<long long>(after.id.value);
  if (first_row(x_session, "SELECT severity, lead_rank, classes, summary, verdict, answer_s, answered_at FROM case_queue WHERE case_id = :id",
                std::tie(id), std::tie(told.severity, told.lead_rank, classes, told.summary, told.verdict, told.answer_s, told.answered_at))) {
    told.lead_class = classes.substr(0, classes.find(','));
  } else {
    execute(x_session,
            "INSERT INTO case_queue (case_id, version, server, customer, family, classes, state, state_since, opened_at, changed_at, severity, "
            "confidence, deadline_at, is_final, replied, bounced, needs_person, approval, earlier_cases, verdict, lead_rank, summary, owner) VALUES "
            "(:id, 0, :server, :customer, :family, '', '', 0, :opened, 0, 0, 0, 0, 0, 0, 0, 0, 0, :earlier, 0, 0, '', '')",
            id, after.server.value, after.customer.value, std::string(to_string(after.family)), to_column(after.opened),
            static_cast<long long>(after.earlier_cases));
  }
  for (const desk::Event& event : events) {
    take(told, event, after);
  }
  const auto yes = [](bool value) { return value ? 1LL : 0LL; };
  execute(x_session,
          "UPDATE case_queue SET version = :version, classes = :classes, state = :state, state_since = :since, changed_at = :changed, severity = "
          ":severity, confidence = :confidence, deadline_at = :deadline, is_final = :final, replied = :replied, bounced = :bounced, needs_person = "
          ":needs, approval = :approval, verdict = :verdict, answer_s = :answer, answered_at = :answered, lead_rank = :rank, summary = :summary "
          "WHERE case_id = :id",
          static_cast<long long>(after.last_seq), classes_of(after, told.lead_class), std::string(desk::to_string(after.state)),
          to_column(after.state_since), to_column(after.changed), told.severity, static_cast<long long>(confidence_of(after)), deadline_of(after),
          yes(is_final(after.state)), yes(after.last_response.has_value()), yes(has_bounced(after)), yes(waits_for_person(after)),
          yes(waits_for_approval(after)), told.verdict, told.answer_s, told.answered_at, told.lead_rank, told.summary, id);
}

}  // namespace pinfold::store
