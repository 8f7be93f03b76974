// All seven invariants at once: the real ladder (desk::step) and the real guard rails (guard::evaluate) over a site of three servers on one switch,
// one of them protected, with a limit of one port an hour. Every order of what can happen is played up to a bounded depth, equal states once:
// findings that come, come twice or come late, work, approval by evidence, the three halves of a port action, an answer, a talk, a clock that is
// stepped, and a kill between any two of them, which loses whatever was not committed.
//   1 to 4  desk::check_invariants over every case's history, and no action's port written twice
//   5       what was acknowledged is in the inbox or was worked on; what was ordered is in the outbox or was done
//   6       the protected server's port is never written
//   7       no more ports go off within an hour than the limit, restarts or not
// Then the same over mutants, each of which breaks one of them and must be caught.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

#include "desk/scene.hpp"
#include "guard/guard.hpp"

namespace pinfold::guard {
namespace {

using desk::PortWish;
using desk::test::kDay;
using desk::test::kHour;
using desk::test::kMinute;
using desk::test::kStart;

constexpr std::size_t kServers = 3;
constexpr std::size_t kProtected = 2;
constexpr unsigned kDepth = 5;

enum class Mutant : std::uint8_t {
  None,
  AcknowledgesBeforeKeeping,
  FinishesBeforeDoing,
  TouchesProtected,
  CountsInMemory,
  WritesAnAbandonedIntent,
  SendsAgain
};

enum class RowState : std::uint8_t { Intent, Sent, Done, Abandoned };
struct Row {
  std::size_t server = 0;
  ActionId action;
  PortWish wish = PortWish::Down;
  RowState state = RowState::Intent;
  WallTime at;
};

struct Site {
  Mutant mutant = Mutant::None;
  // --- durable ---
  std::array<desk::test::Scene, kServers> cases;
  std::vector<std::pair<std::size_t, abuse::Finding>> inbox;
  std::set<std::string> jobs_done;
  std::vector<Row> journal;
  // --- lost by a kill ---
  std::vector<std::pair<std::size_t, abuse::Finding>> in_memory;
  std::optional<std::size_t> at_work;  ///< the journal row whose port is being written
  unsigned counted = 0;                ///< the mutant's idea of a limit
  // --- the world ---
  std::array<bool, kServers> port_up{true, true, true};
  std::vector<WallTime> downs;
  std::set<std::string> acknowledged;
  std::set<std::string> written;
  WallTime now = kStart + 2 * kDay;
  std::optional<std::string> violation;

  Site() {
    for (desk::test::Scene& s : cases) {
      s.policy.approval = desk::Approval::Auto;
      s.policy.max_disables_per_switch_hour = 1;
      s.policy.person_first = Micros{0};  // an operator who knows his switches: the ladder and the guards decide alone
      s.to_silent();
    }
  }
  void fail(std::string what) { violation = violation ? violation : std::optional(std::move(what)); }
};

void commit(Site& site, std::size_t server, const desk::Input& input) {
  desk::test::Scene& s = site.cases[server];
  s.now = site.now;
  static_cast<void>(s.give(input));
  if (s.violation) {
    site.fail(*s.violation);
  }
}

std::pair<abuse::Finding, abuse::Finding> bout(const Site& site, WallTime when, int number) {
  auto network = desk::test::finding(fmt::format("net/{}", number), when, when);
  auto host = desk::test::finding(fmt::format("host/{}", number), when, when, abuse::Origin::Host);
  network.detected_at = host.detected_at = site.now;
  return {network, host};
}

/// The network and the agent tell; "yes" is said once it is kept.
void tell(Site& site, std::size_t server, WallTime when, int number) {
  const auto [network, host] = bout(site, when, number);
  for (const abuse::Finding& f : {network, host}) {
    if (site.acknowledged.insert(fmt::format("{}/{}", server, f.id.value)).second) {
      (site.mutant == Mutant::AcknowledgesBeforeKeeping ? site.in_memory : site.inbox).emplace_back(server, f);
    }
  }
}

void work_inbox(Site& site) {
  site.inbox.insert(site.inbox.end(), site.in_memory.begin(), site.in_memory.end());
  site.in_memory.clear();
  if (!site.inbox.empty()) {
    const auto [server, finding] = site.inbox.front();
    site.inbox.erase(site.inbox.begin());  // one transaction with the case's events
    commit(site, server, desk::FindingArrived{finding});
  }
}

inventory::Server server_of(std::size_t i) {
  inventory::Server server;
  server.id = ServerId{fmt::format("srv-{}", i)};
  server.customer = CustomerId{"c-1"};
  server.mac = net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(i + 1)}};
  server.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{fmt::format("swp{}", i)}, fmt::format("cust:{}", i)};
  server.is_protected = i == kProtected;
  return server;
}

