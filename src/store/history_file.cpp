#include "store/history_file.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>

#include "store/history_tables.hpp"
#include "store/sqlite_file.hpp"

namespace pinfold::store {
namespace {

using records::Month;
using records::Percentile;
using records::Point;
using records::Resolution;
using records::TrafficSample;
using records::TrafficSource;

constexpr auto kPart = static_cast<ServerNumber>(kServersPerPart);
/// Months that are closed after the fact, should nobody have maintained the file when they ended.
constexpr int kMonthsToClose = 2;

class HistoryFile final : public records::History {
  template <typename F>
  auto read(F&& f) {
    const std::lock_guard lock(x_reading);
    return with_file_name(x_file, [&] {
      OpenTransaction snapshot(x_reader, "BEGIN");
      const HistoryTables tables(x_reader);
      return f(tables);
    });
  }

public:
  HistoryFile(const std::filesystem::path& file, Millis busy_timeout) : x_file(file.string()) {
    with_file_name(x_file, [&] {
      const OpeningLock lock(x_file + ".lock");
      create_private(x_file);
      open_session(x_writer, x_file, busy_timeout);
      execute(x_writer, "PRAGMA synchronous = NORMAL");
      make_ready(x_writer, history_scripts());
      open_session(x_reader, x_file, busy_timeout);
      execute(x_reader, "PRAGMA query_only = ON");
    });
  }

  void append(const std::vector<TrafficSample>& samples) override {
    if (samples.empty()) {
      return;
    }
    write([&](HistoryTables& tables) {
      std::map<std::pair<std::int64_t, HourNumber>, std::vector<JournalEntry>> by_part;
      std::vector<std::pair<ServerId, ServerNumber>> fresh;
      for (const TrafficSample& sample : samples) {
        const ServerNumber server = number_of(tables, sample.server, fresh);
        const HourNumber hour = hour_of(sample.minute);
        const auto minute = static_cast<std::uint8_t>((sample.minute - start_of_hour(hour)) / Micros{std::chrono::minutes{1}});
        by_part[{server / kPart, hour}].push_back({static_cast<std::uint32_t>(server % kPart), minute, sample.source, sample.slot});
      }
      for (const auto& [place, entries] : by_part) {
        tables.add_journal(place.first, place.second, encode(entries));
      }
      return fresh;
    });
  }

  bool maintain(WallTime now) override {
    const std::lock_guard lock(x_writing);
    const HourNumber hour = hour_of(now - kPackingDelay);
    if (x_swept == hour) {
      return false;
    }
    const std::int64_t part = x_next_part;
    const ServerNumber last = with_file_name(x_file, [&] {
      pack(part, hour, now);
      OpenTransaction transaction(x_writer, "BEGIN IMMEDIATE");
      HistoryTables tables(x_writer);
      const ServerNumber newest = tables.last_server();
      for (ServerNumber server = part * kPart; server <= newest && server < (part + 1) * kPart; ++server) {
        close_months(tables, server, now);
        roll_up(tables, server, now);
      }
      transaction.commit();
      return newest;
    });
    const bool is_last_part = (part + 1) * kPart > last;
    x_next_part = is_last_part ? 0 : part + 1;
    x_swept = is_last_part ? hour : x_swept;
    return !is_last_part;
  }

  std::vector<Point> series(const ServerId& server, WallTime from, WallTime to, Resolution resolution) override {
    return read([&](const HistoryTables& tables) {
      const auto number = tables.number_of(server);
      return number ? read_series(tables, *number, from, to, resolution) : std::vector<Point>{};
    });
  }

  std::optional<Percentile> percentile(const ServerId& server, const Month& month, WallTime now) override {
    return read([&](const HistoryTables& tables) -> std::optional<Percentile> {
      const auto number = tables.number_of(server);
      if (!number) {
        return std::nullopt;
      }
      auto closed = tables.month(*number, month);
      const Percentile found = closed ? *closed : compute(tables, *number, month, now);
      return found.samples == 0 && found.total_out == records::Volume{} && found.total_in == records::Volume{} ? std::nullopt : std::optional(found);
    });
  }

private:
  /// New numbers are remembered only after the commit: a rolled-back one is given again.
  template <typename F>
  void write(F&& f) {
    const std::lock_guard lock(x_writing);
    with_file_name(x_file, [&] {
      OpenTransaction transaction(x_writer, "BEGIN IMMEDIATE");
      HistoryTables tables(x_writer);
      const auto fresh = f(tables);
      transaction.commit();
      x_numbers.insert(fresh.begin(), fresh.end());
    });
  }

