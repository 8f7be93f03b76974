// pinfold policy check FILE, pinfold policy simulate FILE [--since TIME] [--record FILE], pinfold breaker status|reset
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "config/threshold_keys.hpp"
#include "desk/event_json.hpp"
#include "desk/replay.hpp"
#include "engine/breaker.hpp"
#include "engine/flows/threshold_history.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kAllCases = 10'000'000;
constexpr std::size_t kMaxLine = std::size_t{4} << 20U;
constexpr std::size_t kProgressEvery = 200;

struct Arguments {
  std::string file;
  std::string since;
  std::string record;
};

config::PolicyFile load(const std::string& file) {
  auto loaded = config::load_policy(file);
  if (!loaded) {
    throw Stop(Exit::No, config::to_string(loaded.error()));
  }
  return *std::move(loaded);
}

/// What loads, and still deserves a second look.
std::vector<std::string> doubts_about(const desk::Policy& policy) {
  constexpr Micros kShort = std::chrono::hours{4};
  std::vector<std::string> doubts;
  const bool is_armed = policy.warnings == desk::Arming::Armed || policy.measures == desk::Arming::Armed;
  if (policy.on_call.empty() && is_armed) {
    doubts.emplace_back("nobody is on call: questions to people stand in the log and in `pinfold call list` only");
  }
  if (policy.measures == desk::Arming::Armed && policy.response_window < kShort) {
    doubts.push_back(fmt::format("an owner has only {} to answer; people sleep, and work on other things", to_string(policy.response_window)));
  }
  if (policy.on_call.size() == 1) {
    doubts.emplace_back("one person is on call: a call that is not taken escalates to nobody");
  }
  return doubts;
}

/// What the file decides, with the reason for every detection threshold; 1 and the line that is wrong when it does not load.
void check(Context& context, const std::string& file) {
  const config::PolicyFile loaded = load(file);
  const Output output = context.output();
  output.line({{"file", file}, {"response_window", to_string(loaded.policy.response_window)}});
  output.say(fmt::format("{} is good: an owner has {} to answer", file, to_string(loaded.policy.response_window)));
  for (const std::string& doubt : doubts_about(loaded.policy)) {
    output.line({{"doubt", doubt}});
    output.say("look again: " + doubt);
  }
  std::vector<std::vector<std::string>> rows;
  for (const config::Explanation& e : config::explain(loaded.thresholds)) {
    output.line({{"key", e.key}, {"value", e.value}, {"default", e.standard}, {"unit", e.unit}, {"reason", e.reason}});
    const std::string changed = e.value == e.standard ? "" : fmt::format(" (default {})", e.standard);
    rows.push_back({e.key, fmt::format("{}{}", e.value, changed), e.unit, e.reason});
  }
  output.table({"KEY", "VALUE", "UNIT", "WHY THE DEFAULT"}, rows);
  for (const auto& [server, role] : loaded.thresholds.roles) {
    output.line({{"server", server.value}, {"role", to_string(role.role)}, {"reason", role.reason}, {"until", to_string(role.until)}});
    output.say(fmt::format("{} is declared {} until {}: {}", server.value, to_string(role.role), to_people(role.until), role.reason));
  }
}

/// Recorded cases, from the store or from a file of what `pinfold case show --json` prints.
using Source = std::map<CaseId, std::vector<desk::Event>>;
Source read_record(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    throw Stop(Exit::WrongUse, file + ": cannot be read");
  }
  Source cases;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const auto bad = [&](const std::string& what) { return Stop(Exit::WrongUse, fmt::format("{}:{}: {}", file, number, what)); };
    const auto json = parse_json(line, kMaxLine);
    if (!json) {
      throw bad(json.error());
    }
    JsonReader reader(*json);
    const std::string id = reader.text("case");
    const auto seq = reader.number("seq", UINT32_MAX);
    const WallTime at = reader.parsed("at", parse_wall_time);
    auto body = desk::parse_event(*json);
    if (reader.error() || !body) {
      throw bad(reader.error() ? *reader.error() : body.error());
    }
    auto& events = cases[parse_case_id(id)];
    if (seq != events.size() + 1) {
      throw bad(fmt::format("event {} of {} should stand here", events.size() + 1, id));
    }
    events.push_back({static_cast<std::uint32_t>(seq), at, *std::move(body)});
  }
  return cases;
}
Source read_store(Context& context) {
  Source cases;
  context.store().read([&](records::Transaction& tx) {
    for (const records::CaseSummary& row : tx.cases().list(kAllCases)) {
      cases[row.id] = tx.cases().events(row.id);
    }
  });
  return cases;
}

/// What the file's detection thresholds would have found of the windows that history keeps, and what history cannot tell.
void simulate_thresholds(Context& context, const detect::Thresholds& thresholds, WallTime since) {
  std::vector<records::NearMissRow> rows;
  context.store().read([&](records::Transaction& tx) { rows = tx.near_misses().since(since); });
  const Output out = context.output();
  out.say(fmt::format("{} minutes near a detection threshold are kept", rows.size()));
  for (const auto& [measure, history] : engine::judge_again(rows, thresholds)) {
    nlohmann::json line{{"threshold", "detect." + measure},
                        {"in_force", history.in_force},
                        {"under_this_policy", history.under_these},
                        {"minutes", {{"then", history.minutes_then}, {"under_this_policy", history.minutes_now}}},
                        {"servers", {{"then", history.servers_then.size()}, {"under_this_policy", history.servers_now.size()}}}};
    if (history.cannot_tell) {
      line["cannot_tell"] = "what lay below half of the threshold in force was not kept: there may be more";
    }
    out.line(line);
    out.say(fmt::format("  detect.{:<40} {} → {}: {} → {} minutes, {} → {} servers{}", measure, history.in_force, history.under_these,
                        history.minutes_then, history.minutes_now, history.servers_then.size(), history.servers_now.size(),
                        history.cannot_tell ? "; more may lie below half of what was in force, which is not kept" : ""));
  }
  const std::string limits =
      "history holds counts near the thresholds in force; it cannot tell what other shares (per cent), other numbers of samples or other roles would "
      "find";
  out.line({{"limits", limits}});
  out.say(limits);
}

