#include <chrono>

#include "store/tables.hpp"

namespace pinfold::store {
namespace {

constexpr Micros kMinute = std::chrono::minutes{1};

long long minute_of(WallTime at) { return at.since_epoch / kMinute; }

}  // namespace

void NearMissTable::add(std::span<const records::NearMissRow> rows) {
  for (const records::NearMissRow& row : rows) {
    execute(x_session,
            "INSERT INTO near_misses (server, measure, minute, value, threshold, passed, one_in) VALUES (:server, :measure, :minute, :value, "
            ":threshold, :passed, :one_in) ON CONFLICT (server, measure, minute) DO UPDATE SET value = excluded.value, threshold = "
            "excluded.threshold, passed = excluded.passed, one_in = excluded.one_in WHERE excluded.value > near_misses.value",
            row.server.value, row.measure, minute_of(row.minute), static_cast<long long>(row.value), static_cast<long long>(row.threshold),
            static_cast<long long>(row.did_pass), static_cast<long long>(row.one_in));
  }
}

std::vector<records::NearMissRow> NearMissTable::since(WallTime from) const {
  std::vector<records::NearMissRow> rows;
  records::NearMissRow row;
  const long long first = minute_of(from);
  long long minute = 0;
  long long value = 0;
  long long threshold = 0;
  long long passed = 0;
  long long one_in = 0;
  for_each_row(
      x_session,
      "SELECT server, measure, minute, value, threshold, passed, one_in FROM near_misses WHERE minute >= :first ORDER BY minute, server, measure",
      std::tie(first), std::tie(row.server.value, row.measure, minute, value, threshold, passed, one_in), [&] {
        row.minute = WallTime{kMinute * minute};
        row.value = static_cast<std::uint64_t>(value);
        row.threshold = static_cast<std::uint64_t>(threshold);
        row.did_pass = passed != 0;
        row.one_in = static_cast<std::uint32_t>(one_in);
        rows.push_back(row);
      });
  return rows;
}

void NearMissTable::forget_before(WallTime oldest) { execute(x_session, "DELETE FROM near_misses WHERE minute < :minute", minute_of(oldest)); }

}  // namespace pinfold::store
