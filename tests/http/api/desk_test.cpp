// The rest of the API: tickets, terms, contacts, servers and their traffic, network, policy, letters, tokens, statistics.
#include <thread>

#include "http/api/api_fixture.hpp"
#include "records/own_contacts.hpp"

namespace pinfold::http {
namespace {

class DeskApiTest : public test::ApiTest {
protected:
  /// Begins slow work and asks for it until it is over.
  json finished(const Entry& who, const Response& begun) {
    EXPECT_EQ(begun.status, 202U) << begun.body;
    const std::string place = header(begun, "Location");
    for (int i = 0; i < 10'000; ++i) {
      const json action = parsed(call(who, "GET", place));
      if (action["state"] != "running") {
        return action;
      }
      std::this_thread::yield();
    }
    return {};
  }
};

TEST_F(DeskApiTest, ATicketGoesBackAndForth) {
  const Entry customer = enter("member");
  const Response opened =
      call(customer, "POST", "/v1/tickets", {{"kind", "suspicious"}, {"subject", "odd file"}, {"text", "in /tmp"}, {"server", "srv-1"}});
  ASSERT_EQ(opened.status, 201U) << opened.body;
  EXPECT_EQ(parsed(opened)["state"], "waits_for_staff");
  const Response upload = portal.handle({.method = "POST",
                                         .target = "/v1/tickets/T-1/attachments?name=x%2Fy.sh",
                                         .headers = {{"cookie", customer.cookie}, {"x-csrf-token", customer.csrf}},
                                         .body = "#!/bin/sh\n",
                                         .remote = "127.0.0.1"});
  ASSERT_EQ(upload.status, 201U) << upload.body;
  const json attachment = parsed(upload);
  ASSERT_EQ(call(customer, "POST", "/v1/tickets/T-1/messages", {{"text", "this one"}, {"attachments", json::array({attachment})}}).status, 200U);
  const Response file = call(enter("support"), "GET", "/v1/tickets/T-1/attachments/" + attachment["sha256"].get<std::string>());
  EXPECT_EQ(file.body, "#!/bin/sh\n");
  EXPECT_EQ(header(file, "Content-Disposition"), "attachment; filename=\"x_y.sh\"");
  const Response answered = call(enter("support"), "POST", "/v1/tickets/T-1/messages", {{"text", "we look"}});
  EXPECT_EQ(parsed(answered)["state"], "waits_for_customer");
  const std::string seen = call(customer, "GET", "/v1/tickets/T-1").body;
  EXPECT_NE(seen.find("we look"), std::string::npos);
  EXPECT_EQ(seen.find("\"support\""), std::string::npos) << "who of us it was stays with us";
  EXPECT_EQ(call(customer, "POST", "/v1/tickets", {{"kind", "question"}, {"subject", "x"}, {"text", "y"}, {"server", "srv-2"}}).status, 422U);
}

TEST_F(DeskApiTest, AHashAloneAttachesNothing) {
  const std::string secret = evidence.put("another customer's script");
  const Entry customer = enter("foreign");
  ASSERT_EQ(call(customer, "POST", "/v1/tickets", {{"kind", "question"}, {"subject", "x"}, {"text", "y"}}).status, 201U);
  const json message{{"text", "z"}, {"attachments", json::array({json{{"name", "x"}, {"sha256", secret}, {"size", 1}}})}};
  EXPECT_EQ(call(customer, "POST", "/v1/tickets/T-1/messages", message).status, 422U);
  EXPECT_EQ(call(customer, "GET", "/v1/tickets/T-1/attachments/" + secret).status, 404U);
}

TEST_F(DeskApiTest, AnAuditIsOrderedConsentedToAndListed) {
  ASSERT_EQ(
      call(enter("owner"), "POST", "/v1/tickets", {{"kind", "audit_request"}, {"subject", "look"}, {"text", "please"}, {"server", "srv-1"}}).status,
      201U);
  EXPECT_EQ(call(enter("member"), "POST", "/v1/tickets/T-1/audits", {{"paths", {"/var/www"}}, {"reason", "x"}}).status, 403U);
  EXPECT_EQ(call(enter("sysadmin"), "POST", "/v1/tickets/T-1/audits", {{"paths", {"/var/www"}}, {"reason", "asked for"}}).status, 200U);
  json audits = parsed(call(enter("owner"), "GET", "/v1/audits"))["items"];
  ASSERT_EQ(audits.size(), 1U);
  EXPECT_EQ(audits[0]["state"], "ordered");
  EXPECT_EQ(call(enter("owner"), "POST", "/v1/tickets/T-1/audits/consent", json::object()).status, 200U);
  EXPECT_EQ(parsed(call(enter("owner"), "GET", "/v1/audits"))["items"][0]["state"], "consented");
  EXPECT_TRUE(parsed(call(enter("foreign"), "GET", "/v1/audits"))["items"].empty());
}

TEST_F(DeskApiTest, WhatToDoNextIsSaidInTheReadersLanguageAndByWhom) {
  const auto speaks = [&](const std::string& login, const std::string& language) {
    store->transact([&](records::Transaction& tx) {
      auto row = *tx.access().user("u-" + login);
      row.language = language;
      tx.access().put_user(row);
    });
  };
  speaks("owner", "de");
  const json german =
      parsed(call(enter("owner"), "POST", "/v1/tickets", {{"kind", "suspicious"}, {"subject", "odd"}, {"text", "in /tmp"}, {"server", "srv-1"}}));
  ASSERT_EQ(german["checklist"].size(), 6U) << german;
  EXPECT_EQ(german["checklist"][0]["step"], "keep_copy");
  EXPECT_EQ(german["checklist"][0]["who"], "customer");
  EXPECT_EQ(german["checklist"][0]["text"].get<std::string>().substr(0, 26), "bewahren Sie eine Kopie de");
  EXPECT_EQ(german["checklist"][5]["who"], nullptr) << "either side orders the audit";
  const json english = parsed(call(enter("support"), "GET", "/v1/tickets/T-1"));
  EXPECT_EQ(english["checklist"][0]["text"], "keep a copy of the file before anything is deleted; attach it here, it stays inert");

  ASSERT_EQ(call(enter("sysadmin"), "POST", "/v1/tickets/T-1/audits", {{"paths", {"/var/www"}}, {"reason", "the script"}}).status, 200U);
  const json ordered = parsed(call(enter("owner"), "GET", "/v1/tickets/T-1"));
  EXPECT_EQ(ordered["events"].back()["text"], "unser Team (Mitarbeiter) beauftragt eine Prüfung von /var/www: the script")
      << "and who of us stays with us";
  EXPECT_EQ(ordered["events"].back()["by"], "unser Team");
  EXPECT_EQ(parsed(call(enter("support"), "GET", "/v1/tickets/T-1"))["events"].back()["by"], "sysadmin");
}

TEST_F(DeskApiTest, ATicketSaysWhatTheServiceLevelPromises) {
  const auto opened = [&](const std::string& login, const std::string& server) {
    return parsed(call(enter(login), "POST", "/v1/tickets", {{"kind", "suspicious"}, {"subject", "odd"}, {"text", "in /tmp"}, {"server", server}}));
  };
  const json plain = opened("owner", "srv-1");
  EXPECT_EQ(plain["audit_included"], false) << "a level of which the policy says nothing promises the least";
  EXPECT_EQ(plain["remediates"], "customer");
  const json managed = opened("foreign", "srv-2");
  EXPECT_EQ(managed["audit_included"], true);
  EXPECT_EQ(managed["remediates"], "staff");
  EXPECT_EQ(managed["checklist"][0]["who"], "staff") << "who remediates looks into the server";
}

TEST_F(DeskApiTest, TermsAreReadComparedAndAccepted) {
  const std::string one = "## 1 No attacks <!-- classes: port_scan -->\nfirst\n";
  const std::string two = "## 1 No attacks <!-- classes: port_scan -->\nsecond\n";
  ASSERT_EQ(call(enter("admin"), "POST", "/v1/aup", {{"markdown", one}}).status, 201U);
  ASSERT_EQ(call(enter("admin"), "POST", "/v1/aup", {{"markdown", two}}).status, 201U);
  EXPECT_EQ(call(enter("admin"), "POST", "/v1/aup", {{"markdown", "no clause"}}).status, 422U);
  const Entry owner = enter("owner");
  EXPECT_EQ(parsed(call(owner, "GET", "/v1/overview"))["aup_to_accept"], 2);
  const json lines = parsed(call(owner, "GET", "/v1/aup/2/difference?from=1"))["lines"];
  EXPECT_NE(std::find(lines.begin(), lines.end(), json({{"mark", "-"}, {"text", "first"}})), lines.end());
  EXPECT_NE(std::find(lines.begin(), lines.end(), json({{"mark", "+"}, {"text", "second"}})), lines.end());
  EXPECT_EQ(call(owner, "POST", "/v1/aup/2/acceptance").status, 204U);
  EXPECT_TRUE(parsed(call(owner, "GET", "/v1/overview"))["aup_to_accept"].is_null());
  EXPECT_EQ(parsed(call(enter("foreign"), "GET", "/v1/overview"))["aup_to_accept"], 2);
  EXPECT_EQ(parsed(call(enter("support"), "GET", "/v1/aup"))["items"][0]["accepted_by"], 1);
}

TEST_F(DeskApiTest, ContactsAreChangedOnTheirVersionAndVerified) {
  const Entry owner = enter("owner");
  const Response seen = call(owner, "GET", "/v1/customers/1001");
  const std::string tag = header(seen, "ETag");
  EXPECT_EQ(parsed(seen)["contacts"][0]["state"], "unverified");
  const json list{{"contacts", json::array({json{{"address", "Owner@customer.example"}, {"language", "en"}},
                                            json{{"address", "cto@customer.example"}, {"language", "de"}}})}};
  EXPECT_EQ(call(owner, "PUT", "/v1/customers/1001/contacts", list, {{"if-match", "\"999\""}}).status, 412U);
  EXPECT_EQ(
      call(owner, "PUT", "/v1/customers/1001/contacts", {{"contacts", json::array({json{{"address", "no address"}}})}}, {{"if-match", tag}}).status,
      422U);
  const Response changed = call(owner, "PUT", "/v1/customers/1001/contacts", list, {{"if-match", tag}});
  ASSERT_EQ(changed.status, 200U) << changed.body;
  EXPECT_EQ(parsed(changed)["contacts"][1]["address"], "cto@customer.example");
  const std::string verification = "/v1/customers/1001/contacts/cto@customer.example/verification";
  EXPECT_EQ(call(owner, "POST", verification, {{"code", "wrong"}}).status, 422U);
  EXPECT_EQ(call(enter("support"), "POST", verification, {{"how", "phone with the CTO"}}).status, 200U);
  const json contact = parsed(call(owner, "GET", "/v1/customers/1001"))["contacts"][1];
  EXPECT_EQ(contact["state"], "reachable");
  EXPECT_EQ(contact["verified"], to_string(clock.wall()));
}

TEST_F(DeskApiTest, ContactsThatACustomerHasSetOutliveAnImport) {
  const Entry owner = enter("owner");
  const json own{{"contacts", json::array({json{{"address", "night@customer.example"}, {"language", "de"}}})}};
  const std::string tag = header(call(owner, "GET", "/v1/customers/1001"), "ETag");
  ASSERT_EQ(call(owner, "PUT", "/v1/customers/1001/contacts", own, {{"if-match", tag}}).status, 200U);
  const auto import = [&](records::ContactsOf winner, const inventory::Inventory& file) {
    std::vector<records::ContactDifference> differences;
    store->transact([&](records::Transaction& tx) {
      auto customers = file.customers();
      differences = records::settle_contacts(tx, customers, winner);
      tx.inventory().replace({customers, file.servers()}, clock.wall());
    });
    return differences;
  };
  const auto address = [&] { return parsed(call(owner, "GET", "/v1/customers/1001"))["contacts"][0]["address"].get<std::string>(); };

  const auto differences = import(records::ContactsOf::Customer, test::two_customers());
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].customer, CustomerId{"1001"});
  EXPECT_EQ(differences[0].own.who, "owner");
  EXPECT_EQ(differences[0].own.at, clock.wall());
  EXPECT_EQ(differences[0].imported[0].id, ContactId{"owner@customer.example"});
  EXPECT_EQ(address(), "night@customer.example");
  EXPECT_EQ(import(records::ContactsOf::Customer, test::two_customers()).size(), 1U) << "it is said at each import";

