// A step of the wall clock that is followed, from the machine's clock to the outbox: a real store, the desk by the guarded clock, ears that beat,
// time that runs past the ten minutes. An owner whose window passed by the step alone is never cut off by policy; a person is called. What each
// process sees of a step on real servers: tests/lab/clock_test.sh, tests/faults/clock_steps_test.sh.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/step_guard.hpp"
#include "engine/clock_watch.hpp"
#include "engine/desk_service.hpp"
#include "engine/jobs.hpp"
#include "store/store.hpp"
#include "support/armed_policy.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// Longer than a step is held back, shorter than every step here; each beat of the ears costs a real write.
constexpr Micros kWindow = minutes{30};
constexpr Micros kStep = hours{72};
constexpr Micros kBeats = Seconds{10};

enum class First : std::uint8_t { Ears, Desk };

class Provider {
public:
  explicit Provider(First first) : x_first(first) {
    x_store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), test::kNoon - 2 * kStep); });
    pass(minutes{1});
    warn();
  }

  /// Time, with the desk well all the while.
  void pass(Micros time) {
    for (const MonoTime end = machine.mono() + Nanos{time}; machine.mono() < end;) {
      machine.advance(kBeats);
      if (x_first == First::Ears) {
        listen();
      }
      x_watch.look();
      x_desk.tick_due();
      listen();
      x_desk.tick_due();
    }
  }
  /// Network and host see the server at it again.
  void happens_again() {
    ++x_events;
    static_cast<void>(
        x_desk.take_finding(test::sample_finding(abuse::Origin::Network, x_clock.wall() - Seconds{5}, fmt::format("net/{}", x_events))));
    static_cast<void>(x_desk.take_finding(test::sample_finding(abuse::Origin::Host, x_clock.wall() - Seconds{5}, fmt::format("host/{}", x_events))));
    pass(minutes{1});
  }
  [[nodiscard]] desk::State state() { return x_desk.find(x_case)->state; }
  [[nodiscard]] unsigned followed() const { return x_clock.followed(); }
  /// Anything for a port: in the case, or in the outbox.
  [[nodiscard]] bool touches_a_port() {
    const std::vector<records::Job> queued = jobs();
    return !x_desk.find(x_case)->actions.empty() ||
           std::any_of(queued.begin(), queued.end(), [](const records::Job& job) { return job.kind == kSetPort; });
  }
  [[nodiscard]] std::vector<std::string> calls() {
    std::vector<std::string> said;
    for (const records::Job& job : jobs()) {
      if (job.kind == kCallPerson) {
        said.push_back(parse_call_person(job).value().what);
      }
    }
    return said;
  }

  ManualClock machine{test::kNoon};

private:
  void listen() {
    x_store->transact([&](records::Transaction& tx) { beat(tx, true, true, x_clock.wall()); });
  }
  void warn() {
    x_case = *x_desk.take_finding(test::sample_finding(abuse::Origin::Network, x_clock.wall() - Seconds{5}, "net/0"));
    EXPECT_TRUE(x_desk.apply(x_case, desk::NoticeSubmitted{NoticeId{1}, "4XyZ", false}));
    EXPECT_TRUE(x_desk.apply(x_case, desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mail.customer.example"}));
  }
  std::vector<records::Job> jobs() {
    std::vector<records::Job> found;
    x_store->read([&](records::Transaction& tx) { found = tx.outbox().of_case(x_case); });
    return found;
  }

  First x_first;
  test::TempFolder x_folder;
  StepGuard x_clock{machine};
  desk::Policy x_policy = test::armed_policy(kWindow);
  std::unique_ptr<records::Store> x_store = store::open_sqlite(x_folder.path() / "desk.sqlite");
  DeskService x_desk{*x_store, x_policy, x_clock, [] {}};
  ClockWatch x_watch{*x_store, x_clock};
  CaseId x_case;
  int x_events = 0;
};

/// Whether the ears or the desk are the first to see the new time.
class ClockSteps : public testing::TestWithParam<First> {
protected:
  Provider x_provider{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Seen, ClockSteps, testing::Values(First::Ears, First::Desk),
                         [](const auto& first) { return first.param == First::Ears ? "ByTheEarsFirst" : "ByTheDeskFirst"; });

TEST_P(ClockSteps, WithoutOneSilenceAndASecondEventAskForThePort) {
  x_provider.pass(kWindow + minutes{1});
  EXPECT_EQ(x_provider.state(), desk::State::Silent);
  x_provider.happens_again();
  EXPECT_EQ(x_provider.state(), desk::State::DisablePending);
  EXPECT_TRUE(x_provider.touches_a_port());
}

TEST_P(ClockSteps, AheadThatIsFollowedCutsNobodyOffByPolicy) {
  x_provider.pass(minutes{5});
  x_provider.machine.step_wall(kStep);
  x_provider.happens_again();
  EXPECT_EQ(x_provider.state(), desk::State::Delivered) << "not followed yet";
  x_provider.pass(StepGuard::kHold + minutes{1});
  ASSERT_EQ(x_provider.followed(), 1U);
  EXPECT_EQ(x_provider.state(), desk::State::Silent) << "by the clock that is followed the window is over";
  x_provider.happens_again();
  EXPECT_FALSE(x_provider.touches_a_port());
  EXPECT_THAT(x_provider.calls(), testing::Contains(testing::HasSubstr("it came again after the window of warning 1")));
  x_provider.pass(kWindow);  // and it stays so when the owner's true window is over too
  x_provider.happens_again();
  EXPECT_FALSE(x_provider.touches_a_port());
  EXPECT_EQ(x_provider.state(), desk::State::Silent) << "a person decides";
}

TEST_P(ClockSteps, BackAndAheadAgainThatAreBothFollowedCutNobodyOffByPolicy) {
  x_provider.pass(minutes{5});
  x_provider.machine.step_wall(-kStep);
  x_provider.pass(StepGuard::kHold + minutes{1});
  x_provider.machine.step_wall(kStep + kWindow);
  x_provider.pass(StepGuard::kHold + minutes{1});
  ASSERT_EQ(x_provider.followed(), 2U);
  EXPECT_EQ(x_provider.state(), desk::State::Silent);
  x_provider.happens_again();
  EXPECT_FALSE(x_provider.touches_a_port());
  EXPECT_THAT(x_provider.calls(), testing::Contains(testing::HasSubstr("it came again after the window of warning 1")));
}

TEST_P(ClockSteps, BackThatIsFollowedLetsTheOwnerHaveMoreTimeAndNotLess) {
  x_provider.pass(minutes{5});
  x_provider.machine.step_wall(-kStep);
  x_provider.pass(StepGuard::kHold + kWindow);
  ASSERT_EQ(x_provider.followed(), 1U);
  x_provider.happens_again();
  EXPECT_EQ(x_provider.state(), desk::State::Delivered);
  EXPECT_FALSE(x_provider.touches_a_port());
}

}  // namespace
}  // namespace pinfold::engine
