// Everything that a stranger may send in order to hurt, each through the real sealed reader: a verdict or a refusal, in bounded time. The reader's
// own limits (768 MiB, 10 s of processor time) bound the memory.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.hpp"
#include "mail/classify.hpp"
#include "mail/reader.hpp"
#include "message/wrap.hpp"

namespace pinfold::mail {
namespace {

std::string headers(const std::string& type) {
  return "From: x@reporter.example\r\nTo: abuse@desk.example\r\nSubject: abuse report\r\nDate: Tue, 03 Mar 2026 10:00:00 +0000\r\nMIME-Version: "
         "1.0\r\n"
         "Content-Type: " +
         type + "\r\n\r\n";
}

std::string nested(int depth) {
  std::string mail = headers("multipart/mixed; boundary=b0");
  for (int i = 0; i < depth; ++i) {
    mail += "--b" + std::to_string(i) + "\r\nContent-Type: multipart/mixed; boundary=b" + std::to_string(i + 1) + "\r\n\r\n";
  }
  return mail + "--b" + std::to_string(depth) + "\r\n\r\nx\r\n";
}

std::string parts(int count) {
  std::string mail = headers("multipart/mixed; boundary=b");
  for (int i = 0; i < count; ++i) {
    mail += "--b\r\n\r\n";
  }
  return mail + "--b--\r\n";
}

/// A gzip-like bomb in zip form cannot be written by hand here; report/hostile_test.cpp has it. This one lies about its sizes.
std::string lying_zip() {
  std::string zip = "PK\x03\x04" + std::string(26, '\xFF') + "x";
  zip += "PK\x01\x02" + std::string(42, '\xFF') + "x";
  zip += std::string("PK\x05\x06\x00\x00\x00\x00\xFF\xFF\xFF\xFF", 12) + std::string(10, '\xFF');
  return message::as_mail("report.zip", zip);
}

struct Row {
  const char* name;
  std::string mail;
  bool refused;      ///< unreadable: kept, and shown to a person
  const char* kind;  ///< of what was read; "" when it was not
};

std::vector<Row> rows() {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::vector<Row> all;
  all.push_back({"200 multiparts in one another", nested(200), true, ""});
  all.push_back({"20,000 multiparts in one another", nested(20'000), true, ""});
  all.push_back({"100 multiparts in one another", nested(100), false, "unknown"});
  all.push_back({"300,000 parts", parts(300'000), true, ""});
  all.push_back({"5,000 parts", parts(5'000), false, "unknown"});
  all.push_back({"50 MB", headers("text/plain") + std::string(std::size_t{50} * 1024 * 1024, 'x'), true, ""});
  all.push_back({"20 MB in one line", headers("text/plain") + std::string(std::size_t{20} * 1024 * 1024, 'x'), false, "unknown"});
  all.push_back({"no headers at all", "\r\nhello\r\n", false, "unknown"});
  all.push_back({"nothing at all", "", true, ""});
  all.push_back({"only a line end", "\r\n", false, "unknown"});
  all.push_back({"no colon anywhere", "hello\r\nworld\r\n", true, ""});
  all.push_back({"a charset that does not exist", headers("text/plain; charset=x-klingon") + "abuse from 203.0.113.7\r\n", false, "report"});
  all.push_back({"a charset that lies", headers("text/plain; charset=utf-8") + "abuse from 203.0.113.7 \xFF\xFE\xC0\x80\r\n", false, "report"});
  all.push_back({"UTF-7 and a wrong transfer encoding", headers("text/plain; charset=utf-7\r\nContent-Transfer-Encoding: x-none") + "+AGE-\r\n",
                 false, "unknown"});
  all.push_back({"JSON 100,000 deep", headers("application/json") + "{\"xarf_version\":" + deep + "}\r\n", false, "report"});
  all.push_back(
      {"XML with entities that grow",
       headers("application/xml") + "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><Infringement>&b;</Infringement>\r\n",
       false, "unknown"});
  all.push_back({"a zip that lies", lying_zip(), false, "unknown"});
  all.push_back({"a header of 40,000 bytes", "Subject: " + std::string(40'000, 'x') + "\r\n\r\nx\r\n", true, ""});
  all.push_back({"5,000 headers",
                 [] {
                   std::string many;
                   for (int i = 0; i < 5'000; ++i) {
                     many += "X-" + std::to_string(i) + ": x\r\n";
                   }
                   return many + "\r\nx\r\n";
                 }(),
                 true, ""});
  all.push_back({"NULs", headers("text/plain") + std::string(100'000, '\0'), false, "unknown"});
  all.push_back({"a line end in an encoded subject", "From: x@y.example\r\nSubject: =?utf-8?B?YQ0KQmNjOiBldmlsQGV4YW1wbGU=?=\r\n\r\nhello\r\n", false,
                 "unknown"});
  return all;
}

TEST(BadInput, EndsInAVerdictOrARefusalInBoundedTime) {
  const Reader reader(std::filesystem::path(PINFOLD_BINARY_DIR) / "bin/pinfold-reader", system_clock(), Seconds{20},
                      {std::filesystem::path(PINFOLD_SOURCE_DIR) / "rules/reports"}, Reader::Start::Warm);
  for (const Row& row : rows()) {
    const MonoTime before = system_clock().mono();
    const auto opened = reader.open(row.mail);
    const auto took = std::chrono::duration_cast<Millis>(system_clock().mono() - before);
    ASSERT_TRUE(opened) << row.name << ": " << opened.error().why;
    EXPECT_LT(took, Seconds{15}) << row.name;
    const auto* refused = std::get_if<Unreadable>(&opened->mail);
    EXPECT_EQ(refused != nullptr, row.refused) << row.name << (refused != nullptr ? ": " + refused->why : "");
    if (refused != nullptr) {
      EXPECT_FALSE(refused->why.empty()) << row.name;
    } else if (!row.refused) {
      const auto& mail = std::get<message::Mail>(opened->mail);
      EXPECT_EQ(kind_name(classify(mail, {"abuse", "desk.example", "b", "bounce.desk.example"}, {}, opened->report).kind), row.kind) << row.name;
      for (const message::Header& header : mail.headers) {
        EXPECT_EQ(header.name.find_first_of("\r\n"), std::string::npos) << row.name;
      }
    }
  }
}

}  // namespace
}  // namespace pinfold::mail
