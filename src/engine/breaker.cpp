#include "engine/breaker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "engine/jobs.hpp"

namespace pinfold::engine {
namespace {

constexpr Micros kSpan = std::chrono::hours{1};

struct Watched {
  Breaker breaker;
  std::string_view what;        ///< for people, and in the settings' names
  std::string_view event_kind;  ///< that is counted
};
constexpr std::array kWatched{Watched{Breaker::Notices, "notices", "notice_queued"}, Watched{Breaker::Measures, "measures", "disable_requested"}};

const Watched& row_of(Breaker breaker) { return kWatched.at(static_cast<std::size_t>(breaker)); }
std::string open_setting(const Watched& row) { return fmt::format("breaker/{}/open", row.what); }
std::string since_setting(const Watched& row) { return fmt::format("breaker/{}/since", row.what); }

}  // namespace

bool is_open(records::Transaction& tx, Breaker breaker) { return tx.settings().get(open_setting(row_of(breaker))) == "yes"; }

void watch_breakers(records::Transaction& tx, CaseId id, const std::vector<desk::Event>& added, const desk::Policy& policy, WallTime now) {
  for (const Watched& row : kWatched) {
    const bool concerns =
        std::any_of(added.begin(), added.end(), [&](const desk::Event& event) { return desk::kind_of(event.body) == row.event_kind; });
    if (!concerns || is_open(tx, row.breaker)) {
      continue;
    }
    const std::uint32_t limit = row.breaker == Breaker::Notices ? policy.max_notices_per_hour : policy.max_disable_requests_per_hour;
    const auto reset_at = tx.settings().get(since_setting(row));
    const WallTime since = std::max(now - kSpan, reset_at ? parse_wall_time(*reset_at).value_or(WallTime{}) : WallTime{});
    const std::size_t count = tx.cases().count_events_since(row.event_kind, since);
    if (count <= limit) {
      continue;
    }
    tx.settings().set(open_setting(row), "yes");
    log_error("BREAKER_OPEN", "{} {} within an hour, at most {} are allowed: nothing more goes out until a person resets it", count, row.what, limit);
    const std::string key = fmt::format("breaker/{}/{}", row.what, to_string(now));
    const std::string words =
        fmt::format("the circuit breaker on {} has opened ({} within an hour): look for a detector or a feed gone wrong", row.what, count);
    tx.outbox().add(to_job(id, {key, desk::CallPerson{words}}, now));
  }
}

void reset(records::Transaction& tx, Breaker breaker, WallTime now) {
  tx.settings().set(open_setting(row_of(breaker)), "no");
  tx.settings().set(since_setting(row_of(breaker)), to_string(now));
}

}  // namespace pinfold::engine
