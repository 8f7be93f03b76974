// What a stranger may send in order to hurt: each ends in a report, a count of what was dropped, or nothing; in bounded memory.
#include <gtest/gtest.h>
#include <zip.h>

#include <filesystem>

#include "base/text.hpp"
#include "report/parsed.hpp"

namespace pinfold::report {
namespace {

std::string mail_with(const std::string& type, const std::string& body, const std::string& name = {}) {
  return "From: x@reporter.example\r\nSubject: abuse report\r\nDate: Tue, 03 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: " + type +
         (name.empty() ? "" : "\r\nContent-Disposition: attachment; filename=\"" + name + "\"") + "\r\n\r\n" + body;
}

/// A zip of `count` members, each with the same text, built by libzip in memory.
std::string zip_of(const std::string& text, int count) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  for (int i = 0; i < count; ++i) {
    const std::string name = "list" + std::to_string(i) + ".csv";
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, text.data(), text.size(), 0), 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
  zip_source_open(target);
  zip_source_seek(target, 0, SEEK_END);
  const zip_int64_t size = zip_source_tell(target);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  zip_source_seek(target, 0, SEEK_SET);
  EXPECT_EQ(zip_source_read(target, bytes.data(), bytes.size()), size);
  zip_source_close(target);
  zip_source_free(target);
  zip_error_fini(&error);
  return bytes;
}

constexpr const char* kTwoRows = "timestamp,ip\n2026-03-01 00:00:00,192.0.2.1\n2026-03-01 00:00:00,192.0.2.2\n";

TEST(HostileReports, ReadAZipsListsButNoMoreMembersThanAllowed) {
  const Report report = report_of(message::as_mail("a.zip", zip_of(kTwoRows, 100)));
  EXPECT_EQ(report.statements.size(), 2 * kMaxArchiveMembers);
  EXPECT_EQ(report.dropped, 100 - kMaxArchiveMembers);
}

TEST(HostileReports, StopReadingAZipBombAtTheLimit) {
  std::string row = "timestamp,ip\n";
  row += std::string(std::size_t{20} * 1024 * 1024, 'x');
  const Report report = report_of(message::as_mail("a.zip", zip_of(row, 2)));
  EXPECT_GT(report.dropped, 0U);
  EXPECT_TRUE(report.statements.empty());
}

TEST(HostileReports, DoNotOpenAnArchiveWithAnEndlessDirectory) {
  const Report report = report_of(message::as_mail("a.zip", zip_of(kTwoRows, kMaxArchiveDirectory + 1)));
  EXPECT_EQ(report.statements.size(), 0U);
  EXPECT_EQ(report.dropped, 1U);
}

TEST(HostileReports, RefuseJsonNestedAHundredThousandDeep) {
  const std::string deep = "{\"xarf_version\":\"4\",\"source_identifier\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const Report report = report_of(mail_with("application/json", deep, "xarf.json"));
  EXPECT_TRUE(report.statements.empty());
  EXPECT_NE(report.why.find("cannot be read"), std::string::npos) << report.why;
}

TEST(HostileReports, RefuseXmlNestedDeepAndEntitiesThatGrow) {
  std::string deep = "<Infringement xmlns=\"http://www.acns.net/ACNS\"><Source>";
  for (int i = 0; i < 20'000; ++i) {
    deep += "<a>";
  }
  const Report nested = report_of(mail_with("application/xml", deep + "</Infringement>", "n.xml"));
  EXPECT_TRUE(nested.statements.empty());
  EXPECT_GT(nested.dropped, 0U);
  const Report entities = report_of(mail_with(
      "application/xml",
      "<!DOCTYPE l [<!ENTITY a \"192.0.2.1\"><!ENTITY b \"&a;&a;&a;\">]><Infringement><Source><IP_Address>&b;</IP_Address></Source></Infringement>",
      "n.xml"));
  EXPECT_TRUE(entities.statements.empty()) << "an entity was expanded";
}

TEST(HostileReports, KeepNoMoreStatementsThanTheLimitAndCountTheRest) {
  std::string list = "timestamp,ip\n";
  for (unsigned i = 0; i < kMaxStatements + 500; ++i) {
    list += "2026-03-01 00:00:00," + net::to_string(net::IpAddress::v4(0xC0000200U + i)) + "\n";
  }
  const Report report = report_of(mail_with("text/csv", list, "x.csv"));
  EXPECT_EQ(report.statements.size(), kMaxStatements);
  EXPECT_EQ(report.dropped, 500U);
}

TEST(HostileReports, TakeFormulasAsTextAndFaultyRowsAsDropped) {
  const Report report = report_of(mail_with("text/csv",
                                            "timestamp,ip,tag\n2026-03-01 00:00:00,192.0.2.1,\"=cmd|' /C calc'!A1\"\n2026-03-01,192.0.2.2,a,b,c,d\n"
                                            "2026-03-01 00:00:00,not an address,x\n2026-03-01 00:00:00,192.0.2.3,\"unclosed\n",
                                            "x.csv"));
  ASSERT_EQ(report.statements.size(), 1U);
  EXPECT_EQ(report.statements[0].facts.at(0).second, "=cmd|' /C calc'!A1");
  EXPECT_EQ(report.dropped, 3U);
}

TEST(HostileReports, KeepControlCharactersAndLineBreaksOutOfWhatPeopleSee) {
  const Report report = report_of(mail_with("text/csv", "timestamp,ip,tag\n2026-03-01 00:00:00,192.0.2.1,\"a\nBcc: x\x1B[2J\"\n", "x.csv"));
  ASSERT_EQ(report.statements.size(), 1U);
  EXPECT_EQ(report.statements[0].facts.at(0).second.find('\n'), std::string::npos);
  EXPECT_EQ(report.statements[0].facts.at(0).second.find('\x1B'), std::string::npos);
}

TEST(HostileReports, AreNotSlowedByAPatternThatWouldBacktrack) {
  // (a+)+$ and its kin cost an exponential number of steps elsewhere; RE2 is linear.
  const auto folder = std::filesystem::temp_directory_path() / ("pinfold-definitions-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "bomb.toml") << "name = \"bomb\"\nfields = ['(a+)+(?P<address>b)$']\n[match]\ntext = '(a|aa)+$'\n";
  const auto definitions = Definitions::load({folder});
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(definitions) << definitions.error();
  const Report report = report_of(mail_with("text/plain", std::string(200'000, 'a')), *definitions);
  EXPECT_TRUE(report.statements.empty());
}

TEST(HostileReports, SayWhichKeyOfADefinitionIsWrong) {
  const auto folder = std::filesystem::temp_directory_path() / ("pinfold-definitions-" + std::to_string(getpid()));
  struct Row {
    const char* text;
    const char* fault;
  };
  for (const Row& row : {Row{"name = \"x\"\n", "match: missing"}, Row{"name = \"x\"\nfeilds = []\n[match]\nsubject = 'a'\n", "feilds: unknown key"},
                         Row{"name = \"x\"\nfields = ['(']\n[match]\nsubject = 'a'\n", "fields: "},
                         Row{"name = \"x\"\nclass = \"nonsense\"\n[match]\nsubject = 'a'\n", "no class is called 'nonsense'"},
                         Row{"name = \"x\"\nzone = \"Mars\"\n[match]\nsubject = 'a'\n", "zone: unknown zone"}, Row{"name = ", "x.toml:1"},
                         Row{"name = \"x\"\n[=]\n", "x.toml:2"}, Row{"name = \"x\"\na = \xD0\x8C\n", "x.toml:2"}}) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "x.toml") << row.text;
    const auto definitions = Definitions::load({folder});
    ASSERT_FALSE(definitions) << row.text;
    EXPECT_NE(definitions.error().find(row.fault), std::string::npos) << definitions.error();
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace pinfold::report
