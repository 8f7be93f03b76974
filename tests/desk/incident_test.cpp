// Bouts by event time, whatever order the findings arrive in.
#include <gtest/gtest.h>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

TEST(Incident, AGapAsLongAsQuietGapJoinsALongerOneSeparates) {
  Scene s;
  s.start();
  s.now = s.now + 2 * kDay;
  EXPECT_EQ(s.give(FindingArrived{finding("net/2", kStart + s.policy.quiet_gap, kStart + kHour + kMinute)}), std::nullopt);
  EXPECT_EQ(s.c.incidents.size(), 1U);
  EXPECT_EQ(s.give(FindingArrived{finding("net/3", kStart + 2 * kHour + kMinute + Micros{1}, kStart + 3 * kHour)}), std::nullopt);
  ASSERT_EQ(s.c.incidents.size(), 2U);
  EXPECT_EQ(s.c.incidents[1].id, IncidentId{2});
}

TEST(Incident, AnEarlierFindingThatComesLateIsSortedByEventTime) {
  Scene s;
  s.start();
  s.now = s.now + kHour;
  EXPECT_EQ(s.give(FindingArrived{finding("net/0", kStart - kDay, kStart - kDay + kMinute)}), std::nullopt);
  ASSERT_EQ(s.c.incidents.size(), 2U);
  EXPECT_EQ(s.c.incidents[0].id, IncidentId{2});
}

TEST(Incident, AFindingThatFillsTheGapMakesTwoOne) {
  Scene s;
  s.start();
  s.now = kStart + 5 * kHour;
  EXPECT_EQ(s.give(FindingArrived{finding("net/2", kStart + 3 * kHour, kStart + 4 * kHour)}), std::nullopt);
  ASSERT_EQ(s.c.incidents.size(), 2U);
  EXPECT_EQ(s.give(FindingArrived{finding("net/3", kStart + kHour, kStart + 2 * kHour, abuse::Origin::Host)}), std::nullopt);
  ASSERT_EQ(s.c.incidents.size(), 1U);
  const Incident& one = s.c.incidents.front();
  EXPECT_EQ(one.id, IncidentId{1});
  EXPECT_EQ(one.first_seen, kStart - kMinute);
  EXPECT_EQ(one.last_seen, kStart + 4 * kHour);
  EXPECT_EQ(one.origins, (std::set{abuse::Origin::Network, abuse::Origin::Host}));
  EXPECT_EQ(one.findings.size(), 3U);
  for (const auto& [id, sighting] : s.c.findings) {
    EXPECT_EQ(sighting.incident, IncidentId{1}) << id.value;
  }
  EXPECT_EQ(s.give(FindingArrived{finding("net/4", kStart - kDay, kStart - kDay)}), std::nullopt);
  EXPECT_EQ(s.c.incidents.front().id, IncidentId{3}) << "an id is never used twice";
}

TEST(Incident, AKnownFindingUpdatesItsLatestStatement) {
  Scene s;
  s.start();
  s.now = s.now + kMinute;
  EXPECT_EQ(s.give(FindingArrived{finding("net/1", kStart - kMinute, s.now)}), std::nullopt);
  ASSERT_EQ(s.c.incidents.size(), 1U);
  EXPECT_EQ(s.c.incidents.front().findings, std::vector<std::uint32_t>{s.c.last_seq});
  EXPECT_EQ(s.c.incidents.front().last_seen, s.now);
  // An older statement that was under way longer does not take back what the newer one showed.
  abuse::Finding older = finding("net/1", kStart - kMinute, s.now - kMinute / 2);
  EXPECT_EQ(s.give(FindingArrived{older}), std::nullopt);
  EXPECT_EQ(s.c.findings.at(FindingId{"net/1"}).last_seen, s.now);
}

TEST(Incident, TheFoldStaysWithinItsBounds) {
  Scene s;
  s.start();
  s.policy.close_after_quiet = 10'000 * kDay;
  for (std::size_t i = 0; i < kMaxSightings + 50; ++i) {
    s.now = s.now + 2 * kHour;
    auto taken = step(s.c, FindingArrived{finding("f" + std::to_string(i), s.now, s.now)}, s.policy, s.moment());
    ASSERT_TRUE(taken);
    for (EventBody& body : taken->events) {
      apply(s.c, Event{s.c.last_seq + 1, s.now, std::move(body)});
    }
  }
  EXPECT_EQ(s.c.incidents.size(), kMaxIncidents);
  EXPECT_EQ(s.c.findings.size(), kMaxSightings);
  EXPECT_FALSE(s.c.findings.contains(FindingId{"net/1"})) << "the oldest goes first";
}

TEST(Fold, ADamagedHistoryThrows) {
  Scene s;
  s.start();
  std::vector<Event> events = s.events;
  events.erase(events.begin() + 1);
  EXPECT_THROW(static_cast<void>(fold(CaseId{7}, events)), std::logic_error);
  events = s.events;
  events.push_back({static_cast<std::uint32_t>(events.size()) + 1, s.now, NoticeDelivered{NoticeId{9}, DeliveryProof::Dsn, ""}});
  EXPECT_THROW(static_cast<void>(fold(CaseId{7}, events)), std::logic_error);
}

}  // namespace
}  // namespace pinfold::desk::test
