#include <fmt/format.h>

#include <fstream>

#include "evaluate/captures/captures.hpp"
#include "evaluate/captures/seven.hpp"
#include "evaluate/program.hpp"
#include "evaluate/run/floor.hpp"
#include "evaluate/run/outcome.hpp"

namespace pinfold::evaluate {
namespace {

constexpr int kEnvironment = 3;

Row row_of(const char* part_name, const Scene& scene, const Outcome& outcome) {
  const Verdict verdict = judge(scene, outcome);
  Row row;
  row.part = part_name;
  row.name = scene.name;
  row.half = to_string(scene.half);
  row.method = to_string(scene.exports.method);
  row.role = scene.innocent->name;
  row.one_in = scene.exports.one_in;
  row.records = outcome.records;
  if (scene.attack != nullptr) {
    row.attack = scene.attack->name;
    row.abuse_class = to_string(scene.attack->abuse_class);
    row.rate = scene.rate;
    row.seconds = scene.attack_seconds;
    row.floor_seconds = sampling_floor_seconds(scene, outcome.attack_packets);
    row.is_above_floor = is_above_sampling_floor(scene, outcome.attack_packets);
    row.is_above_stated_floor = is_above_stated_floor(scene, outcome.attack_packets, detect::Thresholds{});
    row.is_found = verdict.is_found;
    row.is_kind_right = verdict.is_kind_right;
    row.is_informed = verdict.is_informed;
    row.seconds_to_detect = verdict.is_found ? verdict.seconds_to_detect : -1;
  } else {
    row.days = static_cast<double>(scene.length.count()) / 86'400e6;
  }
  for (const FoundAbuse* one : verdict.false_ones) {
    row.false_ones.push_back({std::string(to_string(one->abuse_class)), one->summary});
  }
  return row;
}

class Results {
public:
  explicit Results(const std::filesystem::path& file) : x_out(file, std::ios::trunc) {}
  void add(const Row& row) { x_out << to_json_line(row) << '\n'; }
  void add(const char* part_name, const std::vector<Scene>& scenes, unsigned threads, const char* title) {
    const std::vector<Outcome> outcomes = run_all(title, scenes, threads);
    for (std::size_t i = 0; i < scenes.size(); ++i) {
      add(row_of(part_name, scenes[i], outcomes[i]));
    }
  }
  [[nodiscard]] bool is_good() {
    x_out.flush();
    return x_out.good();
  }

private:
  std::ofstream x_out;
};

int fail(const std::string& message) {
  fmt::print(stderr, "pinfold-evaluate: {}\n", message);
  return kEnvironment;
}

}  // namespace

int measure(const ProgramOptions& options) {
  std::filesystem::create_directories(options.results);
  const auto captures = read_capture_list(options.list);
  if (!captures) {
    return fail(captures.error());
  }
  Results results(options.results / "results.jsonl");
  for (const CaptureCase& capture : *captures) {
    if (!std::filesystem::exists(options.data / capture.file)) {
      continue;  // the report says how many there were
    }
    const auto records = read_recording(options.data / capture.file);
    if (!records) {
      return fail(records.error());
    }
    results.add(run_capture(capture, *records));
  }
  for (const Row& row : run_seven()) {
    results.add(row);
  }
  const unsigned freeze_days = std::max(1U, options.days_each / 10);
  results.add(part::kAttacks, attack_scenes(Half::Freeze, 1), options.threads, "attacks, freeze half");
  results.add(part::kDays, innocent_days(Half::Freeze, freeze_days), options.threads, "innocent days, freeze half");
  results.add(part::kAttacks, attack_scenes(Half::Test, options.repeats), options.threads, "attacks, test half");
  results.add(part::kDays, innocent_days(Half::Test, options.days_each), options.threads, "innocent days, test half");
  return results.is_good() ? 0 : fail("results.jsonl: cannot be written");
}

}  // namespace pinfold::evaluate
