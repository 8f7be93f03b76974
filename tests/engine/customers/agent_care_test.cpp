// Servers whose service level promises an agent that is not there: shown at once, a task for staff after a day, and no second one for the same.
#include "engine/customers/agent_care.hpp"

#include "engine/jobs.hpp"
#include "engine/people_lab.hpp"

namespace pinfold::engine {
namespace {

class AgentCareTest : public test::PeopleLab {
protected:
  AgentCareTest() { policy.levels[1].agent_expected = true; }
  std::vector<MissingAgent> missing() {
    return read([&](records::Transaction& tx) { return missing_agents(tx, *desk().inventory(), policy, clock.wall(), &expected); });
  }
  void enrol(const std::string& agent, const std::string& server) {
    write([&](records::Transaction& tx) {
      tx.agents().add_token("token" + agent, ServerId{server}, clock.wall() + Seconds{60});
      return tx.agents().enrol("token" + agent, AgentId{agent}, clock.wall());
    });
  }
  void heard(const std::string& agent) {
    write([&](records::Transaction& tx) {
      tx.agents().seen(AgentId{agent}, clock.wall(), "bpf");
      return 0;
    });
  }
  std::size_t tasks() {
    return read([&](records::Transaction& tx) { return tx.outbox().page(records::JobState::Queued, std::nullopt, 100).size(); });
  }
  std::size_t expected = 0;
};

TEST_F(AgentCareTest, NamesWhoNeverHadOneWhoseWasRevokedAndWhoseFellSilent) {
  ASSERT_EQ(missing().size(), 2U);
  EXPECT_EQ(expected, 2U);
  EXPECT_EQ(missing()[0].words(), "none has enrolled");
  enrol("a", "srv-1");
  enrol("b", "srv-2");
  EXPECT_TRUE(missing().empty());
  clock.advance(kAgentSilentAfter + Seconds{1});
  heard("b");
  ASSERT_EQ(missing().size(), 1U);
  EXPECT_EQ(missing()[0].server, ServerId{"srv-1"});
  EXPECT_EQ(missing()[0].words(), "silent since " + to_people(clock.wall() - kAgentSilentAfter - Seconds{1}));
  write([&](records::Transaction& tx) {
    tx.agents().revoke(AgentId{"b"});
    return 0;
  });
  EXPECT_EQ(missing().size(), 2U) << "a revoked agent is none";
  policy.levels[1].agent_expected = false;
  EXPECT_TRUE(missing().empty()) << "nothing is promised";
}

TEST_F(AgentCareTest, GivesStaffOneTaskForAllThatAreMissingForADay) {
  AgentCare care(desk(), clock);
  for (int hour = 0; hour < 24; ++hour) {
    care.look();
    clock.advance(std::chrono::hours{1});
  }
  EXPECT_EQ(tasks(), 0U);
  care.look();
  EXPECT_EQ(tasks(), 1U) << "both servers in one call";
  for (int day = 0; day < 30; ++day) {
    clock.advance(std::chrono::hours{24});
    care.look();
  }
  EXPECT_EQ(tasks(), 1U) << "the same servers are no news";
}

TEST_F(AgentCareTest, AServerMoreIsToldTheNextDay) {
  enrol("b", "srv-2");
  AgentCare care(desk(), clock);
  care.look();
  for (int hour = 0; hour < 30; ++hour) {
    clock.advance(std::chrono::hours{1});
    heard("b");
    care.look();
  }
  EXPECT_EQ(tasks(), 1U);
  for (int hour = 0; hour < 30; ++hour) {
    clock.advance(std::chrono::hours{1});
    care.look();
  }
  EXPECT_EQ(tasks(), 2U);
  http::Health health;
  static_cast<void>(read([&](records::Transaction& tx) {
    care.add_health(tx, health);
    return 0;
  }));
  EXPECT_EQ(health.parts.at(0).note, "2 of 2 expected agents are missing or silent");
  EXPECT_TRUE(health.parts.at(0).healthy) << "a customer's agent is no illness of the desk";
}

}  // namespace
}  // namespace pinfold::engine
