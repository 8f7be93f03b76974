// The year in full, 1,000 servers, in under a minute; a small one under sanitizers. PINFOLD_YEAR_SERVERS, PINFOLD_YEAR_SEED and PINFOLD_YEAR_RECORD
// choose another (make simulate-year).
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "base/sanitized.hpp"
#include "base/text.hpp"
#include "desk/scene.hpp"
#include "desk/year/company.hpp"

namespace pinfold::desk::test {
namespace {

constexpr std::uint64_t kServers = kIsSanitized ? 60 : 1000;
constexpr bool kIsTimed = !kIsSanitized;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return text == nullptr ? otherwise : parse_number(text).value_or(otherwise);
}

YearOptions year() {
  YearOptions options;
  options.policy = armed_policy();
  options.policy.approval = Approval::Auto;
  options.seed = from_environment("PINFOLD_YEAR_SEED", 20'261'123);
  options.servers = static_cast<unsigned>(from_environment("PINFOLD_YEAR_SERVERS", kServers));
  if (const char* record = std::getenv("PINFOLD_YEAR_RECORD")) {  // NOLINT(concurrency-mt-unsafe): one thread
    options.record = record;
  }
  return options;
}

TEST(Year, OfAHostingCompanyKeepsEveryInvariant) {
  const YearOptions options = year();
  const std::clock_t began = std::clock();  // processor time: what else runs on the machine is not measured
  const YearReport report = simulate_year(options);
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::printf("seed %llu, %u servers, %u days, %.1f s\n%s", static_cast<unsigned long long>(options.seed), options.servers, options.days, seconds,
              report.text().c_str());
  if (kIsTimed && options.servers <= kServers) {
    EXPECT_LT(seconds, 60.0);
  }
  EXPECT_EQ(report.violation, std::nullopt);
  EXPECT_EQ(report.answered_and_cut_off_by_policy, 0U);
  EXPECT_GT(report.warnings, options.servers / 4);
  EXPECT_GT(report.answers, report.warnings / 4);
  EXPECT_GT(report.disables_by_policy, 0U) << "the careless are cut off";
  EXPECT_GT(report.disables_by_people, 0U);
  EXPECT_GT(report.enables, 0U);
  EXPECT_GT(report.reminders, 0U);
  EXPECT_GT(report.answers_to_reminders, 0U) << "some had only overlooked the warning";
  EXPECT_LE(report.calls, 3 * report.cases) << "who is on call must still sleep";
  EXPECT_LE(report.most_calls_of_a_case, 20U);
  EXPECT_LE(report.calls_at_once, report.cases / 2) << "at night only for a port, or for proof that ages";
  EXPECT_GT(report.closed, report.cases / 2) << "cases come to an end";
}

TEST(Year, IsTheSameForTheSameSeed) {
  YearOptions options = year();
  options.servers = 20;
  options.record.clear();
  const std::string once = simulate_year(options).text();
  EXPECT_EQ(once, simulate_year(options).text());
  ++options.seed;
  EXPECT_NE(once, simulate_year(options).text());
}

TEST(Year, UnderAnObservingPolicyDisturbsNobody) {
  YearOptions options = year();
  options.record.clear();
  options.servers = 60;
  options.days = 60;
  options.policy.warnings = Arming::Observe;
  options.policy.measures = Arming::Observe;
  options.policy.approval = Approval::OnePerson;
  const YearReport report = simulate_year(options);
  EXPECT_EQ(report.violation, std::nullopt);
  EXPECT_GT(report.warnings, 0U) << "they are written";
  EXPECT_EQ(report.answers + report.bounces + report.disables_by_policy + report.disables_by_people, 0U) << "and nothing leaves the house";
}

}  // namespace
}  // namespace pinfold::desk::test