/// On standard error: one line that moves on a terminal, plain lines elsewhere.
void tell_progress(std::size_t done, std::size_t all) {
  const bool is_terminal = ::isatty(STDERR_FILENO) != 0;
  fmt::print(stderr, "{}{} of {} cases{}", is_terminal ? "\r" : "", done, all, is_terminal ? "" : "\n");
}

void simulate(Context& context, const Arguments& a) {
  const config::PolicyFile file = load(a.file);
  const desk::Policy& policy = file.policy;
  const auto since = a.since.empty() ? std::optional(WallTime{}) : parse_wall_time(a.since);
  if (!since) {
    throw Stop(Exit::WrongUse, "--since takes a time like 2026-11-23T00:00:00Z");
  }
  const Source cases = a.record.empty() ? read_store(context) : read_record(a.record);
  WallTime last;
  for (const auto& [id, events] : cases) {
    last = std::max(last, events.back().at);
  }
  const Output out = context.output();
  const auto wanted = std::count_if(cases.begin(), cases.end(), [&](const auto& one) { return one.second.front().at >= *since; });
  std::size_t looked_at = 0;
  std::size_t differ = 0;
  unsigned assumed = 0;
  unsigned left_out = 0;
  std::map<std::string, std::pair<unsigned, unsigned>> totals;
  const auto count = [&](const char* what, bool then, bool now) {
    totals[what].first += then ? 1U : 0U;
    totals[what].second += now ? 1U : 0U;
  };
  for (const auto& [id, events] : cases) {
    if (events.front().at < *since) {
      continue;
    }
    const desk::Replayed replayed = desk::replay(id, events, policy, last);
    const desk::Milestones then = desk::milestones(events);
    const desk::Milestones now = desk::milestones(replayed.events);
    const auto lines = replayed.events.empty() ? std::vector<std::string>{"its beginning was erased: not replayed"} : desk::differences(then, now);
    assumed += replayed.assumed;
    left_out += replayed.left_out;
    count("warned", then.warned.has_value(), now.warned.has_value());
    count("asked for a disable", then.would_disable.has_value(), now.would_disable.has_value());
    count("port off", then.disabled.has_value(), now.disabled.has_value());
    totals["calls to people"].first += then.calls;
    totals["calls to people"].second += now.calls;
    if (!lines.empty()) {
      ++differ;
      out.line({{"case", to_string(id)}, {"differences", lines}, {"assumed", replayed.assumed}, {"left_out", replayed.left_out}});
      out.say(fmt::format("{}: {}", to_string(id), fmt::join(lines, "; ")));
    }
    if (++looked_at % kProgressEvery == 0) {
      tell_progress(looked_at, static_cast<std::size_t>(wanted));
    }
  }
  nlohmann::json summary{{"cases", looked_at}, {"differ", differ}, {"assumed", assumed}, {"left_out", left_out}};
  out.say(fmt::format("\n{} cases replayed, {} would have gone differently ({} results assumed, {} inputs no longer fit)", looked_at, differ, assumed,
                      left_out));
  for (const auto& [what, both] : totals) {
    summary[what] = {{"then", both.first}, {"under_this_policy", both.second}};
    out.say(fmt::format("  {:<20} {:>6} → {}", what, both.first, both.second));
  }
  out.line(summary);
  if (a.record.empty()) {
    simulate_thresholds(context, file.thresholds, *since);
  }
}

void breakers(Context& context, bool reset) {
  context.store().transact([&](records::Transaction& tx) {
    for (const auto& [breaker, name] : {std::pair{engine::Breaker::Notices, "notices"}, std::pair{engine::Breaker::Measures, "measures"}}) {
      if (reset) {
        engine::reset(tx, breaker, context.clock().wall());
      }
      const bool open = engine::is_open(tx, breaker);
      context.output().line({{"breaker", name}, {"open", open}});
      context.output().say(fmt::format("{:<9} {}", name, open ? "open: nothing goes out" : "closed"));
    }
  });
}

}  // namespace

void add_policy_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* policy = app.add_subcommand("policy", "the rules of the desk")->require_subcommand(1);
  add_command(*policy, "check", "refuse what contradicts itself", [&context, a] { check(context, a->file); })
      ->add_option("file", a->file, "the policy file")
      ->required();
  CLI::App* simulation = add_command(*policy, "simulate", "replay the recorded cases under another policy, and list what would have gone differently",
                                     [&context, a] { simulate(context, *a); });
  simulation->add_option("file", a->file, "the policy file")->required();
  simulation->add_option("--since", a->since, "only cases opened since then (2026-11-23T00:00:00Z)");
  simulation->add_option("--record", a->record, "take the cases from a file of what `case show --json` prints, not from the desk's store");
  CLI::App* breaker = app.add_subcommand("breaker", "the circuit breaker on notices and measures")->require_subcommand(1);
  add_command(*breaker, "status", "is it open?", [&context] { breakers(context, false); });
  add_command(*breaker, "reset", "close it: what is counted begins anew", [&context] { breakers(context, true); });
}

}  // namespace pinfold::app
