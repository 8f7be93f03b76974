// Whatever somebody writes into a policy file: what loads keeps the invariants that rest on it, for every class, at every level, for newcomers and
// repeat offenders. Thousands of files, made at random from the keys that matter; the same ones every time.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <random>

#include "config/policy_file.hpp"

namespace pinfold::config {
namespace {

constexpr int kFiles = 4000;

class Writer {
public:
  explicit Writer(unsigned seed) : x_random(seed) {}

  std::string file() {
    std::string text = "[policy]\n";
    text += maybe("warnings", {"\"observe\"", "\"armed\"", "\"armed\""});
    text += maybe("measures", {"\"observe\"", "\"armed\""});
    text += maybe("approval", {"\"auto\"", "\"one\"", "\"two\""});
    text += maybe("response_window", kWindows);
    text += maybe("repeat_response_window", kWindows);
    text += maybe("close_after_quiet", {"\"30 min\"", "\"3 d\"", "\"14 d\"", "\"60 d\""});
    text += maybe("presume_delivered_after", {"\"4 h\"", "\"7 d\""});
    text += "[limits]\n" + maybe("max_disables_per_switch_hour", {"0", "1", "7"}) + maybe("max_disables_per_site_hour", {"0", "3", "30"}) +
            maybe("max_disables_per_site_day", {"0", "10", "40"});
    for (const char* section : {"class.flood", "class.phishing", "class.bandwidth_burst", "level.1", "level.3"}) {
      if (pick(3) == 0) {
        text += fmt::format("[{}]\n", section) + maybe("warnings", {"\"observe\"", "\"armed\""}) + maybe("measures", {"\"observe\"", "\"armed\""}) +
                maybe("approval", {"\"auto\"", "\"two\""}) + maybe("response_window", kWindows) + maybe("repeat_response_window", kWindows);
      }
    }
    return text;
  }

private:
  using Values = std::vector<const char*>;
  const Values kWindows{"\"1 s\"", "\"1 h\"", "\"24 h\"", "\"72 h\"", "\"20 d\""};
  unsigned pick(unsigned n) { return static_cast<unsigned>(x_random() % n); }
  std::string maybe(const char* key, const Values& values) {
    return pick(2) == 0 ? std::string{} : fmt::format("{} = {}\n", key, values[pick(static_cast<unsigned>(values.size()))]);
  }
  std::mt19937 x_random;
};

/// Why the policy could break an invariant; empty: it cannot.
std::string danger_in(const desk::Policy& policy) {
  for (int c = 0; c <= static_cast<int>(abuse::AbuseClass::Other); ++c) {
    for (std::uint8_t level = 0; level <= 5; ++level) {
      for (const unsigned earlier : {0U, 3U}) {
        const desk::Rules rules = desk::rules_for(policy, static_cast<abuse::AbuseClass>(c), level, earlier);
        const std::string where = fmt::format(" ({} at level {})", abuse::to_string(static_cast<abuse::AbuseClass>(c)), level);
        if (rules.measures == desk::Arming::Armed && rules.warnings != desk::Arming::Armed) {
          return "could disable without a warning" + where;
        }
        if (rules.response_window <= Micros{0} || rules.response_window >= policy.close_after_quiet) {
          return "the owner has no time, or the case closes before it is up" + where;
        }
        if (earlier > 0 && rules.response_window > desk::rules_for(policy, static_cast<abuse::AbuseClass>(c), level, 0).response_window) {
          return "a repeat offender has more time than a newcomer" + where;
        }
      }
    }
  }
  const bool ordered = policy.max_disables_per_switch_hour <= policy.max_disables_per_site_hour &&
                       policy.max_disables_per_site_hour <= policy.max_disables_per_site_day;
  return ordered ? "" : "a limit that another one contradicts";
}

TEST(PolicyInvariants, HoldForEveryFileThatLoads) {
  Writer writer(20'261'123);
  int loaded = 0;
  int refused_and_dangerous = 0;
  for (int i = 0; i < kFiles; ++i) {
    const std::string text = writer.file();
    const auto policy = parse_policy(text, "policy.toml");
    if (policy) {
      ++loaded;
      ASSERT_EQ(danger_in(policy->policy), "") << text;
    } else {
      EXPECT_GT(policy.error().line, 0U) << text;
      refused_and_dangerous += policy.error().what.find("without a delivered warning") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GT(loaded, kFiles / 50) << "or the check says nothing";
  EXPECT_GT(refused_and_dangerous, kFiles / 50) << "the danger was among what was tried";
}

}  // namespace
}  // namespace pinfold::config