  EXPECT_EQ(import(records::ContactsOf::Import, test::two_customers()).size(), 1U);
  EXPECT_EQ(address(), "owner@customer.example");
  EXPECT_TRUE(import(records::ContactsOf::Customer, test::two_customers()).empty()) << "given up for good";
}

TEST_F(DeskApiTest, AnImportThatAgreesEndsTheDifference) {
  store->transact([&](records::Transaction& tx) {
    const records::OwnContacts own{{{ContactId{"owner@customer.example"}, "en"}}, "owner", clock.wall()};
    records::set_own_contacts(tx, CustomerId{"1001"}, own);
    auto customers = test::two_customers().customers();
    EXPECT_TRUE(records::settle_contacts(tx, customers, records::ContactsOf::Customer).empty());
    EXPECT_FALSE(records::own_contacts(tx, CustomerId{"1001"}));
  });
}

TEST_F(DeskApiTest, AnXarfReportIsTakenAsAFindingOfTheServer) {
  const json xarf{{"xarf_version", "4.0.0"},
                  {"report_id", "5f0b1f4e-6d3c-4d0e-9c3f-8a4b4c8a1b11"},
                  {"timestamp", to_string(clock.wall() - std::chrono::minutes{10})},
                  {"reporter", {{"org", "Example Host"}, {"contact", "abuse@desk.example"}, {"domain", "desk.example"}}},
                  {"sender", {{"org", "Example Host"}, {"contact", "abuse@desk.example"}, {"domain", "desk.example"}}},
                  {"source_identifier", "192.0.2.11"},
                  {"source_port", 40022},
                  {"category", "connection"},
                  {"type", "login_attack"},
                  {"evidence_source", "honeypot"},
                  {"destination_ip", "198.51.100.7"},
                  {"protocol", "tcp"},
                  {"service", "ssh"}};
  const Response taken = call(enter("abuse"), "POST", "/v1/reports", xarf);
  ASSERT_EQ(taken.status, 201U) << taken.body;
  const json row = parsed(taken);
  EXPECT_EQ(row["state"], "found") << taken.body;
  EXPECT_EQ(row["findings"], 1);
  EXPECT_EQ(parsed(call(enter("support"), "GET", "/v1/reports/" + row["id"].get<std::string>()))["state"], "found");
  std::vector<records::InboxItem> findings;
  store->read([&](records::Transaction& tx) { findings = tx.inbox().pending("finding", 10); });
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].payload.find("srv-1"), std::string::npos);
  json unclear = xarf;
  unclear.erase("category");
  EXPECT_EQ(parsed(call(enter("abuse"), "POST", "/v1/reports", unclear))["state"], "triage") << "what is unclear goes to a person";
  EXPECT_EQ(call(enter("abuse"), "POST", "/v1/reports", {{"xarf", "no"}}).status, 422U);
}

