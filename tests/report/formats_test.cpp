// Mails of our own making, one a claim: the forms that reporters' mails take and the traps in them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/addresses.hpp"
#include "report/parsed.hpp"
#include "report/report_json.hpp"
#include "report/times.hpp"

namespace pinfold::report {
namespace {

std::string mail(const std::string& subject, const std::string& body, const std::string& from = "noc@victim.example") {
  return "From: " + from + "\r\nSubject: " + subject + "\r\nDate: Tue, 03 Mar 2026 10:00:00 +0100\r\n\r\n" + body;
}

std::string times_of(const Report& report) {
  std::string all;
  for (const Statement& s : report.statements) {
    all += name_of(s) + " " + (s.first ? to_string(*s.first) : "-") + " " + std::string(abuse::to_string(s.abuse_class)) + "\n";
  }
  return all;
}

TEST(Times, AreReadInEveryFormThatReportersUse) {
  TimeContext context;
  context.now = *parse_wall_time("2026-03-03T10:00:00Z");
  struct Row {
    const char* text;
    const char* utc;
  };
  for (const Row& row :
       {Row{"Tue, 03 Mar 2026 08:00:01 +0100", "2026-03-03T07:00:01Z"}, Row{"2026-03-03T08:00:01+01:00", "2026-03-03T07:00:01Z"},
        Row{"2026-03-03 08:00:01 CET", "2026-03-03T07:00:01Z"}, Row{"03/Mar/2026:08:00:01 +0100", "2026-03-03T07:00:01Z"},
        Row{"Mar  3 08:00:01", "2026-03-03T08:00:01Z"}, Row{"Dec 31 23:59:59", "2025-12-31T23:59:59Z"},
        Row{"Mon, 21 Sep 2015 11:00AM PDT", "2015-09-21T18:00:00Z"}, Row{"1772420645", "2026-03-02T03:04:05Z"},
        Row{"03.03.2026 08:00", "2026-03-03T08:00:00Z"}, Row{"Tue Mar  3 08:00:01 UTC 2026", "2026-03-03T08:00:01Z"},
        Row{"03/02/2026", "2026-03-02T00:00:00Z"}, Row{"2026-03-03T08:00:01.250Z", "2026-03-03T08:00:01.250Z"},
        Row{"2026-03-03T17:02:02-0400", "2026-03-03T21:02:02Z"}, Row{"Tue, 03 Mar 2026 08:00:01 GMT+0200", "2026-03-03T06:00:01Z"}}) {
    const auto time = parse_time(row.text, context);
    ASSERT_TRUE(time) << row.text;
    EXPECT_EQ(to_string(*time), row.utc) << row.text;
  }
  for (const char* wrong : {"", "yesterday", "2026-13-03 08:00:00", "2026-02-30T08:00:00Z", "99:99:99"}) {
    EXPECT_FALSE(parse_time(wrong, context)) << wrong;
  }
}

TEST(Times, FollowTheSummerTimeOfCentralEurope) {
  TimeContext context;
  ASSERT_TRUE(set_zone(context, "Europe/Central"));
  EXPECT_EQ(to_string(*parse_time("2026-03-29 01:59:59", context)), "2026-03-29T00:59:59Z");
  EXPECT_EQ(to_string(*parse_time("2026-03-29 03:00:00", context)), "2026-03-29T01:00:00Z");
  EXPECT_EQ(to_string(*parse_time("2026-10-25 03:00:00", context)), "2026-10-25T02:00:00Z");
}

TEST(Addresses, AreTakenFromTextButNotFromNamesTimesAndVersions) {
  const auto list = [](std::string_view text) {
    std::string all;
    for (const FoundAddress& found : find_addresses(text)) {
      all += net::to_string(found.address) + (found.is_range ? "/ " : " ");
    }
    return all;
  };
  EXPECT_EQ(list("from 192.0.2.1, [192.0.2.2]:80 and 192.0.2.3."), "192.0.2.1 192.0.2.2 192.0.2.3 ");
  EXPECT_EQ(list("2001:db8::1 and [2001:db8::2]:443 at 12:30:45"), "2001:db8::1 2001:db8::2 ");
  EXPECT_EQ(list("192.0.2.1.dyn.example.net, 1.2.3, v1.2.3.4.5, 192-0-2-1.example, 127.0.0.1, 255.255.255.0"), "");
  EXPECT_EQ(list("your network 192.0.2.0/24"), "192.0.2.0/ ");
  EXPECT_EQ(list(refang("192.0.2[.]9 hxxp://198(.)51(.)100(.)4/x")), "192.0.2.9 198.51.100.4 ");
}

TEST(PlainText, AccusesTheSourceAndNotTheVictimOrTheReporter) {
  EXPECT_EQ(
      times_of(report_of(mail("SSH brute force", "Attacker: 192.0.2.7\nVictim: 198.51.100.1\nTime: 2026-03-03 07:00:00 UTC\nsshd: failed logins"))),
      "192.0.2.7 2026-03-03T07:00:00Z brute_force\n");
  EXPECT_EQ(times_of(report_of(mail("port scan from 192.0.2.7",
                                    "Mar  3 08:00:01 fw kernel: IN=eth0 SRC=192.0.2.7 DST=198.51.100.1 DPT=23\n"
                                    "Mar  3 08:10:01 fw kernel: IN=eth0 SRC=192.0.2.7 DST=198.51.100.9 DPT=23\n"))),
            "192.0.2.7 2026-03-03T07:00:01Z port_scan\n");
}

TEST(PlainText, ReadsATableOfAddressesAndTimes) {
  EXPECT_EQ(times_of(report_of(mail("Open resolvers in AS64500",
                                    "Affected systems (all times are UTC):\n\nASN | IP | Timestamp | Proto\n"
                                    " 64500 | 192.0.2.7 | 2026-03-02 01:00:00 | udp\n"
                                    " 64500 | 192.0.2.9 | 2026-03-02 02:00:00 | udp\n"))),
            "192.0.2.7 2026-03-02T01:00:00Z reflector\n192.0.2.9 2026-03-02T02:00:00Z reflector\n");
}

TEST(PlainText, GivesThePagesHostWhenNoAddressIsNamed) {
  EXPECT_EQ(times_of(report_of(mail("Phishing site", "Please take down hxxps://login[.]shop[.]example/x, seen 2026-03-03T07:00:00Z"))),
            "login.shop.example 2026-03-03T07:00:00Z phishing\n");
}

TEST(PlainText, SaysThatItDoesNotKnowWhenNobodyIsAccused) {
  const Report report = report_of(mail("Abuse", "Your customer is very rude. Do something."));
  EXPECT_TRUE(report.statements.empty());
  EXPECT_FALSE(report.why.empty());
}

TEST(Findings, StandForNoMoreThanAThirdPartysWord) {
  const Report report = report_of(mail("SSH brute force from 192.0.2.7", "Mar  3 08:00:01 x sshd: Failed password for root from 192.0.2.7"));
  const auto findings = to_findings(report, *parse_wall_time("2026-03-03T10:00:00Z"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].origin, abuse::Origin::Reporter);
  EXPECT_FALSE(abuse::is_own_telemetry(findings[0]));
  EXPECT_LE(findings[0].confidence.percent, 60);
  EXPECT_EQ(findings[0].id, to_findings(report, *parse_wall_time("2026-03-04T10:00:00Z"))[0].id) << "sent again, it is the same finding";
}

TEST(Sealed, HidesEverythingOfAReportOfChildAbuseMaterial) {
  for (const std::string& raw : {mail("Notice", "We found child sexual abuse material at http://192.0.2.7/x\n"),
                                 mail("CSAM on 192.0.2.7", "see above"), mail("Notice", "http://192.0.2.7/x", "hotline@iwf.org.uk")}) {
    const Report report = report_of(raw);
    EXPECT_TRUE(report.sealed) << raw;
    const std::string text = to_json(report).dump();
    EXPECT_EQ(text.find("http://"), std::string::npos) << text;
  }
  EXPECT_FALSE(report_of(mail("Spam from 192.0.2.7", "unsolicited mail")).sealed);
}

TEST(ReportJson, ComesBackAsItWent) {
  const Report report = report_of(mail("SSH brute force from 192.0.2.7", "Mar  3 08:00:01 x sshd: Failed password for root from 192.0.2.7"));
  const auto back = parse_report_json(to_json(report));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, report);
}

}  // namespace
}  // namespace pinfold::report
