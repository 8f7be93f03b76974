#include "engine/clock_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/jobs.hpp"
#include "store/store.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

constexpr WallTime kStart{Seconds{1'795'000'000}};

struct Desk {
  test::TempFolder folder;
  ManualClock machine{kStart};
  StepGuard clock{machine};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "desk.db");
  ClockWatch watch{*store, clock};

  [[nodiscard]] std::vector<std::string> calls() const {
    std::vector<std::string> said;
    store->read([&](records::Transaction& tx) {
      for (const records::Job& job : tx.outbox().page(records::JobState::Queued, std::nullopt, 10)) {
        said.push_back(parse_call_person(job).value().what);
      }
    });
    return said;
  }
};

TEST(ClockWatch, CallsAPersonOnceForAStepAndIsWellWhenTheClockIsRight) {
  Desk desk;
  desk.watch.look();
  EXPECT_TRUE(desk.watch.part().healthy);
  desk.machine.step_wall(std::chrono::hours{1});
  desk.watch.look();
  desk.machine.advance(Seconds{30});
  desk.watch.look();
  EXPECT_THAT(desk.calls(), testing::ElementsAre(testing::HasSubstr("it is 1 h ahead of the desk's")));
  EXPECT_FALSE(desk.watch.part().healthy);
  desk.machine.step_wall(-std::chrono::hours{1});
  desk.watch.look();
  EXPECT_TRUE(desk.watch.part().healthy);
  EXPECT_EQ(desk.calls().size(), 1U);
}

TEST(ClockWatch, CallsAPersonAgainWhenTheStepIsFollowed) {
  Desk desk;
  desk.machine.step_wall(-std::chrono::hours{1});
  desk.watch.look();
  EXPECT_THAT(desk.watch.part().note, testing::HasSubstr("1 h behind"));
  desk.machine.advance(StepGuard::kHold);
  desk.watch.look();
  EXPECT_THAT(desk.calls(), testing::UnorderedElementsAre(testing::HasSubstr("Put the clock right"), testing::HasSubstr("now goes by")));
  EXPECT_TRUE(desk.watch.part().healthy);
}

}  // namespace
}  // namespace pinfold::engine
