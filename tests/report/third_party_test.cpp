// Other people's reports against what a person read in them (tests/golden/reports/truth.tsv). The mails lie beside the checkout and are no part of
// the project; where they are absent, the test says so and is skipped. Prints a table by format.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <vector>

#include "base/text.hpp"
#include "report/parsed.hpp"
#include "support/shared_data.hpp"

namespace pinfold::report {
namespace {

namespace fs = std::filesystem;

struct Fact {
  std::string address;
  std::string first;
  std::string abuse_class;
};

std::map<std::string, std::vector<Fact>> read_truth() {
  std::map<std::string, std::vector<Fact>> truth;
  const std::string text = read_file(fs::path(PINFOLD_SOURCE_DIR) / "tests/golden/reports/truth.tsv");
  for (const std::string_view line : split(text, '\n')) {
    const auto cells = split(line, '\t');
    if (cells.size() == 4) {
      truth[std::string(cells[0])].push_back({std::string(cells[1]), std::string(cells[2]), std::string(cells[3])});
    }
  }
  return truth;
}

struct Row {
  unsigned mails = 0;
  unsigned right = 0;
  unsigned fields = 0;
  unsigned wrong_fields = 0;
};

/// Wrong fields of one mail; a missing or surplus statement counts as one each.
unsigned compare(const std::string& file, const Report& report, const std::vector<Fact>& facts, unsigned& fields) {
  unsigned wrong = 0;
  if (report.statements.size() != facts.size()) {
    std::printf("%s: %zu statements, %zu expected\n", file.c_str(), report.statements.size(), facts.size());
    wrong += 1;
  }
  for (std::size_t i = 0; i < std::min(report.statements.size(), facts.size()); ++i) {
    const Statement& statement = report.statements[i];
    const std::string first = statement.first ? to_string(*statement.first) : "-";
    const std::string given{abuse::to_string(statement.abuse_class)};
    const auto time = parse_wall_time(facts[i].first);
    const std::string wanted = time ? to_string(*time) : "-";
    fields += 3;
    for (const auto& [is, should] :
         {std::pair(name_of(statement), facts[i].address), std::pair(first, wanted), std::pair(given, facts[i].abuse_class)}) {
      if (is != should) {
        ++wrong;
        std::printf("%s, statement %zu: %s, not %s\n", file.c_str(), i + 1, is.c_str(), should.c_str());
      }
    }
  }
  return wrong;
}

TEST(ThirdPartyReports, GiveTheAddressTimeAndClassThatStandInThem) {
  const fs::path folder = test::shared_data("reports");
  if (!fs::exists(folder)) {
    GTEST_SKIP() << "the shared sample mails are not on this machine";
  }
  std::map<std::string, Row> table;
  Row all;
  for (const auto& [file, facts] : read_truth()) {
    if (!fs::exists(folder / file)) {
      continue;  // other machines may have other samples
    }
    const Report report = report_of(message::as_mail(fs::path(file).filename().string(), read_file(folder / file)));
    Row& row = table[report.format.empty() ? "(none)" : report.format];
    unsigned fields = 0;
    const unsigned wrong = compare(file, report, facts, fields);
    for (Row* each : {&row, &all}) {
      ++each->mails;
      each->right += wrong == 0 ? 1U : 0U;
      each->fields += fields;
      each->wrong_fields += wrong;
    }
  }
  std::printf("%-24s %6s %6s %8s %8s\n", "format", "mails", "right", "fields", "wrong");
  for (const auto& [format, row] : table) {
    std::printf("%-24s %6u %6u %8u %8u\n", format.c_str(), row.mails, row.right, row.fields, row.wrong_fields);
  }
  std::printf("%-24s %6u %6u %8u %8u\n", "all", all.mails, all.right, all.fields, all.wrong_fields);
  EXPECT_GT(all.mails, 0U);
  EXPECT_EQ(all.wrong_fields, 0U);
  EXPECT_GE(all.right * 100, all.mails * 95);
}

}  // namespace
}  // namespace pinfold::report
