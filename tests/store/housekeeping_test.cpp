// What waits, counted, and what is old, erased: in every kind of store.
#include <algorithm>
#include <variant>

#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::Transaction;

class HousekeepingRows : public StoreTest {
protected:
  CaseId closed_case(const char* server, WallTime when) {
    CaseId id{};
    transact([&](Transaction& tx) { id = add_case(tx, {.server = server}, 2, when, desk::State::Closed); });
    return id;
  }
  std::size_t erase_cases(WallTime before, std::size_t limit = 100, bool is_trial = false) {
    std::size_t count = 0;
    transact([&](Transaction& tx) { count = tx.housekeeping().erase_cases(before, limit, is_trial); });
    return count;
  }
  std::size_t erased_events(CaseId id) {
    return read([id](Transaction& tx) {
      const auto events = tx.cases().events(id);
      return static_cast<std::size_t>(
          std::count_if(events.begin(), events.end(), [](const desk::Event& event) { return std::holds_alternative<desk::Erased>(event.body); }));
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, HousekeepingRows, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(HousekeepingRows, ClosedCasesLoseTheirContentAndTheChainStillVerifies) {
  const CaseId old = closed_case("a", at(0));
  const CaseId young = closed_case("b", at(1000));
  CaseId open{};
  transact([&](Transaction& tx) { open = add_case(tx, {.server = "c"}, 2, at(0)); });
  EXPECT_EQ(erase_cases(at(500), 100, true), 1U) << "a trial counts";
  EXPECT_EQ(erased_events(old), 0U) << "and changes nothing";
  EXPECT_EQ(erase_cases(at(500)), 1U);
  EXPECT_EQ(erased_events(old), 3U);
  EXPECT_EQ(erased_events(young), 0U);
  EXPECT_EQ(erased_events(open), 0U) << "an open case keeps everything, however old";
  EXPECT_EQ(erase_cases(at(500)), 0U) << "nothing is left to do";
  EXPECT_EQ(read([](Transaction& tx) { return tx.cases().verify_chain(); }), std::nullopt);
  EXPECT_EQ(read([](Transaction& tx) { return tx.cases().count_earlier(ServerId{"a"}, CustomerId{"1001"}, abuse::Family::Compromise); }), 1U)
      << "repeat offenders are still known";
}

TEST_P(HousekeepingRows, NoTransactionTakesMoreThanItsLimit) {
  for (const char* server : {"a", "b", "c"}) {
    closed_case(server, at(0));
  }
  EXPECT_EQ(erase_cases(at(500), 2), 2U);
  EXPECT_EQ(erase_cases(at(500), 2), 1U);
}

TEST_P(HousekeepingRows, AMailThatWasWorkedOnIsEmptiedButStillKnown) {
  const records::InboxItem mail{.id = 0, .kind = "mail", .dedup_key = "k1", .payload = R"({"from":"owner@customer.example"})", .received = at(0)};
  const auto erase = [this] {
    std::size_t count = 0;
    transact([&](Transaction& tx) { count = tx.housekeeping().erase_inbox(at(500), 100, false); });
    return count;
  };
  transact([&](Transaction& tx) { EXPECT_TRUE(tx.inbox().add(mail)); });
  EXPECT_EQ(erase(), 0U) << "what waits is kept";
  const auto pending = read([](Transaction& tx) { return tx.inbox().pending("mail", 10); });
  ASSERT_EQ(pending.size(), 1U);
  transact([&](Transaction& tx) { tx.inbox().finish(pending[0].id, "reply"); });
  EXPECT_EQ(erase(), 1U);
  EXPECT_EQ(erase(), 0U);
  transact([&](Transaction& tx) { EXPECT_FALSE(tx.inbox().add(mail)) << "the same mail again is no news"; });
}

TEST_P(HousekeepingRows, ReportsGoWhenTheyWereDecided) {
  const auto report = [](const char* hash, records::ReportState state) {
    records::ReportRow row;
    row.raw_sha256 = hash;
    row.received = at(0);
    row.state = state;
    return row;
  };
  transact([&](Transaction& tx) {
    tx.reports().add(report("aa", records::ReportState::Found));
    tx.reports().add(report("bb", records::ReportState::Triage));
    EXPECT_EQ(tx.housekeeping().erase_reports(at(500), 100, false), 1U);
    EXPECT_FALSE(tx.reports().find_raw("aa"));
    EXPECT_TRUE(tx.reports().find_raw("bb")) << "it still waits for a person";
  });
}

TEST_P(HousekeepingRows, TheCensusCountsWhatWaitsAndForHowLong) {
  transact([&](Transaction& tx) {
    const CaseId id = add_case(tx, {.server = "c"}, 2, at(0));
    tx.outbox().add({.key = "1/notice", .case_id = id, .kind = "send_notice", .payload = "{}", .not_before = at(7), .note = {}});
    tx.outbox().add({.key = "2/notice", .case_id = id, .kind = "send_notice", .payload = "{}", .not_before = at(5), .note = {}});
    tx.inbox().add({.id = 0, .kind = "mail", .dedup_key = "k1", .payload = "{}", .received = at(3)});
    tx.calls().add({.key = "1/call", .case_id = id, .what = "look", .called = at(9), .step = 0, .step_at = at(9), .taken_by = {}});
  });
  const records::Census census = read([](Transaction& tx) { return tx.housekeeping().census(); });
  EXPECT_EQ(census.cases, (std::vector<records::Waiting>{{"compromise", "triage", 1, census.cases.at(0).oldest}}));
  EXPECT_EQ(census.jobs, (std::vector<records::Waiting>{{"send_notice", "queued", 2, at(5)}}));
  EXPECT_EQ(census.inbox, (std::vector<records::Waiting>{{"mail", "pending", 1, at(3)}}));
  EXPECT_EQ(census.calls, (records::Waiting{"call", "open", 1, at(9)}));
}

TEST_P(HousekeepingRows, WhatNamesEvidenceIsShown) {
  transact([&](Transaction& tx) { tx.inbox().add({.id = 0, .kind = "mail", .dedup_key = "k1", .payload = R"({"raw":"abc"})", .received = at(3)}); });
  std::string all;
  read([&](Transaction& tx) {
    tx.housekeeping().each_text_with_evidence([&](std::string_view text) { all += text; });
    return true;
  });
  EXPECT_NE(all.find(R"({"raw":"abc"})"), std::string::npos);
}

}  // namespace
}  // namespace pinfold::store
