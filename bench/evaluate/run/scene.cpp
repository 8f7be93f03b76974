#include "evaluate/run/scene.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pinfold::evaluate {
namespace {

constexpr WallTime kMidnight{std::chrono::seconds{1'795'392'000}};  // 2026-11-23
constexpr Micros kDay = std::chrono::hours{24};
constexpr Micros kBefore = std::chrono::minutes{5};
constexpr Micros kAfter = std::chrono::minutes{2};
constexpr std::array<std::uint32_t, 4> kSamplings{1, 100, 1000, 4096};
/// Roles that an attack may hide behind. The fiercer ones have their own days.
constexpr std::size_t kMildRoles = 3;
constexpr double kFreezePace = 0.7;

ExportSettings exports_of(std::uint32_t one_in, Random& random, Half half) {
  ExportSettings settings;
  settings.one_in = one_in;
  settings.method = one_in == 1 ? Method::Flows : random.chance(0.5) ? Method::SampledPackets : Method::SampledFlows;
  settings.active = half == Half::Freeze ? std::chrono::seconds{60} : random.chance(0.7) ? std::chrono::seconds{60} : std::chrono::seconds{120};
  settings.inactive = half == Half::Freeze ? std::chrono::seconds{15} : random.chance(0.7) ? std::chrono::seconds{15} : std::chrono::seconds{10};
  return settings;
}

}  // namespace

net::IpAddress scene_server() { return net::IpAddress::v4(0x0A00'0105); }

PlayedScene play(const Scene& scene) {
  Random random(kSeed, scene.name);
  Exporter exporter(scene.exports, random);
  Stage stage(random, exporter);
  stage.server = scene_server();
  stage.half = scene.half;
  stage.load = scene.load;
  const bool is_day = scene.length >= kDay;
  stage.begin = is_day ? kMidnight : kMidnight + seconds(random.unit() * 80'000);
  stage.end = stage.begin + scene.length;
  ordinary_life(stage);
  scene.innocent->play(stage);
  PlayedScene played;
  if (scene.attack != nullptr) {
    played.plan = {scene.rate, stage.begin + kBefore, stage.begin + kBefore + seconds(scene.attack_seconds)};
    const Exporter::Packets before = exporter.packets();
    scene.attack->play(stage, played.plan);
    const Exporter::Packets after = exporter.packets();
    played.attack_packets = scene.attack->server_answers ? after.back - before.back : after.there - before.there;
  }
  played.records = exporter.take();
  return played;
}

std::vector<Scene> attack_scenes(Half half, unsigned repeats) {
  std::vector<Scene> scenes;
  for (const Attack& attack : attacks()) {
    for (const double rate : attack.rates) {
      for (const double duration : attack.durations) {
        for (const std::uint32_t one_in : kSamplings) {
          for (unsigned repeat = 0; repeat < repeats; ++repeat) {
            Scene scene;
            scene.half = half;
            scene.rate = half == Half::Freeze ? rate * kFreezePace : rate;
            scene.attack_seconds = duration;
            scene.name =
                fmt::format("{}: {}, {} {}, {} s, 1:{}, #{}", to_string(half), attack.name, scene.rate, attack.unit, duration, one_in, repeat);
            Random random(kSeed + 1, scene.name);
            scene.exports = exports_of(one_in, random, half);
            scene.attack = &attack;
            scene.innocent = &innocents()[random.below(kMildRoles)];
            scene.length = kBefore + seconds(duration) + kAfter;
            scenes.push_back(std::move(scene));
          }
        }
      }
    }
  }
  return scenes;
}

std::vector<Scene> innocent_days(Half half, unsigned days_each) {
  std::vector<Scene> scenes;
  for (const Innocent& innocent : innocents()) {
    for (const std::uint32_t one_in : kSamplings) {
      for (unsigned day = 0; day < days_each; ++day) {
        Scene scene;
        scene.half = half;
        scene.name = fmt::format("{}: {}, 1:{}, day {}", to_string(half), innocent.name, one_in, day);
        Random random(kSeed + 2, scene.name);
        scene.exports = exports_of(one_in, random, half);
        scene.innocent = &innocent;
        scene.length = kDay;
        scene.load = one_in == 1 ? 1 : random.lognormal(2, 0.7);  // unsampled flow export is what smaller networks do
        scenes.push_back(std::move(scene));
      }
    }
  }
  return scenes;
}

}  // namespace pinfold::evaluate
