// Reports by the API: XARF 4 through the sealed reader to the findings inbox and the triage queue, over a real store.
#include "engine/reports/report_api.hpp"

#include <gtest/gtest.h>

#include "store/evidence_files.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class ReportApiTest : public ::testing::Test {
protected:
  ReportApiTest() {
    store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), kNoon - Seconds{86'400}); });
  }
  static std::string body(const std::string& address, const std::string& reporter = "reporter.example") {
    return R"({"xarf_version":"4.0.0","report_id":"r-1","timestamp":"2026-11-23T11:50:00Z","reporter":{"org":"R","domain":")" + reporter +
           R"(","contact":"a@b.example"},"source_identifier":")" + address + R"(","category":"connection","type":"login_attack","service":"ssh"})";
  }
  std::vector<records::InboxItem> findings() {
    std::vector<records::InboxItem> items;
    store->read([&](records::Transaction& tx) { items = tx.inbox().pending("finding", 100); });
    return items;
  }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  store::FileEvidenceStore evidence{folder.path() / "evidence"};
  mail::Reader reader{std::filesystem::path(PINFOLD_BINARY_DIR) / "bin/pinfold-reader", system_clock()};
  DeskService service{*store, {}, clock, [] {}};
  unsigned arrivals = 0;
  ReportApi api{service, evidence, reader, clock, [this] { ++arrivals; }};
};

TEST_F(ReportApiTest, MakesAFindingAndKeepsTheBody) {
  const auto receipt = api.take(body("192.0.2.11"), "Reporter.example");
  ASSERT_TRUE(receipt) << receipt.error().what;
  EXPECT_EQ(receipt->outcome.state, records::ReportState::Found);
  EXPECT_EQ(receipt->outcome.findings, 1U);
  ASSERT_EQ(findings().size(), 1U);
  EXPECT_NE(findings()[0].payload.find("brute_force"), std::string::npos);
  EXPECT_TRUE(evidence.get(receipt->id));
  EXPECT_EQ(arrivals, 1U);
}

TEST_F(ReportApiTest, SaysThatItHadTheSameBodyAlready) {
  ASSERT_TRUE(api.take(body("192.0.2.11"), "reporter.example"));
  const auto again = api.take(body("192.0.2.11"), "reporter.example");
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->outcome.state);
  EXPECT_EQ(findings().size(), 1U);
}

TEST_F(ReportApiTest, AsksAPersonAboutAReportInAnothersName) {
  const auto receipt = api.take(body("192.0.2.11", "somebody-else.example"), "reporter.example");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->outcome.state, records::ReportState::Triage);
}

TEST_F(ReportApiTest, CountsWhatIsNotOurs) {
  const auto receipt = api.take("[" + body("192.0.2.11") + "," + body("198.51.100.7") + "]", "reporter.example");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->outcome.findings, 1U);
  EXPECT_EQ(receipt->outcome.not_ours, 1U);
}

TEST_F(ReportApiTest, RefusesEachWrongBodyWithItsStatus) {
  struct Row {
    const char* name;
    std::string body;
    unsigned status;
    std::string code;
  };
  const std::string deep = "{\"xarf_version\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const Row rows[] = {{"no JSON", "hello", 400, "not_json"},
                      {"nothing", "", 400, "not_json"},
                      {"broken", "{\"xarf_version\":\"4.0.0\",", 400, "not_json"},
                      {"too deep", deep, 400, "not_json"},
                      {"other JSON", "{\"a\":1}", 422, "not_xarf"},
                      {"no source", R"({"xarf_version":"4.0.0","category":"connection","type":"ddos"})", 422, "not_xarf"},
                      {"too long", "{" + std::string(kMaxReportBody, ' ') + "}", 413, "too_long"}};
  for (const Row& row : rows) {
    const auto receipt = api.take(row.body, "reporter.example");
    ASSERT_FALSE(receipt) << row.name;
    EXPECT_EQ(receipt.error().status, row.status) << row.name << ": " << receipt.error().what;
    EXPECT_EQ(receipt.error().code, row.code) << row.name;
  }
  EXPECT_TRUE(findings().empty());
  EXPECT_EQ(arrivals, 0U);
}

}  // namespace
}  // namespace pinfold::engine
