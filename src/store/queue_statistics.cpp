// What the queue's rows and the events add up to over a span of time.
#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "desk/verdict.hpp"
#include "records/store.hpp"
#include "store/api_tables.hpp"

namespace pinfold::store {
namespace {

constexpr std::int64_t kMicrosPerDay = std::int64_t{86'400} * 1'000'000;
constexpr std::size_t kMostCustomers = 50;

constexpr auto kRight = static_cast<long long>(desk::Verdict::Right);
constexpr auto kWrong = static_cast<long long>(desk::Verdict::Wrong);

}  // namespace

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

}  // namespace pinfold::store
