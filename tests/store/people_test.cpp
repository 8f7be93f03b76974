// Contacts, tickets, the acceptable use policy, calls, erasure and counting: conformance of every kind of store.
#include "desk/event_json.hpp"
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::Transaction;

class PeopleTest : public StoreTest {};

TEST_P(PeopleTest, AContactIsRememberedWhateverInventoryComes) {
  transact([](Transaction& tx) {
    records::ContactRow row = tx.contacts().find(ContactId{"ops@example.net"});
    EXPECT_FALSE(row.verified || row.delivered || row.mail_hosts_at);
    row.verified = at(1);
    row.verified_how = "answered PF-7";
    row.failed = at(2);
    row.failure = "550";
    row.mail_hosts = {"192.0.2.25", "2001:db8::25"};
    row.mail_hosts_at = at(3);
    tx.contacts().put(row);
    row.delivered = at(4);
    tx.contacts().put(row);
  });
  reopen();
  const auto row = read([](Transaction& tx) { return tx.contacts().find(ContactId{"ops@example.net"}); });
  EXPECT_EQ(row.verified, at(1));
  EXPECT_EQ(row.verified_how, "answered PF-7");
  EXPECT_EQ(row.delivered, at(4));
  EXPECT_EQ(row.failed, at(2));
  EXPECT_EQ(row.mail_hosts, (std::vector<std::string>{"192.0.2.25", "2001:db8::25"}));
  EXPECT_EQ(read([](Transaction& tx) { return tx.contacts().list().size(); }), 1U);
}

TEST_P(PeopleTest, ATicketIsItsEventsAndTwoWritersConflict) {
  ticket::Ticket t;
  transact([&](Transaction& tx) {
    t.id = tx.tickets().create();
    const ticket::Event opened{1, at(1),
                               ticket::Opened{CustomerId{"1001"}, ServerId{"srv-1"}, ticket::Kind::Suspicious, "x", ticket::Side::Customer, "owner"}};
    ticket::apply(t, opened);
    tx.tickets().append(t, {opened});
  });
  const ticket::Event message{2, at(2), ticket::Message{ticket::Side::Staff, "anna", "hello", {{"a.txt", std::string(64, 'a'), 3}}, "<m>"}};
  ticket::apply(t, message);
  transact([&](Transaction& tx) { tx.tickets().append(t, {message}); });
  EXPECT_THROW(transact([&](Transaction& tx) { tx.tickets().append(t, {message}); }), records::Conflict);
  reopen();
  const auto events = read([&](Transaction& tx) { return tx.tickets().events(t.id); });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<ticket::Message>(events[1].body).attachments.size(), 1U);
  const auto list = read([](Transaction& tx) { return tx.tickets().list(10); });
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].state, "waits_for_customer");
  EXPECT_EQ(list[0].changed, at(2));
}

TEST_P(PeopleTest, AupVersionsFollowEachOtherAndAreAcceptedOnce) {
  transact([](Transaction& tx) {
    EXPECT_EQ(tx.aup().publish("# one", at(1)), 1U);
    EXPECT_EQ(tx.aup().publish("# two", at(2)), 2U);
    tx.aup().accept({CustomerId{"1001"}, 2, at(3), "owner"});
    tx.aup().accept({CustomerId{"1001"}, 2, at(9), "another"});
  });
  EXPECT_THROW(transact([](Transaction& tx) { tx.aup().accept({CustomerId{"1001"}, 3, at(3), "owner"}); }), records::StoreError);
  const auto versions = read([](Transaction& tx) { return tx.aup().versions(); });
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[1].markdown, "# two");
  const auto accepted = read([](Transaction& tx) { return tx.aup().acceptances(); });
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted[0].who, "owner");
}

TEST_P(PeopleTest, ACallEscalatesUntilItIsTakenOnce) {
  transact([](Transaction& tx) {
    tx.calls().add({"PF-1/call/1", CaseId{1}, "decide", at(1), 0, at(1), {}});
    tx.calls().add({"PF-1/call/1", CaseId{1}, "decide", at(5), 0, at(5), {}});
    tx.calls().escalate("PF-1/call/1", 1, at(2));
  });
  const auto open = read([](Transaction& tx) { return tx.calls().open(); });
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].step, 1U);
  EXPECT_EQ(open[0].called, at(1));
  transact([](Transaction& tx) {
    EXPECT_TRUE(tx.calls().take("PF-1/call/1", StaffId{"anna"}, at(3)));
    EXPECT_FALSE(tx.calls().take("PF-1/call/1", StaffId{"bert"}, at(4)));
    EXPECT_FALSE(tx.calls().take("nothing", StaffId{"bert"}, at(4)));
  });
  EXPECT_TRUE(read([](Transaction& tx) { return tx.calls().open(); }).empty());
}

TEST_P(PeopleTest, ErasingAnEventLeavesTheCaseReadableAndTheChainWhole) {
  CaseId id;
  CaseId still_open;
  transact([&](Transaction& tx) {
    id = add_case(tx, {}, 2, at(1), desk::State::Closed);
    still_open = add_case(tx, {.server = "srv-2"}, 1, at(1));
    EXPECT_EQ(tx.cases().count_events_since("note_added", at(0)), 3U);
    EXPECT_EQ(tx.cases().count_events_since("note_added", at(2)), 0U);
  });
  transact([&](Transaction& tx) {
    EXPECT_TRUE(tx.cases().erase(id, 2));
    EXPECT_FALSE(tx.cases().erase(id, 9));
    EXPECT_FALSE(tx.cases().erase(still_open, 2)) << "an open case needs its events";
  });
  const auto events = read([&](Transaction& tx) { return tx.cases().events(id); });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(std::get<desk::Erased>(events[1].body).kind, "note_added");
  EXPECT_EQ(read([](Transaction& tx) { return tx.cases().verify_chain(); }), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Stores, PeopleTest, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace pinfold::store
