// Abuse reports in many senders' dialects (tests/golden/reports), each written for this test: what stands in it is what comes out.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <sstream>

#include "report/parsed.hpp"

namespace pinfold::report {
namespace {

struct Sample {
  std::string name;
  std::vector<std::string> expected;  ///< "ADDRESS TIME CLASS"
  std::string raw;
};

std::vector<Sample> read_samples(const std::string& file) {
  std::vector<Sample> samples;
  std::istringstream lines(read_file(std::filesystem::path(PINFOLD_SOURCE_DIR) / "tests/golden/reports" / file));
  bool in_head = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("%% ", 0) == 0) {
      samples.push_back({line.substr(3), {}, {}});
      in_head = true;
    } else if (samples.empty()) {
      continue;
    } else if (in_head && line.rfind("= ", 0) == 0) {
      samples.back().expected.push_back(line.substr(2));
    } else if (in_head && line.empty()) {
      in_head = false;
    } else {
      samples.back().raw += line + "\n";
    }
  }
  return samples;
}

std::vector<std::string> described(const Report& report) {
  std::vector<std::string> lines;
  for (const Statement& statement : report.statements) {
    std::string line = name_of(statement);
    line += " " + (statement.first ? to_string(*statement.first) : "-");
    line += " " + std::string(abuse::to_string(statement.abuse_class));
    lines.push_back(line);
  }
  return lines;
}

class Dialects : public ::testing::TestWithParam<const char*> {};

TEST_P(Dialects, GiveTheAddressTimeAndClassThatStandInThem) {
  struct Row {
    unsigned mails = 0;
    unsigned right = 0;
  };
  std::map<std::string, Row> table;
  const auto samples = read_samples(GetParam());
  ASSERT_GT(samples.size(), 20U);
  for (const Sample& sample : samples) {
    const Report report = report_of(sample.raw);
    std::vector<std::string> wanted;
    for (const std::string& line : sample.expected) {
      const auto from = line.find(' ') + 1;
      const auto time = parse_wall_time(line.substr(from, line.find(' ', from) - from));
      wanted.push_back(line.substr(0, from) + (time ? to_string(*time) : "-") + line.substr(line.find(' ', from)));
    }
    Row& row = table[report.format.empty() ? "(none)" : report.format];
    ++row.mails;
    row.right += described(report) == wanted ? 1U : 0U;
    EXPECT_EQ(described(report), wanted) << sample.name << " (" << report.format << ": " << report.why << ")";
  }
  for (const auto& [format, row] : table) {
    std::printf("%-24s %4u mails %4u right\n", format.c_str(), row.mails, row.right);
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, Dialects,
                         ::testing::Values("dialects.txt", "strangers.txt", "named_senders.txt", "reporters_1.txt", "reporters_2.txt",
                                           "reporters_3.txt", "reporters_4.txt"),
                         [](const auto& file) { return std::string(file.param).substr(0, std::string(file.param).find('.')); });

}  // namespace
}  // namespace pinfold::report
