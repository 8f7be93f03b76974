#include "config/policy_file.hpp"
#include "config/threshold_keys.hpp"

#include <gtest/gtest.h>

#include "config/temporary_folder.hpp"

namespace pinfold::config {
namespace {

TEST(PolicyFile, OfNothingIsTheDefaultsWhichOnlyObserve) {
  const auto file = parse_policy("", "policy.toml");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->policy.response_window, std::chrono::hours{24});
  EXPECT_EQ(file->policy.warnings, desk::Arming::Observe);
  EXPECT_EQ(file->policy.measures, desk::Arming::Observe);
  EXPECT_EQ(file->policy.approval, desk::Approval::OnePerson);
  EXPECT_EQ(file->thresholds.port_scan.min_targets_per_minute, 100U);
}

TEST(PolicyFile, SetsEveryKey) {
  const auto file = parse_policy(R"(
[policy]
response_window = "30 s"
quiet_gap = "2 s"
watch_window = "3 s"
probation = "4 s"
close_after_quiet = "50 s"
silence_within = "6 s"
evidence_max_age = "70 s"
min_confidence = 8
warnings = "armed"
measures = "armed"
auto_approve_when_both_agree = true
[limits]
max_disables_per_switch_hour = 9
max_disables_per_switch_day = 21
max_servers_down_per_customer = 22
person_first = "23 s"
max_disables_per_site_hour = 10
max_disables_per_site_day = 11
[detect.port_scan]
min_targets_per_minute = 12
min_unanswered_percent = 13
update_interval = "14 s"
quiet = "15 s"
min_unanswered_percent_connectionless = 16
min_sampled_targets = 17
settle = "18 s"
[detect.observation]
alive = "19 s"
hold = "20 s"
point_hold = "21 s"
)",
                                 "policy.toml");
  ASSERT_TRUE(file) << to_string(file.error());
  const desk::Policy& policy = file->policy;
  EXPECT_EQ(policy.response_window, std::chrono::seconds{30});
  EXPECT_EQ(policy.quiet_gap, std::chrono::seconds{2});
  EXPECT_EQ(policy.watch_window, std::chrono::seconds{3});
  EXPECT_EQ(policy.probation, std::chrono::seconds{4});
  EXPECT_EQ(policy.close_after_quiet, std::chrono::seconds{50});
  EXPECT_EQ(policy.silence_within, std::chrono::seconds{6});
  EXPECT_EQ(policy.evidence_max_age, std::chrono::seconds{70});
  EXPECT_EQ(policy.min_confidence.percent, 8);
  EXPECT_EQ(policy.warnings, desk::Arming::Armed);
  EXPECT_EQ(policy.measures, desk::Arming::Armed);
  EXPECT_EQ(policy.approval, desk::Approval::Auto);
  EXPECT_EQ(policy.max_disables_per_switch_hour, 9U);
  EXPECT_EQ(policy.max_disables_per_switch_day, 21U);
  EXPECT_EQ(policy.max_servers_down_per_customer, 22U);
  EXPECT_EQ(policy.person_first, std::chrono::seconds{23});
  EXPECT_EQ(policy.max_disables_per_site_hour, 10U);
  EXPECT_EQ(policy.max_disables_per_site_day, 11U);
  EXPECT_EQ(file->thresholds.port_scan.min_targets_per_minute, 12U);
  EXPECT_EQ(file->thresholds.port_scan.min_unanswered_percent, 13U);
  EXPECT_EQ(file->thresholds.port_scan.update_interval, std::chrono::seconds{14});
  EXPECT_EQ(file->thresholds.port_scan.quiet, std::chrono::seconds{15});
  EXPECT_EQ(file->thresholds.port_scan.min_unanswered_percent_connectionless, 16U);
  EXPECT_EQ(file->thresholds.port_scan.min_sampled_targets, 17U);
  EXPECT_EQ(file->thresholds.port_scan.settle, std::chrono::seconds{18});
  EXPECT_EQ(file->thresholds.observation.alive, std::chrono::seconds{19});
  EXPECT_EQ(file->thresholds.observation.hold, std::chrono::seconds{20});
  EXPECT_EQ(file->thresholds.observation.point_hold, std::chrono::seconds{21});
}