/// As the executor asks, in the transaction that writes the intent; everything readable, nothing odd.
desk::GuardOutcome guards(const Site& site, std::size_t i, const desk::PortAction& action, WallTime evidence) {
  inventory::Server server = server_of(i);
  if (site.mutant == Mutant::TouchesProtected) {
    server.is_protected = false;
  }
  Question q;
  q.wish = action.wish;
  q.now = site.now;
  q.server = &server;
  q.on_port = {&server};
  q.learned_servers = {&server};
  q.switch_armed = true;
  q.pinfold_shut_it = true;
  q.facts.identity = {"sw1", 3, Millis{5000}, 100};
  q.facts.index = IfIndex{static_cast<std::uint32_t>(i + 1)};
  q.facts.name = server.port->name.value;
  q.facts.alias = server.port->alias;
  q.facts.if_type = kEthernet;
  q.facts.admin = site.port_up[i] ? AdminState::Up : AdminState::Down;
  q.facts.oper = site.port_up[i] ? OperState::Up : OperState::Down;
  q.facts.learned_macs = {{*server.mac}};
  q.facts.bridge_neighbours = 0;
  q.facts.is_own_path = false;
  q.facts.switch_ports_up = 4800;
  q.facts.learned_elsewhere = std::vector<net::MacAddress>{};
  q.facts.stp_root = {true, false};
  q.facts.tagged_vlans = {true, 0};
  q.facts.bond = {true, std::vector<BondMember>{}};
  q.facts.traffic_share = {true, 0.001};
  for (const Row& row : site.journal) {
    const bool counts = row.wish == PortWish::Down && row.state != RowState::Abandoned && row.at >= site.now - kHour;
    q.recent.on_switch_hour += counts ? 1 : 0;
    q.recent.in_flight_on_switch += row.state == RowState::Intent || row.state == RowState::Sent ? 1 : 0;
  }
  q.recent.on_site_hour = q.recent.on_switch_hour;
  if (site.mutant == Mutant::CountsInMemory) {
    q.recent.on_switch_hour = q.recent.on_site_hour = site.counted;
  }
  q.warrant = Warrant{evidence, {{desk::policy_approver(), site.now, false}}};
  return outcome_of(evaluate(q, site.cases[i].policy));
}

/// First half: the intent, in one transaction with the question whether it may be.
void begin(Site& site, std::size_t i) {
  desk::test::Scene& s = site.cases[i];
  s.now = site.now;
  const desk::PortAction* action = s.c.open_action();
  const std::string key = action == nullptr ? std::string{} : fmt::format("{}/{}", i, action->id.value);
  if (site.at_work || action == nullptr || site.jobs_done.contains(key) || desk::why_not_now(s.c, action->id, s.policy, s.moment())) {
    return;
  }
  if (site.mutant == Mutant::FinishesBeforeDoing) {
    site.jobs_done.insert(key);
  }
  WallTime evidence;
  for (const auto& [id, sighting] : s.c.findings) {
    evidence = std::max(evidence, sighting.last_seen);
  }
  if (guards(site, i, *action, evidence) != desk::GuardOutcome::Pass) {
    return;  // it stays in the outbox; people are asked
  }
  site.journal.push_back({i, action->id, action->wish, RowState::Intent, site.now});
  site.at_work = site.journal.size() - 1;
}

void write(Site& site, std::size_t at) {
  Row& row = site.journal[at];
  site.port_up[row.server] = row.wish == PortWish::Up;
  if (row.server == kProtected) {
    site.fail("invariant 6: the protected server's port was written");
  }
  if (!site.written.insert(fmt::format("{}/{}", row.server, row.action.value)).second) {
    site.fail("invariant 4: a port was written twice for one action");
  }
  if (row.wish == PortWish::Down) {
    ++site.counted;
    site.downs.push_back(site.now);
    const auto lately = std::count_if(site.downs.begin(), site.downs.end(), [&](WallTime at_time) { return at_time > site.now - kHour; });
    if (lately > 1) {
      site.fail("invariant 7: more ports went off within an hour than the limit");
    }
  }
}

