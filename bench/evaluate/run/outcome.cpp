#include "evaluate/run/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace pinfold::evaluate {
namespace {

/// The exporter's timeouts and the detector's windows end after the attack.
constexpr double kGrace = 200;

/// Lines of progress, one each two per cent. Threads: one at a time.
class Progress {
public:
  Progress(const char* title, std::size_t all) : x_title(title), x_all(all) {}
  void one_more() {
    ++x_done;
    if (const std::size_t percent = x_done * 50 / std::max<std::size_t>(x_all, 1) * 2; percent != x_percent || x_done == x_all) {
      x_percent = percent;
      fmt::print(stderr, "\r{}: {} of {} ({} %){}", x_title, x_done, x_all, percent, x_done == x_all ? "\n" : "");
    }
  }

private:
  const char* x_title;
  std::size_t x_all;
  std::size_t x_done = 0;
  std::size_t x_percent = 0;
};

}  // namespace

Outcome run_scene(const Scene& scene, Way way) {
  PlayedScene played = play(scene);
  WatchSettings settings;
  settings.servers = {scene_server()};
  settings.declared = scene.innocent->declared;
  settings.shows_both_ways = true;
  settings.through_collectors = way == Way::TwoCollectors;
  const std::vector<Seen> seen = watch(played.records, settings);
  Outcome outcome;
  outcome.records = played.records.size();
  outcome.attack_packets = played.attack_packets;
  const WallTime start = scene.attack != nullptr ? played.plan.from : WallTime{};
  for (const Seen& one : seen) {
    outcome.found.push_back({one.finding.abuse_class, one.finding.kind, accuses(one.finding),
                             static_cast<double>((one.first_detected_at - start).count()) / 1e6, one.finding.summary});
  }
  return outcome;
}

Verdict judge(const Scene& scene, const Outcome& outcome) {
  Verdict verdict;
  std::set<abuse::AbuseClass> blamed;
  for (const FoundAbuse& found : outcome.found) {
    const bool is_true = scene.attack != nullptr && not_wrong(*scene.attack, found.abuse_class) && found.seconds_after_start >= 0 &&
                         found.seconds_after_start <= scene.attack_seconds + kGrace;
    if (!is_true) {
      if (found.accuses && blamed.insert(found.abuse_class).second) {
        verdict.false_ones.push_back(&found);
      }
      continue;
    }
    if (found.abuse_class != scene.attack->abuse_class) {
      continue;  // not wrong, but not the name of the deed either
    }
    verdict.is_informed = true;
    if (found.accuses) {
      if (!verdict.is_found) {
        verdict.seconds_to_detect = found.seconds_after_start;
      }
      verdict.is_found = true;
      verdict.is_kind_right |= *scene.attack->kind == '\0' || found.kind == scene.attack->kind;
    }
  }
  return verdict;
}

void run_all(const char* title, std::span<const Scene> scenes, unsigned threads, Way way,
             const std::function<void(std::size_t, const Outcome&)>& done) {
  std::atomic<std::size_t> next{0};
  std::mutex one_at_a_time;
  Progress progress(title, scenes.size());
  const auto work = [&] {
    for (std::size_t i = next++; i < scenes.size(); i = next++) {
      const Outcome outcome = run_scene(scenes[i], way);
      const std::scoped_lock lock(one_at_a_time);
      done(i, outcome);
      progress.one_more();
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < threads; ++i) {
    workers.emplace_back(work);
  }
  work();
}

}  // namespace pinfold::evaluate
