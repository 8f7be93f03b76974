// What a case's notice says: which script made the traffic, on whose word and whose decision a port went off, and how the owner reaches the machine.
#include "engine/mail/notice_text.hpp"

#include "engine/answers.hpp"
#include "engine/mail/notices.hpp"
#include "engine/people_lab.hpp"

namespace pinfold::engine {
namespace {

class NoticeTextTest : public test::PeopleLab {
protected:
  NoticeTextTest() {
    policy.measures = desk::Arming::Armed;
    config.http.console = "https://panel.hosting.example/console/{server}";
  }
  mail::NoticeText text_of(CaseId id) {
    const desk::Case c = *desk().find(id);
    const auto events = read([&](records::Transaction& tx) { return tx.cases().events(id); });
    const auto all = desk().inventory();
    return notice_text({c, events, c.notices.back(), *all, config, "key", clock.wall()});
  }
  void switch_off(CaseId id, const std::string& reason) {
    EXPECT_TRUE(desk().apply(id, desk::NoticeFailed{NoticeId{1}, "550"}));
    EXPECT_TRUE(desk().apply(id, desk::MeasureOrdered{StaffId{"anna"}, reason, false}));
    EXPECT_TRUE(desk().apply(id, desk::PortActionFinished{ActionId{1}, desk::ActionResult::Verified, "down", Millis{3000}}));
    EXPECT_EQ(desk().find(id)->state, desk::State::Disabled);
    EXPECT_EQ(desk().find(id)->notices.size(), 1U) << "nobody is left to write to: the letter is what would have been said";
  }
};

TEST_F(NoticeTextTest, AWarningNamesTheScriptThatMadeTheTraffic) {
  const CaseId id = open_case();
  abuse::Finding host = pinfold::test::sample_finding(abuse::Origin::Host, clock.wall() - Seconds{9}, "host/1");
  host.evidence.facts = {{"script", "/dev/shm/x.pl"}, {"user", "www-data"}, {"ancestry", "apache2 > php > sh"}};
  EXPECT_EQ(desk().take_finding(host), id);
  const mail::NoticeText text = text_of(id);
  const std::pair<std::string, std::string> made_by{"made by", "/dev/shm/x.pl as www-data (most likely: started 4 s before it began)"};
  EXPECT_EQ(std::count(text.facts.begin(), text.facts.end(), made_by), 1);
  EXPECT_EQ(text.way_in, "The process was started by: apache2 > php > sh");
}

TEST_F(NoticeTextTest, OfAMeasureGivesTheReasonTheSourceOfTheFactsAndTheConsole) {
  const auto id = desk().open_by_staff(ServerId{"srv-1"}, abuse::AbuseClass::Phishing, "a page that asks for bank passwords", StaffId{"anna"});
  ASSERT_TRUE(id);
  switch_off(*id, "the page is live and nobody can be reached");
  desk::Case c = *desk().find(*id);
  const auto events = read([&](records::Transaction& tx) { return tx.cases().events(*id); });
  c.notices.back().kind = desk::NoticeKind::Disabled;
  const auto all = desk().inventory();
  const mail::NoticeText text = notice_text({c, events, c.notices.back(), *all, config, "key", clock.wall()});
  EXPECT_EQ(text.console, "https://panel.hosting.example/console/srv-1");
  EXPECT_EQ(text.decision, mail::Decision::Person);
  EXPECT_FALSE(text.in_quarantine);
  EXPECT_TRUE(text.is_reported) << "no sensor of ours saw it";
  ASSERT_FALSE(text.facts.empty());
  EXPECT_EQ(text.facts.front(), (std::pair<std::string, std::string>{"reason given", "the page is live and nobody can be reached"}));
  const std::string mail = mail::compose(text, *mail::Templates::load(PINFOLD_SOURCE_DIR "/templates"), our_addresses(config)).mail;
  EXPECT_NE(mail.find("Statement of reasons"), std::string::npos);
  EXPECT_NE(mail.find("reported to us by others"), std::string::npos) << mail;
  EXPECT_NE(mail.find("A system administrator decided it; no program did."), std::string::npos);
  EXPECT_NE(mail.find("somebody who took no part in this decision"), std::string::npos);
}

TEST_F(NoticeTextTest, OfAMeasureOnASwitchWithAQuarantineVlanSaysThatItIsOne) {
  const CaseId id = open_case();
  switch_off(id, "telephoned twice");
  const auto add_switch = [this](const char* name) -> config::Switch& {
    config::Switch one;
    one.id = SwitchId{name};
    return config.switches.emplace_back(std::move(one));
  };
  add_switch("sw2").quarantine_vlan = 666;
  EXPECT_FALSE(text_of(id).in_quarantine) << "another switch's";
  config::Switch& own = add_switch("sw1");
  EXPECT_FALSE(text_of(id).in_quarantine);
  own.quarantine_vlan = 666;
  EXPECT_TRUE(text_of(id).in_quarantine);
}

}  // namespace
}  // namespace pinfold::engine
