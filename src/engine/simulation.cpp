#include "engine/simulation.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "desk/replay.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kAllCases = 10'000'000;

struct Total {
  const char* what;
  std::uint64_t then = 0;
  std::uint64_t now = 0;
};

}  // namespace

nlohmann::json simulate(records::Store& store, const desk::Policy& policy, WallTime since, const std::function<void(unsigned)>& progress) {
  std::vector<records::CaseSummary> cases;
  store.read([&](records::Transaction& tx) { cases = tx.cases().list(kAllCases); });
  WallTime last;
  for (const records::CaseSummary& row : cases) {
    last = std::max(last, row.changed);
  }
  Total warned{"warned"};
  Total asked{"asked for a disable"};
  Total off{"port off"};
  Total calls{"calls to people"};
  const auto count = [](Total& total, bool then, bool now) {
    total.then += then ? 1U : 0U;
    total.now += now ? 1U : 0U;
  };
  nlohmann::json items = nlohmann::json::array();
  std::uint64_t looked_at = 0;
  std::uint64_t differ = 0;
  std::uint64_t assumed = 0;
  std::uint64_t left_out = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    progress(static_cast<unsigned>(i * 100 / cases.size()));
    std::vector<desk::Event> events;
    store.read([&](records::Transaction& tx) { events = tx.cases().events(cases[i].id); });
    if (events.empty() || events.front().at < since) {
      continue;
    }
    const desk::Replayed replayed = desk::replay(cases[i].id, events, policy, last);
    const desk::Milestones then = desk::milestones(events);
    const desk::Milestones now = desk::milestones(replayed.events);
    const auto lines = replayed.events.empty() ? std::vector<std::string>{"its beginning was erased: not replayed"} : desk::differences(then, now);
    ++looked_at;
    assumed += replayed.assumed;
    left_out += replayed.left_out;
    count(warned, then.warned.has_value(), now.warned.has_value());
    count(asked, then.would_disable.has_value(), now.would_disable.has_value());
    count(off, then.disabled.has_value(), now.disabled.has_value());
    calls.then += then.calls;
    calls.now += now.calls;
    if (!lines.empty() && ++differ <= kMaxShown) {
      items.push_back({{"case", to_string(cases[i].id)}, {"differences", lines}});
    }
  }
  nlohmann::json totals = nlohmann::json::array();
  for (const Total& total : {warned, asked, off, calls}) {
    totals.push_back({{"what", total.what}, {"then", total.then}, {"now", total.now}});
  }
  return {{"cases", looked_at}, {"differ", differ}, {"assumed", assumed}, {"left_out", left_out}, {"totals", totals}, {"items", items}};
}

}  // namespace pinfold::engine
