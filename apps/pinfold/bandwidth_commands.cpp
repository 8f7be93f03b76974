// pinfold bandwidth SERVER [--month YYYY-MM] [--since TIME|DURATION] [--until TIME] [--resolution 1min|5min|1h]
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/places.hpp"
#include "pinfold/context.hpp"
#include "records/history.hpp"
#include "store/history_file.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::string server;
  std::string month;
  std::string since;
  std::string until;
  std::string resolution;
};

/// "1.25 Gbit/s"
std::string rate_text(Bps rate) {
  constexpr std::array<const char*, 4> kUnits{"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
  auto value = static_cast<double>(rate.value);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) {
    value /= 1000;
  }
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 2, kUnits.at(unit));
}

std::string bytes_text(Bytes bytes) { return fmt::format("{:.2f} GB", static_cast<double>(bytes.value) / 1e9); }

/// A moment, or so long ago.
WallTime moment(const std::string& text, const char* option, WallTime now) {
  if (const auto ago = parse_duration(text)) {
    return now - *ago;
  }
  const auto time = parse_wall_time(text);
  if (!time) {
    throw Stop(Exit::WrongUse,
               fmt::format("{}: '{}' is neither a time like 2026-11-23T04:00:00Z nor a duration like \"48 h\"", option, printable(text, 40)));
  }
  return *time;
}

nlohmann::json volume_json(const records::Volume& volume) { return {{"bytes", volume.bytes.value}, {"packets", volume.packets.value}}; }

const char* source_name(const records::Point& point) { return point.is_estimate() ? "flows" : "interface"; }

void print_series(const Output& output, const std::string& server, const std::vector<records::Point>& points) {
  std::vector<std::vector<std::string>> rows;
  for (const records::Point& point : points) {
    output.line({{"kind", "slot"},
                 {"server", server},
                 {"start", to_string(point.start)},
                 {"minutes", static_cast<int>(point.resolution)},
                 {"observed_seconds", point.slot.seconds},
                 {"source", source_name(point)},
                 {"estimate", point.is_estimate()},
                 {"out", volume_json(point.slot.out)},
                 {"in", volume_json(point.slot.in)},
                 {"rate_out", point.rate_out().value},
                 {"rate_in", point.rate_in().value}});
    rows.push_back({to_people(point.start), to_string(length_of(point.resolution)), rate_text(point.rate_out()), rate_text(point.rate_in()),
                    point.is_estimate() ? "estimate (flows)" : "interface"});
  }
  output.table({"FROM", "LENGTH", "OUT", "IN", "SOURCE"}, rows);
}

void print_percentile(const Output& output, const std::string& server, const records::Month& month, const records::Percentile& p) {
  output.line({{"kind", "percentile"},
               {"server", server},
               {"month", to_string(month)},
               {"percentile", 95},
               {"rate_out", p.out.value},
               {"rate_in", p.in.value},
               {"billed", p.billed().value},
               {"estimate", p.is_estimate()},
               {"samples", p.samples},
               {"samples_from_flows", p.from_flows},
               {"samples_expected", p.expected},
               {"total_out", volume_json(p.total_out)},
               {"total_in", volume_json(p.total_in)}});
  output.table({"MONTH", "95TH OUT", "95TH IN", "BILLED", "SENT", "RECEIVED", "SAMPLES", ""},
               {{to_string(month), rate_text(p.out), rate_text(p.in), rate_text(p.billed()), bytes_text(p.total_out.bytes),
                 bytes_text(p.total_in.bytes), fmt::format("{} of {}", p.samples, p.expected),
                 p.is_estimate() ? fmt::format("ESTIMATE: {} samples from flows", p.from_flows) : "from interface counters"}});
}

void bandwidth(Context& context, const Arguments& a) {
  const WallTime now = context.clock().wall();
  const auto month = a.month.empty() ? records::month_of(now) : records::parse_month(a.month);
  if (!month) {
    throw Stop(Exit::WrongUse, fmt::format("--month: '{}' is no month like 2026-11", printable(a.month, 40)));
  }
  const auto resolution = a.resolution.empty() ? records::Resolution::Hour : records::parse_resolution(a.resolution);
  if (!resolution) {
    throw Stop(Exit::WrongUse, fmt::format("--resolution: '{}' is not 1min, 5min or 1h", printable(a.resolution, 40)));
  }
  const auto file = engine::history_file(context.config());
  if (!std::filesystem::exists(file)) {
    throw Stop(Exit::No, "there is no traffic history yet: has `pinfold serve` run?");
  }
  const auto history = store::open_history(file);
  const ServerId server{a.server};
  const Output output = context.output();
  bool is_known = false;
  if (!a.since.empty()) {
    const WallTime from = moment(a.since, "--since", now);
    const WallTime to = a.until.empty() ? now : moment(a.until, "--until", now);
    const auto points = history->series(server, std::max(from, now - store::kKeepHours), to, *resolution);
    print_series(output, a.server, points);
    is_known = !points.empty();
  }
  if (const auto percentile = history->percentile(server, *month, now)) {
    print_percentile(output, a.server, *month, *percentile);
    is_known = true;
  }
  if (!is_known) {
    throw Stop(Exit::No, fmt::format("no traffic of {} is known in that time", printable(a.server, 60)));
  }
}

}  // namespace

void add_bandwidth_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* command =
      add_command(app, "bandwidth", "what a server sent and received, and its 95th percentile", [&context, a] { bandwidth(context, *a); });
  command->add_option("server", a->server, "the server")->required();
  command->add_option("--month", a->month, "of the percentile, like 2026-11 (UTC); the present one by default");
  command->add_option("--since", a->since, "also the single slots: from this time, or so long ago (\"48 h\")");
  command->add_option("--until", a->until, "up to this time, or so long ago; now by default");
  command->add_option("--resolution", a->resolution, "of the slots: 1min (kept 48 h), 5min (30 d) or 1h (2 years, the default)");
}

}  // namespace pinfold::app