TEST_F(DeskApiTest, TrafficComesWithTheTimesOfItsCases) {
  const CaseId id = new_case();
  std::vector<records::TrafficSample> samples;
  for (int i = 0; i < 10; ++i) {
    records::TrafficSample sample;
    sample.server = ServerId{"srv-1"};
    sample.source = records::TrafficSource::Interface;
    sample.minute = test::kNoon - std::chrono::minutes{10 - i};
    sample.slot.seconds = 60;
    sample.slot.out = {Bytes{60'000'000}, Packets{60'000}, {}};
    samples.push_back(sample);
  }
  history->append(samples);
  const json shown = parsed(call(enter("member"), "GET", "/v1/servers/srv-1/bandwidth?from=2026-11-23T11:00:00Z&to=2026-11-23T13:00:00Z"));
  ASSERT_EQ(shown["points"].size(), 10U) << shown.dump();
  EXPECT_EQ(shown["points"][0]["out_bps"], 8'000'000);
  EXPECT_EQ(shown["points"][0]["out_pps"], 1000);
  EXPECT_EQ(shown["resolution"], "1min");
  ASSERT_EQ(shown["cases"].size(), 1U);
  EXPECT_EQ(shown["cases"][0]["case"], to_string(id));
  EXPECT_EQ(call(enter("member"), "GET", "/v1/servers/srv-1/bandwidth?from=yesterday").status, 422U);
  EXPECT_EQ(parsed(call(enter("member"), "GET", "/v1/servers/srv-1/percentile?month=2026-11"))["month"], "2026-11");
  const json server = parsed(call(enter("owner"), "GET", "/v1/servers/srv-1"));
  EXPECT_EQ(server["port"]["state"], "up");
  EXPECT_TRUE(server["port"]["switch"].is_null()) << "where it is plugged in is ours to know";
  EXPECT_EQ(parsed(call(enter("support"), "GET", "/v1/servers/srv-1"))["port"]["switch"], "sw1");
  EXPECT_EQ(parsed(call(enter("owner"), "GET", "/v1/servers"))["items"].size(), 1U);
  EXPECT_EQ(parsed(call(enter("support"), "GET", "/v1/servers?limit=1"))["items"].size(), 1U);
}

TEST_F(DeskApiTest, ASwitchIsArmedOnWhatWasSeenAndTheKillSwitchIsForEveryDecider) {
  const Entry who = enter("sysadmin");
  const Response seen = call(who, "GET", "/v1/switches/sw1");
  EXPECT_FALSE(parsed(seen)["armed"]);
  EXPECT_EQ(parsed(seen)["port_list"][0]["servers"][0]["id"], "srv-1");
  const json arming{{"armed", true}, {"reason", "watched it for a month"}};
  EXPECT_EQ(call(who, "PUT", "/v1/switches/sw1/arming", arming, {{"if-match", header(seen, "ETag")}}).status, 200U);
  EXPECT_EQ(call(who, "PUT", "/v1/switches/sw1/arming", arming, {{"if-match", header(seen, "ETag")}}).status, 412U);
  EXPECT_EQ(call(enter("abuse"), "PUT", "/v1/stop", {{"stopped", true}, {"reason", "odd"}}).status, 200U);
  EXPECT_EQ(call(enter("abuse"), "PUT", "/v1/stop", {{"stopped", false}, {"reason", "fine"}}).status, 403U);
  EXPECT_EQ(call(who, "PUT", "/v1/stop", {{"stopped", false}, {"reason", "fine"}}).status, 200U);
  EXPECT_FALSE(parsed(call(who, "GET", "/v1/stop"))["stopped"]);
}

TEST_F(DeskApiTest, APolicyIsCheckedAndSimulatedOnTheRecord) {
  delivered_case();
  const Entry who = enter("abuse");
  const json wrong = parsed(call(who, "POST", "/v1/policy/checks", {{"text", "[policy]\nresponse_windw = \"24 h\"\n"}}));
  EXPECT_EQ(wrong["errors"][0]["field"], "text");
  EXPECT_NE(wrong["detail"].get<std::string>().find("policy.toml:2"), std::string::npos) << wrong.dump();
  EXPECT_EQ(call(who, "POST", "/v1/policy/checks", {{"text", "[policy]\nresponse_window = \"48 h\"\n"}}).status, 200U);
  const json action =
      finished(who, call(who, "POST", "/v1/policy/simulations", {{"text", "[policy]\nresponse_window = \"48 h\"\nwarnings = \"armed\"\n"}}));
  EXPECT_EQ(action["state"], "done") << action.dump();
  EXPECT_EQ(action["result"]["cases"], 1);
  EXPECT_EQ(call(enter("sysadmin"), "GET", "/v1/actions/" + action["id"].get<std::string>()).status, 404U) << "another's";
  const json chain = finished(who, call(who, "POST", "/v1/audit-log/verifications"));
  EXPECT_TRUE(chain["result"]["whole"]);
}

TEST_F(DeskApiTest, LettersAreListedAndReadWithoutTheirToken) {
  delivered_case();
  const Entry who = enter("support");
  const json letters = parsed(call(who, "GET", "/v1/notices"))["items"];
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0]["state"], "delivered");
  EXPECT_TRUE(parsed(call(who, "GET", "/v1/notices?state=failed"))["items"].empty());
  const Response letter = call(who, "GET", "/v1/cases/PF-1/notices/1");
  ASSERT_EQ(letter.status, 200U) << letter.body;
  EXPECT_NE(parsed(letter)["text"].get<std::string>().find("owner@customer.example"), std::string::npos);
  const std::string token = desk.find(CaseId{1})->notices.at(0).token;
  EXPECT_EQ(letter.body.find(token), std::string::npos);
  EXPECT_EQ(parsed(call(who, "GET", "/v1/outbox"))["items"][0]["kind"], "send_notice");
}

