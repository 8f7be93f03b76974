#include "agent/audit/php/releases.hpp"

#include <gtest/gtest.h>

#include "agent/audit/php/application_rules.hpp"

namespace pinfold::agent::audit {
namespace {

using State = Application::State;

TEST(Versions, AreComparedNumberByNumber) {
  struct Row {
    const char* older;
    const char* newer;
  };
  for (const Row& row : std::vector<Row>{{"1.8.9", "1.8.10"},
                                         {"4.4", "4.4.1"},
                                         {"3.0rc1", "3.0"},
                                         {"3.0-beta2", "3.0-rc1"},
                                         {"1.5.8", "1.5.8a"},
                                         {"1.9.10", "1.10"},
                                         {"2014-09-29a", "2018-04-22"},
                                         {"2.4.3", "2.4.3-p1"},
                                         {"0.8.7g", "0.8.8"},
                                         {"7.102", "7.103"},
                                         {"5.2-RC3", "5.2.1"},
                                         {"1.0.9", "1.0.10"}}) {
    EXPECT_LT(compare_versions(row.older, row.newer), 0) << row.older << " < " << row.newer;
    EXPECT_GT(compare_versions(row.newer, row.older), 0) << row.newer << " > " << row.older;
  }
  for (const char* same : {"1.0", "1.0.0", "1.00"}) {
    EXPECT_EQ(compare_versions(same, "1.0"), 0) << same;
  }
  EXPECT_EQ(compare_versions("", ""), 0);
}

constexpr const char* kTable =
    "shop\t*\t3.0.5\t3.1\t-\tCVE-1\n"
    "shop\t3.0\t3.0.5\t3.0.7\t-\tCVE-1\n"
    "shop\t2\t2.9.1\t2.9.4\t2025-01-01\tCVE-2\n"
    "old\t*\t-\t1.4\tyes\tCVE-3\n";

TEST(Releases, JudgeAVersionByItsBranch) {
  const auto releases = Releases::parse(kTable);
  ASSERT_TRUE(releases);
  struct Row {
    const char* app;
    const char* version;
    const char* today;
    State state;
  };
  for (const Row& row : std::vector<Row>{{"shop", "3.0.4", "2026-01-01", State::Vulnerable},
                                         {"shop", "3.0.5", "2026-01-01", State::Outdated},
                                         {"shop", "3.0.7", "2026-01-01", State::Current},
                                         {"shop", "3.1", "2026-01-01", State::Current},
                                         {"shop", "1.7", "2026-01-01", State::Vulnerable},
                                         {"shop", "2.9.1", "2024-12-31", State::Outdated},
                                         {"shop", "2.9.4", "2025-01-01", State::EndOfLife},
                                         {"shop", "2.8", "2026-01-01", State::Vulnerable},
                                         {"shop", "", "2026-01-01", State::Unknown},
                                         {"old", "1.4", "2026-01-01", State::EndOfLife},
                                         {"old", "", "2026-01-01", State::EndOfLife},
                                         {"nobody knows", "1", "2026-01-01", State::Unknown}}) {
    EXPECT_EQ(releases->judge(row.app, row.version, row.today).state, row.state) << row.app << " " << row.version << " at " << row.today;
  }
  EXPECT_EQ(releases->judge("shop", "3.0.4", "2026-01-01").because, "3.0.5 closes known holes, CVE-1");
}

TEST(Releases, NameTheLineThatIsWrong) { EXPECT_EQ(Releases::parse("# x\na\tb\n").error(), "line 2: 2 columns, not 6"); }

TEST(Releases, KnowEveryOldReleaseForWhatItIs) {
  struct Row {
    const char* app;
    const char* version;
  };
  for (const Row& row : std::vector<Row>{{"phpBB", "2.0.22"},       {"phpBB", "3.0.4"},         {"vBulletin", "3.8.4"},
                                         {"Joomla", "1.5.26"},      {"Joomla", "3.4.5"},        {"Drupal", "4.7.11"},
                                         {"Drupal", "7.31"},        {"WordPress", "4.7.1"},     {"TYPO3", "4.2.1"},
                                         {"Mambo", "4.5.2.3"},      {"phpMyAdmin", "2.11.3"},   {"Gallery", "2.2.4"},
                                         {"Coppermine", "1.4.10"},  {"osCommerce", "2.2-MS2"},  {"Zen Cart", "1.3.8"},
                                         {"PrestaShop", "1.6.0.9"}, {"Magento", "1.7.0.2"},     {"MediaWiki", "1.19.1"},
                                         {"Moodle", "2.7.1"},       {"Roundcube", "1.0.2"},     {"SquirrelMail", "1.4.15"},
                                         {"PHP-Nuke", "7.6"},       {"PostNuke", "0.7.6.4"},    {"WebCalendar", "1.2.0"},
                                         {"Matomo", "1.0"},         {"Nextcloud", "17.0.1"},    {"PHPMailer", "5.2.9"},
                                         {"TimThumb", "1.28"},      {"MyBB", "1.2.14"},         {"Simple Machines Forum", "1.1.11"},
                                         {"Cacti", "0.8.7g"},       {"DokuWiki", "2014-09-29a"}}) {
    const auto state = Releases::own().judge(row.app, row.version, "2026-11-26").state;
    EXPECT_TRUE(state == State::Vulnerable || state == State::EndOfLife) << row.app << " " << row.version << ": " << to_string(state);
  }
}

TEST(Releases, SpeakOnlyOfApplicationsThatCanBeRecognised) {
  std::size_t known = 0;
  std::set<std::string> apps;
  for (const auto& mark : ApplicationRules::own().marks()) {
    apps.insert(mark->app);
  }
  for (const std::string& app : apps) {
    known += Releases::own().knows(app) ? 1U : 0U;
  }
  EXPECT_GE(known, 150U);
}

TEST(Platforms, KnowWhenASystemIsOver) {
  const auto& platforms = Platforms::own();
  EXPECT_EQ(platforms.over("debian", "8", "2026-11-26"), "2020-06-30");
  EXPECT_EQ(platforms.over("debian", "12", "2026-11-26"), std::nullopt);
  EXPECT_TRUE(platforms.over("centos", "7.9", "2026-11-26"));
  EXPECT_EQ(platforms.over("php", "5.6", "2026-11-26"), "2018-12-31");
  EXPECT_EQ(platforms.over("plan9", "4", "2026-11-26"), std::nullopt);
}

}  // namespace
}  // namespace pinfold::agent::audit
