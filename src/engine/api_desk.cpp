#include "engine/api_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/policy_file.hpp"
#include "config/threshold_keys.hpp"
#include "engine/breaker.hpp"
#include "engine/customers/tickets.hpp"
#include "engine/ports/drivers.hpp"
#include "engine/reports/report_api.hpp"
#include "engine/reports/report_finding.hpp"
#include "engine/simulation.hpp"

namespace pinfold::engine {
namespace {

using http::api::NotApplied;
using http::api::PolicyValue;
using http::api::PolicyView;

constexpr int kMaxConflicts = 10;
constexpr std::size_t kMaxLogo = std::size_t{256} << 10U;
constexpr std::size_t kMaxShownText = 20'000;

std::string_view driver_name(config::SwitchDriver driver) {
  switch (driver) {
    case config::SwitchDriver::Snmp: return "snmp";
    case config::SwitchDriver::Bridge: return "bridge";
    case config::SwitchDriver::Ssh: return "ssh";
    case config::SwitchDriver::Webhook: break;
  }
  return "webhook";
}

std::string_view word_of(desk::Arming arming) { return arming == desk::Arming::Armed ? "armed" : "observe"; }
std::string_view word_of(desk::Approval approval) {
  return approval == desk::Approval::Auto ? "auto" : (approval == desk::Approval::OnePerson ? "one_person" : "two_persons");
}

PolicyView view_of(const desk::Policy& policy, const detect::Thresholds& thresholds) {
  const desk::Policy standard;
  PolicyView view{policy.warnings, policy.measures, {}};
  const auto add = [&](const char* key, const std::string& value, const std::string& usual, const char* why) {
    view.values.push_back({key, value, usual, "", why});
  };
  const auto span = [&](const char* key, Micros desk::Policy::*field, const char* why) {
    add(key, to_string(policy.*field), to_string(standard.*field), why);
  };
  const auto count = [&](const char* key, std::uint32_t desk::Policy::*field, const char* why) {
    add(key, std::to_string(policy.*field), std::to_string(standard.*field), why);
  };
  add("warnings", std::string(word_of(policy.warnings)), "observe", "whether letters go out");
  add("measures", std::string(word_of(policy.measures)), "observe", "whether ports are written");
  add("approval", std::string(word_of(policy.approval)), "one_person", "who must agree before a port is written");
  span("response_window", &desk::Policy::response_window, "from delivery to the deadline");
  span("repeat_response_window", &desk::Policy::repeat_response_window, "the same, for who had such a case before");
  span("quiet_gap", &desk::Policy::quiet_gap, "findings further apart are two incidents");
  span("watch_window", &desk::Policy::watch_window, "quiet for so long after an answer closes the case");
  span("probation", &desk::Policy::probation, "after a port is on again");
  span("close_after_quiet", &desk::Policy::close_after_quiet, "an unanswered first warning without a second event closes then");
  span("evidence_max_age", &desk::Policy::evidence_max_age, "a disable runs only on a second event younger than this");
  span("remind_after", &desk::Policy::remind_after, "what waits for a person is called out again");
  span("escalate_after", &desk::Policy::escalate_after, "a call that nobody takes goes one step further");
  span("verify_contacts_every", &desk::Policy::verify_contacts_every, "a contact that nothing has reached for longer is unverified");
  add("min_confidence", std::to_string(policy.min_confidence.percent), std::to_string(standard.min_confidence.percent), "less opens no case");
  count("max_disables_per_switch_hour", &desk::Policy::max_disables_per_switch_hour, "guard G5");
  count("max_disables_per_site_hour", &desk::Policy::max_disables_per_site_hour, "guard G5");
  count("max_disables_per_site_day", &desk::Policy::max_disables_per_site_day, "guard G5");
  count("max_notices_per_hour", &desk::Policy::max_notices_per_hour, "the circuit breaker");
  count("max_disable_requests_per_hour", &desk::Policy::max_disable_requests_per_hour, "the circuit breaker");
  for (const config::Explanation& e : config::explain(thresholds)) {
    view.values.push_back({e.key, std::to_string(e.value), std::to_string(e.standard), e.unit, e.reason});
  }
  return view;
}

class ApiDesk final : public http::api::Desk {
public:
  explicit ApiDesk(ApiDeskParts parts) : x_parts(std::move(parts)) {
    const config::Config& c = x_parts.config;
    x_info = {PINFOLD_VERSION,
              c.mail.domain,
              c.mail.from_local + "@" + c.mail.domain,
              !c.mail.dkim_selector.empty(),
              c.kill_switch.string(),
              {{"pages and API", config::to_string(c.http.listen)}}};
    const auto add = [&](const char* name, const std::optional<config::Endpoint>& endpoint) {
      if (endpoint) {
        x_info.listen.emplace_back(name, config::to_string(*endpoint));
      }
    };
    add("answer page", c.http.answers);
    add("agents", c.agents.listen);
    add("IPFIX, NetFlow", c.flows.ipfix);
    add("sFlow", c.flows.sflow);
    add("LMTP", c.mail.lmtp);
  }

