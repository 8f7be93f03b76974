// What the network saw and what the host saw of one bout become one story: which process and script made which traffic.
#include <gtest/gtest.h>

#include "desk/story.hpp"
#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

abuse::Finding scan(const std::string& id, WallTime first, WallTime last) {
  abuse::Finding f = finding(id, first, last);
  f.summary = "contacted 4812 hosts on tcp/22";
  f.evidence.facts = {{"port", "22"}, {"source", "192.0.2.11"}, {"top_destinations_by_packets", "198.51.100.7 (12), 198.51.100.9 (11)"}};
  return f;
}

abuse::Finding script(const std::string& id, WallTime started, const std::string& path) {
  abuse::Finding f = finding(id, started, started, abuse::Origin::Host);
  f.summary = "perl ran " + path + " as www-data, started by php";
  f.evidence.facts = {{"script", path}, {"user", "www-data"}, {"process", "812"}, {"ancestry", "apache2 > php > sh"}};
  return f;
}

Story story_of(const Scene& s) { return tell_story(s.c, s.events, s.c.incidents.back().id); }

TEST(IncidentStory, NamesTheScriptThatWasStartedBeforeTheTraffic) {
  Scene s;
  s.start(scan("net/1", s.now - kMinute, s.now));
  EXPECT_EQ(s.give(FindingArrived{script("host/1", s.now - kMinute - Seconds{3}, "/dev/shm/x.pl")}), std::nullopt);
  const Story story = story_of(s);
  ASSERT_EQ(story.links.size(), 1U);
  EXPECT_EQ(story.links[0].link, Link::Time);
  EXPECT_EQ(story.links[0].why, "started 3 s before it began");
  EXPECT_EQ(story.actors[0].started_by, "apache2 > php > sh");
  EXPECT_EQ(story_lines(story), std::vector<std::string>{"#2 port scan: contacted 4812 hosts on tcp/22, by /dev/shm/x.pl (process 812, www-data), "
                                                         "most likely: started 3 s before it began"});
}

TEST(IncidentStory, IsTheSameInWhateverOrderTheFindingsArrive) {
  const auto told = [](bool host_first) {
    Scene s;
    const abuse::Finding network = scan("net/1", s.now - 2 * kMinute, s.now - kMinute);
    const abuse::Finding host = script("host/1", s.now - 3 * kMinute, "/tmp/.x/a");
    s.start(host_first ? host : network);
    s.now = s.now + 10 * kMinute;  // the other comes late; its event time counts
    EXPECT_EQ(s.give(FindingArrived{host_first ? network : host}), std::nullopt);
    EXPECT_EQ(s.c.incidents.size(), 1U);
    return story_of(s);
  };
  EXPECT_EQ(told(true).links.at(0).why, told(false).links.at(0).why);
}

TEST(IncidentStory, AnAddressThatBothNameBeatsTime) {
  Scene s;
  s.start(scan("net/1", s.now - kMinute, s.now));
  EXPECT_EQ(s.give(FindingArrived{script("host/1", s.now - 2 * kMinute, "/tmp/innocent")}), std::nullopt);
  abuse::Finding guilty = script("host/2", s.now - 2 * kMinute, "/tmp/guilty");
  guilty.evidence.facts.emplace_back("connections", "198.51.100.9:22 syn-sent; 203.0.113.1:443 established");
  EXPECT_EQ(s.give(FindingArrived{guilty}), std::nullopt);
  const Story story = story_of(s);
  ASSERT_EQ(story.links.size(), 1U);
  EXPECT_EQ(story.links[0].link, Link::Connection);
  EXPECT_EQ(story.links[0].why, "both name 198.51.100.9");
  EXPECT_EQ(story.actors[story.links[0].actor].script, "/tmp/guilty");
  const auto lines = story_lines(story);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].find("most likely"), std::string::npos) << "it is known";
  EXPECT_NE(lines[1].find("/tmp/innocent"), std::string::npos) << "nothing is left out";
}

TEST(IncidentStory, TheServersOwnAddressLinksNothing) {
  Scene s;
  s.start(scan("net/1", s.now - kMinute, s.now));
  abuse::Finding late = script("host/1", s.now + kHour / 2, "/tmp/later");
  late.evidence.facts.emplace_back("connections", "192.0.2.11:80 listening");
  s.now = s.now + kHour;
  EXPECT_EQ(s.give(FindingArrived{late}), std::nullopt);
  const Story story = story_of(s);
  ASSERT_EQ(story.actors.size(), 1U);
  EXPECT_TRUE(story.links.empty()) << "it was started half an hour after the traffic had ended";
  EXPECT_EQ(story_lines(story).front(), "#2 port scan: contacted 4812 hosts on tcp/22, by a process that nobody has seen");
}

TEST(IncidentStory, OfNothingIsEmpty) {
  Scene s;
  s.start();
  EXPECT_TRUE(tell_story(s.c, s.events, IncidentId{99}).deeds.empty());
}

}  // namespace
}  // namespace pinfold::desk::test