/// Second half: "sent" is noted, then the switch is written.
void send(Site& site) {
  if (site.at_work && site.journal[*site.at_work].state == RowState::Intent) {
    site.journal[*site.at_work].state = RowState::Sent;
    write(site, *site.at_work);
  }
}

/// Third half: the row, the job and the case in one transaction.
void conclude(Site& site, std::size_t at) {
  Row& row = site.journal[at];
  row.state = RowState::Done;
  site.jobs_done.insert(fmt::format("{}/{}", row.server, row.action.value));
  commit(site, row.server, desk::PortActionFinished{row.action, desk::ActionResult::Verified, "", Millis{0}});
}

void kill(Site& site) {
  site.in_memory.clear();
  site.at_work.reset();
  site.counted = 0;
  // Recovery, before anything else may act: what the switch shows decides about open rows.
  for (std::size_t at = 0; at < site.journal.size(); ++at) {
    Row& row = site.journal[at];
    if (row.state == RowState::Intent) {
      if (site.mutant == Mutant::WritesAnAbandonedIntent) {
        write(site, at);
      }
      row.state = RowState::Abandoned;  // it never reached the switch
    } else if (row.state == RowState::Sent) {
      if (site.mutant == Mutant::SendsAgain) {
        write(site, at);
      }
      conclude(site, at);
    }
  }
}

/// Invariant 5, once the machine has come to rest: whatever is not in the queues has been worked on.
std::optional<std::string> lost_in(const Site& site) {
  for (const std::string& told : site.acknowledged) {
    const std::size_t server = static_cast<std::size_t>(told[0] - '0');
    const std::string id = told.substr(2);
    const auto is_it = [&](const auto& waiting) { return waiting.first == server && waiting.second.id.value == id; };
    const bool waits = std::any_of(site.inbox.begin(), site.inbox.end(), is_it) || std::any_of(site.in_memory.begin(), site.in_memory.end(), is_it);
    if (!waits && !site.cases[server].c.findings.contains(FindingId{id}) && !desk::is_final(site.cases[server].c.state)) {
      return "invariant 5: an acknowledged finding was lost";
    }
  }
  for (std::size_t i = 0; i < kServers; ++i) {
    const desk::PortAction* action = site.cases[i].c.open_action();
    const std::string key = action == nullptr ? std::string{} : fmt::format("{}/{}", i, action->id.value);
    if (!site.at_work && site.jobs_done.contains(key) && !site.written.contains(key) && action->is_approved()) {
      return "invariant 5: an effect was marked as done and never was";
    }
  }
  return std::nullopt;
}

struct Move {
  std::string name;
  std::function<void(Site&)> play;
};

std::vector<Move> moves() {
  std::vector<Move> all;
  for (std::size_t i = 0; i < kServers; ++i) {
    all.push_back({fmt::format("again on {}", i), [i](Site& s) { tell(s, i, s.now, 1); }});
    all.push_back({fmt::format("begin on {}", i), [i](Site& s) { begin(s, i); }});
  }
  all.push_back({"told late", [](Site& s) { tell(s, 0, kStart, 2); }});
  all.push_back({"told twice", [](Site& s) {
                   const auto [network, host] = bout(s, s.now, 1);
                   s.inbox.emplace_back(0, network);
                 }});
  all.push_back({"work", work_inbox});
  all.push_back({"send", send});
  all.push_back({"conclude", [](Site& s) {
                   if (s.at_work && s.journal[*s.at_work].state == RowState::Sent) {
                     conclude(s, *s.at_work);
                     s.at_work.reset();
                   }
                 }});
  all.push_back({"kill", kill});
  all.push_back({"answer on 0", [](Site& s) { commit(s, 0, desk::test::Scene::answer()); }});
  all.push_back({"talk on 0", [](Site& s) { commit(s, 0, desk::test::Scene::talk()); }});
  all.push_back({"ten minutes", [](Site& s) { s.now = s.now + 10 * kMinute; }});
  all.push_back({"clock back", [](Site& s) { s.now = s.now - 5 * kMinute; }});
  return all;
}

