// What the detectors learned, in and out of the collector's pipeline: the way between detect::Baselines and the store's rows.
#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

#include "base/text.hpp"
#include "collect/collector.hpp"

namespace pinfold::collect {
namespace {

using records::BaselineOf;
using records::BaselineRow;

std::vector<std::uint8_t> to_row(const std::string& saved) { return {saved.begin(), saved.end()}; }

Expected<void, std::string> restore(detect::Pipeline& pipeline, const BaselineRow& row, const std::unordered_map<std::string, std::uint32_t>& index) {
  const std::string_view saved(reinterpret_cast<const char*>(row.learned.data()), row.learned.size());
  if (row.of == BaselineOf::ServiceLevel) {
    const bool is_digit = row.subject.size() == 1 && row.subject.front() >= '0' && row.subject.front() <= '9';
    return pipeline.baselines().restore_level({static_cast<std::uint8_t>(is_digit ? row.subject.front() - '0' : 0xFF)}, saved);
  }
  const auto server = index.find(row.subject);
  return server == index.end() ? Expected<void, std::string>{} : pipeline.baselines().restore({server->second}, saved);
}

}  // namespace

std::vector<BaselineRow> Collector::save_baselines(std::uint32_t part, std::uint32_t parts) const {
  const WallTime now = x_clock.wall();
  return x_pipeline.with([&](const auto& pipeline) {
    std::vector<BaselineRow> rows;
    const auto& servers = pipeline->inventory().servers();
    for (std::size_t i = part; i < servers.size(); i += parts) {
      if (const auto saved = pipeline->baselines().save({static_cast<std::uint32_t>(i)})) {
        rows.push_back({BaselineOf::Server, servers[i].id.value, to_row(*saved), now});
      }
    }
    for (std::uint8_t level = 0; part == 0 && level < detect::Baselines::kLevels; ++level) {
      if (const auto saved = pipeline->baselines().save_level({level})) {
        rows.push_back({BaselineOf::ServiceLevel, std::to_string(level), to_row(*saved), now});
      }
    }
    return rows;
  });
}

std::vector<std::string> Collector::restore_baselines(const std::vector<BaselineRow>& rows) {
  return x_pipeline.with([&](auto& pipeline) {
    std::unordered_map<std::string, std::uint32_t> index;
    for (std::uint32_t i = 0; i < pipeline->inventory().servers().size(); ++i) {
      index.emplace(pipeline->inventory().server({i}).id.value, i);
    }
    std::vector<std::string> problems;
    for (const BaselineRow& row : rows) {
      if (const auto restored = restore(*pipeline, row, index); !restored) {
        problems.push_back(
            fmt::format("{} {}: {}", row.of == BaselineOf::Server ? "server" : "service level", printable(row.subject, 60), restored.error()));
      }
    }
    return problems;
  });
}

}  // namespace pinfold::collect