  [[nodiscard]] ServerNumber number_of(HistoryTables& tables, const ServerId& id, std::vector<std::pair<ServerId, ServerNumber>>& fresh) const {
    if (const auto known = x_numbers.find(id); known != x_numbers.end()) {
      return known->second;
    }
    const auto stored = tables.number_of(id);
    const ServerNumber number = stored ? *stored : tables.add_server(id);
    fresh.emplace_back(id, number);
    return number;
  }

  /// Hours that are over, one transaction each, so that a long backlog needs no more memory than one hour.
  void pack(std::int64_t part, HourNumber before, WallTime now) {
    for (;;) {
      OpenTransaction transaction(x_writer, "BEGIN IMMEDIATE");
      HistoryTables tables(x_writer);
      const auto hour = tables.oldest_journal(part, before);
      if (!hour) {
        return;
      }
      std::map<std::pair<ServerNumber, TrafficSource>, HourSlots> packed;
      for (const auto& [at, entry] : tables.journal(part, *hour, *hour)) {
        HourSlots& slots = packed[{part * kPart + entry.server_in_part, entry.source}];
        slots.resize(kMinutesPerHour);
        slots[entry.minute] += entry.slot;
      }
      if (const Tier* tier = Borders::at(now).tier_of(*hour); tier != nullptr) {
        for (const auto& [key, slots] : packed) {
          add_to(tables, *tier, key.first, {*hour, key.second, rolled_up(slots, tier->slots)});
        }
      }
      tables.drop_journal(part, *hour);
      transaction.commit();
    }
  }

  static void add_to(HistoryTables& tables, const Tier& tier, ServerNumber server, PackedHour hour) {
    if (const auto present = tables.find(tier, server, hour.hour, hour.source)) {
      for (std::size_t i = 0; i < hour.slots.size(); ++i) {
        hour.slots[i] += (*present)[i];
      }
    }
    if (tier.resolution == Resolution::Minute && hour.source == TrafficSource::Flows) {
      std::for_each(hour.slots.begin(), hour.slots.end(), mark_late_minute);
    }
    tables.write(tier, server, hour);
  }

  [[nodiscard]] static Percentile compute(const HistoryTables& tables, ServerNumber server, const Month& month, WallTime now) {
    return records::percentile_of(read_series(tables, server, month.begin(), month.end(), Resolution::FiveMinutes), month, now);
  }

  static void close_months(HistoryTables& tables, ServerNumber server, WallTime now) {
    Month month = records::month_of(now - kBillingDelay);
    for (int i = 0; i < kMonthsToClose; ++i) {
      month = records::month_of(month.begin() - Micros{1});
      if (tables.month(server, month)) {
        return;
      }
      tables.write_month(server, month, compute(tables, server, month, now));
    }
  }

  static void roll_up(HistoryTables& tables, ServerNumber server, WallTime now) {
    const Borders borders = Borders::at(now);
    for (std::size_t i = 0; i + 1 < kTiers.size(); ++i) {
      const HourNumber border = borders.first.at(i);
      const auto old = tables.between(kTiers.at(i), server, 0, border - 1);
      for (const PackedHour& hour : old) {
        const Tier& next = kTiers.at(i + 1);
        add_to(tables, next, server, {hour.hour, hour.source, rolled_up(hour.slots, next.slots)});
      }
      if (!old.empty()) {
        tables.drop_before(kTiers.at(i), server, border);
      }
    }
    tables.drop_before(kTiers.back(), server, borders.first.back());
    tables.drop_months_before(server, records::month_of(now - kKeepHours));
  }

  std::string x_file;
  std::mutex x_writing;  ///< guards the session, the numbers and the sweep
  soci::session x_writer;
  std::unordered_map<ServerId, ServerNumber> x_numbers;
  std::int64_t x_next_part = 0;
  HourNumber x_swept = -1;
  std::mutex x_reading;
  soci::session x_reader;
};

}  // namespace

std::unique_ptr<records::History> open_history(const std::filesystem::path& file, Millis busy_timeout) {
  return std::make_unique<HistoryFile>(file, busy_timeout);
}

}  // namespace pinfold::store
