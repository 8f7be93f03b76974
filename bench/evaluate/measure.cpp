#include <fmt/format.h>

#include <algorithm>

#include "evaluate/captures/captures.hpp"
#include "evaluate/captures/seven.hpp"
#include "evaluate/program.hpp"
#include "evaluate/report/results.hpp"
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

int fail(const std::string& message) {
  fmt::print(stderr, "pinfold-evaluate: {}\n", message);
  return kEnvironment;
}

bool is_wanted(const ProgramOptions& options, std::string_view part_name) {
  return options.parts.empty() || std::find(options.parts.begin(), options.parts.end(), part_name) != options.parts.end();
}

std::vector<Scene> wanted(const ProgramOptions& options, std::vector<Scene> scenes) {
  std::erase_if(scenes, [&](const Scene& scene) {
    return (!options.half.empty() && options.half != to_string(scene.half)) || scene.name.find(options.only) == std::string::npos;
  });
  return scenes;
}

/// Plays what is wanted and not known yet.
struct Player {
  const ProgramOptions& options;
  Results& results;

  void play(const char* part_name, std::vector<Scene> scenes, const char* title, Way way = Way::OneProcess) {
    scenes = wanted(options, std::move(scenes));
    std::erase_if(scenes, [&](const Scene& scene) { return results.has(part_name, scene.name); });
    run_all(title, scenes, options.threads, way, [&](std::size_t i, const Outcome& outcome) { results.add(row_of(part_name, scenes[i], outcome)); });
  }
};

/// Empty when all was well, else what went wrong.
std::string play_recordings(const ProgramOptions& options, Results& results) {
  const auto captures = read_capture_list(options.list);
  if (!captures) {
    return captures.error();
  }
  for (const CaptureCase& capture : *captures) {
    if (!std::filesystem::exists(options.data / capture.file) || results.has(part::kCaptures, capture.file)) {
      continue;  // the report says how many there were
    }
    const auto records = read_recording(options.data / capture.file);
    if (!records) {
      return records.error();
    }
    results.add(run_capture(capture, *records));
  }
  for (const Row& row : run_seven()) {
    if (!results.has(row.part, row.name)) {
      results.add(row);
    }
  }
  return {};
}

}  // namespace

int measure(const ProgramOptions& options) {
  std::filesystem::create_directories(options.results);
  Results results(options.results / "results.jsonl", fingerprint_of_this_program());
  Player player{options, results};
  if (is_wanted(options, "recordings")) {
    if (const std::string error = play_recordings(options, results); !error.empty()) {
      return fail(error);
    }
  }
  const unsigned freeze_days = std::max(1U, options.days_each / 10);
  if (is_wanted(options, part::kAttacks)) {
    player.play(part::kAttacks, attack_scenes(Half::Freeze, std::max(1U, options.repeats / 3)), "attacks, freeze half");
    player.play(part::kAttacks, attack_scenes(Half::Test, options.repeats), "attacks, test half");
  }
  if (is_wanted(options, part::kDays)) {
    player.play(part::kDays, innocent_days(Half::Freeze, freeze_days), "innocent days, freeze half");
    player.play(part::kDays, innocent_days(Half::Test, options.days_each), "innocent days, test half");
  }
  if (is_wanted(options, part::kMerged)) {
    // A whole evaluation once more, every attack and every role, through summaries.
    player.play(part::kMerged, attack_scenes(Half::Test, 1), "attacks through two collectors", Way::TwoCollectors);
    player.play(part::kMerged, innocent_days(Half::Test, 1), "innocent days through two collectors", Way::TwoCollectors);
  }
  return results.is_good() ? 0 : fail("results.jsonl: cannot be written");
}

}  // namespace pinfold::evaluate