TEST(PolicyFile, ReadsWhatDiffersByClassAndLevelAndWhoIsCalled) {
  const auto file = parse_policy(R"(
[policy]
warnings = "armed"
measures = "armed"
approval = "two"
repeat_response_window = "6 h"
remind_after = "2 h"
escalate_after = "5 min"
verify_contacts_every = "90 d"
presume_delivered_after = "8 h"
[limits]
max_notices_per_hour = 7
max_disable_requests_per_hour = 8
[class.bandwidth_burst]
warnings = "observe"
measures = "observe"
[class.flood]
response_window = "2 h"
repeat_response_window = "1 h"
approval = "auto"
[level.4]
name = "managed"
agent_expected = true
audit = "included"
remediation = "staff"
response_window = "72 h"
[[maintenance]]
from = "2026-12-01T00:00:00Z"
until = "2026-12-01T04:00:00Z"
servers = ["srv-1", "srv-2"]
reason = "new racks"
[[on_call]]
name = "anna"
mail = "anna@hosting.example"
[[on_call]]
name = "everybody"
webhook = "https://chat.hosting.example/hook"
)",
                                 "policy.toml");
  ASSERT_TRUE(file) << to_string(file.error());
  const desk::Policy& policy = file->policy;
  EXPECT_EQ(policy.approval, desk::Approval::TwoPersons);
  EXPECT_EQ(policy.repeat_response_window, std::chrono::hours{6});
  EXPECT_EQ(policy.remind_after, std::chrono::hours{2});
  EXPECT_EQ(policy.escalate_after, std::chrono::minutes{5});
  EXPECT_EQ(policy.verify_contacts_every, std::chrono::days{90});
  EXPECT_EQ(policy.presume_delivered_after, Micros(std::chrono::hours{8}));
  EXPECT_EQ(policy.max_notices_per_hour, 7U);
  EXPECT_EQ(policy.max_disable_requests_per_hour, 8U);
  EXPECT_EQ(desk::rules_for(policy, abuse::AbuseClass::BandwidthBurst, 1, 0).warnings, desk::Arming::Observe);
  EXPECT_EQ(desk::rules_for(policy, abuse::AbuseClass::Flood, 1, 0).response_window, std::chrono::hours{2});
  EXPECT_EQ(desk::rules_for(policy, abuse::AbuseClass::Flood, 4, 0).response_window, std::chrono::hours{72});
  const desk::ServiceTerms& terms = policy.levels.at(4);
  EXPECT_EQ(terms.name, "managed");
  EXPECT_TRUE(terms.agent_expected && terms.audit_included && terms.staff_remediates);
  ASSERT_EQ(policy.maintenance.size(), 1U);
  EXPECT_EQ(policy.maintenance[0].servers.size(), 2U);
  EXPECT_EQ(policy.maintenance[0].reason, "new racks");
  ASSERT_EQ(policy.on_call.size(), 2U);
  EXPECT_EQ(policy.on_call[0].mail, "anna@hosting.example");
  EXPECT_EQ(policy.on_call[1].webhook, "https://chat.hosting.example/hook");
}

struct Bad {
  const char* name;
  const char* text;
  const char* error;
};
class PolicyFileRefuses : public testing::TestWithParam<Bad> {};

