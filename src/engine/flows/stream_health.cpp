#include "engine/flows/stream_health.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "engine/flows/stream_options.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxReport = std::size_t{256} * 1024;
constexpr Micros kForgotten = std::chrono::hours{24};

}  // namespace

nlohmann::json stream_reports(records::Transaction& tx, WallTime now) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [setting, value] : tx.settings().below(kStreamReports)) {
    if (auto report = parse_json(value, kMaxReport); report && report->is_object()) {
      const auto at = parse_wall_time(report->value("at", ""));
      if (at && now - *at <= kForgotten) {
        (*report)["heard"] = now - *at < kStreamSilence;
        all[setting.substr(kStreamReports.size())] = *std::move(report);
      }
    }
  }
  return all;
}

void add_stream_health(records::Transaction& tx, WallTime now, http::Health& health) {
  const nlohmann::json reports = stream_reports(tx, now);
  for (const auto& [who, report] : reports.items()) {
    const bool is_heard = report.value("heard", false);
    const bool is_connected = report.value("connected", false);
    const std::size_t slash = who.find('/');
    const std::string role = who.substr(0, slash);
    const std::string name = slash == std::string::npos ? std::string{} : who.substr(slash + 1);
    health.parts.push_back({role + " " + name, is_heard && is_connected && !report.value("pressed", false),
                            !is_heard                        ? "silent since " + report.value("at", "")
                            : !is_connected                  ? "has no stream"
                            : report.value("pressed", false) ? "its buffer is filling"
                                                             : "working"});
    for (const auto& [key, value] : report.items()) {
      if (value.is_number()) {
        health.metrics.push_back({"pinfold_stream_" + key, fmt::format("role=\"{}\",name=\"{}\"", role, name), value.get<double>()});
      }
    }
  }
}

}  // namespace pinfold::engine
