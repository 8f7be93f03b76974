// Outbox, inbox and settings of every kind of store.
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::InboxItem;
using records::Job;
using records::JobState;
using records::Transaction;

Job job(const std::string& key, WallTime not_before, const std::string& kind = "send_notice", CaseId id = CaseId{1}) {
  Job made;
  made.key = key;
  made.case_id = id;
  made.kind = kind;
  made.payload = R"({"notice":1})";
  made.not_before = not_before;
  return made;
}

class Outbox : public StoreTest {
protected:
  std::optional<Job> claim(std::string_view kind, WallTime now) {
    std::optional<Job> claimed;
    transact([&](Transaction& tx) { claimed = tx.outbox().claim(kind, now); });
    return claimed;
  }
  std::vector<Job> orphaned(std::string_view kind, WallTime now) {
    std::vector<Job> found;
    transact([&](Transaction& tx) { found = tx.outbox().orphaned(kind, now); });
    return found;
  }
  std::optional<Job> find(const std::string& key) {
    return read([&](Transaction& tx) { return tx.outbox().find(key); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Outbox, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Outbox, KeepsAJobAsAdded) {
  transact([](Transaction& tx) { tx.outbox().add(job("PF-1/notice/1", at(5))); });
  reopen();
  const auto found = find("PF-1/notice/1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->case_id, CaseId{1});
  EXPECT_EQ(found->kind, "send_notice");
  EXPECT_EQ(found->payload, R"({"notice":1})");
  EXPECT_EQ(found->state, JobState::Queued);
  EXPECT_EQ(found->attempts, 0U);
  EXPECT_EQ(found->not_before, at(5));
  EXPECT_EQ(find("PF-1/notice/2"), std::nullopt);
}

TEST_P(Outbox, AddsAKeyOnceForEver) {
  transact([](Transaction& tx) { tx.outbox().add(job("k", at(0))); });
  ASSERT_TRUE(claim("send_notice", at(0)));
  transact([](Transaction& tx) { tx.outbox().finish("k", JobState::Done, "250 2.0.0 ok"); });
  transact([](Transaction& tx) {
    Job again = job("k", at(0));
    again.payload = "other";
    tx.outbox().add(again);
  });
  const auto found = find("k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, JobState::Done);
  EXPECT_EQ(found->note, "250 2.0.0 ok");
  EXPECT_EQ(found->payload, R"({"notice":1})");
  EXPECT_EQ(claim("send_notice", at(100)), std::nullopt);
}

TEST_P(Outbox, ClaimsWhatIsDueOldestFirstAndOnce) {
  transact([](Transaction& tx) {
    tx.outbox().add(job("late", at(20)));
    tx.outbox().add(job("early", at(10)));
    tx.outbox().add(job("other kind", at(0), "set_port"));
  });
  EXPECT_EQ(claim("send_notice", at(9)), std::nullopt);
  const auto first = claim("send_notice", at(30));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, "early");
  EXPECT_EQ(first->state, JobState::Claimed);
  EXPECT_EQ(first->attempts, 1U);
  EXPECT_EQ(claim("send_notice", at(30)).value().key, "late");
  EXPECT_EQ(claim("send_notice", at(30)), std::nullopt);
  EXPECT_EQ(claim("set_port", at(0)).value().key, "other kind");
}

TEST_P(Outbox, ShowsWhatAProcessThatIsGoneHadClaimed) {
  transact([](Transaction& tx) {
    tx.outbox().add(job("a", at(0)));
    tx.outbox().add(job("b", at(1)));
  });
  ASSERT_TRUE(claim("send_notice", at(1)));
  reopen();
  const auto claimed = orphaned("send_notice", at(5));
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].key, "a");
  EXPECT_TRUE(orphaned("set_port", at(5)).empty());
}

TEST_P(Outbox, LeavesALivingProcessItsClaims) {
  const Process me{"me", [](const std::string& name) { return name == "crashed"; }};
  const auto desk = x_fixture->open_as(me);
  const auto other = x_fixture->open_as(Process{"other", me.is_gone});
  const auto crashed = x_fixture->open_as(Process{"crashed", me.is_gone});
  transact([](Transaction& tx) {
    for (const char* key : {"a", "b", "c"}) {
      tx.outbox().add(job(key, at(0)));
    }
  });
  const auto claim_by = [](records::Store& store) {
    store.take_job([](Transaction& tx) { EXPECT_TRUE(tx.outbox().claim("send_notice", at(1))); });
    store.transact([](Transaction& tx) { tx.outbox().live(at(1)); });
  };
  claim_by(*desk);     // a
  claim_by(*other);    // b
  claim_by(*crashed);  // c
  const auto orphans = [&](WallTime now) {
    std::vector<std::string> keys;
    desk->transact([&](Transaction& tx) {
      for (const Job& one : tx.outbox().orphaned("send_notice", now)) {
        keys.push_back(one.key);
      }
    });
    return keys;
  };
  EXPECT_THAT(orphans(at(2)), testing::ElementsAre("c"));
  const auto silent_for_long = at(2) + records::kClaimHolds;
  EXPECT_THAT(orphans(silent_for_long), testing::ElementsAre("b", "c"));
  other->transact([&](Transaction& tx) { tx.outbox().live(silent_for_long); });
  EXPECT_THAT(orphans(silent_for_long), testing::ElementsAre("c")) << "it was only slow";
}

TEST_P(Outbox, RetriesNotBeforeItsTimeAndCountsAttempts) {
  transact([](Transaction& tx) { tx.outbox().add(job("k", at(0))); });
  ASSERT_TRUE(claim("send_notice", at(0)));
  transact([](Transaction& tx) { tx.outbox().retry("k", at(60), "451 try later"); });
  EXPECT_EQ(find("k").value().note, "451 try later");
  EXPECT_EQ(claim("send_notice", at(59)), std::nullopt);
  EXPECT_EQ(claim("send_notice", at(60)).value().attempts, 2U);
}

TEST_P(Outbox, RefusesToFinishOrRetryWhatItDoesNotHave) {
  EXPECT_THROW(transact([](Transaction& tx) { tx.outbox().finish("k", JobState::Failed, ""); }), records::StoreError);
  EXPECT_THROW(transact([](Transaction& tx) { tx.outbox().retry("k", at(0), ""); }), records::StoreError);
}

TEST_P(Outbox, ListsTheJobsOfACase) {
  transact([](Transaction& tx) {
    tx.outbox().add(job("b", at(2), "set_port", CaseId{7}));
    tx.outbox().add(job("a", at(1), "send_notice", CaseId{7}));
    tx.outbox().add(job("c", at(1), "send_notice", CaseId{8}));
  });
  const auto jobs = read([](Transaction& tx) { return tx.outbox().of_case(CaseId{7}); });
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].key, "a");
  EXPECT_EQ(jobs[1].key, "b");
}

