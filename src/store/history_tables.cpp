#include "store/history_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "inventory/inventory.hpp"
#include "records/store.hpp"
#include "store/history_file.hpp"

namespace pinfold::store {
namespace {

using records::Month;
using records::Percentile;
using records::TrafficSource;

long long column(std::uint64_t value) { return static_cast<long long>(value); }
std::uint64_t count(long long column) { return static_cast<std::uint64_t>(column); }

TrafficSource source_of(long long column) { return column == 0 ? TrafficSource::Flows : TrafficSource::Interface; }

}  // namespace

/// 5-min slots stay until the month they belong to is closed, so that a bill never rests on less than its month.
Borders Borders::at(WallTime now) {
  const Month present = records::month_of(now - kBillingDelay);  // everything before this month is closed
  const HourNumber fives = std::min(hour_of(now - kKeepFives), hour_of(present.begin()));
  return {{hour_of(now - kKeepMinutes), fives, hour_of(now - kKeepHours)}};
}

const Tier* Borders::tier_of(HourNumber hour) const {
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (hour >= first.at(i)) {
      return &kTiers.at(i);
    }
  }
  return nullptr;
}

std::optional<ServerNumber> HistoryTables::number_of(const ServerId& id) const {
  long long number = 0;
  if (!first_row(x_session, "SELECT number FROM servers WHERE id = :id", std::tie(id.value), std::tie(number))) {
    return std::nullopt;
  }
  return number;
}

ServerNumber HistoryTables::last_server() const {
  long long last = -1;
  return first_row(x_session, "SELECT COALESCE(MAX(number), -1) FROM servers", std::tie(), std::tie(last)) ? last : -1;
}

ServerNumber HistoryTables::add_server(const ServerId& id) {
  const ServerNumber number = last_server() + 1;
  if (number >= static_cast<ServerNumber>(inventory::kMaxServers)) {
    throw records::StoreError(fmt::format("the traffic history has seen {} servers, and holds no more", number));
  }
  execute(x_session, "INSERT INTO servers (number, id) VALUES (:number, :id)", static_cast<long long>(number), id.value);
  return number;
}

void HistoryTables::add_journal(std::int64_t part, HourNumber hour, const std::string& data) {
  execute(x_session, "INSERT INTO journal (part, hour, data) VALUES (:part, :hour, CAST(:data AS BLOB))", static_cast<long long>(part),
          static_cast<long long>(hour), data);
}

std::optional<HourNumber> HistoryTables::oldest_journal(std::int64_t part, HourNumber before) const {
  const long long p = part;
  const long long b = before;
  Nullable<long long> oldest;
  if (!first_row(x_session, "SELECT MIN(hour) FROM journal WHERE part = :part AND hour < :before", std::tie(p, b), std::tie(oldest))) {
    return std::nullopt;
  }
  return oldest.get();
}

std::vector<std::pair<HourNumber, JournalEntry>> HistoryTables::journal(std::int64_t part, HourNumber from, HourNumber to) const {
  const long long p = part;
  const long long f = from;
  const long long t = to;
  long long hour = 0;
  std::string data;
  std::vector<std::pair<HourNumber, JournalEntry>> entries;
  for_each_row(x_session, "SELECT hour, data FROM journal WHERE part = :part AND hour >= :from AND hour <= :to", std::tie(p, f, t),
               std::tie(hour, data), [&] {
                 for (const JournalEntry& entry : decode_journal(data)) {
                   entries.emplace_back(hour, entry);
                 }
               });
  return entries;
}

void HistoryTables::drop_journal(std::int64_t part, HourNumber hour) {
  execute(x_session, "DELETE FROM journal WHERE part = :part AND hour = :hour", static_cast<long long>(part), static_cast<long long>(hour));
}

std::optional<HourSlots> HistoryTables::find(const Tier& tier, ServerNumber server, HourNumber hour, TrafficSource source) const {
  const long long s = server;
  const long long h = hour;
  const auto k = static_cast<long long>(source);
  std::string data;
  if (!first_row(x_session, fmt::format("SELECT data FROM {} WHERE server = :server AND hour = :hour AND source = :source", tier.table),
                 std::tie(s, h, k), std::tie(data))) {
    return std::nullopt;
  }
  return decode_hour(data, tier.slots);
}

std::vector<PackedHour> HistoryTables::between(const Tier& tier, ServerNumber server, HourNumber from, HourNumber to) const {
  const long long s = server;
  const long long f = from;
  const long long t = to;
  long long hour = 0;
  long long source = 0;
  std::string data;
  std::vector<PackedHour> hours;
  for_each_row(
      x_session,
      fmt::format("SELECT hour, source, data FROM {} WHERE server = :server AND hour >= :from AND hour <= :to ORDER BY hour, source", tier.table),
      std::tie(s, f, t), std::tie(hour, source, data), [&] {
        hours.push_back({hour, source_of(source), decode_hour(data, tier.slots)});
      });
  return hours;
}

void HistoryTables::write(const Tier& tier, ServerNumber server, const PackedHour& hour) {
  execute(x_session,
          fmt::format("INSERT INTO {} (server, hour, source, data) VALUES (:server, :hour, :source, CAST(:data AS BLOB)) "
                      "ON CONFLICT (server, hour, source) DO UPDATE SET data = excluded.data",
                      tier.table),
          static_cast<long long>(server), static_cast<long long>(hour.hour), static_cast<long long>(hour.source), encode(hour.slots));
}

void HistoryTables::drop_before(const Tier& tier, ServerNumber server, HourNumber hour) {
  execute(x_session, fmt::format("DELETE FROM {} WHERE server = :server AND hour < :hour", tier.table), static_cast<long long>(server),
          static_cast<long long>(hour));
}

std::optional<Percentile> HistoryTables::month(ServerNumber server, const Month& month) const {
  const long long s = server;
  const std::string name = to_string(month);
  std::array<long long, 9> c{};
  if (!first_row(x_session,
                 "SELECT rate_out, rate_in, samples, from_flows, expected, bytes_out, bytes_in, packets_out, packets_in FROM months "
                 "WHERE server = :server AND month = :month",
                 std::tie(s, name), std::tie(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]))) {
    return std::nullopt;
  }
  Percentile percentile;
  percentile.out = Bps{count(c[0])};
  percentile.in = Bps{count(c[1])};
  percentile.samples = static_cast<std::uint32_t>(c[2]);
  percentile.from_flows = static_cast<std::uint32_t>(c[3]);
  percentile.expected = static_cast<std::uint32_t>(c[4]);
  percentile.total_out = {Bytes{count(c[5])}, Packets{count(c[7])}, {}};
  percentile.total_in = {Bytes{count(c[6])}, Packets{count(c[8])}, {}};
  return percentile;
}

void HistoryTables::write_month(ServerNumber server, const Month& month, const Percentile& p) {
  execute(x_session,
          "INSERT INTO months (server, month, rate_out, rate_in, samples, from_flows, expected, bytes_out, bytes_in, packets_out, packets_in) "
          "VALUES (:server, :month, :ro, :ri, :samples, :flows, :expected, :bo, :bi, :po, :pi)",
          static_cast<long long>(server), to_string(month), column(p.out.value), column(p.in.value), column(p.samples), column(p.from_flows),
          column(p.expected), column(p.total_out.bytes.value), column(p.total_in.bytes.value), column(p.total_out.packets.value),
          column(p.total_in.packets.value));
}

void HistoryTables::drop_months_before(ServerNumber server, const Month& month) {
  execute(x_session, "DELETE FROM months WHERE server = :server AND month < :month", static_cast<long long>(server), to_string(month));
}

}  // namespace pinfold::store
