#include <fmt/format.h>

#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using records::Waiting;

/// What erased text reads as; parses as JSON where JSON is expected.
constexpr const char* kErased = "{}";

std::vector<long long> ids(soci::session& session, const std::string& sql, WallTime before, std::size_t limit) {
  std::vector<long long> found;
  long long id = 0;
  const long long until = to_column(before);
  const auto most = static_cast<long long>(limit);
  for_each_row(session, sql, std::tie(until, most), std::tie(id), [&] { found.push_back(id); });
  return found;
}

std::vector<Waiting> groups(soci::session& session, const std::string& sql) {
  std::vector<Waiting> rows;
  Waiting row;
  long long count = 0;
  Nullable<long long> oldest;
  for_each_row(session, sql, std::tie(), std::tie(row.kind, row.state, count, oldest), [&] {
    row.count = static_cast<std::uint64_t>(count);
    const auto at = oldest.get();
    row.oldest = at ? std::optional(to_wall_time(*at)) : std::nullopt;
    rows.push_back(row);
  });
  return rows;
}

}  // namespace

records::Census HousekeepingTable::census() const {
  records::Census census;
  census.cases =
      groups(x_session, "SELECT family, state, COUNT(*), MIN(changed_at) FROM cases WHERE is_final = 0 GROUP BY family, state ORDER BY 1, 2");
  census.jobs = groups(x_session, "SELECT kind, state, COUNT(*), MIN(not_before) FROM jobs WHERE state <> 'done' GROUP BY kind, state ORDER BY 1, 2");
  census.inbox = groups(x_session, "SELECT kind, 'pending', COUNT(*), MIN(received_at) FROM inbox WHERE is_done = 0 GROUP BY kind ORDER BY 1");
  const auto calls = groups(x_session, "SELECT 'call', 'open', COUNT(*), MIN(called_at) FROM calls WHERE taken_by IS NULL");
  census.calls = calls.empty() ? Waiting{"call", "open"} : calls.front();
  census.triage = ReportsTable(x_session).count(records::ReportState::Triage);
  return census;
}

std::size_t HousekeepingTable::erase_cases(WallTime closed_before, std::size_t limit, bool is_trial) {
  const auto cases = ids(x_session,
                         "SELECT id FROM cases WHERE is_final = 1 AND changed_at < :before AND EXISTS (SELECT 1 FROM events WHERE case_id = cases.id "
                         "AND payload IS NOT NULL) ORDER BY id LIMIT :most",
                         closed_before, limit);
  for (const long long id : is_trial ? std::vector<long long>{} : cases) {
    execute(x_session, "UPDATE events SET salt = NULL, payload = NULL WHERE case_id = :id", id);
    execute(x_session, "UPDATE jobs SET payload = :erased, note = '' WHERE case_id = :id AND state IN ('done', 'failed')", std::string(kErased), id);
    execute(x_session, "UPDATE case_queue SET summary = '' WHERE case_id = :id", id);
    execute(x_session, "DELETE FROM calls WHERE case_id = :id AND taken_by IS NOT NULL", id);
  }
  return cases.size();
}

std::size_t HousekeepingTable::erase_tickets(WallTime closed_before, std::size_t limit, bool is_trial) {
  const auto tickets =
      ids(x_session, "SELECT id FROM tickets WHERE state = 'closed' AND changed_at < :before ORDER BY id LIMIT :most", closed_before, limit);
  for (const long long id : is_trial ? std::vector<long long>{} : tickets) {
    execute(x_session, "DELETE FROM ticket_events WHERE ticket = :id", id);
    execute(x_session, "DELETE FROM tickets WHERE id = :id", id);
  }
  return tickets.size();
}

std::size_t HousekeepingTable::erase_inbox(WallTime received_before, std::size_t limit, bool is_trial) {
  const auto items = ids(x_session, "SELECT id FROM inbox WHERE is_done = 1 AND received_at < :before AND payload <> '{}' ORDER BY id LIMIT :most",
                         received_before, limit);
  for (const long long id : is_trial ? std::vector<long long>{} : items) {
    execute(x_session, "UPDATE inbox SET payload = :erased, note = '' WHERE id = :id", std::string(kErased), id);
  }
  return items.size();
}

std::size_t HousekeepingTable::erase_reports(WallTime received_before, std::size_t limit, bool is_trial) {
  const auto reports =
      ids(x_session, "SELECT id FROM reports WHERE state <> 'triage' AND is_sealed = 0 AND received_at < :before ORDER BY id LIMIT :most",
          received_before, limit);
  for (const long long id : is_trial ? std::vector<long long>{} : reports) {
    execute(x_session, "DELETE FROM reported WHERE raw_sha256 = (SELECT raw_sha256 FROM reports WHERE id = :id)", id);
    execute(x_session, "DELETE FROM reports WHERE id = :id", id);
  }
  return reports.size();
}

void HousekeepingTable::each_text_with_evidence(const std::function<void(std::string_view)>& each) const {
  std::string text;
  for (const char* sql : {"SELECT payload FROM events WHERE payload IS NOT NULL", "SELECT payload FROM ticket_events",
                          "SELECT payload FROM inbox WHERE payload <> '{}'", "SELECT payload FROM jobs WHERE payload <> '{}'",
                          "SELECT raw_sha256 FROM reports", "SELECT value FROM settings"}) {
    for_each_row(x_session, sql, std::tie(), std::tie(text), [&] { each(text); });
  }
}

}  // namespace pinfold::store
