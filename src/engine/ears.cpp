#include "engine/ears.hpp"

namespace pinfold::engine {
namespace {

constexpr std::string_view kOpenSince = "ears.open_since";
constexpr std::string_view kLastBeat = "ears.last_beat";

std::optional<WallTime> time_setting(records::Transaction& tx, std::string_view name) {
  const auto text = tx.settings().get(name);
  return text ? parse_wall_time(*text) : std::nullopt;
}

bool is_fresh(std::optional<WallTime> last_beat, WallTime now) { return last_beat && *last_beat <= now && now - *last_beat <= kLongestBeatGap; }

}  // namespace

void beat(records::Transaction& tx, bool mail_open, bool pages_open, WallTime now) {
  if (!mail_open || !pages_open) {
    tx.settings().set(kOpenSince, "");
    return;
  }
  if (!is_fresh(time_setting(tx, kLastBeat), now) || !time_setting(tx, kOpenSince)) {
    tx.settings().set(kOpenSince, to_string(now));
  }
  tx.settings().set(kLastBeat, to_string(now));
}

desk::Ears ears_at(records::Transaction& tx, WallTime now) {
  desk::Ears ears;
  if (is_fresh(time_setting(tx, kLastBeat), now)) {
    ears.open_since = time_setting(tx, kOpenSince);
  }
  ears.unclassified = static_cast<unsigned>(tx.inbox().count_pending("mail"));
  return ears;
}

}  // namespace pinfold::engine