std::string key_of(const Site& site) {
  std::string key = fmt::format("{} {} {}|", site.now.since_epoch.count(), site.at_work ? static_cast<int>(*site.at_work) : -1, site.counted);
  for (std::size_t i = 0; i < kServers; ++i) {
    const desk::Case& c = site.cases[i].c;
    key += fmt::format("{}{}{}{}:", static_cast<int>(c.state), site.port_up[i], c.findings.size(), c.response_by > 0);
    for (const desk::PortAction& a : c.actions) {
      key += fmt::format("{}{}{}{},", static_cast<int>(a.wish), a.is_approved(), a.dropped, a.result.has_value());
    }
  }
  for (const auto& [server, finding] : site.inbox) {
    key += fmt::format("i{}{},", server, finding.id.value);
  }
  for (const auto& [server, finding] : site.in_memory) {
    key += fmt::format("m{}{},", server, finding.id.value);
  }
  for (const Row& row : site.journal) {
    key += fmt::format("j{}{}{}{},", row.server, static_cast<int>(row.wish), static_cast<int>(row.state), row.at.since_epoch.count());
  }
  for (const std::string& job : site.jobs_done) {
    key += job + ";";
  }
  return key;
}

/// Where the exploration starts from: all three warned and silent; all three approved and waiting; the first cut off.
std::vector<Site> starts(Mutant mutant) {
  std::vector<Site> all(3);
  for (Site& site : all) {
    site.mutant = mutant;
  }
  for (std::size_t start = 1; start < all.size(); ++start) {
    for (std::size_t i = 0; i < kServers; ++i) {
      tell(all[start], i, all[start].now, 1);
    }
    while (!all[start].inbox.empty() || !all[start].in_memory.empty()) {
      work_inbox(all[start]);
    }
  }
  begin(all[2], 0);
  if (all[2].at_work) {
    send(all[2]);
    conclude(all[2], *all[2].at_work);
    all[2].at_work.reset();
  }
  return all;
}

struct Outcome {
  std::size_t states = 0;
  std::size_t inputs = 0;
  std::size_t cut_off = 0;  ///< states in which a port is off
  std::optional<std::string> violation;
};

Outcome explore(Mutant mutant) {
  struct Trail {
    Site site;
    std::string way;
  };
  Outcome out;
  std::unordered_set<std::string> met;
  std::vector<Trail> frontier;
  for (Site& site : starts(mutant)) {
    frontier.push_back({std::move(site), ""});
  }
  const std::vector<Move> all = moves();
  for (unsigned level = 0; level < kDepth && !frontier.empty(); ++level) {
    std::vector<Trail> next;
    for (const Trail& trail : frontier) {
      for (const Move& move : all) {
        Trail moved = trail;
        move.play(moved.site);
        ++out.inputs;
        moved.way += (moved.way.empty() ? "" : ", ") + move.name;
        if (const auto lost = moved.site.violation ? moved.site.violation : lost_in(moved.site)) {
          out.violation = *lost + " <- " + moved.way;
          return out;
        }
        if (met.insert(key_of(moved.site)).second) {
          out.cut_off += moved.site.port_up == std::array<bool, kServers>{true, true, true} ? 0U : 1U;
          next.push_back(std::move(moved));
        }
      }
    }
    frontier = std::move(next);
  }
  out.states = met.size();
  return out;
}

TEST(SiteExploration, KeepsAllSevenInvariants) {
  const Outcome out = explore(Mutant::None);
  EXPECT_EQ(out.violation, std::nullopt);
  EXPECT_GT(out.states, 5'000U);
  EXPECT_GT(out.cut_off, 100U) << "ports do go off";
  std::printf("  %zu states, %zu inputs, a port off in %zu\n", out.states, out.inputs, out.cut_off);
}

TEST(SiteExploration, CatchesEverySeededFault) {
  struct Seeded {
    const char* name;
    Mutant mutant;
    const char* invariant;
  };
  for (const Seeded& row : {Seeded{"acknowledges before it keeps", Mutant::AcknowledgesBeforeKeeping, "invariant 5"},
                            Seeded{"finishes a job before doing it", Mutant::FinishesBeforeDoing, "invariant 5"},
                            Seeded{"touches the protected server", Mutant::TouchesProtected, "invariant 6"},
                            Seeded{"counts its limit in memory", Mutant::CountsInMemory, "invariant 7"},
                            Seeded{"writes what recovery abandons", Mutant::WritesAnAbandonedIntent, "invariant 7"},
                            Seeded{"sends again what was sent", Mutant::SendsAgain, "invariant 4"}}) {
    const Outcome out = explore(row.mutant);
    ASSERT_NE(out.violation, std::nullopt) << row.name << ": not caught in " << out.inputs << " inputs";
    EXPECT_NE(out.violation->find(row.invariant), std::string::npos) << row.name << ": " << *out.violation;
    std::printf("  %s: %s\n", row.name, out.violation->c_str());
  }
}

}  // namespace
}  // namespace pinfold::guard
