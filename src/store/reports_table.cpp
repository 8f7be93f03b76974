#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using records::ReportRow;

/// In front of `why`, once the raw mail is gone.
constexpr std::string_view kErased = "raw mail erased; ";

template <typename... In>
std::vector<ReportRow> rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<ReportRow> found;
  ReportRow row;
  std::string state;
  long long id = 0;
  long long received = 0;
  long long sealed = 0;
  long long findings = 0;
  long long not_ours = 0;
  long long dropped = 0;
  for_each_row(
      session,
      "SELECT id, raw_sha256, received_at, sender, authenticated, subject, format, definition, reporter, report_id, state, is_sealed, findings, "
      "not_ours, dropped, why FROM reports " +
          where,
      std::tie(in...),
      std::tie(id, row.raw_sha256, received, row.sender, row.authenticated, row.subject, row.format, row.definition, row.reporter, row.report_id,
               state, sealed, findings, not_ours, dropped, row.why),
      [&] {
        const auto known = records::parse_report_state(state);
        if (!known) {
          throw records::StoreError(fmt::format("report {}: unknown state {}", id, state));
        }
        row.id = id;
        row.received = to_wall_time(received);
        row.state = *known;
        row.is_sealed = sealed != 0;
        row.findings = static_cast<std::uint64_t>(findings);
        row.not_ours = static_cast<std::uint64_t>(not_ours);
        row.dropped = static_cast<std::uint64_t>(dropped);
        found.push_back(row);
      });
  return found;
}

}  // namespace

namespace {

void tell(soci::session& session, std::int64_t id, std::string_view kind, WallTime at, records::ReportState state) {
  FeedTable(session).add({.id = 0,
                          .at = at,
                          .topic = "report",
                          .kind = std::string(kind),
                          .subject = std::to_string(id),
                          .version = 0,
                          .customer = {},
                          .server = {},
                          .state = std::string(to_string(state))});
}

}  // namespace

bool ReportsTable::add(const ReportRow& row) {
  long long last = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MAX(id), 0) FROM reports", std::tie(), std::tie(last)));
  const bool added =
      execute(x_session,
              "INSERT INTO reports (id, raw_sha256, received_at, sender, authenticated, subject, format, definition, reporter, report_id, state, "
              "is_sealed, findings, not_ours, dropped, why) VALUES (:id, :raw, :received, :sender, :authenticated, :subject, :format, :definition, "
              ":reporter, :report_id, :state, :sealed, :findings, :not_ours, :dropped, :why) ON CONFLICT (raw_sha256) DO NOTHING",
              last + 1, row.raw_sha256, to_column(row.received), row.sender, row.authenticated, row.subject, row.format, row.definition, row.reporter,
              row.report_id, std::string(to_string(row.state)), static_cast<long long>(row.is_sealed), static_cast<long long>(row.findings),
              static_cast<long long>(row.not_ours), static_cast<long long>(row.dropped), row.why) == 1;
  if (added) {
    tell(x_session, last + 1, "report_received", row.received, row.state);
  }
  return added;
}

std::optional<ReportRow> ReportsTable::find(std::int64_t id) const {
  const auto wanted = static_cast<long long>(id);
  auto found = rows(x_session, "WHERE id = :id", wanted);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::optional<ReportRow> ReportsTable::find_raw(std::string_view sha256) const {
  auto found = rows(x_session, "WHERE raw_sha256 = :sha256", std::string(sha256));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<ReportRow> ReportsTable::list(records::ReportState state, std::size_t limit) const {
  const std::string wanted(to_string(state));
  const auto at_most = static_cast<long long>(std::min<std::size_t>(limit, 100'000));
  return rows(x_session, "WHERE state = :state ORDER BY id LIMIT :at_most", wanted, at_most);
}

void ReportsTable::decide(std::int64_t id, records::ReportState state, std::uint64_t findings, std::string_view why) {
  if (execute(x_session, "UPDATE reports SET state = :state, findings = :findings, why = :why WHERE id = :id", std::string(to_string(state)),
              static_cast<long long>(findings), std::string(why), static_cast<long long>(id)) == 0) {
    throw records::StoreError(fmt::format("report {}: no such report", id));
  }
  const auto row = find(id);
  tell(x_session, id, "report_decided", row ? row->received : WallTime{}, state);
}

std::vector<ReportRow> ReportsTable::page(records::ReportState state, std::int64_t after, std::size_t limit) const {
  return rows(x_session, "WHERE state = :state AND id > :after ORDER BY id LIMIT :at_most", std::string(to_string(state)),
              static_cast<long long>(after), static_cast<long long>(limit));
}

std::uint64_t ReportsTable::count(records::ReportState state) const {
  const std::string wanted(to_string(state));
  long long count = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COUNT(*) FROM reports WHERE state = :state", std::tie(wanted), std::tie(count)));
  return static_cast<std::uint64_t>(count);
}

std::vector<ReportRow> ReportsTable::sealed_before(WallTime before, std::size_t limit) const {
  return rows(x_session, "WHERE is_sealed = 1 AND received_at < :before AND why NOT LIKE :erased ORDER BY id LIMIT :at_most", to_column(before),
              std::string(kErased) + "%", static_cast<long long>(limit));
}

void ReportsTable::erased(std::int64_t id) {
  execute(x_session, "UPDATE reports SET why = :erased || why WHERE id = :id", std::string(kErased), static_cast<long long>(id));
}

}  // namespace pinfold::store
