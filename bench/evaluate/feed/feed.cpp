#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "evaluate/captures/captures.hpp"
#include "evaluate/captures/seven.hpp"
#include "evaluate/feed/netflow5.hpp"
#include "evaluate/program.hpp"
#include "evaluate/run/outcome.hpp"

namespace pinfold::evaluate {
namespace {

constexpr int kEnvironment = 3;
constexpr double kFeedSeconds = 80;
constexpr double kBeforeAttack = 5;
constexpr Micros kMinute = std::chrono::minutes{1};

/// One feed: everything that is sent at one sampling rate, each input's server under an address of its own.
class Feed {
public:
  /// The records of `server`, moved to a new address; `row` says what they are. The feed begins at `from`.
  void add(Row row, const std::vector<ReceivedRecord>& records, const net::IpAddress& server, WallTime from) {
    const net::IpAddress address = next_address();
    row.part = part::kFastNetMon;
    row.role = to_string(address);
    for (const ReceivedRecord& one : records) {
      const double at = static_cast<double>((one.received - from).count()) / 1e6;
      if (at < 0 || at > kFeedSeconds || !one.record.src.is_v4() || !one.record.dst.is_v4()) {
        continue;
      }
      if (one.record.src == server || one.record.dst == server) {
        TimedRecord timed{at, one.record};
        timed.record.src = timed.record.src == server ? address : timed.record.src;
        timed.record.dst = timed.record.dst == server ? address : timed.record.dst;
        x_records.push_back(std::move(timed));
      }
    }
    x_rows.push_back(std::move(row));
  }
  [[nodiscard]] bool write(const std::filesystem::path& folder, std::uint32_t one_in) {
    std::ofstream rows(folder / fmt::format("feed-{}.jsonl", one_in));
    for (const Row& row : x_rows) {
      rows << to_json_line(row) << '\n';
    }
    return rows.good() && write_feed(folder / fmt::format("feed-{}.bin", one_in), std::move(x_records), one_in);
  }

private:
  [[nodiscard]] net::IpAddress next_address() { return net::IpAddress::v4(0x0A10'0000 + (++x_used)); }
  std::uint32_t x_used = 0;
  std::vector<Row> x_rows;
  std::vector<TimedRecord> x_records;
};

Row row_of(const Scene& scene) {
  Row row;
  row.name = scene.name;
  row.half = to_string(scene.half);
  row.one_in = scene.exports.one_in;
  row.rate = scene.rate;
  if (scene.attack != nullptr) {
    row.attack = scene.attack->name;
    row.abuse_class = to_string(scene.attack->abuse_class);
  }
  return row;
}

void add_attacks(Feed& feed, std::uint32_t one_in) {
  for (const Scene& scene : attack_scenes(Half::Test, 1)) {
    if (scene.exports.one_in == one_in && scene.attack_seconds == scene.attack->durations[0]) {
      const PlayedScene played = play(scene);
      feed.add(row_of(scene), played.records, scene_server(), played.plan.from - seconds(kBeforeAttack));
    }
  }
}

/// Where most packets were received within a minute.
WallTime busiest_minute(const std::vector<ReceivedRecord>& records) {
  std::map<std::int64_t, std::uint64_t> minutes;
  for (const ReceivedRecord& one : records) {
    minutes[one.received.since_epoch / kMinute] += one.record.packets.value;
  }
  const auto most = std::max_element(minutes.begin(), minutes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == minutes.end() ? WallTime{} : WallTime{kMinute * most->first};
}

void add_innocents(Feed& feed, std::uint32_t one_in) {
  for (const Scene& scene : innocent_days(Half::Test, 1)) {
    if (scene.exports.one_in == one_in) {
      const PlayedScene played = play(scene);
      feed.add(row_of(scene), played.records, scene_server(), busiest_minute(played.records));
    }
  }
}

void add_captures(Feed& feed, const ProgramOptions& options, const std::vector<CaptureCase>& captures) {
  for (const CaptureCase& capture : captures) {
    if (!std::filesystem::exists(options.data / capture.file)) {
      continue;
    }
    const auto records = read_recording(options.data / capture.file);
    if (!records || records->empty()) {
      continue;
    }
    // Nobody to blame: whoever spoke first.
    const net::IpAddress server = net::IpAddress::parse(capture.server).value_or(records->front().record.src);
    Row row;
    row.name = capture.file;
    row.attack = capture.abuse_class == "silent" ? "" : capture.abuse_class;
    row.abuse_class = capture.abuse_class;
    feed.add(std::move(row), *records, server, records->front().received - seconds(kBeforeAttack));
  }
}

void add_seven(Feed& feed) {
  const std::vector<ReceivedRecord> records = seven_records();
  for (std::uint32_t i = 0; i < seven_truths().size(); ++i) {
    Row row;
    row.name = seven_truths()[i].name;
    row.attack = seven_truths()[i].abuse_class;
    feed.add(std::move(row), records, net::IpAddress::v4(0x0A00'0001 + i), records.front().record.first->claimed() - seconds(kBeforeAttack));
  }
}

}  // namespace

int feed(const ProgramOptions& options) {
  std::filesystem::create_directories(options.results);
  const auto captures = read_capture_list(options.list);
  if (!captures) {
    fmt::print(stderr, "pinfold-evaluate: {}\n", captures.error());
    return kEnvironment;
  }
  for (const std::uint32_t one_in : {1U, 1000U}) {
    Feed feed;
    add_attacks(feed, one_in);
    add_innocents(feed, one_in);
    if (one_in == 1) {
      add_captures(feed, options, *captures);
      add_seven(feed);
    }
    if (!feed.write(options.results, one_in)) {
      fmt::print(stderr, "pinfold-evaluate: {}: cannot be written\n", options.results.string());
      return kEnvironment;
    }
  }
  return 0;
}

}  // namespace pinfold::evaluate