class Inbox : public StoreTest {
protected:
  bool add(const std::string& kind, const std::string& key, const std::string& payload) {
    bool added = false;
    transact([&](Transaction& tx) { added = tx.inbox().add({0, kind, key, payload, at(3)}); });
    return added;
  }
  std::vector<InboxItem> pending(std::string_view kind, std::size_t limit) {
    return read([&](Transaction& tx) { return tx.inbox().pending(kind, limit); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Inbox, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Inbox, TakesADatumOnceAndKeepsTheOrder) {
  EXPECT_TRUE(add("mail", "b", "1"));
  EXPECT_TRUE(add("mail", "a", "2"));
  EXPECT_FALSE(add("mail", "b", "3"));
  EXPECT_TRUE(add("finding", "b", "4")) << "keys are of one kind";
  reopen();
  const auto items = pending("mail", 10);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].dedup_key, "b");
  EXPECT_EQ(items[0].payload, "1");
  EXPECT_EQ(items[0].kind, "mail");
  EXPECT_EQ(items[0].received, at(3));
  EXPECT_EQ(items[1].payload, "2");
  EXPECT_EQ(pending("mail", 1).size(), 1U);
  EXPECT_EQ(read([](Transaction& tx) { return tx.inbox().count_pending("mail"); }), 2U);
}

TEST_P(Inbox, ForgetsNothingThatIsFinished) {
  ASSERT_TRUE(add("mail", "a", "1"));
  const auto items = pending("mail", 1);
  ASSERT_EQ(items.size(), 1U);
  transact([&](Transaction& tx) { tx.inbox().finish(items[0].id, "reply"); });
  EXPECT_TRUE(pending("mail", 10).empty());
  EXPECT_EQ(read([](Transaction& tx) { return tx.inbox().count_pending("mail"); }), 0U);
  EXPECT_FALSE(add("mail", "a", "1"));
  EXPECT_THROW(transact([](Transaction& tx) { tx.inbox().finish(99, ""); }), records::StoreError);
}

class Settings : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Stores, Settings, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Settings, KeepTheLastValue) {
  const auto get = [this] { return read([](Transaction& tx) { return tx.settings().get("switch/sw1/armed"); }); };
  EXPECT_EQ(get(), std::nullopt);
  transact([](Transaction& tx) { tx.settings().set("switch/sw1/armed", "yes"); });
  EXPECT_EQ(get(), "yes");
  transact([](Transaction& tx) { tx.settings().set("switch/sw1/armed", ""); });
  reopen();
  EXPECT_EQ(get(), "");
}

}  // namespace
}  // namespace pinfold::store
