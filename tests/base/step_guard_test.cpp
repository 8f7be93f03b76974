#include "base/step_guard.hpp"

#include <gtest/gtest.h>

namespace pinfold {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr WallTime kStart{Seconds{1'795'000'000}};

struct Clocks {
  ManualClock machine{kStart};
  StepGuard guard{machine};
};

TEST(StepGuard, RunsWithTheMachinesClockAndFollowsWhatIsSmall) {
  Clocks c;
  for (int i = 0; i < 100; ++i) {  // slewed by 100 s in all
    c.machine.advance(Seconds{1});
    c.machine.step_wall(Seconds{1});
    EXPECT_EQ(c.guard.wall(), c.machine.wall());
  }
  c.machine.step_wall(-StepGuard::kTolerated);
  EXPECT_EQ(c.guard.wall(), c.machine.wall());
  EXPECT_EQ(c.guard.ahead(), std::nullopt);
}

TEST(StepGuard, GoesOnByItsOwnTimeAfterAStepAndIsBackWhenTheMachineIs) {
  for (const Micros step : {Micros{hours{1}}, Micros{-hours{1}}, StepGuard::kTolerated + Micros{1}}) {
    Clocks c;
    c.machine.step_wall(step);
    EXPECT_EQ(c.guard.wall(), kStart);
    c.machine.advance(minutes{9});
    EXPECT_EQ(c.guard.wall(), kStart + minutes{9});
    EXPECT_EQ(c.guard.ahead(), step);
    c.machine.step_wall(-step);
    EXPECT_EQ(c.guard.wall(), kStart + minutes{9});
    EXPECT_EQ(c.guard.ahead(), std::nullopt);
    EXPECT_EQ(c.guard.followed(), 0U);
  }
}

TEST(StepGuard, FollowsAStepThatStays) {
  Clocks c;
  c.machine.step_wall(hours{1});
  EXPECT_EQ(c.guard.wall(), kStart);
  c.machine.advance(StepGuard::kHold - Micros{1});
  EXPECT_EQ(c.guard.wall(), kStart + (StepGuard::kHold - Micros{1}));
  c.machine.advance(Micros{1});
  EXPECT_EQ(c.guard.wall(), c.machine.wall());
  EXPECT_EQ(c.guard.followed(), 1U);
}

TEST(StepGuard, AnotherStepMeanwhileBeginsTheWaitAnew) {
  Clocks c;
  c.machine.step_wall(hours{1});
  EXPECT_EQ(c.guard.wall(), kStart);
  c.machine.advance(StepGuard::kHold - Micros{1});
  c.machine.step_wall(hours{1});
  EXPECT_EQ(c.guard.ahead(), Micros{hours{2}});
  c.machine.advance(minutes{9});
  EXPECT_EQ(c.guard.ahead(), Micros{hours{2}});
  c.machine.advance(minutes{1});
  EXPECT_EQ(c.guard.wall(), c.machine.wall());
}

TEST(StepGuard, FollowsAWitnessAtOnceAndNeverTimeAlone) {
  Clocks c;
  EXPECT_EQ(c.guard.objection(kStart + StepGuard::kMostApart), std::nullopt);
  c.machine.step_wall(hours{1});  // the machine alone is wrong
  EXPECT_EQ(c.guard.objection(kStart), std::nullopt);
  c.machine.advance(hours{24});
  EXPECT_EQ(c.guard.wall(), kStart + hours{24});
  EXPECT_EQ(c.guard.objection(kStart + hours{24}), std::nullopt);
  EXPECT_EQ(c.guard.objection(kStart + hours{25}), std::nullopt);  // now the witness says so too
  EXPECT_EQ(c.guard.wall(), kStart + hours{25});
  EXPECT_EQ(c.guard.followed(), 1U);
}

TEST(StepGuard, ObjectsWhileTheWitnessAgreesWithNeither) {
  Clocks c;
  const auto objection = c.guard.objection(kStart + hours{1});
  ASSERT_TRUE(objection);
  EXPECT_NE(objection->find("2026-11-18T11:06:40Z"), std::string::npos) << *objection;
  EXPECT_TRUE(c.guard.objection(kStart - (StepGuard::kMostApart + Micros{1})));
  c.machine.step_wall(-hours{1});
  EXPECT_TRUE(c.guard.objection(kStart + hours{1}));
  EXPECT_EQ(c.guard.wall(), kStart);
}

/// A machine on which this process is stopped for a while between two readings.
class Stopping final : public Clock {
public:
  [[nodiscard]] MonoTime mono() const override {
    x_asked += 1;
    if (x_asked == 6) {  // the second reading of the third time it is asked
      x_time = x_time + Seconds{15};
    }
    return {x_time};
  }
  [[nodiscard]] WallTime wall() const override { return kStart + std::chrono::duration_cast<Micros>(x_time); }

private:
  mutable int x_asked = 0;
  mutable Nanos x_time{0};
};

TEST(StepGuard, AProcessThatStoodStillHasSeenNoStep) {
  const Stopping machine;
  const StepGuard guard(machine);
  for (int i = 0; i < 4; ++i) {
    (void)guard.wall();
    EXPECT_EQ(guard.ahead(), std::nullopt);
  }
}

}  // namespace
}  // namespace pinfold
