/// A notice with everything in it, and the templates as they are shipped.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>

#include "mail/compose.hpp"

namespace pinfold::mail {

inline const OurAddresses kOurs{"abuse", "desk.example", "b", "bounce.desk.example"};

inline const Templates& templates() {
  static const Templates kTemplates = [] {
    auto loaded = Templates::load(std::filesystem::path(PINFOLD_SOURCE_DIR) / "templates");
    EXPECT_TRUE(loaded) << loaded.error();
    return loaded ? *loaded : Templates{};
  }();
  return kTemplates;
}

inline NoticeText sample(desk::NoticeKind kind, const std::string& language) {
  NoticeText text;
  text.kind = kind;
  text.case_id = CaseId{42};
  text.notice = NoticeId{2};
  text.token = "k7q2x9";
  text.language = language;
  text.to = {"Jürgen", "owner@customer.example"};
  text.brand = "Example Host";
  text.now = *parse_wall_time("2026-11-23T08:00:00Z");
  text.server = ServerId{"srv-17"};
  text.addresses = {"192.0.2.17", "2001:db8::17"};
  text.abuse_class = abuse::AbuseClass::PortScan;
  text.summary = "4812 connections to 391 hosts on port 22 <b>";
  text.first_seen = *parse_wall_time("2026-11-23T04:12:00Z");
  text.last_seen = *parse_wall_time("2026-11-23T06:02:00Z");
  text.facts = {{"destinations", "391"}, {"port", "22"}, {"mail subject", "Cheap watches"}, {"fetched", "http://192.0.2.99/a.sh"}};
  text.files = {{"/dev/shm/x.pl", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1234}};
  text.process = "perl /dev/shm/x.pl, started by php";
  text.way_in = "The script was written by the PHP process: an upload form.";
  text.aup_clause = "4.2 No network attacks";
  text.deadline = *parse_wall_time("2026-11-24T08:00:00Z");
  text.link = "https://abuse.desk.example/c/PF-42/k7q2x9";
  text.console = "Console: https://console.desk.example/";
  text.earlier_message_ids = {"pf-42.1.aaaa22@desk.example"};
  return text;
}

inline constexpr std::array kLetterNames = {"warning", "second_notice", "disabled", "enabled", "reminder", "contact_verification", "ticket"};

}  // namespace pinfold::mail
