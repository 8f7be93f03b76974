#include <algorithm>

#include "store/tables.hpp"

namespace pinfold::store {

void ReportsTable::note(const records::ReportedRow& row) {
  execute(
      x_session,
      "INSERT INTO reported (finding_id, raw_sha256, reporter, is_authenticated, answer_to, message_id, report_id, address, received_at, outcome) "
      "VALUES (:finding, :raw, :reporter, :authenticated, :answer_to, :message_id, :report_id, :address, :received, :outcome) "
      "ON CONFLICT (finding_id, raw_sha256) DO NOTHING",
      row.finding_id, row.raw_sha256, row.reporter, static_cast<long long>(row.is_authenticated), row.answer_to, row.message_id, row.report_id,
      row.address, to_column(row.received), std::string(to_string(row.outcome)));
}

std::vector<records::ReportedRow> ReportsTable::conclude(const std::string& finding_id, records::ReportOutcome outcome) {
  std::vector<records::ReportedRow> open;
  records::ReportedRow row;
  long long authenticated = 0;
  long long received = 0;
  for_each_row(
      x_session,
      "SELECT finding_id, raw_sha256, reporter, is_authenticated, answer_to, message_id, report_id, address, received_at FROM reported "
      "WHERE finding_id = :finding AND outcome = 'open' ORDER BY received_at, raw_sha256",
      std::tie(finding_id),
      std::tie(row.finding_id, row.raw_sha256, row.reporter, authenticated, row.answer_to, row.message_id, row.report_id, row.address, received),
      [&] {
        row.is_authenticated = authenticated != 0;
        row.received = to_wall_time(received);
        row.outcome = outcome;
        open.push_back(row);
      });
  execute(x_session, "UPDATE reported SET outcome = :outcome WHERE finding_id = :finding AND outcome = 'open'", std::string(to_string(outcome)),
          finding_id);
  return open;
}

std::vector<records::ReporterRecord> ReportsTable::reporters(std::size_t limit) const {
  std::vector<records::ReporterRecord> found;
  records::ReporterRecord record;
  long long authenticated = 0;
  long long reports = 0;
  long long findings = 0;
  long long right = 0;
  long long wrong = 0;
  long long last = 0;
  const auto at_most = static_cast<long long>(std::min<std::size_t>(limit, 100'000));
  for_each_row(x_session,
               "SELECT reporter, is_authenticated, COUNT(DISTINCT raw_sha256), COUNT(*), SUM(CASE WHEN outcome = 'right' THEN 1 ELSE 0 END), "
               "SUM(CASE WHEN outcome = 'wrong' THEN 1 ELSE 0 END), MAX(received_at) FROM reported GROUP BY reporter, is_authenticated "
               "ORDER BY COUNT(*) DESC, reporter LIMIT :at_most",
               std::tie(at_most), std::tie(record.reporter, authenticated, reports, findings, right, wrong, last), [&] {
                 record.is_authenticated = authenticated != 0;
                 record.reports = static_cast<std::uint64_t>(reports);
                 record.findings = static_cast<std::uint64_t>(findings);
                 record.right = static_cast<std::uint64_t>(right);
                 record.wrong = static_cast<std::uint64_t>(wrong);
                 record.last = to_wall_time(last);
                 found.push_back(record);
               });
  return found;
}

}  // namespace pinfold::store
