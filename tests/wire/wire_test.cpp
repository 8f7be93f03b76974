#include "wire/wire.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/crypto.hpp"

namespace pinfold::wire {
namespace {

const std::string& key_text() {
  static const std::string text(64, 'a');
  return text;
}

abuse::Finding finding(const std::string& id) {
  abuse::Finding f;
  f.id = FindingId{id};
  f.server = ServerId{"web1"};
  f.abuse_class = abuse::AbuseClass::MaliciousScript;
  f.kind = "run_from_tmp";
  f.origin = abuse::Origin::Host;
  f.first_seen = WallTime{std::chrono::seconds{1700000000}};
  f.last_seen = f.first_seen;
  f.detected_at = f.first_seen;
  f.confidence = {90};
  f.summary = "perl ran /dev/shm/x.pl";
  f.evidence.facts = {{"user", "www-data"}};
  f.evidence.files = {{"/dev/shm/x.pl", sha256_hex("x"), 1}};
  return f;
}

TEST(Enrolment, SurvivesTheWire) {
  const auto back = parse_enrolment(to_json(Enrolment{"tok", key_text(), "web1.example.net"}).dump());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->token, "tok");
  EXPECT_EQ(back->public_key, key_text());
  EXPECT_EQ(back->hostname, "web1.example.net");
}

TEST(Enrolment, RefusesWhatIsNotOne) {
  struct Row {
    const char* name;
    std::string body;
    const char* error;
  };
  const auto body = [](const std::string& token, const std::string& key, const std::string& host) {
    return to_json(Enrolment{token, key, host}).dump();
  };
  const Row rows[] = {
      {"no JSON", "hello", "not valid JSON"},
      {"an array", "[]", ": not an object"},
      {"no token", R"({"public_key":"","hostname":""})", "token: missing"},
      {"an empty token", body("", key_text(), "h"), "token: empty"},
      {"a long token", body(std::string(257, 't'), key_text(), "h"), "token: too long"},
      {"a short key", body("t", "aa", "h"), "public_key: must be 64 lower-case hexadecimal digits"},
      {"a second spelling of the key", body("t", std::string(64, 'A'), "h"), "public_key: must be 64 lower-case hexadecimal digits"},
      {"no digits", body("t", std::string(64, 'g'), "h"), "public_key: must be 64 lower-case hexadecimal digits"},
      {"a long name", body("t", key_text(), std::string(254, 'h')), "hostname: too long"},
      {"control characters in the name", body("t", key_text(), "web\x1b[2J"), "hostname: letters, digits, '.', '-' and '_' only"},
      {"a wrong type", R"({"token":7,"public_key":"","hostname":""})", "token: is a number"},
  };
  for (const Row& row : rows) {
    const auto parsed = parse_enrolment(row.body);
    ASSERT_FALSE(parsed) << row.name;
    EXPECT_EQ(parsed.error(), row.error) << row.name;
  }
}

TEST(FindingBatch, SurvivesTheWire) {
  const auto back = parse_findings(to_json(FindingBatch{{finding("a"), finding("b")}, "exec: bpf"}).dump());
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(back->tier, "exec: bpf");
  ASSERT_EQ(back->findings.size(), 2U);
  EXPECT_EQ(back->findings[1], finding("b"));
}

TEST(FindingBatch, NamesTheFaultyFinding) {
  nlohmann::json json = to_json(FindingBatch{{finding("a"), finding("b")}, ""});
  json["findings"][1].erase("summary");
  const auto parsed = parse_findings(json.dump());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), "findings[1].summary: missing");
}

TEST(FindingBatch, IsBounded) {
  FindingBatch batch;
  batch.findings.assign(kMaxFindings, finding("a"));
  EXPECT_TRUE(parse_findings(to_json(batch).dump()));
  batch.findings.push_back(finding("one too many"));
  EXPECT_FALSE(parse_findings(to_json(batch).dump()));
  EXPECT_FALSE(parse_findings(std::string(kMaxFindingsBody + 1, ' ')));
}

TEST(FindingBatch, RefusesWhatIsNotOne) {
  for (const char* body : {"", "{}", R"({"tier":"x"})", R"({"tier":"x","findings":{}})", R"({"tier":"x","findings":[7]})", R"({"findings":[]})"}) {
    EXPECT_FALSE(parse_findings(body)) << body;
  }
}

TEST(FindingBatch, CannotCarryControlCharactersIntoALog) {
  const auto back = parse_findings(to_json(FindingBatch{{}, "exec\x1b[2J"}).dump());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->tier, "exec\\x1b[2J");
}

TEST(TextToSign, BindsMethodTargetTimeAndBody) {
  EXPECT_EQ(text_to_sign("POST", "/agent/v1/findings", "2026-11-23T04:12:00Z", "abc"),
            "POST\n/agent/v1/findings\n2026-11-23T04:12:00Z\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace pinfold::wire
