/// The statements of the history file, and what stands where at a given time. Internal to the history; one session, inside the caller's transaction.
/// Units:   hours and minutes as numbers since 1970. Errors: StoreError, soci_error. Threads: none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "records/history.hpp"
#include "store/history_codec.hpp"
#include "store/sql.hpp"

namespace pinfold::store {

using HourNumber = std::int64_t;
using ServerNumber = std::int64_t;
[[nodiscard]] constexpr HourNumber hour_of(WallTime time) { return time.since_epoch / Micros{std::chrono::hours{1}}; }
[[nodiscard]] constexpr WallTime start_of_hour(HourNumber hour) { return WallTime{std::chrono::hours{hour}}; }

/// A table of packed hours.
struct Tier {
  const char* table;
  records::Resolution resolution;
  std::size_t slots;
};
inline constexpr std::array<Tier, 3> kTiers{
    {{"minutes", records::Resolution::Minute, 60}, {"fives", records::Resolution::FiveMinutes, 12}, {"hours", records::Resolution::Hour, 1}}};

/// The first hour that each tier still holds; what is older stands in the next one.
struct Borders {
  std::array<HourNumber, 3> first;
  [[nodiscard]] static Borders at(WallTime now);
  [[nodiscard]] const Tier* tier_of(HourNumber hour) const;  ///< null: older than anything that is kept
};

struct PackedHour {
  HourNumber hour = 0;
  records::TrafficSource source = records::TrafficSource::Flows;
  HourSlots slots;
};

class HistoryTables {
public:
  explicit HistoryTables(soci::session& session) : x_session(session) {}

  [[nodiscard]] std::optional<ServerNumber> number_of(const ServerId& id) const;
  [[nodiscard]] ServerNumber add_server(const ServerId& id);  ///< StoreError when there are too many
  [[nodiscard]] ServerNumber last_server() const;             ///< -1: none

  void add_journal(std::int64_t part, HourNumber hour, const std::string& data);
  /// The oldest hour before `before` that the part's journal holds.
  [[nodiscard]] std::optional<HourNumber> oldest_journal(std::int64_t part, HourNumber before) const;
  [[nodiscard]] std::vector<std::pair<HourNumber, JournalEntry>> journal(std::int64_t part, HourNumber from, HourNumber to) const;  ///< `to` included
  void drop_journal(std::int64_t part, HourNumber hour);

  [[nodiscard]] std::optional<HourSlots> find(const Tier& tier, ServerNumber server, HourNumber hour, records::TrafficSource source) const;
  [[nodiscard]] std::vector<PackedHour> between(const Tier& tier, ServerNumber server, HourNumber from, HourNumber to) const;  ///< `to` included
  void write(const Tier& tier, ServerNumber server, const PackedHour& hour);
  void drop_before(const Tier& tier, ServerNumber server, HourNumber hour);

  [[nodiscard]] std::optional<records::Percentile> month(ServerNumber server, const records::Month& month) const;
  void write_month(ServerNumber server, const records::Month& month, const records::Percentile& percentile);
  void drop_months_before(ServerNumber server, const records::Month& month);

private:
  soci::session& x_session;
};

/// Late parts of flows come without observed time. A minute that has nothing else was a whole minute all the same.
void mark_late_minute(records::Slot& slot);

/// Points of one server from everything that is kept of it.
[[nodiscard]] std::vector<records::Point> read_series(const HistoryTables& tables, ServerNumber server, WallTime from, WallTime to,
                                                      records::Resolution resolution);

}  // namespace pinfold::store