  records::Store& store() override { return x_parts.desk.store(); }
  records::EvidenceStore& evidence() override { return x_parts.evidence; }
  records::History* history() override { return x_parts.history; }
  std::shared_ptr<const inventory::Inventory> inventory() override { return x_parts.desk.inventory(); }
  const desk::Policy& policy() override { return x_parts.desk.policy(); }
  http::Health health() override { return x_parts.health(); }
  const http::api::DeskInfo& info() override { return x_info; }
  void wake() override { x_parts.wake(); }

  Expected<desk::Case, NotApplied> apply(CaseId id, const desk::Input& input, std::optional<std::uint32_t> version) override;
  std::optional<CaseId> open_case(const ServerId& server, abuse::AbuseClass abuse_class, const std::string& summary, const StaffId& by) override {
    return x_parts.desk.open_by_staff(server, abuse_class, summary, by);
  }
  desk::Proof prove(const desk::Case& c) override { return x_parts.desk.prove(c); }
  Expected<ticket::Ticket, std::string> open_ticket(const ticket::Opened& opening) override;
  Expected<ticket::Ticket, std::string> put_ticket(ticket::TicketId id, const ticket::EventBody& body) override;

  std::vector<http::api::SwitchInfo> switches() override;
  std::string arming_setting(const SwitchId& id) override { return enforce::arming_setting(id); }
  std::string stop_setting() override { return std::string(enforce::kStopSetting); }
  bool breaker_open(records::Transaction& tx, std::string_view breaker) override { return is_open(tx, breaker_of(breaker)); }
  void reset_breaker(records::Transaction& tx, std::string_view breaker, WallTime now) override { reset(tx, breaker_of(breaker), now); }

  http::api::PortCheck check_port(const ServerId& server, desk::PortWish wish, std::optional<CaseId> id) override;
  PolicyView policy_view() override { return view_of(x_parts.config.policy, x_parts.config.thresholds); }
  Expected<PolicyView, std::string> check_policy(const std::string& text) override;
  Expected<nlohmann::json, std::string> simulate(const std::string& text, std::optional<WallTime> since,
                                                 const std::function<void(unsigned)>& progress) override;
  Expected<http::api::Letter, std::string> letter(CaseId id, NoticeId notice) override;
  Expected<std::string, std::string> report_text(const records::ReportRow& row) override;
  Expected<records::ReportRow, std::string> take_report(const std::string& xarf, const std::string& reporter) override;
  Expected<void, std::string> report_finding(const records::ReportRow& row, const ServerId& server, abuse::AbuseClass c, const std::string& kind,
                                             std::optional<WallTime> at) override;
  Expected<void, std::string> send_code(const std::string& address, const std::string& language, const std::string& code) override;

private:
  static Breaker breaker_of(std::string_view name) { return name == "notices" ? Breaker::Notices : Breaker::Measures; }

