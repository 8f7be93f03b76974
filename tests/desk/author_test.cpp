// Who counts where two must agree, and how many release a hold: the case's author is none of two, and one person suffices where one approves.
#include <gtest/gtest.h>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

const StaffId kAnna{"anna"};
const StaffId kBert{"bert"};
const StaffId kCarl{"carl"};

// Four eyes are two accounts, and neither is the one that opened the case.
TEST(Author, IsNoneOfTheTwoWhereTwoMustAgree) {
  Scene two;
  two.author = kAnna;
  two.policy.approval = Approval::TwoPersons;
  two.to_pending();
  EXPECT_EQ(two.give(ApprovalGiven{ActionId{1}, kAnna, "clear"}), "anna opened the case by hand: where two people must agree, two others must");
  EXPECT_EQ(two.give(ApprovalGiven{ActionId{1}, kBert, "clear"}), std::nullopt);
  EXPECT_EQ(two.give(ApprovalGiven{ActionId{1}, kCarl, "clear"}), std::nullopt);
  EXPECT_TRUE(two.ordered("PF-7/port/1/down"));
  EXPECT_EQ(two.violation, std::nullopt);

  Scene one;
  one.author = kAnna;
  one.to_pending();
  EXPECT_EQ(one.give(ApprovalGiven{ActionId{1}, kAnna, "clear"}), std::nullopt) << "where one person suffices, the author is one";
  EXPECT_TRUE(one.ordered("PF-7/port/1/down"));
  EXPECT_EQ(one.give(GuardsEvaluated{ActionId{1}, {{"G4 uplink", GuardOutcome::Hold, "", "a bridge behind it"}}}), std::nullopt);
  EXPECT_NE(one.give(HoldReleased{ActionId{1}, kAnna, "my own case"}), std::nullopt);
  EXPECT_EQ(one.give(HoldReleased{ActionId{1}, kBert, "looked"}), std::nullopt);
  EXPECT_FALSE(one.c.actions[0].is_released());
  EXPECT_EQ(one.give(HoldReleased{ActionId{1}, kCarl, "so did I"}), std::nullopt);
  EXPECT_TRUE(one.c.actions[0].is_released());
}

TEST(Author, OrdersAnEmergencyThatTwoOthersApprove) {
  Scene s;
  s.author = kAnna;
  s.start();
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "a flood", true}), std::nullopt);
  EXPECT_TRUE(s.c.actions[0].approvals.empty()) << "the order is no approval";
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kBert, "seen"}), std::nullopt);
  EXPECT_FALSE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kCarl, "seen"}), std::nullopt);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.violation, std::nullopt);
}

// The first month's person, or a fresh approval, is one person where one approves: nothing that the switch shows is in doubt.
TEST(Hold, ForTheApprovalAloneIsReleasedByAsManyAsMustApprove) {
  const GuardsEvaluated held{ActionId{1},
                             {{"G4 uplink", GuardOutcome::Pass, "", ""}, {std::string(kApprovalRule), GuardOutcome::Hold, "", "armed yesterday"}}};
  Scene one;
  one.author = kAnna;
  one.to_pending();
  EXPECT_EQ(one.give(ApprovalGiven{ActionId{1}, kBert, "clear"}), std::nullopt);
  EXPECT_EQ(one.give(held), std::nullopt);
  EXPECT_EQ(one.give(HoldReleased{ActionId{1}, kAnna, "I looked"}), std::nullopt);
  EXPECT_TRUE(one.c.actions[0].is_released());

  Scene two;
  two.policy.approval = Approval::TwoPersons;
  two.to_pending();
  EXPECT_EQ(two.give(ApprovalGiven{ActionId{1}, kBert, "clear"}), std::nullopt);
  EXPECT_EQ(two.give(ApprovalGiven{ActionId{1}, kCarl, "clear"}), std::nullopt);
  EXPECT_EQ(two.give(held), std::nullopt);
  EXPECT_EQ(two.give(HoldReleased{ActionId{1}, kBert, "again"}), std::nullopt);
  EXPECT_FALSE(two.c.actions[0].is_released());
  EXPECT_EQ(two.give(HoldReleased{ActionId{1}, kCarl, "again"}), std::nullopt);
  EXPECT_TRUE(two.c.actions[0].is_released());
}

}  // namespace
}  // namespace pinfold::desk::test
