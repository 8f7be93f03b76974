// The crash model: the real executor over a journal and a switch that can be killed between any two steps. Every single kill, every pair of
// kills (the second one during recovery), under every fault of the switch and every change of the world between; then long random lives.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

#include "enforce/fakes.hpp"

namespace pinfold::enforce {
namespace {

using desk::PortWish;
using fakes::Fate;
using fakes::Killed;
using fakes::World;
using guard::AdminState;
using records::JournalRow;
using records::JournalState;

AdminState state_of(PortWish wish) { return wish == PortWish::Down ? AdminState::Down : AdminState::Up; }

/// What must be true whenever a set leaves the program.
void watch_writes(World& w) {
  w.sw.before_set = [&w](const std::string& port, AdminState wish) {
    const auto open = w.store.journal.open();
    const auto is_this = [&](const JournalRow& row) {
      return row.state == JournalState::Sent && row.port.value == port && state_of(row.wish) == wish;
    };
    EXPECT_EQ(std::count_if(open.begin(), open.end(), is_this), 1) << "a write that the journal does not know";
    EXPECT_NE(w.admin(port), wish) << "a write although the state was as wished: a blind repetition";
    if (wish == AdminState::Down) {
      EXPECT_EQ(open.size(), 1U) << "a down while another action on the switch was in doubt";
    }
  };
}

/// What must be true when everything has come to rest.
void expect_at_rest(const World& w) {
  EXPECT_TRUE(w.store.journal.open().empty()) << "a port left in doubt";
  std::set<std::string> known;
  for (const JournalRow& row : w.store.journal.rows) {
    known.insert(row.port.value);
  }
  for (const auto& [name, port] : w.sw.ports) {
    const auto last = w.store.journal.last_on(SwitchId{"sw1"}, PortName{name});
    if (port.admin == AdminState::Down) {
      ASSERT_TRUE(last) << name << " is down and the journal does not know it";
      EXPECT_TRUE(last->wish == PortWish::Up || last->state == JournalState::Verified) << name << " is down and forgotten";
    } else if (last && last->state == JournalState::Verified) {
      EXPECT_EQ(last->wish, PortWish::Up) << name << " is up, and the journal says that it is down";
    }
  }
  for (const auto& write : w.sw.writes) {
    EXPECT_EQ(known.count(write.port), 1U) << write.port << " was written without ever being asked for";
  }
  EXPECT_EQ(w.admin("swp24"), AdminState::Up) << "the uplink";
}

/// True when it was killed.
bool survive(World& w, unsigned kill_at, const std::function<void()>& work) {
  w.fate.kill_at(kill_at);
  bool killed = false;
  try {
    work();
  } catch (const Killed&) {
    killed = true;
    w.start();
  }
  w.fate.kill_at(Fate::kNever);
  return killed;
}

struct Change {
  const char* name;
  std::function<void(World&)> make;
};

const std::vector<Change>& faults() {
  static const std::vector<Change> rows{
      {"none", [](World&) {}},
      {"slow", [](World& w) { w.sw.oper_delay = std::chrono::seconds{3}; }},
      {"answer lost", [](World& w) { w.sw.loses_set_answers = true; }},
      {"set lost", [](World& w) { w.sw.loses_sets = true; }},
      {"set refused", [](World& w) { w.sw.refuses_sets = true; }},
      {"silent after the second answer", [](World& w) { w.sw.silent_from_answer = 3; }},
  };
  return rows;
}

const std::vector<Change>& meanwhile() {
  static const std::vector<Change> rows{
      {"nothing", [](World&) {}},
      {"agent restarted", [](World& w) { w.sw.restart(); }},
      {"owner answered", [](World& w) { w.lapsed = "the owner has answered"; }},
      {"stopped", [](World& w) { w.store.settings.set(kStopSetting, "yes"); }},
      {"twenty minutes", [](World& w) { w.clock.advance(std::chrono::minutes{20}); }},
      {"disarmed", [](World& w) { w.store.settings.set(arming_setting(SwitchId{"sw1"}), "no"); }},
  };
  return rows;
}

void heal(World& w) {
  w.sw.loses_set_answers = w.sw.loses_sets = w.sw.refuses_sets = w.sw.is_silent = false;
  w.sw.silent_from_answer = 0;
}

/// One life: an action killed at `first`, the world changes, a recovery killed at `second`, a last recovery. Returns whether each kill fell.
std::pair<bool, bool> live(PortWish wish, const Change& fault, const Change& change, unsigned first, unsigned second) {
  World w;
  watch_writes(w);
  if (wish == PortWish::Up) {
    EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, desk::ActionResult::Verified);
  }
  const ActionRequest request = w.request(1, wish, 7);
  fault.make(w);
  const bool fell = survive(w, first, [&] { static_cast<void>(w.run(request)); });
  const std::size_t writes = w.sw.writes.size();
  change.make(w);
  const bool fell_again = survive(w, second, [&] { static_cast<void>(w.recover()); });
  heal(w);
  static_cast<void>(w.recover());
  expect_at_rest(w);
  if (w.lapsed || std::string_view(change.name) == "stopped" || std::string_view(change.name) == "twenty minutes") {
    EXPECT_TRUE(w.sw.writes.size() == writes || wish == PortWish::Up) << "a down was written although nothing permitted it any more";
  }
  // Asking again for the same action never writes what is done.
  const std::size_t before = w.sw.writes.size();
  const bool is_done = w.store.journal.find(Executor::journal_id(request, *w.inventory.find(request.server)->port)).has_value();
  static_cast<void>(w.run(request));
  EXPECT_TRUE(!is_done || w.sw.writes.size() == before);
  return {fell, fell_again};
}

TEST(CrashModel, EveryKillAndEveryPairOfKillsEndsInNoDoubt) {
  unsigned lives = 0;
  unsigned single = 0;
  unsigned pairs = 0;
  for (const PortWish wish : {PortWish::Down, PortWish::Up}) {
    for (const Change& fault : faults()) {
      for (const Change& change : meanwhile()) {
        for (unsigned first = 1;; ++first) {
          bool first_fell = false;
          for (unsigned second = 1;; ++second) {
            SCOPED_TRACE(std::string(wish == PortWish::Down ? "down" : "up") + ", " + fault.name + ", killed at " + std::to_string(first) + ", " +
                         change.name + ", killed again at " + std::to_string(second));
            const auto [fell, fell_again] = live(wish, fault, change, first, second);
            ++lives;
            first_fell = fell;
            single += fell && !fell_again ? 1U : 0U;
            pairs += fell && fell_again ? 1U : 0U;
            if (!fell_again || ::testing::Test::HasFailure()) {
              break;
            }
          }
          if (!first_fell || ::testing::Test::HasFailure()) {
            break;
          }
        }
      }
    }
  }
  RecordProperty("lives", static_cast<int>(lives));
  EXPECT_GT(single, 300U);  // the model is worth nothing if the kills do not fall
  EXPECT_GT(pairs, 2000U);
}

/// Hours of a busy desk: requests, kills, faults and restarts at random.
void random_life(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto one_of = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  World w(8);
  w.settings.policy.max_disables_per_switch_hour = 3;
  w.start();
  watch_writes(w);
  std::int64_t action = 0;
  for (unsigned round = 0; round < 40; ++round) {
    heal(w);
    if (one_of(3) == 0) {
      faults()[one_of(static_cast<unsigned>(faults().size()))].make(w);
    }
    if (one_of(6) == 0) {
      w.sw.restart();
    }
    const ActionRequest request = w.request(1 + one_of(8), one_of(3) == 0 ? PortWish::Up : PortWish::Down, ++action);
    survive(w, one_of(2) == 0 ? 1 + one_of(60) : Fate::kNever, [&] { static_cast<void>(w.run(request)); });
    survive(w, one_of(4) == 0 ? 1 + one_of(20) : Fate::kNever, [&] { static_cast<void>(w.recover()); });
    w.clock.advance(std::chrono::seconds{one_of(1200)});
  }
  heal(w);
  static_cast<void>(w.recover());
  expect_at_rest(w);
  std::vector<WallTime> downs;
  for (const auto& write : w.sw.writes) {
    if (write.wish == AdminState::Down) {
      downs.push_back(write.at);
    }
  }
  // The limit counts intents; a write can follow its intent by a recovery of at most 15 minutes, so an hour of writes is 75 minutes of intents.
  for (std::size_t i = 0; i + 6 < downs.size(); ++i) {
    EXPECT_GT(downs[i + 6] - downs[i], std::chrono::hours{1}) << "more downs in an hour than the limit can explain";
  }
}

TEST(CrashModel, FiveHundredRandomLivesEndInNoDoubt) {
  for (std::uint32_t seed = 1; seed <= 500 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    random_life(seed);
  }
}

}  // namespace
}  // namespace pinfold::enforce
