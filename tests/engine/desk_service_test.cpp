#include "engine/desk_service.hpp"

#include <gtest/gtest.h>

#include "engine/breaker.hpp"
#include "engine/findings.hpp"
#include "engine/jobs.hpp"
#include "store/store.hpp"
#include "support/armed_policy.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

/// Short, because each second beat of the ears costs a real write.
constexpr Seconds kWindow{600};

class DeskServiceTest : public ::testing::Test {
protected:
  DeskServiceTest() {
    store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), clock.wall()); });
    clock.advance(Seconds{60});
    listen();
  }

  void listen() {
    store->transact([&](records::Transaction& tx) { beat(tx, true, true, clock.wall()); });
  }
  /// Lets time pass with somebody listening all the while.
  void pass(Seconds time) {
    for (Seconds s{0}; s < time; s += Seconds{10}) {
      clock.advance(std::min(Seconds{10}, time - s));
      listen();
      service.tick_due();
    }
  }
  CaseId warn_and_deliver() {
    const CaseId id = *service.take_finding(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1"));
    EXPECT_TRUE(service.apply(id, desk::NoticeSubmitted{NoticeId{1}, "4XyZ", false}));
    EXPECT_TRUE(service.apply(id, desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mail.customer.example"}));
    return id;
  }
  CaseId happens_again(const std::string& id) {
    static_cast<void>(service.take_finding(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/" + id)));
    return *service.take_finding(test::sample_finding(abuse::Origin::Host, clock.wall() - Seconds{5}, "host/" + id));
  }
  std::vector<records::Job> jobs(CaseId id) {
    std::vector<records::Job> found;
    store->read([&](records::Transaction& tx) { found = tx.outbox().of_case(id); });
    return found;
  }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  desk::Policy policy = test::armed_policy(kWindow);
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "desk.sqlite");
  int changes = 0;
  DeskService service{*store, policy, clock, [this] { ++changes; }};
};

TEST_F(DeskServiceTest, AFindingOpensACaseAndQueuesTheWarningInOneTransaction) {
  const auto id = service.take_finding(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1"));
  ASSERT_TRUE(id);
  EXPECT_EQ(service.find(*id)->state, desk::State::WarningQueued);
  ASSERT_EQ(jobs(*id).size(), 1U);
  EXPECT_EQ(parse_send_notice(jobs(*id).front())->notice, NoticeId{1});
  EXPECT_GT(changes, 0);
}

TEST_F(DeskServiceTest, TheSameFindingTwiceIsOneCaseAndOneWarning) {
  const auto finding = test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1");
  FindingWorker worker(service, clock);
  worker.keep(finding);
  worker.keep(finding);
  EXPECT_FALSE(worker.work());
  std::vector<records::CaseSummary> cases;
  store->read([&](records::Transaction& tx) { cases = tx.cases().list(10); });
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(jobs(cases.front().id).size(), 1U);
}

class CountingStore final : public records::Store {
public:
  explicit CountingStore(records::Store& store) : x_store(store) {}
  void transact(const std::function<void(records::Transaction&)>& work) override {
    ++written;
    x_store.transact(work);
  }
  void read(const std::function<void(records::Transaction&)>& work) override { x_store.read(work); }
  int written = 0;

private:
  records::Store& x_store;
};

TEST_F(DeskServiceTest, FindingsThatWaitForTheDiskAreKeptInOneTransaction) {
  CountingStore counting(*store);
  DeskService counted(counting, policy, clock, [] {});
  FindingWorker worker(counted, clock);
  for (const char* id : {"net/1", "net/2", "net/3"}) {
    worker.offer(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, id));
  }
  worker.keep_offered();
  EXPECT_EQ(counting.written, 1);
  worker.keep_offered();
  EXPECT_EQ(counting.written, 1) << "none is left";
  std::size_t kept = 0;
  store->read([&](records::Transaction& tx) { kept = tx.inbox().pending("finding", 10).size(); });
  EXPECT_EQ(kept, 3U);
}

TEST_F(DeskServiceTest, AWeakFindingOpensNoCase) {
  auto finding = test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1");
  finding.confidence = {policy.min_confidence.percent};
  --finding.confidence.percent;
  EXPECT_FALSE(service.take_finding(finding));
}

TEST_F(DeskServiceTest, AFindingFromBeforeTheTenancyIsNobodys) {
  EXPECT_FALSE(service.take_finding(test::sample_finding(abuse::Origin::Network, kNoon - Seconds{3600}, "net/1")));
}

TEST_F(DeskServiceTest, SilenceAndASecondEventAskForThePortWithoutAPersonWhenBothAgree) {
  const CaseId id = warn_and_deliver();
  pass(kWindow + Seconds{60});
  EXPECT_EQ(service.find(id)->state, desk::State::Silent);
  EXPECT_EQ(happens_again("2"), id);
  EXPECT_EQ(service.find(id)->state, desk::State::DisablePending);
  const auto queued = jobs(id);
  const auto port = std::find_if(queued.begin(), queued.end(), [](const records::Job& job) { return job.kind == kSetPort; });
  ASSERT_NE(port, queued.end());
  EXPECT_EQ(parse_set_port(*port)->wish, desk::PortWish::Down);
  std::optional<std::string> reason = "unset";
  store->read([&](records::Transaction& tx) { reason = service.why_not_now(tx, id, parse_set_port(*port)->action); });
  EXPECT_FALSE(reason) << *reason;
}

TEST_F(DeskServiceTest, NobodyListeningDuringTheWindowMeansNoAutomaticDisable) {
  const CaseId id = warn_and_deliver();
  clock.advance(kWindow + Seconds{60});  // no beats: the desk was down
  listen();
  service.tick_due();
  happens_again("2");
  const auto queued = jobs(id);
  EXPECT_TRUE(std::none_of(queued.begin(), queued.end(), [](const records::Job& job) { return job.kind == kSetPort; }));
}

TEST_F(DeskServiceTest, AnAnswerBetweenDecisionAndWriteStopsTheWrite) {
  const CaseId id = warn_and_deliver();
  pass(kWindow + Seconds{60});
  happens_again("2");
  const ActionId action = service.find(id)->open_action()->id;
  EXPECT_TRUE(service.apply(id, desk::ResponseRecorded{desk::ResponseChannel::Mail, "owner@customer.example", desk::Statement::Fixed, {}, "fixed"}));
  std::optional<std::string> reason;
  store->read([&](records::Transaction& tx) { reason = service.why_not_now(tx, id, action); });
  EXPECT_TRUE(reason);
}

TEST_F(DeskServiceTest, AMailThatNobodyHasReadPausesDisabling) {
  const CaseId id = warn_and_deliver();
  pass(kWindow + Seconds{60});
  store->transact(
      [&](records::Transaction& tx) { tx.inbox().add({.id = 0, .kind = "mail", .dedup_key = "m1", .payload = "{}", .received = clock.wall()}); });
  happens_again("2");
  EXPECT_NE(service.find(id)->state, desk::State::DisablePending);
}

TEST_F(DeskServiceTest, ObserveOnlySendsNothing) {
  desk::Policy observing;
  DeskService observer(*store, observing, clock, [] {});
  const auto id = observer.take_finding(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1"));
  ASSERT_TRUE(id);
  EXPECT_TRUE(jobs(*id).empty());
  EXPECT_TRUE(observer.find(*id)->notices.front().observed_only);
}

TEST_F(DeskServiceTest, TooManyNoticesOpenTheBreakerUntilAPersonResetsIt) {
  policy.max_notices_per_hour = 1;
  DeskService careful(*store, policy, clock, [] {});
  const auto open = [&](Breaker breaker) {
    bool is = false;
    store->read([&](records::Transaction& tx) { is = is_open(tx, breaker); });
    return is;
  };
  auto finding = test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1");
  static_cast<void>(careful.take_finding(finding));
  EXPECT_FALSE(open(Breaker::Notices));
  finding.id = FindingId{"net/phish"};
  finding.abuse_class = abuse::AbuseClass::Phishing;  // another family: another case, another notice
  const auto id = careful.take_finding(finding);
  EXPECT_TRUE(open(Breaker::Notices));
  EXPECT_FALSE(open(Breaker::Measures));
  const auto queued = jobs(*id);
  EXPECT_TRUE(std::any_of(queued.begin(), queued.end(), [](const records::Job& job) { return job.key.rfind("breaker/notices/", 0) == 0; }));
  clock.advance(Seconds{1});
  store->transact([&](records::Transaction& tx) { reset(tx, Breaker::Notices, clock.wall()); });
  EXPECT_FALSE(open(Breaker::Notices));
}

TEST_F(DeskServiceTest, RemembersWhichContactsWereReachedAndAnswered) {
  const CaseId id = warn_and_deliver();
  EXPECT_TRUE(service.apply(id, desk::ResponseRecorded{desk::ResponseChannel::Mail, "Owner@customer.example", desk::Statement::Fixed, {}, "fixed"}));
  records::ContactRow row;
  store->read([&](records::Transaction& tx) { row = tx.contacts().find(ContactId{"owner@customer.example"}); });
  EXPECT_EQ(row.delivered, clock.wall());
  EXPECT_EQ(row.verified_how, "answered " + to_string(id));
}

TEST_F(DeskServiceTest, AContactWhoseMailboxLivesOnTheServerIsNotWrittenTo) {
  store->transact([&](records::Transaction& tx) {
    records::ContactRow row = tx.contacts().find(ContactId{"owner@customer.example"});
    row.mail_hosts = {"192.0.2.11"};
    tx.contacts().put(row);
  });
  const auto id = service.take_finding(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/1"));
  EXPECT_TRUE(service.find(*id)->notices.empty());
  EXPECT_TRUE(service.find(*id)->asked.contains("the owner must be warned, and no contact can be reached"));
}

TEST_F(DeskServiceTest, ABoutThatWasJudgedAFalsePositiveIsNotAccusedAgain) {
  const WallTime began = clock.wall() - Seconds{5};
  const CaseId id = *service.take_finding(test::sample_finding(abuse::Origin::Network, began, "net/1"));
  EXPECT_TRUE(service.apply(id, desk::ClosedByStaff{StaffId{"anna"}, true, "their own monitoring"}));
  pass(Seconds{60});
  abuse::Finding goes_on = test::sample_finding(abuse::Origin::Network, began, "net/1");
  goes_on.last_seen = clock.wall();
  EXPECT_EQ(service.take_finding(goes_on), std::nullopt) << "the detector's next word about the same bout";
  const auto later = service.take_finding(test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/2"));
  ASSERT_TRUE(later) << "a new bout is judged anew";
  EXPECT_NE(*later, id);
}

TEST_F(DeskServiceTest, StaffOpensACaseByHand) {
  const auto id = service.open_by_staff(ServerId{"srv-1"}, abuse::AbuseClass::Phishing, "a page that asks for passwords", StaffId{"anna"});
  ASSERT_TRUE(id);
  EXPECT_EQ(service.find(*id)->family, abuse::Family::Content);
  EXPECT_EQ(service.find(*id)->state, desk::State::WarningQueued);
  EXPECT_FALSE(service.open_by_staff(ServerId{"nobody"}, abuse::AbuseClass::Phishing, "text", StaffId{"anna"}));
}

TEST(Ears, AGapInTheBeatsBeginsTheOpenTimeAnew) {
  const test::TempFolder folder;
  const auto store = store::open_sqlite(folder.path() / "ears.sqlite");
  const auto at = [&](Seconds offset, bool mail_open) {
    store->transact([&](records::Transaction& tx) { beat(tx, mail_open, true, kNoon + offset); });
    desk::Ears ears;
    store->read([&](records::Transaction& tx) { ears = ears_at(tx, kNoon + offset); });
    return ears.open_since;
  };
  EXPECT_EQ(at(Seconds{0}, true), kNoon);
  EXPECT_EQ(at(Seconds{10}, true), kNoon);
  EXPECT_EQ(at(Seconds{60}, true), kNoon + Seconds{60});
  EXPECT_EQ(at(Seconds{61}, false), std::nullopt);
  EXPECT_EQ(at(Seconds{62}, true), kNoon + Seconds{62});
  EXPECT_EQ(at(Seconds{50}, true), kNoon + Seconds{50}) << "a clock that is stepped back is a gap";
}

}  // namespace
}  // namespace pinfold::engine
