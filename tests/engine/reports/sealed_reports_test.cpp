// Sealed reports: for their officers alone, each time on record, and no longer kept than the operator's rule says.
#include "engine/reports/sealed_reports.hpp"

#include "engine/people_lab.hpp"
#include "store/evidence_files.hpp"

namespace pinfold::engine {
namespace {

class SealedReportsTest : public test::PeopleLab {
protected:
  SealedReportsTest() {
    config.reports.sealed_officers = {"olga"};
    row.raw_sha256 = evidence.put("From: hotline\r\n\r\nwhat nobody else must see");
    row.received = clock.wall();
    row.is_sealed = true;
    write([&](records::Transaction& tx) { return tx.reports().add(row); });
  }
  auto take_out(const std::string& by) { return take_out_sealed(*store, evidence, config, 1, by, "for the police", clock.wall()); }
  std::vector<records::ActRow> acts() {
    return read([](records::Transaction& tx) { return tx.access().acts("", 0, 100); });
  }

  store::FileEvidenceStore evidence{folder.path() / "evidence"};
  records::ReportRow row;
};

TEST_F(SealedReportsTest, AreHandedToAnOfficerAloneAndThatStandsOnRecord) {
  EXPECT_NE(take_out("anna").error().find("only those named"), std::string::npos);
  EXPECT_TRUE(acts().empty());
  const auto raw = take_out("Olga");
  ASSERT_TRUE(raw) << raw.error();
  EXPECT_NE(raw->find("hotline"), std::string::npos);
  ASSERT_EQ(acts().size(), 1U);
  EXPECT_EQ(acts()[0].what, "takeOutSealedReport");
  EXPECT_EQ(acts()[0].text, "for the police");
  config.reports.sealed_officers.clear();
  EXPECT_NE(take_out("olga").error().find("nobody is named"), std::string::npos);
}

TEST_F(SealedReportsTest, AreErasedWhenTheOperatorsTimeIsOverAndNotBefore) {
  SealedRetention retention(*store, evidence, config, clock);
  clock.advance(std::chrono::days{400});
  EXPECT_EQ(retention.look(), 0U) << "no rule: kept";
  config.reports.sealed_keep = std::chrono::days{401};
  EXPECT_EQ(retention.look(), 0U);
  clock.advance(std::chrono::days{2});
  EXPECT_EQ(retention.look(), 1U);
  EXPECT_FALSE(evidence.get(row.raw_sha256));
  EXPECT_NE(take_out("olga").error().find("was erased"), std::string::npos);
  ASSERT_EQ(acts().size(), 1U);
  EXPECT_EQ(acts()[0].what, "eraseSealedReport");
  const auto kept = read([](records::Transaction& tx) { return tx.reports().find(1); });
  EXPECT_EQ(kept->why.rfind("raw mail erased", 0), 0U) << "the row stays, and says so: " << kept->why;
  clock.advance(std::chrono::hours{2});
  EXPECT_EQ(retention.look(), 0U) << "once";
}

}  // namespace
}  // namespace pinfold::engine
