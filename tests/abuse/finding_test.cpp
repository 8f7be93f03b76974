#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"

namespace pinfold::abuse {
namespace {

Finding sample() {
  Finding f;
  f.id = FindingId{"net/srv-1/port_scan/1"};
  f.server = ServerId{"srv-1"};
  f.abuse_class = AbuseClass::PortScan;
  f.kind = "horizontal";
  f.first_seen = *parse_wall_time("2026-11-23T04:12:00Z");
  f.last_seen = *parse_wall_time("2026-11-23T04:13:00Z");
  f.detected_at = *parse_wall_time("2026-11-23T04:12:04.5Z");
  f.confidence = {97};
  f.summary = "contacted 4812 hosts on tcp/22 in 60 s";
  f.sampling_rate = SamplingRate{1000};
  f.evidence.facts = {{"destinations", "4812"}};
  f.evidence.files = {{"/dev/shm/x.pl", "00ff", 12}};
  return f;
}

TEST(Finding, JsonSurvivesARoundTrip) {
  const auto parsed = parse_finding(to_json(sample()));
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(*parsed, sample());
}

TEST(Finding, ParserNamesTheBadField) {
  auto json = to_json(sample());
  json["class"] = "mischief";
  EXPECT_EQ(parse_finding(json).error(), "class: not a valid value");
  json = to_json(sample());
  json["evidence"]["facts"][0].erase("value");
  EXPECT_EQ(parse_finding(json).error(), "evidence.facts[0].value: missing");
  json = to_json(sample());
  json["confidence"] = 101;
  EXPECT_EQ(parse_finding(json).error(), "confidence: must be between 0 and 100");
}

TEST(Finding, BoundedCutsWhatIsTooLong) {
  Finding f = sample();
  f.summary.assign(10'000, 'x');
  f.evidence.facts.resize(1000);
  f = bounded(std::move(f));
  EXPECT_EQ(f.summary.size(), kMaxText);
  EXPECT_EQ(f.evidence.facts.size(), kMaxFacts);
}

}  // namespace
}  // namespace pinfold::abuse
