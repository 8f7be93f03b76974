// How the desk and its detectors have done.
#include <algorithm>

#include "http/api/json.hpp"
#include "http/api/operations.hpp"

namespace pinfold::http::api {
namespace {

constexpr Micros kUsualStatistics = std::chrono::days{30};
constexpr Micros kLongestStatistics = std::chrono::days{732};
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kBuckets[] = {kHour / 4, kHour, 4 * kHour, 12 * kHour, 24 * kHour, 72 * kHour};  ///< seconds

struct Span {
  WallTime from;
  WallTime to;
};
Span span_of(const Call& call) {
  Span span;
  span.to = call.time_param("to").value_or(call.now + Micros{1});  // what happened just now counts
  span.from = call.time_param("from").value_or(span.to - kUsualStatistics);
  if (span.from >= span.to || span.to - span.from > kLongestStatistics) {
    throw invalid("from", "before `to`, and at most two years before");
  }
  return span;
}

std::int64_t quantile(const std::vector<std::int64_t>& sorted, unsigned percent) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

json answers_json(const std::vector<std::int64_t>& seconds) {
  json buckets = json::array();
  std::size_t before = 0;
  for (const std::int64_t limit : kBuckets) {
    const auto up_to = static_cast<std::size_t>(std::upper_bound(seconds.begin(), seconds.end(), limit) - seconds.begin());
    buckets.push_back({{"up_to_s", limit}, {"count", up_to - before}});
    before = up_to;
  }
  buckets.push_back({{"up_to_s", nullptr}, {"count", seconds.size() - before}});
  return {{"median", seconds.empty() ? json(nullptr) : json(quantile(seconds, 50))},
          {"p90", seconds.empty() ? json(nullptr) : json(quantile(seconds, 90))},
          {"buckets", buckets}};
}

std::string day_name(std::int64_t day) { return to_string(WallTime{std::chrono::days{day}}).substr(0, 10); }

}  // namespace

Response list_detectors(Api& api, Call& call) {
  const Span span = span_of(call);
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const auto& [name, record] : tx.queue().records_by_class(span.from, span.to)) {
      const std::uint64_t decided = record.right + record.wrong;
      items.push_back({{"class", name},
                       {"cases", record.cases},
                       {"right", record.right},
                       {"wrong", record.wrong},
                       {"open", record.open},
                       {"undecided", record.cases > decided ? record.cases - decided : 0}});
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response get_statistics(Api& api, Call& call) {
  const Span span = span_of(call);
  const View view = view_of(api, call);
  records::CaseStatistics s;
  api.store().read([&](records::Transaction& tx) { s = tx.queue().statistics(span.from, span.to); });
  json by_class = json::array();
  for (const auto& [name, count] : s.by_class) {
    by_class.push_back({{"name", name}, {"count", count}});
  }
  json by_customer = json::array();
  for (const auto& [id, count] : s.by_customer) {
    by_customer.push_back({{"name", view.customer_name(CustomerId{id})}, {"count", count}});
  }
  json by_day = json::array();
  for (auto& [day, kinds] : s.days) {
    by_day.push_back({{"day", day_name(day)},
                      {"opened", kinds["case_opened"]},
                      {"closed", kinds["closed_by_staff"] + kinds["closed_after_quiet"] + kinds["probation_ended"]},
                      {"disabled", kinds["port_action_finished"]}});
  }
  return ok({{"from", to_string(span.from)},
             {"to", to_string(span.to)},
             {"cases_opened", s.opened},
             {"cases_closed", s.closed},
             {"warned", s.events["notice_delivered"]},
             {"answered", s.events["response_recorded"]},
             {"disabled", s.events["port_action_finished"]},
             {"answer_s", answers_json(s.answer_seconds)},
             {"recidivism_percent", s.opened == 0 ? json(nullptr) : json(s.repeated * 100 / s.opened)},
             {"by_class", by_class},
             {"by_customer", by_customer},
             {"by_day", by_day}});
}

}  // namespace pinfold::http::api