TEST_P(PolicyFileRefuses, NamingLineAndKey) {
  const auto file = parse_policy(GetParam().text, "policy.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(to_string(file.error()), GetParam().error);
}

constexpr const char* kDurationWanted = "must be a duration with its unit in quotes, like \"90 s\", \"15 min\", \"24 h\" or \"7 d\"";
const std::string kNoUnit = std::string("policy.toml:2: policy.response_window: ") + kDurationWanted;  // NOLINT(cert-err58-cpp)

INSTANTIATE_TEST_SUITE_P(
    Files, PolicyFileRefuses,
    testing::Values(
        Bad{"UnknownKey", "[policy]\nrespons_window = \"1 h\"\n", "policy.toml:2: policy.respons_window: unknown key; did you mean response_window?"},
        Bad{"UnknownKeyLikeNoOther", "[policy]\nzzzzzzzz = 1\n", "policy.toml:2: policy.zzzzzzzz: unknown key"},
        Bad{"UnknownSection", "[polcy]\n", "policy.toml:1: polcy: unknown key; did you mean policy?"},
        Bad{"UnknownDetector", "[detect.portscan]\nquiet = \"1 s\"\n", "policy.toml:1: detect.portscan: unknown key; did you mean port_scan?"},
        Bad{"NumberWithoutUnit", "[policy]\nresponse_window = 24\n", kNoUnit.c_str()},
        Bad{"TextWithoutUnit", "[policy]\nresponse_window = \"24\"\n", kNoUnit.c_str()},
        Bad{"UnknownUnit", "[policy]\nresponse_window = \"24 hours\"\n", kNoUnit.c_str()},
        Bad{"NegativeDuration", "[policy]\nresponse_window = \"-1 h\"\n", kNoUnit.c_str()},
        Bad{"NoWindow", "[policy]\nresponse_window = \"0 s\"\n", "policy.toml:2: policy.response_window: must be at least 1 s"},
        Bad{"WindowTooLong", "[policy]\nresponse_window = \"91 d\"\n", "policy.toml:2: policy.response_window: must be at most 90 d"},
        Bad{"SilenceTooSoon", "[policy]\nsilence_within = \"4 s\"\n", "policy.toml:2: policy.silence_within: must be at least 5 s"},
        Bad{"EvidenceOfNoAge", "[policy]\nevidence_max_age = \"0 s\"\n", "policy.toml:2: policy.evidence_max_age: must be at least 1 s"},
        Bad{"ConfidenceZero", "[policy]\nmin_confidence = 0\n", "policy.toml:2: policy.min_confidence: must be a whole number from 1 to 100"},
        Bad{"ConfidenceAbove", "[policy]\nmin_confidence = 101\n", "policy.toml:2: policy.min_confidence: must be a whole number from 1 to 100"},
        Bad{"ConfidenceFraction", "[policy]\nmin_confidence = 0.6\n", "policy.toml:2: policy.min_confidence: must be a whole number from 1 to 100"},
        Bad{"Arming", "[policy]\nwarnings = \"on\"\n", "policy.toml:2: policy.warnings: \"on\" is not one of: observe, armed"},
        Bad{"MeasuresWithoutWarnings", "[policy]\nmeasures = \"armed\"\n",
            "policy.toml:2: policy.measures: cannot be armed while warnings are not: nothing is disabled without a delivered warning"},
        Bad{"AutoApprovalWithoutMeasures", "[policy]\nwarnings = \"armed\"\nauto_approve_when_both_agree = true\n",
            "policy.toml:3: policy.auto_approve_when_both_agree: makes sense only with measures = \"armed\""},
        Bad{"AutoApprovalAsText", "[policy]\nauto_approve_when_both_agree = \"yes\"\n",
            "policy.toml:2: policy.auto_approve_when_both_agree: must be true or false"},
        Bad{"ClosesBeforeTheDeadline", "[policy]\nclose_after_quiet = \"24 h\"\n",
            "policy.toml:2: policy.close_after_quiet: must be longer than response_window (1 d): the case would close before the owner's time is up"},
        Bad{"ApprovalSaidTwice", "[policy]\nwarnings = \"armed\"\nmeasures = \"armed\"\napproval = \"one\"\nauto_approve_when_both_agree = true\n",
            "policy.toml:5: policy.auto_approve_when_both_agree: says in other words what approval says: leave one of them out"},
        Bad{"RepeatersHaveMoreTime", "[policy]\nresponse_window = \"1 h\"\nrepeat_response_window = \"2 h\"\n",
            "policy.toml:3: policy.repeat_response_window: must not be longer than response_window (1 h): who had a case before has less time, not "
            "more"},
        Bad{"GathersTooLong", "[policy]\ngather = \"30 min\"\n",
            "policy.toml:2: policy.gather: must be shorter than evidence_max_age (30 min): the evidence would be too old before anybody is asked"},
        Bad{"PresumesWhatStillWaits", "[policy]\npresume_delivered_after = \"1 h\"\n",
            "policy.toml:2: policy.presume_delivered_after: must be at least 4 h"},
        Bad{"ClassMeasuresWithoutWarnings", "[class.flood]\nmeasures = \"armed\"\n",
            "policy.toml:2: class.flood.measures: measures for flood would be armed while their warnings are not: nothing is disabled without "
            "a delivered warning"},
        Bad{"LevelTakesTheWarningAway",
            "[policy]\nwarnings = \"armed\"\n[class.flood]\nwarnings = \"armed\"\nmeasures = \"armed\"\n[level.2]\nwarnings = \"observe\"\n",
            "policy.toml:7: level.2.warnings: measures for flood at level 2 would be armed while their warnings are not: nothing is disabled without "
            "a "
            "delivered warning"},
        Bad{"ClassWindowOutlastsTheCase", "[class.spam]\nresponse_window = \"20 d\"\n",
            "policy.toml:2: class.spam.response_window: must be shorter than policy.close_after_quiet (14 d): the case would close before the "
            "owner's "
            "time is up"},
        Bad{"UnknownClass", "[class.spamm]\nresponse_window = \"1 d\"\n", "policy.toml:1: class.spamm: unknown key; did you mean spam?"},
        Bad{"UnknownLevel", "[level.6]\nname = \"x\"\n", "policy.toml:1: level.6: unknown key; did you mean 1?"},
        Bad{"MaintenanceBackwards", "[[maintenance]]\nfrom = \"2026-12-02T00:00:00Z\"\nuntil = \"2026-12-01T00:00:00Z\"\nreason = \"x\"\n",
            "policy.toml:3: maintenance[1].until: must be later than from"},
        Bad{"NobodyToCall", "[[on_call]]\nname = \"anna\"\n", "policy.toml:2: on_call[1].name: has neither mail nor webhook: nobody could be called"},
        Bad{"NegativeLimit", "[limits]\nmax_disables_per_switch_hour = -1\n",
            "policy.toml:2: limits.max_disables_per_switch_hour: must be a whole number from 0 to 1000"},
        Bad{"NoTargets", "[detect.port_scan]\nmin_targets_per_minute = 0\n",
            "policy.toml:2: detect.port_scan.min_targets_per_minute: must be a whole number from 1 to 1000000"},
        Bad{"Percent", "[detect.port_scan]\nmin_unanswered_percent = 101\n",
            "policy.toml:2: detect.port_scan.min_unanswered_percent: must be a whole number from 1 to 100"},
        Bad{"EvidenceStaleBeforeRenewed", "[policy]\nevidence_max_age = \"5 s\"\n[detect.port_scan]\nupdate_interval = \"10 s\"\n",
            "policy.toml:4: detect.port_scan.update_interval: must be shorter than policy.evidence_max_age (5 s): evidence would be too old before "
            "it is "
            "renewed"},
        Bad{"SectionIsAValue", "policy = 1\n", "policy.toml:1: policy: must be a section: [policy]"}),
    [](const auto& row) { return row.param.name; });

TEST(PolicyFileRefuses, TextThatIsNotTomlWithItsLine) {
  const auto file = parse_policy("[policy]\nresponse_window = \n", "policy.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().line, 2U);
  EXPECT_FALSE(file.error().what.empty());
}

TEST(PolicyFileRefuses, AKeyGivenTwice) {
  const auto file = parse_policy("[policy]\nmin_confidence = 60\nmin_confidence = 70\n", "policy.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().line, 3U);
}

TEST(PolicyFileRefuses, AFileThatIsNotThere) {
  const TemporaryFolder folder;
  const auto file = load_policy(folder.path() / "none.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(to_string(file.error()), (folder.path() / "none.toml").string() + ": cannot be read: No such file or directory");
}

TEST(PolicyFileRefuses, AFolder) {
  const TemporaryFolder folder;
  const auto file = load_policy(folder.path());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().what, "is not a regular file");
}

TEST(PolicyFile, EveryThresholdCanBeSetAndIsBounded) {
  for (const ThresholdKey& key : threshold_keys()) {
    const auto with = [&key](std::int64_t value) {
      return parse_policy("[detect." + std::string(key.section) + "]\n" + std::string(key.key) + " = " + std::to_string(value) + "\n", "policy.toml");
    };
    auto lowest = with(key.least);
    ASSERT_TRUE(lowest) << key.section << "." << key.key;
    EXPECT_EQ(key.at(lowest->thresholds), static_cast<std::uint32_t>(key.least));
    EXPECT_TRUE(with(key.most)) << key.section << "." << key.key;
    EXPECT_FALSE(with(key.least - 1)) << key.section << "." << key.key;
    EXPECT_FALSE(with(key.most + 1)) << key.section << "." << key.key;
  }
}

TEST(PolicyFile, ARoleNeedsAServerAReasonAndAnEnd) {
  const std::string whole = "[[role]]\nserver = \"srv-1\"\nrole = \"newsletter\"\nreason = \"double opt-in\"\nuntil = \"2027-06-30T00:00:00Z\"\n";
  const auto good = parse_policy(whole, "policy.toml");
  ASSERT_TRUE(good) << to_string(good.error());
  ASSERT_EQ(good->thresholds.roles.size(), 1U);
  EXPECT_EQ(good->thresholds.roles[0].declared.role, inventory::Role::Newsletter);
  EXPECT_EQ(to_string(good->thresholds.roles[0].declared.until), "2027-06-30T00:00:00Z");
  for (const char* key : {"server", "role", "reason", "until"}) {
    std::string without;
    for (std::size_t at = 0, end = 0; at < whole.size(); at = end + 1) {
      end = whole.find('\n', at);
      if (whole.compare(at, std::string(key).size() + 1, std::string(key) + " ") != 0) {
        without += whole.substr(at, end + 1 - at);
      }
    }
    EXPECT_FALSE(parse_policy(without, "policy.toml")) << key;
  }
  EXPECT_FALSE(parse_policy("[[role]]\nserver = \"srv-1\"\nrole = \"saint\"\nreason = \"x\"\nuntil = \"2027-06-30T00:00:00Z\"\n", "policy.toml"));
}

TEST(PolicyFile, ShippedExampleIsTheDefaults) {
  const auto example = load_policy(PINFOLD_SOURCE_DIR "/packaging/examples/policy.toml");
  ASSERT_TRUE(example) << to_string(example.error());
  const desk::Policy standard;
  EXPECT_EQ(example->policy.response_window, standard.response_window);
  EXPECT_EQ(example->policy.quiet_gap, standard.quiet_gap);
  EXPECT_EQ(example->policy.watch_window, standard.watch_window);
  EXPECT_EQ(example->policy.probation, standard.probation);
  EXPECT_EQ(example->policy.close_after_quiet, standard.close_after_quiet);
  EXPECT_EQ(example->policy.silence_within, standard.silence_within);
  EXPECT_EQ(example->policy.evidence_max_age, standard.evidence_max_age);
  EXPECT_EQ(example->policy.min_confidence, standard.min_confidence);
  EXPECT_EQ(example->policy.warnings, standard.warnings);
  EXPECT_EQ(example->policy.measures, standard.measures);
  EXPECT_EQ(example->policy.max_disables_per_switch_hour, standard.max_disables_per_switch_hour);
  EXPECT_EQ(example->policy.max_disables_per_switch_day, standard.max_disables_per_switch_day);
  EXPECT_EQ(example->policy.max_servers_down_per_customer, standard.max_servers_down_per_customer);
  EXPECT_EQ(example->policy.person_first, standard.person_first);
  EXPECT_EQ(example->policy.max_disables_per_site_hour, standard.max_disables_per_site_hour);
  EXPECT_EQ(example->policy.max_disables_per_site_day, standard.max_disables_per_site_day);
  for (const Explanation& threshold : explain(example->thresholds)) {
    EXPECT_EQ(threshold.value, threshold.standard) << threshold.key;
    EXPECT_FALSE(threshold.unit.empty() || threshold.reason.empty()) << threshold.key;
  }
  EXPECT_FALSE(example->thresholds.file_sharing.is_forbidden);
  EXPECT_TRUE(example->thresholds.roles.empty());
  const detect::PortScanThresholds scan;
  EXPECT_EQ(example->thresholds.port_scan.min_targets_per_minute, scan.min_targets_per_minute);
  EXPECT_EQ(example->thresholds.port_scan.min_unanswered_percent, scan.min_unanswered_percent);
  EXPECT_EQ(example->thresholds.port_scan.update_interval, scan.update_interval);
  EXPECT_EQ(example->thresholds.port_scan.quiet, scan.quiet);
  EXPECT_EQ(example->thresholds.port_scan.min_unanswered_percent_connectionless, scan.min_unanswered_percent_connectionless);
  EXPECT_EQ(example->thresholds.port_scan.min_sampled_targets, scan.min_sampled_targets);
  EXPECT_EQ(example->thresholds.port_scan.settle, scan.settle);
  const detect::ObservationThresholds observation;
  EXPECT_EQ(example->thresholds.observation.alive, observation.alive);
  EXPECT_EQ(example->thresholds.observation.hold, observation.hold);
  EXPECT_EQ(example->thresholds.observation.point_hold, observation.point_hold);
}

}  // namespace
}  // namespace pinfold::config
