// Every guard in turn over a real driver: one thing is made wrong, in the network or at the desk, and nothing may be written.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "enforce/fakes.hpp"

namespace pinfold::enforce {

struct GuardRow {
  const char* name;
  std::string_view rule;  ///< that alone stops it
  ActionOutcome::Ending ending;
  std::function<void()> make;
  std::function<void()> undo;
};

/// What is wrong at the desk, for the server with that number.
inline std::vector<GuardRow> desk_rows(fakes::World& w, unsigned n) {
  using Ending = ActionOutcome::Ending;
  const auto share = [&w, n](bool on) {
    auto servers = w.inventory.servers();
    servers[n == 1 ? 1 : 0].port = on ? servers[n - 1].port : std::optional<inventory::AccessPort>{};
    w.inventory = inventory::Inventory(w.inventory.customers(), servers);
  };
  return {
      {"kill switch", guard::kKillSwitch, Ending::Refused, [&w] { w.store.settings.set(kStopSetting, "yes"); },
       [&w] { w.store.settings.set(kStopSetting, "no"); }},
      {"shared with another customer", guard::kAllowList, Ending::Refused, [share] { share(true); }, [share] { share(false); }},
      {"old evidence", guard::kStaleness, Ending::Held,
       [&w] {
         w.is_warrant_fresh = false;
         const WallTime now = system_clock().wall();
         w.warrant.evidence_at = now - std::chrono::hours{1};
         w.warrant.approvals[0].at = now;
       },
       [&w] { w.is_warrant_fresh = true; }},
      {"nobody approved", guard::kApproval, Ending::Held, [&w] { w.warrant.approvals.clear(); },
       [&w] {
         w.warrant.approvals = {{StaffId{"anna"}, WallTime{}, true}};
       }},
      {"not armed", guard::kDryRun, Ending::Refused, [&w] { w.store.settings.set(arming_setting(SwitchId{"sw1"}), "no"); },
       [&w] { w.store.settings.set(arming_setting(SwitchId{"sw1"}), "yes"); }},
      {"another action in flight", guard::kBlastRadius, Ending::Held,
       [&w] {
         records::JournalRow row;
         row.id = "somebody else's";
         row.switch_id = SwitchId{"sw1"};
         row.port = PortName{"swp99"};
         row.at = row.changed = system_clock().wall();
         w.store.journal.rows.push_back(row);
       },
       [&w] { w.store.journal.rows.clear(); }},
  };
}

/// `run`: a down of that server. `is_up`: what the kernel says of its port.
inline void expect_each_stops_the_write(const std::vector<GuardRow>& rows, const std::function<ActionOutcome()>& run,
                                        const std::function<bool()>& is_up) {
  for (const GuardRow& row : rows) {
    SCOPED_TRACE(row.name);
    row.make();
    const ActionOutcome outcome = run();
    row.undo();
    EXPECT_EQ(outcome.ending, row.ending) << outcome.why;
    std::vector<std::string> against;
    for (const desk::GuardVerdict& verdict : outcome.verdicts) {
      if (verdict.outcome != desk::GuardOutcome::Pass) {
        against.push_back(verdict.rule);
        EXPECT_FALSE(verdict.values.empty());
      }
    }
    EXPECT_THAT(against, testing::ElementsAre(row.rule)) << outcome.why;
    EXPECT_TRUE(is_up());
  }
  const ActionOutcome last = run();
  EXPECT_EQ(last.result, desk::ActionResult::Verified) << "with nothing wrong: " << last.why;
  EXPECT_FALSE(is_up());
}

}  // namespace pinfold::enforce
