#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::Transaction;

class Cases : public StoreTest {
protected:
  std::optional<std::string> verify() {
    return read([](Transaction& tx) { return tx.cases().verify_chain(); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Cases, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Cases, GivesNumbersFromOneAndNeverTwice) {
  transact([](Transaction& tx) { EXPECT_EQ(tx.cases().create(), CaseId{1}); });
  reopen();
  transact([](Transaction& tx) {
    EXPECT_EQ(tx.cases().create(), CaseId{2});
    EXPECT_EQ(tx.cases().create(), CaseId{3});
  });
}

TEST_P(Cases, ReturnsTheEventsAsTheyWereAppended) {
  transact([](Transaction& tx) {
    const CaseId id = add_case(tx, {}, 1, at(0));
    tx.cases().append(id, 2, {note(3, "später \xE2\x82\xAC \" \\ \n", at(7) + Micros{123'456})}, summary(id, {}, 3, at(0), at(7)), std::nullopt);
  });
  reopen();
  const auto events = read([](Transaction& tx) { return tx.cases().events(CaseId{1}); });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(std::get<desk::CaseOpened>(events[0].body).server, ServerId{"srv-1"});
  EXPECT_EQ(events[2].seq, 3U);
  EXPECT_EQ(events[2].at, at(7) + Micros{123'456});
  EXPECT_EQ(std::get<desk::NoteAdded>(events[2].body).text, "später \xE2\x82\xAC \" \\ \n");
  EXPECT_TRUE(read([](Transaction& tx) { return tx.cases().events(CaseId{99}); }).empty());
}

TEST_P(Cases, RefusesToAppendBehindAnEventThatIsNoLongerTheLast) {
  transact([](Transaction& tx) { add_case(tx, {}, 0, at(0)); });
  const auto append_behind_first = [](Transaction& tx) {
    tx.cases().append(CaseId{1}, 1, {note(2, "x", at(1))}, summary(CaseId{1}, {}, 2, at(0), at(1)), std::nullopt);
  };
  transact(append_behind_first);
  EXPECT_THROW(transact(append_behind_first), records::Conflict);
  EXPECT_THROW(transact([](Transaction& tx) { tx.cases().append(CaseId{1}, 0, {opening({}, at(0))}, summary(CaseId{1}, {}, 1, at(0), at(0)), {}); }),
               records::Conflict);
  EXPECT_EQ(read([](Transaction& tx) { return tx.cases().events(CaseId{1}).size(); }), 2U);
  EXPECT_EQ(verify(), std::nullopt);
}

TEST_P(Cases, AllowsOneOpenCaseAServerTenantAndFamily) {
  transact([](Transaction& tx) { add_case(tx, {}, 0, at(0)); });
  EXPECT_THROW(transact([](Transaction& tx) { add_case(tx, {}, 0, at(1)); }), records::Conflict);
  transact([](Transaction& tx) {
    add_case(tx, {"srv-2", "1001", abuse::Family::Compromise}, 0, at(1));
    add_case(tx, {"srv-1", "1002", abuse::Family::Compromise}, 0, at(1));
    add_case(tx, {"srv-1", "1001", abuse::Family::Content}, 0, at(1));
  });
}

TEST_P(Cases, FindsTheOpenCaseAndCountsTheEarlierOnes) {
  const auto find = [this] {
    return read([](Transaction& tx) { return tx.cases().find_open(ServerId{"srv-1"}, CustomerId{"1001"}, abuse::Family::Compromise); });
  };
  const auto count = [this] {
    return read([](Transaction& tx) { return tx.cases().count_earlier(ServerId{"srv-1"}, CustomerId{"1001"}, abuse::Family::Compromise); });
  };
  EXPECT_EQ(find(), std::nullopt);
  transact([](Transaction& tx) { add_case(tx, {}, 0, at(0)); });
  EXPECT_EQ(find(), CaseId{1});
  EXPECT_EQ(count(), 0U);
  transact([](Transaction& tx) {
    tx.cases().append(CaseId{1}, 1, {note(2, "x", at(1))}, summary(CaseId{1}, {}, 2, at(0), at(1), desk::State::Closed), std::nullopt);
  });
  EXPECT_EQ(find(), std::nullopt);
  EXPECT_EQ(count(), 1U);
  transact([](Transaction& tx) {
    add_case(tx, {}, 0, at(2), desk::State::FalsePositive);
    add_case(tx, {"srv-1", "1002", abuse::Family::Compromise}, 0, at(2), desk::State::Closed);
    add_case(tx, {"srv-1", "1001", abuse::Family::Content}, 0, at(2), desk::State::Closed);
  });
  EXPECT_EQ(count(), 1U) << "false positives, other tenants and other families are not this owner's record";
}

TEST_P(Cases, ListsTheNewestChangeFirst) {
  transact([](Transaction& tx) {
    add_case(tx, {"a", "1", abuse::Family::Compromise}, 0, at(10));
    add_case(tx, {"b", "2", abuse::Family::Exposure}, 0, at(30), desk::State::Disabled);
    add_case(tx, {"c", "3", abuse::Family::Content}, 0, at(20));
    tx.cases().append(CaseId{1}, 1, {note(2, "x", at(25))},
                      summary(CaseId{1}, {"a", "1", abuse::Family::Compromise}, 2, at(10), at(25), desk::State::Silent), std::nullopt);
  });
  const auto list = read([](Transaction& tx) { return tx.cases().list(10); });
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].id, CaseId{2});
  EXPECT_EQ(list[0].server, ServerId{"b"});
  EXPECT_EQ(list[0].customer, CustomerId{"2"});
  EXPECT_EQ(list[0].family, abuse::Family::Exposure);
  EXPECT_EQ(list[0].state, desk::State::Disabled);
  EXPECT_EQ(list[1].id, CaseId{1});
  EXPECT_EQ(list[1].state, desk::State::Silent);
  EXPECT_EQ(list[1].opened, at(10));
  EXPECT_EQ(list[1].changed, at(25));
  EXPECT_EQ(list[2].id, CaseId{3});
  EXPECT_EQ(read([](Transaction& tx) { return tx.cases().list(2).size(); }), 2U);
}

TEST_P(Cases, AreDueFromTheirTimeOnUntilTheNextAppendSaysOtherwise) {
  transact([](Transaction& tx) {
    for (const int n : {1, 2, 3}) {
      const NewCase what{"srv-" + std::to_string(n), "1", abuse::Family::Compromise};
      const CaseId id = tx.cases().create();
      tx.cases().append(id, 0, {opening(what, at(0))}, summary(id, what, 1, at(0), at(0)), n == 3 ? std::nullopt : std::optional(at(100 - n)));
    }
  });
  const auto due = [this](WallTime now, std::size_t limit) { return read([&](Transaction& tx) { return tx.cases().due(now, limit); }); };
  EXPECT_TRUE(due(at(97), 10).empty());
  EXPECT_EQ(due(at(98), 10), std::vector{CaseId{2}});
  EXPECT_EQ(due(at(1000), 10), (std::vector{CaseId{2}, CaseId{1}}));
  EXPECT_EQ(due(at(1000), 1), std::vector{CaseId{2}});
  transact([](Transaction& tx) {
    tx.cases().append(CaseId{2}, 1, {note(2, "x", at(1))}, summary(CaseId{2}, {"srv-2", "1", abuse::Family::Compromise}, 2, at(0), at(1)),
                      std::nullopt);
  });
  EXPECT_EQ(due(at(1000), 10), std::vector{CaseId{1}});
}

// --- the chain -----------------------------------------------------------------------------------------------------------------------

/// Two cases whose events alternate in the chain: rows 1–2 are PF-1, 3–4 are PF-2, 5 is PF-1 again.
class EventChain : public Cases {
protected:
  void SetUp() override {
    Cases::SetUp();
    transact([](Transaction& tx) {
      add_case(tx, {}, 1, at(0));
      add_case(tx, {"srv-2", "1002", abuse::Family::Compromise}, 1, at(1));
      tx.cases().append(CaseId{1}, 2, {note(3, "third", at(2))}, summary(CaseId{1}, {}, 3, at(0), at(2)), std::nullopt);
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, EventChain, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(EventChain, VerifiesWhatWasAppended) {
  EXPECT_EQ(verify(), std::nullopt);
  reopen();
  EXPECT_EQ(verify(), std::nullopt);
}

TEST_P(EventChain, OfNothingVerifies) {
  const auto empty = GetParam().make();
  empty->open()->read([](Transaction& tx) { EXPECT_EQ(tx.cases().verify_chain(), std::nullopt); });
}

TEST_P(EventChain, FindsAChangedContent) {
  x_fixture->sql("UPDATE events SET payload = replace(payload, 'note 1', 'note 9') WHERE position = 4");
  EXPECT_EQ(verify(), "PF-2 event 2 (row 4 of the chain): its content was changed");
}

TEST_P(EventChain, FindsAChangedContentEvenWithItsCommitmentRecomputed) {
  x_fixture->sql("UPDATE events SET commitment = (SELECT commitment FROM events WHERE position = 2) WHERE position = 4");
  EXPECT_EQ(verify(), "PF-2 event 2 (row 4 of the chain): case, number, time, kind or commitment was changed, or the row was moved");
}

TEST_P(EventChain, FindsEveryChangedColumn) {
  for (const char* change :
       {"recorded_at = recorded_at + 1", "kind = 'note_removed'", "hash = commitment", "commitment = 'no hex'", "salt = 'no hex'"}) {
    const auto fixture = GetParam().make();
    const auto store = fixture->open();
    store->transact([](Transaction& tx) { add_case(tx, {}, 2, at(0)); });
    fixture->sql(std::string("UPDATE events SET ") + change + " WHERE position = 2");
    store->read([&](Transaction& tx) {
      const auto fault = tx.cases().verify_chain();
      ASSERT_TRUE(fault) << change;
      EXPECT_NE(fault->find("PF-1 event 2 (row 2 of the chain)"), std::string::npos) << change << ": " << *fault;
    });
  }
}

TEST_P(EventChain, FindsARemovedRow) {
  x_fixture->sql("DELETE FROM events WHERE position = 3");
  EXPECT_EQ(verify(), "the chain jumps from row 2 to row 4: what stood between was removed");
}

TEST_P(EventChain, FindsARemovedRowWhoseGapWasClosed) {
  x_fixture->sql("DELETE FROM events WHERE position = 2");
  x_fixture->sql("UPDATE events SET position = -position");
  x_fixture->sql("UPDATE events SET position = -position - 1 WHERE position <= -3");
  x_fixture->sql("UPDATE events SET position = 1 WHERE position = -1");
  EXPECT_EQ(verify(), "PF-2 event 1 (row 2 of the chain): case, number, time, kind or commitment was changed, or the row was moved");
}

TEST_P(EventChain, FindsReorderedRows) {
  x_fixture->sql("UPDATE events SET position = 100 WHERE position = 2");
  x_fixture->sql("UPDATE events SET position = 2 WHERE position = 3");
  x_fixture->sql("UPDATE events SET position = 3 WHERE position = 100");
  EXPECT_EQ(verify(), "PF-2 event 1 (row 2 of the chain): case, number, time, kind or commitment was changed, or the row was moved");
}

TEST_P(EventChain, FindsACutOffTail) {
  x_fixture->sql("DELETE FROM events WHERE position = 5");
  EXPECT_EQ(verify(), "the chain ends at row 4, but its head says row 5: its tail was cut off or rows were added");
}

TEST_P(EventChain, FindsARemovedCase) {
  x_fixture->sql("DELETE FROM events WHERE case_id = 2");
  x_fixture->sql("DELETE FROM cases WHERE id = 2");
  EXPECT_EQ(verify(), "the chain jumps from row 2 to row 5: what stood between was removed");
}

TEST_P(EventChain, FindsACaseRowThatDisagrees) {
  x_fixture->sql("UPDATE cases SET last_seq = 2 WHERE id = 1");
  EXPECT_EQ(verify(), "PF-1: its row says 2 events, the chain has 3");
}

TEST_P(EventChain, FindsARemovedCaseRow) {
  x_fixture->sql("DELETE FROM cases WHERE id = 2");
  EXPECT_EQ(verify(), "the chain has events of 2 cases, the list has 1: a case's row was removed");
}

TEST_P(EventChain, FindsARemovedHead) {
  x_fixture->sql("DELETE FROM chain_head");
  EXPECT_EQ(verify(), "the head of the chain is gone");
  EXPECT_THROW(transact([](Transaction& tx) { add_case(tx, {"srv-3", "3", abuse::Family::Content}, 0, at(9)); }), records::StoreError);
}

TEST_P(EventChain, StillVerifiesWhenAContentWasErasedWithItsSalt) {
  x_fixture->sql("UPDATE events SET payload = NULL, salt = NULL WHERE position = 4");
  EXPECT_EQ(verify(), std::nullopt);
  x_fixture->sql("UPDATE events SET salt = NULL WHERE position = 3");
  EXPECT_EQ(verify(), "PF-2 event 1 (row 3 of the chain): content and salt are erased together or not at all");
}

TEST_P(EventChain, ReadsNoDamagedEventWithoutNamingIt) {
  const auto error_of_case_two = [this]() -> std::string {
    try {
      read([](Transaction& tx) { return tx.cases().events(CaseId{2}); });
    } catch (const records::StoreError& error) {
      return error.what();
    }
    return "";
  };
  x_fixture->sql("UPDATE events SET payload = '{}' WHERE position = 4");
  EXPECT_THAT(error_of_case_two(), testing::HasSubstr("PF-2 event 2: its content is damaged"));
  x_fixture->sql("UPDATE events SET payload = NULL WHERE position = 4");
  EXPECT_THAT(error_of_case_two(), testing::HasSubstr("PF-2 event 2: its content is damaged: content and salt are erased together or not at all"));
  x_fixture->sql("UPDATE events SET salt = NULL WHERE position = 4");
  EXPECT_EQ(error_of_case_two(), "") << "erased by law: readable, with a gap";
  x_fixture->sql("DELETE FROM events WHERE position = 3");
  EXPECT_THAT(error_of_case_two(), testing::HasSubstr("PF-2 event 1: missing"));
  EXPECT_EQ(read([](Transaction& tx) { return tx.cases().events(CaseId{1}).size(); }), 3U);
}

TEST_P(EventChain, SaltsEqualContentsDifferently) {
  transact(
      [](Transaction& tx) { tx.cases().append(CaseId{1}, 3, {note(4, "third", at(2))}, summary(CaseId{1}, {}, 4, at(0), at(2)), std::nullopt); });
  // Were the salts equal, one commitment would fit both rows and swapping them would go unseen.
  x_fixture->sql("UPDATE events SET payload = (SELECT payload FROM events WHERE position = 5) WHERE position = 6");
  EXPECT_EQ(verify(), std::nullopt) << "the same content again";
  x_fixture->sql("UPDATE events SET salt = (SELECT salt FROM events WHERE position = 5) WHERE position = 6");
  EXPECT_EQ(verify(), "PF-1 event 4 (row 6 of the chain): its content was changed");
}

}  // namespace
}  // namespace pinfold::store
