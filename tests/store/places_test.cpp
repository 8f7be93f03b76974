// Port journal, inventory with its tenancies, and agents of every kind of store.
#include "inventory/csv.hpp"
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::JournalRow;
using records::JournalState;
using records::Transaction;

JournalRow row(const std::string& id, const std::string& port, desk::PortWish wish, WallTime when, const std::string& switch_id = "sw1") {
  JournalRow made;
  made.id = id;
  made.case_id = CaseId{4};
  made.action = ActionId{2};
  made.server = ServerId{"srv-1"};
  made.switch_id = SwitchId{switch_id};
  made.port = PortName{port};
  made.wish = wish;
  made.before = R"({"admin":1})";
  made.at = when;
  made.changed = when;
  return made;
}

class PortJournal : public StoreTest {
protected:
  bool begin(const JournalRow& made) {
    bool begun = false;
    transact([&](Transaction& tx) { begun = tx.journal().begin(made); });
    return begun;
  }
  void advance(const std::string& id, JournalState state) {
    transact([&](Transaction& tx) { tx.journal().advance(id, state, "note of " + id, at(500)); });
  }
  std::uint32_t downs(WallTime since, const char* switch_id = nullptr) {
    const SwitchId wanted{switch_id == nullptr ? "" : switch_id};
    return read([&](Transaction& tx) { return tx.journal().count_downs_since(switch_id == nullptr ? nullptr : &wanted, since); });
  }
  std::uint32_t held(const char* switch_id = "sw1") {
    return read([&](Transaction& tx) { return tx.journal().ports_held_down(SwitchId{switch_id}); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, PortJournal, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(PortJournal, KeepsARowAsBegun) {
  ASSERT_TRUE(begin(row("a", "swp1", desk::PortWish::Down, at(1))));
  reopen();
  advance("a", JournalState::Sent);
  const auto found = read([](Transaction& tx) { return tx.journal().find("a"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->case_id, CaseId{4});
  EXPECT_EQ(found->action, ActionId{2});
  EXPECT_EQ(found->server, ServerId{"srv-1"});
  EXPECT_EQ(found->switch_id, SwitchId{"sw1"});
  EXPECT_EQ(found->port, PortName{"swp1"});
  EXPECT_EQ(found->wish, desk::PortWish::Down);
  EXPECT_EQ(found->state, JournalState::Sent);
  EXPECT_EQ(found->before, R"({"admin":1})");
  EXPECT_EQ(found->note, "note of a");
  EXPECT_EQ(found->at, at(1));
  EXPECT_EQ(found->changed, at(500));
  EXPECT_EQ(read([](Transaction& tx) { return tx.journal().find("b"); }), std::nullopt);
  EXPECT_THROW(advance("b", JournalState::Sent), records::StoreError);
}

TEST_P(PortJournal, BeginsAnIdOnceAndOneRowAPort) {
  ASSERT_TRUE(begin(row("a", "swp1", desk::PortWish::Down, at(1))));
  EXPECT_FALSE(begin(row("a", "swp9", desk::PortWish::Down, at(1)))) << "the id is taken";
  EXPECT_FALSE(begin(row("b", "swp1", desk::PortWish::Up, at(1)))) << "the port has an open row";
  EXPECT_TRUE(begin(row("c", "swp1", desk::PortWish::Down, at(1), "sw2"))) << "the same port name on another switch";
  for (const JournalState still_open : {JournalState::Sent, JournalState::Unknown}) {
    advance("a", still_open);
    EXPECT_FALSE(begin(row("b", "swp1", desk::PortWish::Up, at(1))));
  }
  advance("a", JournalState::Verified);
  EXPECT_TRUE(begin(row("b", "swp1", desk::PortWish::Up, at(2))));
  EXPECT_FALSE(begin(row("a", "swp1", desk::PortWish::Down, at(3)))) << "an id is never used again";
}

TEST_P(PortJournal, ListsOpenRowsAndTheLastOfAPort) {
  begin(row("a", "swp1", desk::PortWish::Down, at(1)));
  begin(row("b", "swp2", desk::PortWish::Down, at(2)));
  begin(row("c", "swp3", desk::PortWish::Down, at(3)));
  begin(row("d", "swp4", desk::PortWish::Down, at(4)));
  advance("a", JournalState::Verified);
  advance("b", JournalState::Unknown);
  advance("c", JournalState::Abandoned);
  const auto open = read([](Transaction& tx) { return tx.journal().open(); });
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].id, "b");
  EXPECT_EQ(open[1].id, "d");
  begin(row("e", "swp1", desk::PortWish::Up, at(1)));  // at the same time as "a": the order of beginning decides
  EXPECT_EQ(read([](Transaction& tx) { return tx.journal().last_on(SwitchId{"sw1"}, PortName{"swp1"}); }).value().id, "e");
  EXPECT_EQ(read([](Transaction& tx) { return tx.journal().last_on(SwitchId{"sw2"}, PortName{"swp1"}); }), std::nullopt);
}

TEST_P(PortJournal, CountsDownsThatWereOrMayHaveBeenWritten) {
  begin(row("intent", "swp1", desk::PortWish::Down, at(10)));
  begin(row("sent", "swp2", desk::PortWish::Down, at(20)));
  begin(row("unknown", "swp3", desk::PortWish::Down, at(30), "sw2"));
  begin(row("mismatch", "swp4", desk::PortWish::Down, at(40)));
  begin(row("given up unsent", "swp5", desk::PortWish::Down, at(50)));
  begin(row("given up after sending", "swp6", desk::PortWish::Down, at(60)));
  begin(row("up", "swp7", desk::PortWish::Up, at(70)));
  advance("sent", JournalState::Sent);
  advance("unknown", JournalState::Unknown);
  advance("mismatch", JournalState::Mismatch);
  advance("given up unsent", JournalState::Abandoned);
  advance("given up after sending", JournalState::Sent);
  advance("given up after sending", JournalState::Abandoned);
  advance("up", JournalState::Verified);
  EXPECT_EQ(downs(at(0)), 5U);
  EXPECT_EQ(downs(at(0), "sw1"), 4U);
  EXPECT_EQ(downs(at(0), "sw2"), 1U);
  EXPECT_EQ(downs(at(20), "sw1"), 3U) << "from that moment on, it included";
  EXPECT_EQ(downs(at(61)), 0U);
}

TEST_P(PortJournal, HoldsAPortDownUntilAnUpIsVerified) {
  EXPECT_EQ(held(), 0U);
  begin(row("a", "swp1", desk::PortWish::Down, at(1)));
  EXPECT_EQ(held(), 1U) << "in doubt counts as down";
  advance("a", JournalState::Verified);
  begin(row("b", "swp2", desk::PortWish::Down, at(2)));
  advance("b", JournalState::Mismatch);
  EXPECT_EQ(held(), 2U) << "what was read back otherwise may still have got through";
  begin(row("c", "swp1", desk::PortWish::Up, at(3)));
  advance("c", JournalState::Sent);
  EXPECT_EQ(held(), 2U);
  advance("c", JournalState::Verified);
  EXPECT_EQ(held(), 1U);
  begin(row("d", "swp1", desk::PortWish::Down, at(4)));
  advance("d", JournalState::Verified);
  EXPECT_EQ(held(), 2U);
  EXPECT_EQ(held("sw2"), 0U);
}

TEST_P(PortJournal, TellsTheNewestRowOfEachPortThatWasWrittenTo) {
  begin(row("a", "swp2", desk::PortWish::Down, at(1)));
  advance("a", JournalState::Verified);
  begin(row("b", "swp1", desk::PortWish::Down, at(2)));
  advance("b", JournalState::Verified);
  begin(row("c", "swp2", desk::PortWish::Up, at(3)));
  advance("c", JournalState::Verified);
  begin(row("d", "swp1", desk::PortWish::Up, at(4)));
  advance("d", JournalState::Abandoned);
  begin(row("e", "swp3", desk::PortWish::Down, at(5)));
  advance("e", JournalState::Abandoned);
  const auto rows = read([](Transaction& tx) { return tx.journal().newest_of_each_port(); });
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, "b");
  EXPECT_EQ(rows[1].id, "c");
}

TEST_P(PortJournal, SavingIsARowsLastStepAndWhatIsOwedIsFoundBySwitch) {
  const auto owed = [this](const char* switch_id) {
    std::string ids;
    for (const JournalRow& one : read([&](Transaction& tx) { return tx.journal().unsaved(SwitchId{switch_id}); })) {
      ids += one.id;
    }
    return ids;
  };
  const auto set = [this](const char* id, records::Saving saving) { transact([&](Transaction& tx) { tx.journal().set_saving(id, saving); }); };
  ASSERT_TRUE(begin(row("a", "swp1", desk::PortWish::Down, at(1))));
  ASSERT_TRUE(begin(row("b", "swp2", desk::PortWish::Down, at(2))));
  ASSERT_TRUE(begin(row("c", "swp1", desk::PortWish::Down, at(3), "sw2")));
  EXPECT_EQ(owed("sw1"), "");
  set("b", records::Saving::Due);
  set("a", records::Saving::NotSaved);
  reopen();
  EXPECT_EQ(owed("sw1"), "ab");
  EXPECT_EQ(owed("sw2"), "");
  set("a", records::Saving::Saved);
  EXPECT_EQ(owed("sw1"), "b");
  EXPECT_THROW(set("nobody's", records::Saving::Due), records::StoreError);
}

class InventoryTable : public StoreTest {
protected:
  static inventory::Inventory make(const std::string& lines) {
    auto made =
        inventory::parse_csv("customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected\n" + lines, "t.csv");
    EXPECT_TRUE(made) << to_string(made.error());
    return made ? *made : inventory::Inventory{};
  }
  void replace(const std::string& lines, WallTime now) {
    transact([&](Transaction& tx) { tx.inventory().replace(make(lines), now); });
  }
  std::string tenant(const std::string& server, WallTime when) {
    return read([&](Transaction& tx) { return tx.inventory().tenant_at(ServerId{server}, when); }).value_or(CustomerId{"nobody"}).value;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, InventoryTable, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

constexpr const char* kTwo =
    "2,Zweite,z@example.org;a@example.org,de,3,srv-b,198.51.100.0/28;2001:db8::1,02:00:00:00:00:02,sw1,swp2,,yes\n"
    "1,Erste,e@example.net,en,1,srv-a,192.0.2.1,,,,,no\n";

TEST_P(InventoryTable, LoadsWhatWasStoredInTheSameOrder) {
  EXPECT_TRUE(read([](Transaction& tx) { return tx.inventory().load(); }).servers().empty());
  replace(kTwo, at(0));
  reopen();
  const auto loaded = read([](Transaction& tx) { return tx.inventory().load(); });
  const auto stored = make(kTwo);
  EXPECT_EQ(loaded.servers(), stored.servers());
  EXPECT_EQ(loaded.customers(), stored.customers());
}

TEST_P(InventoryTable, ReplacesTheWholeAndGrowsItsVersion) {
  const auto version = [this] { return read([](Transaction& tx) { return tx.inventory().version(); }); };
  const auto empty = version();
  replace(kTwo, at(0));
  const auto first = version();
  EXPECT_GT(first, empty);
  replace("1,Erste,e@example.net,en,1,srv-a,192.0.2.1,,,,,no\n", at(1));
  EXPECT_GT(version(), first);
  const auto loaded = read([](Transaction& tx) { return tx.inventory().load(); });
  EXPECT_EQ(loaded.servers().size(), 1U);
  EXPECT_EQ(loaded.customers().size(), 1U);
}

TEST_P(InventoryTable, KnowsWhoHeldAServerWhen) {
  replace("1,A,a@example.net,en,1,srv,192.0.2.1,,,,,no\n", at(100));
  replace("1,A,a@example.net,en,2,srv,192.0.2.1,,,,,no\n", at(150));  // the same holder: no new tenancy
  replace("2,B,b@example.net,en,1,srv,192.0.2.1,,,,,no\n", at(200));
  replace("3,C,c@example.net,en,1,other,192.0.2.9,,,,,no\n", at(300));
  replace("1,A,a@example.net,en,1,srv,192.0.2.1,,,,,no\n", at(400));
  EXPECT_EQ(tenant("srv", at(99)), "nobody");
  EXPECT_EQ(tenant("srv", at(100)), "1");
  EXPECT_EQ(tenant("srv", at(199)), "1");
  EXPECT_EQ(tenant("srv", at(200)), "2");
  EXPECT_EQ(tenant("srv", at(299)), "2");
  EXPECT_EQ(tenant("srv", at(300)), "nobody");
  EXPECT_EQ(tenant("srv", at(400)), "1");
  EXPECT_EQ(tenant("srv", at(1'000'000)), "1");
  EXPECT_EQ(tenant("unheard of", at(400)), "nobody");
}

TEST_P(InventoryTable, SurvivesAClockThatWasSetBack) {
  replace("1,A,a@example.net,en,1,srv,192.0.2.1,,,,,no\n", at(100));
  replace("2,B,b@example.net,en,1,srv,192.0.2.1,,,,,no\n", at(50));
  EXPECT_EQ(tenant("srv", at(120)), "2");
  EXPECT_EQ(tenant("srv", at(40)), "nobody");
}

TEST_P(InventoryTable, KnowsSinceWhenAServerIsOnItsPort) {
  const auto since = [this] { return read([](Transaction& tx) { return tx.inventory().placed_since(ServerId{"srv"}); }); };
  EXPECT_EQ(since(), std::nullopt);
  replace("1,A,a@example.net,en,1,srv,192.0.2.1,02:00:00:00:00:01,sw1,swp1,x,no\n", at(100));
  replace("1,A,a@example.net,en,2,srv,192.0.2.7,02:00:00:00:00:01,sw1,swp1,y,no\n", at(200));  // level, address and label say nothing of the place
  EXPECT_EQ(since(), at(100));
  replace("1,A,a@example.net,en,2,srv,192.0.2.7,02:00:00:00:00:01,sw1,swp2,y,no\n", at(300));
  EXPECT_EQ(since(), at(300));
  replace("1,A,a@example.net,en,2,srv,192.0.2.7,02:00:00:00:00:02,sw1,swp2,y,no\n", at(400));
  EXPECT_EQ(since(), at(400));
}

TEST_P(InventoryTable, KeepsDifferencesSinceTheyWereFirstSeenAndForgetsThoseOfServersThatAreGone) {
  replace(kTwo, at(1));
  const auto keep = [this](std::vector<records::RecordDifference> found) {
    std::vector<std::string> news;
    transact([&](Transaction& tx) { news = tx.inventory().set_differences(ServerId{"srv-b"}, found); });
    return news;
  };
  const auto known = [this] { return read([](Transaction& tx) { return tx.inventory().differences(); }); };
  const ServerId server{"srv-b"};
  EXPECT_EQ(keep({{server, "G2", "one", at(10)}, {server, "G3", "two", at(10)}}), (std::vector<std::string>{"G2", "G3"}));
  EXPECT_TRUE(keep({{server, "G3", "two, in other words", at(20)}}).empty());
  ASSERT_EQ(known().size(), 1U);
  EXPECT_EQ(known()[0].what, "two, in other words");
  EXPECT_EQ(known()[0].since, at(10));
  replace("1,Erste,e@example.net,en,1,srv-a,192.0.2.1,,,,,no\n", at(30));
  EXPECT_TRUE(known().empty());
}

class Agents : public StoreTest {
protected:
  std::optional<ServerId> enrol(const char* token, const char* agent, WallTime now) {
    std::optional<ServerId> server;
    transact([&](Transaction& tx) { server = tx.agents().enrol(token, AgentId{agent}, now); });
    return server;
  }
  void add_token(const char* token, const char* server, WallTime expires) {
    transact([&](Transaction& tx) { tx.agents().add_token(token, ServerId{server}, expires); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Agents, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Agents, EnrolWithATokenOnceAndInTime) {
  add_token("h1", "srv-1", at(100));
  add_token("h2", "srv-2", at(100));
  EXPECT_EQ(enrol("unknown", "k1", at(0)), std::nullopt);
  EXPECT_EQ(enrol("h1", "k1", at(99)), ServerId{"srv-1"});
  EXPECT_EQ(enrol("h1", "k2", at(99)), std::nullopt) << "spent";
  EXPECT_EQ(enrol("h2", "k2", at(100)), std::nullopt) << "expired";
  const auto found = read([](Transaction& tx) { return tx.agents().find(AgentId{"k1"}); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->server, ServerId{"srv-1"});
  EXPECT_EQ(found->enrolled, at(99));
  EXPECT_EQ(found->last_seen, std::nullopt);
  EXPECT_FALSE(found->revoked);
  EXPECT_EQ(read([](Transaction& tx) { return tx.agents().find(AgentId{"k2"}); }), std::nullopt);
}

TEST_P(Agents, AreSeenWithTheirTier) {
  add_token("h1", "srv-1", at(100));
  enrol("h1", "k1", at(0));
  transact([](Transaction& tx) { tx.agents().seen(AgentId{"k1"}, at(7), "bpf"); });
  reopen();
  const auto list = read([](Transaction& tx) { return tx.agents().list(); });
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].last_seen, at(7));
  EXPECT_EQ(list[0].tier, "bpf");
  EXPECT_THROW(transact([](Transaction& tx) { tx.agents().seen(AgentId{"k2"}, at(7), "bpf"); }), records::StoreError);
}

TEST_P(Agents, StayRevoked) {
  add_token("h1", "srv-1", at(100));
  add_token("h2", "srv-1", at(100));
  enrol("h1", "k1", at(0));
  transact([](Transaction& tx) { tx.agents().revoke(AgentId{"k1"}); });
  EXPECT_TRUE(read([](Transaction& tx) { return tx.agents().find(AgentId{"k1"}); }).value().revoked);
  EXPECT_EQ(enrol("h2", "k1", at(1)), std::nullopt);
  EXPECT_EQ(enrol("h2", "k3", at(1)), ServerId{"srv-1"}) << "the refused attempt did not spend the token";
  EXPECT_THROW(transact([](Transaction& tx) { tx.agents().revoke(AgentId{"k2"}); }), records::StoreError);
}

}  // namespace
}  // namespace pinfold::store