  ApiDeskParts x_parts;
  http::api::DeskInfo x_info;
};

Expected<desk::Case, NotApplied> ApiDesk::apply(CaseId id, const desk::Input& input, std::optional<std::uint32_t> version) {
  for (int attempt = 0;; ++attempt) {
    try {
      std::optional<Expected<desk::Case, NotApplied>> result;
      store().transact([&](records::Transaction& tx) {
        if (version) {
          const auto events = tx.cases().events(id);
          if (events.size() != *version) {
            result = Unexpected(NotApplied{true, fmt::format("{} has moved from #{} to #{}: look again", to_string(id), *version, events.size())});
            return;
          }
        }
        auto applied = x_parts.desk.apply(tx, id, input);
        if (applied) {
          result = *std::move(applied);
        } else {
          result = Unexpected(NotApplied{false, applied.error().why});
        }
      });
      x_parts.wake();
      return *std::move(result);
    } catch (const records::Conflict&) {
      if (attempt == kMaxConflicts) {
        throw;
      }
    }
  }
}

Expected<ticket::Ticket, std::string> ApiDesk::open_ticket(const ticket::Opened& opening) {
  auto opened = TicketDesk(x_parts.desk, x_parts.clock).open(opening);
  x_parts.wake();
  return opened;
}

Expected<ticket::Ticket, std::string> ApiDesk::put_ticket(ticket::TicketId id, const ticket::EventBody& body) {
  auto put = TicketDesk(x_parts.desk, x_parts.clock).put(id, body);
  x_parts.wake();
  return put;
}

std::vector<http::api::SwitchInfo> ApiDesk::switches() {
  std::vector<http::api::SwitchInfo> list;
  for (const config::Switch& s : x_parts.config.switches) {
    list.push_back({s.id, std::string(driver_name(s.driver)), s.address ? config::to_string(*s.address) : std::string{}});
  }
  return list;
}

http::api::PortCheck ApiDesk::check_port(const ServerId& server, desk::PortWish wish, std::optional<CaseId> id) {
  std::optional<std::pair<CaseId, ActionId>> action;
  if (const auto c = id ? x_parts.desk.find(*id) : std::nullopt) {
    for (const desk::PortAction& one : c->actions) {
      action = one.wish == wish ? std::optional(std::pair(*id, one.id)) : action;
    }
  }
  const auto executor = make_executor(x_parts.config, store(), x_parts.clock);
  const enforce::DryRun dry = executor->dry_run(server, wish, *inventory(), action);
  return {dry.verdicts, dry.write, dry.error};
}

Expected<PolicyView, std::string> ApiDesk::check_policy(const std::string& text) {
  const auto parsed = config::parse_policy(text, "policy.toml");
  if (!parsed) {
    return Unexpected(config::to_string(parsed.error()));
  }
  return view_of(parsed->policy, parsed->thresholds);
}

Expected<nlohmann::json, std::string> ApiDesk::simulate(const std::string& text, std::optional<WallTime> since,
                                                        const std::function<void(unsigned)>& progress) {
  const auto parsed = config::parse_policy(text, "policy.toml");
  if (!parsed) {
    return Unexpected(config::to_string(parsed.error()));
  }
  return engine::simulate(store(), parsed->policy, since.value_or(WallTime{}), progress);
}

Expected<http::api::Letter, std::string> ApiDesk::letter(CaseId id, NoticeId number) {
  std::vector<desk::Event> events;
  store().read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  const desk::Case c = desk::fold(id, events);
  const desk::Notice* notice = c.find_notice(number);
  if (notice == nullptr) {
    return Unexpected(std::string("there is no such letter"));
  }
  // The reply token is the owner's: staff reads the letter without it.
  std::string text = x_parts.notices.write_mail(c, events, *notice).mail;
  for (std::size_t at = notice->token.empty() ? std::string::npos : text.find(notice->token); at != std::string::npos;
       at = text.find(notice->token)) {
    text.replace(at, notice->token.size(), "TOKEN");
  }
  constexpr std::string_view kSubject = "\r\nSubject: ";
  const std::size_t begin = text.find(kSubject);
  const std::size_t end = begin == std::string::npos ? begin : text.find("\r\n", begin + kSubject.size());
  return http::api::Letter{begin == std::string::npos ? "" : text.substr(begin + kSubject.size(), end - begin - kSubject.size()),
                           notice->contact.value, text};
}

Expected<std::string, std::string> ApiDesk::report_text(const records::ReportRow& row) {
  const auto raw = evidence().get(row.raw_sha256);
  const auto opened = raw && !row.is_sealed ? std::optional(x_parts.reader.open(*raw)) : std::nullopt;
  if (!opened || !*opened) {
    return Unexpected(std::string("its mail cannot be opened"));
  }
  std::string text;
  if (const auto* parsed = std::get_if<message::Mail>(&(*opened)->mail)) {
    for (const message::Part& part : parsed->parts) {
      if (part.embedded == 0 && part.type == "text/plain") {
        for (const std::string_view line : split(std::string_view(part.text).substr(0, kMaxShownText), '\n')) {
          text += printable(line, 500) + "\n";
        }
      }
    }
  }
  return text;
}

/// A login that is a mail address speaks for its domain, any other for our own: a report in another's name waits for a person.
Expected<records::ReportRow, std::string> ApiDesk::take_report(const std::string& xarf, const std::string& reporter) {
  const std::size_t at = reporter.find('@');
  const std::string domain = at == std::string::npos ? x_parts.config.mail.domain : reporter.substr(at + 1);
  ReportApi api(x_parts.desk, x_parts.evidence, x_parts.reader, x_parts.clock, x_parts.wake);
  const auto taken = api.take(xarf, to_lower(domain));
  if (!taken) {
    return Unexpected(taken.error().what);
  }
  std::optional<records::ReportRow> row;
  store().read([&](records::Transaction& tx) { row = tx.reports().find_raw(taken->id); });
  if (!row) {
    return Unexpected(std::string("it could not be kept"));
  }
  return *row;
}

Expected<void, std::string> ApiDesk::report_finding(const records::ReportRow& row, const ServerId& server, abuse::AbuseClass c,
                                                    const std::string& kind, std::optional<WallTime> at) {
  store().transact([&](records::Transaction& tx) { keep_report_finding(tx, row, {server, c, kind, at}, x_parts.clock.wall()); });
  x_parts.wake();
  return {};
}

Expected<void, std::string> ApiDesk::send_code(const std::string& address, const std::string& language, const std::string& code) {
  const bool german = to_lower(language).substr(0, 2) == "de";
  const std::string from = x_info.mail_from;
  const std::string text =
      german ? fmt::format("Der Code zur Bestätigung dieser Adresse: {}\r\nEr gilt 24 Stunden. Wer ihn nicht angefordert hat, muss nichts tun.", code)
             : fmt::format("The code that confirms this address: {}\r\nIt is good for 24 hours. If you did not ask for it, do nothing.", code);
  const std::string mail = fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: {}\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
      from, address, german ? "Adresse bestaetigen" : "Confirm your address", text);
  const auto result = x_parts.submitter.submit({from, address, "contact-code", mail});
  if (!std::holds_alternative<mail::Accepted>(result)) {
    return Unexpected(std::string("the mail server did not take the mail; try again later"));
  }
  return {};
}

}  // namespace

