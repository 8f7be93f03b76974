#include <utility>

#include "base/text.hpp"
#include "config/fields.hpp"
#include "config/reading.hpp"

namespace pinfold::config {
namespace {

constexpr DurationBounds kCanaryIntervals{std::chrono::minutes{1}, std::chrono::hours{24}};
constexpr DurationBounds kMailboxIntervals{Seconds{5}, std::chrono::hours{1}};
constexpr DurationBounds kSealedRetentions{std::chrono::hours{1}, std::chrono::days{3650}};
constexpr std::size_t kMaxOfficers = 32;
constexpr std::size_t kMaxBrandCustomers = 10'000;
constexpr std::string_view kLocalPart = "the plain part of an address in front of the @ (letters, digits, - _ .)";

void read_dkim(TableReader& table, Reading& reading, std::string& selector, std::string& pem) {
  table.parsed("dkim_selector", selector, parse_labels, "a DKIM selector: letters, digits, dots and hyphens");
  if (table.has("dkim_key_file") == selector.empty()) {
    table.fail(selector.empty() ? "dkim_selector" : "dkim_key_file", "dkim_selector and dkim_key_file go together");
  }
  pem = reading.key_file(table, "dkim_key_file");
}

void read_imap(TableReader& table, Reading& reading) {
  Imap imap;
  table.require("server");
  table.remote_endpoint("server", imap.server);
  if (const auto chosen = table.choice("tls", {"implicit", "starttls", "off"})) {
    imap.tls = static_cast<Imap::Tls>(*chosen);
  }
  if (imap.tls == Imap::Tls::Off && !is_loopback(imap.server.address)) {
    table.fail("tls", "off is for a server on this machine: the password would go over the network in clear");
  }
  if (imap.tls != Imap::Tls::Off) {
    table.require("name", "missing: the server's name, as in its certificate");
  }
  table.text("name", imap.name);
  imap.ca_file = reading.path(table, "ca_file").string();
  table.require("user");
  table.text("user", imap.user);
  table.require("password_file");
  imap.password = trim(reading.key_file(table, "password_file"));
  table.text("folder", imap.folder);
  table.text("archive", imap.archive);
  bool deletes = false;
  table.boolean("delete", deletes);
  imap.archive = deletes ? "" : imap.archive;
  table.duration("every", imap.every, kMailboxIntervals);
  reading.config.mail.imap = std::move(imap);
}

void read_desk_mail(TableReader& table, Reading& reading) {
  auto& mail = reading.config.mail;
  table.require("submission");
  table.remote_endpoint("submission", mail.submission);
  table.boolean("starttls", mail.starttls);
  table.require("domain");
  table.parsed("domain", mail.domain, parse_domain, "a mail domain");
  mail.from_name = "Abuse Desk";
  table.text("from_name", mail.from_name);
  mail.from_local = "abuse";
  table.parsed("from_local", mail.from_local, parse_local_part, kLocalPart);
  mail.bounce_domain = mail.domain;
  table.parsed("bounce_domain", mail.bounce_domain, parse_domain, "a mail domain");
  table.parsed("authserv_id", mail.authserv_id, parse_domain, "the name of your mail server in its Authentication-Results headers");
  read_dkim(table, reading, mail.dkim_selector, mail.dkim_key);
  table.listen_endpoint("lmtp", mail.lmtp);
  reading.claim(table, "lmtp", Transport::Tcp, mail.lmtp);
  table.table("imap", [&](TableReader& imap) { read_imap(imap, reading); });
  mail.log_file = reading.path(table, "log_file");
  table.number("per_recipient", mail.per_recipient, 0, 10'000);
  table.boolean("answer_reporters", mail.answer_reporters);
  table.boolean("canary", mail.canary);
  table.duration("canary_every", mail.canary_every, kCanaryIntervals);
  if (table.has("canary_every") && !(mail.canary && mail.lmtp)) {
    table.fail("canary_every", "no canary goes round: it needs mail.lmtp, and canary not turned off");
  }
}

void read_brand(TableReader& table, Reading& reading) {
  Brand brand;
  table.require("name");
  table.text("name", brand.from_name);
  table.require("domain");
  table.parsed("domain", brand.domain, parse_domain, "a mail domain");
  table.parsed("from_local", brand.from_local, parse_local_part, kLocalPart);
  brand.bounce_domain = brand.domain;
  table.parsed("bounce_domain", brand.bounce_domain, parse_domain, "a mail domain");
  read_dkim(table, reading, brand.dkim_selector, brand.dkim_key);
  brand.templates = reading.path(table, "templates");
  table.require("customers", "missing: whose brand it is");
  brand.customers = table.texts("customers", kMaxBrandCustomers);
  reading.config.brands.push_back(std::move(brand));
}

void read_reports(TableReader& table, Reading& reading) {
  table.boolean("show_reporters", reading.config.reports.show_reporters);
  table.boolean("answer_not_ours", reading.config.reports.answer_not_ours);
  reading.config.reports.sealed_officers = table.texts("sealed_officers", kMaxOfficers);
  if (table.has("sealed_keep")) {
    Micros keep{0};
    table.duration("sealed_keep", keep, kSealedRetentions);
    reading.config.reports.sealed_keep = keep;
  }
}

}  // namespace

void read_mail(TableReader& root, Reading& reading) {
  root.require("mail", "missing: without [mail] nobody can be warned");
  root.table("mail", [&](TableReader& table) { read_desk_mail(table, reading); });
  root.table("reports", [&](TableReader& table) { read_reports(table, reading); });
  root.tables("brand", kMaxBrands, [&](TableReader& table, std::size_t) { read_brand(table, reading); });
}

}  // namespace pinfold::config