TEST_F(DeskApiTest, StatisticsTellTheTimeToAnswer) {
  delivered_case();
  clock.advance(std::chrono::minutes{30});
  ASSERT_EQ(call(enter("owner"), "POST", "/v1/cases/PF-1/answers", {{"statement", "fixed"}}).status, 200U);
  const json s = parsed(call(enter("support"), "GET", "/v1/statistics?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"));
  EXPECT_EQ(s["cases_opened"], 1);
  EXPECT_EQ(s["answer_s"]["median"], 1800);
  EXPECT_EQ(s["answer_s"]["buckets"][1]["count"], 1);
  EXPECT_EQ(s["by_class"][0]["name"], "port_scan");
  EXPECT_EQ(s["by_customer"][0]["name"], "Example Ltd");
  EXPECT_EQ(s["by_day"][0]["day"], "2026-11-23");
}

TEST_F(DeskApiTest, ATokenIsShownOnceAndRevoked) {
  const Entry who = enter("abuse");
  EXPECT_EQ(call(who, "POST", "/v1/tokens", {{"name", "x"}, {"scopes", {"everything"}}}).status, 422U);
  const json made = parsed(call(who, "POST", "/v1/tokens", {{"name", "script"}, {"scopes", {"cases:read"}}, {"expires_days", 7}}));
  const std::string key = made["token"];
  EXPECT_EQ(key.substr(0, 3), "pf_");
  EXPECT_EQ(call({}, "GET", "/v1/cases", nullptr, {{"authorization", "Bearer " + key}}).status, 200U);
  const std::string listed = call(who, "GET", "/v1/tokens").body;
  EXPECT_EQ(listed.find(key), std::string::npos);
  bool kept_in_clear = false;
  store->read([&](records::Transaction& tx) { kept_in_clear = tx.access().token(key).has_value(); });
  EXPECT_FALSE(kept_in_clear);
  EXPECT_EQ(call(who, "DELETE", "/v1/tokens/" + made["id"].get<std::string>()).status, 204U);
  EXPECT_EQ(call({}, "GET", "/v1/cases", nullptr, {{"authorization", "Bearer " + key}}).status, 401U);
}

TEST_F(DeskApiTest, WhoAsksTooMuchWaits) {
  auto options = api.options();
  options.calls_per_minute = 3;
  api::Api strict{options, *api_desk, sessions, clock};
  const Entry who = enter("support");
  const auto ask = [&] {
    return strict.handle({.method = "GET", .target = "/v1/me", .headers = {{"cookie", who.cookie}}, .body = {}, .remote = "127.0.0.1"});
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask().status, 200U);
  }
  const Response refused = ask();
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(header(refused, "Retry-After"), "60");
  clock.advance(Seconds{60});
  EXPECT_EQ(ask().status, 200U);
}

TEST_F(DeskApiTest, TheContractIsServed) {
  const Response contract = call({}, "GET", "/v1/openapi.yaml");
  EXPECT_EQ(contract.status, 200U);
  EXPECT_EQ(contract.body.substr(0, 14), "openapi: 3.1.0");
  EXPECT_EQ(parsed(call({}, "GET", "/v1/site"))["name"], "Example Host");
}

}  // namespace
}  // namespace pinfold::http