std::unique_ptr<http::api::Desk> make_api_desk(ApiDeskParts parts) { return std::make_unique<ApiDesk>(std::move(parts)); }

http::api::ApiOptions api_options(const config::Config& config) {
  http::api::ApiOptions options;
  options.sealed_officers = config.reports.sealed_officers;
  options.site.name = config.http.name.empty() ? (config.mail.from_name.empty() ? "Pinfold" : config.mail.from_name) : config.http.name;
  options.site.colours = config.http.colours;
  options.site.language = config.http.language;
  options.site.help_line = config.http.help_line;
  options.site.console = config.http.console;
  options.trusted_proxies = config.http.trusted_proxies;
  options.calls_per_minute = config.http.calls_per_minute;
  if (!config.http.logo.empty()) {
    std::ifstream in(config.http.logo, std::ios::binary);
    options.site.logo.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (!in || options.site.logo.empty() || options.site.logo.size() > kMaxLogo) {
      throw std::runtime_error(fmt::format("http.logo: {}: cannot be read, or is larger than {} KiB", config.http.logo.string(), kMaxLogo >> 10U));
    }
    options.site.logo_type = config.http.logo.extension() == ".svg" ? "image/svg+xml" : "image/png";
  }
  return options;
}

}  // namespace pinfold::engine
