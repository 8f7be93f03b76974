// pinfold audit order|consent|run|record|read|show|plan: an audit from its order to the plan. SERVER or its ticket may be named.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/places.hpp"
#include "engine/remote_audit.hpp"
#include "pinfold/ticket_support.hpp"
#include "store/evidence_files.hpp"
#include "ticket/audit_report.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kListed = 1000;
constexpr const char* kTicketHelp = "the server, or the ticket: T-7";

struct Arguments {
  std::string which;
  std::string by;
  std::string text;
  std::string how;
  std::string report;
  std::vector<std::string> paths;
  unsigned number = 0;
  bool from_customer = false;
  std::string user = "root";
  std::string key;
  std::string known_hosts;
  std::string address;
  std::string within = "30 min";
  std::string program;
  std::uint16_t port = 22;
};

bool names_ticket(const std::string& text) {
  return (istarts_with(text, "T-") && parse_number(std::string_view{text}.substr(2))) || parse_number(text).has_value();
}

const inventory::Server& server_named(Context& context, const std::string& name) {
  const inventory::Server* server = context.desk().inventory()->find(ServerId{name});
  if (server == nullptr) {
    throw Stop(Exit::WrongUse, "'" + printable(name, 80) + "' is neither a server nor a ticket (T-7)");
  }
  return *server;
}

/// The server's ticket that changed last and is open; nullopt when there is none.
std::optional<ticket::TicketId> ticket_of(Context& context, const ServerId& server) {
  std::vector<records::TicketSummary> tickets;
  context.store().read([&](records::Transaction& tx) { tickets = tx.tickets().list(kListed); });
  for (const records::TicketSummary& one : tickets) {
    if (one.server == server && one.state != to_string(ticket::State::Closed)) {
      return one.id;
    }
  }
  return std::nullopt;
}

/// The ticket that is named, or the named server's.
ticket::TicketId ticket_named(Context& context, const std::string& which) {
  if (names_ticket(which)) {
    return parse_ticket_id(which);
  }
  const auto id = ticket_of(context, server_named(context, which).id);
  if (!id) {
    throw Stop(Exit::No, which + " has no open ticket: pinfold audit order " + which);
  }
  return *id;
}

ticket::Side side_of(const Arguments& a) { return a.from_customer ? ticket::Side::Customer : ticket::Side::Staff; }

void order(Context& context, const Arguments& a) {
  ticket::TicketId id;
  if (names_ticket(a.which)) {
    id = parse_ticket_id(a.which);
  } else {
    const inventory::Server& server = server_named(context, a.which);
    const auto open = ticket_of(context, server.id);
    id = open ? *open
              : open_ticket(context, ticket::Opened{server.customer, server.id, ticket::Kind::AuditRequest, "an audit of " + server.id.value,
                                                    side_of(a), a.by});
  }
  put_on_ticket(context, id, ticket::AuditOrdered{side_of(a), a.by, a.paths, a.text});
}

enforce::drivers::SshAccess access_to(Context& context, const ticket::Ticket& t, const Arguments& a) {
  enforce::drivers::SshAccess access;
  const inventory::Server* server = context.desk().inventory()->find(t.opening.server);
  const auto address = !a.address.empty()                                ? net::IpAddress::parse(a.address)
                       : server != nullptr && !server->addresses.empty() ? std::optional(server->addresses.front().address())
                                                                         : std::nullopt;
  if (!address) {
    throw Stop(Exit::WrongUse,
               a.address.empty() ? to_string(t.id) + " is about no server with an address: name it with --address" : a.address + " is no address");
  }
  const auto within = parse_duration(a.within);
  if (!within) {
    throw Stop(Exit::WrongUse, "--within: '" + printable(a.within, 40) + "' is no duration; write '30 min'");
  }
  access.host = *address;
  access.port = a.port;
  access.user = a.user;
  access.key_file = a.key;
  access.known_hosts = a.known_hosts;
  access.within = *within;
  return access;
}

/// What the ticket's last order allows; Stop(No) when nothing may be run now.
std::vector<std::string> ordered_paths(const ticket::Ticket& t) {
  const std::vector<std::string> paths = t.audits.empty() ? std::vector<std::string>{} : t.audits.back().order.paths;
  if (const auto why = ticket::why_not(t, ticket::AuditRun{std::string(64, '0'), paths, 0, {}})) {
    throw Stop(Exit::No, to_string(t.id) + ": " + *why);
  }
  return paths;
}

ticket::AuditReport parsed(const std::string& text, const std::string& name) {
  auto report = ticket::parse_audit_report(text);
  if (!report) {
    throw Stop(Exit::No, name + ": " + report.error());
  }
  return std::move(*report);
}

/// Keeps the report and puts the audit on the ticket, if the report answers the order.
void record_report(Context& context, const ticket::Ticket& t, const std::string& text, const std::string& how) {
  const ticket::AuditReport report = parsed(text, "the report");
  if (const auto why = ticket::why_not_for(t, report)) {
    throw Stop(Exit::No, to_string(t.id) + ": " + *why);
  }
  store::FileEvidenceStore evidence(engine::evidence_folder(context.config()));
  put_on_ticket(context, t.id, ticket::AuditRun{evidence.put(text), report.paths, static_cast<unsigned>(report.counted), summary_of(report) + how});
}

void run(Context& context, const Arguments& a) {
  const ticket::Ticket t = load_ticket(context, ticket_named(context, a.which));
  const auto paths = ordered_paths(t);
  const auto access = access_to(context, t, a);
  const auto program = a.program.empty() ? engine::agent_program() : std::filesystem::path(a.program);
  context.output().say(
      fmt::format("auditing {} at {} for {}: {}", t.opening.server.value, net::to_string(access.host), to_string(t.id), fmt::join(paths, ", ")));
  const auto report = engine::run_remote_audit(access, {to_string(t.id), paths, program});
  if (!report) {
    throw Stop(Exit::Environment, report.error());
  }
  record_report(context, t, *report, fmt::format("; over SSH as {} at {}", a.user, net::to_string(access.host)));
}

std::string text_of_report(Context& context, const ticket::Ticket& t) {
  if (t.audits.empty() || !t.audits.back().run) {
    throw Stop(Exit::No, to_string(t.id) + " has no report yet");
  }
  const store::FileEvidenceStore evidence(engine::evidence_folder(context.config()));
  auto text = evidence.get(t.audits.back().run->report_sha256);
  if (!text) {
    throw Stop(Exit::Environment, "the report is no longer in the evidence store");
  }
  return std::move(*text);
}

/// A report of the agent's own form, or nothing: one put on the ticket by hand may be of any other.
std::optional<ticket::AuditReport> last_report(Context& context, const ticket::Ticket& t) {
  if (t.audits.empty() || !t.audits.back().run) {
    return std::nullopt;
  }
  auto report = ticket::parse_audit_report(text_of_report(context, t));
  return report ? std::optional(std::move(*report)) : std::nullopt;
}

void show_findings(Context& context, const ticket::AuditReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const ticket::ReportFinding& finding : report.findings) {
    context.output().line(
        {{"type", "finding"}, {"kind", finding.kind}, {"severity", finding.severity}, {"subject", finding.subject}, {"what", finding.what}});
    rows.push_back({finding.severity, finding.kind, finding.subject, finding.what});
  }
  context.output().table({"SEVERITY", "KIND", "WHERE", "WHAT"}, rows);
}

void show_plan(Context& context, const ticket::AuditReport& report) {
  unsigned number = 0;
  context.output().say("\nRecommended plan (pinfold audit plan takes it over):");
  for (const ticket::PlanStep& step : ticket::recommended_plan(report)) {
    ++number;
    context.output().line(
        {{"type", "plan_step"}, {"step", number}, {"kind", to_string(step.kind)}, {"who", to_string(step.who)}, {"what", step.what}});
    context.output().say(fmt::format("{:>3}. {} ({}): {}", number, to_string(step.kind), to_string(step.who), step.what));
  }
  if (number == 0) {
    context.output().say("  nothing to do: the audit found nothing");
  }
}

void show(Context& context, const Arguments& a) {
  const ticket::TicketId id = ticket_named(context, a.which);
  show_ticket(context, id);
  const ticket::Ticket t = load_ticket(context, id);
  if (const auto report = last_report(context, t)) {
    context.output().say(fmt::format("\nAudit of {} at {}: {}", report->hostname, report->started, summary_of(*report)));
    show_findings(context, *report);
    show_plan(context, *report);
  }
}

void plan(Context& context, const Arguments& a) {
  const ticket::Ticket t = load_ticket(context, ticket_named(context, a.which));
  const auto report = parsed(text_of_report(context, t), "the report");
  put_on_ticket(context, t.id, ticket::PlanSet{a.by, ticket::recommended_plan(report)});
}

void record(Context& context, const Arguments& a) {
  const ticket::TicketId id = ticket_named(context, a.which);
  const ticket::Attachment report = keep_attachment(context, a.report);
  put_on_ticket(context, id, ticket::AuditRun{report.sha256, a.paths, a.number, a.text});
}

void add_run(CLI::App& command, const std::shared_ptr<Arguments>& a) {
  command.add_option("--key", a->key, "private key for the login")->required();
  command.add_option("--known-hosts", a->known_hosts, "file with the server's host key; nothing else is trusted")->required();
  command.add_option("--user", a->user, "account to log in as")->capture_default_str();
  command.add_option("--port", a->port, "of the server's sshd")->capture_default_str();
  command.add_option("--address", a->address, "instead of the server's first address in the inventory");
  command.add_option("--within", a->within, "how long it may take in all")->capture_default_str();
  command.add_option("--program", a->program, "the pinfold-agent to copy; default: the one beside this program");
}

}  // namespace

void add_audit_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  const auto add = [&, a](const char* name, const char* help, std::function<void()> work) {
    CLI::App* command = add_command(*app.get_subcommand("audit"), name, help, std::move(work));
    command->add_option("which", a->which, kTicketHelp)->required();
    return command;
  };
  const auto add_signed = [&, a, add](const char* name, const char* help, std::function<void()> work) {
    CLI::App* command = add(name, help, std::move(work));
    command->add_option("--by", a->by, "who you are")->required();
    return command;
  };
  app.add_subcommand("audit", "audits: ordered, consented to, run, read")->require_subcommand(1);
  CLI::App* ordering =
      add_signed("order", "order an audit of folders of a server; opens a ticket where there is none", [&context, a] { order(context, *a); });
  ordering->add_option("path", a->paths, "which folders may be read")->required();
  ordering->add_option("--reason", a->text, "why")->required();
  ordering->add_flag("--from-customer", a->from_customer, "the customer orders it, and so consents");
  add_signed("consent", "record the customer's consent",
             [&context, a] {
               put_on_ticket(context, ticket_named(context, a->which), ticket::AuditConsented{a->by, a->how});
             })
      ->add_option("--how", a->how, "portal, phone with anna, …")
      ->required();
  add_run(*add("run", "run the ordered audit on a server without an agent, over SSH", [&context, a] { run(context, *a); }), a);
  CLI::App* recording =
      add_signed("record", "put the report of an audit that was run otherwise on the ticket", [&context, a] { record(context, *a); });
  recording->add_option("path", a->paths, "which folders were read")->required();
  recording->add_option("--report", a->report, "the report's file")->required();
  recording->add_option("--findings", a->number, "how many findings it has")->required();
  recording->add_option("--summary", a->text, "in a sentence")->required();
  add_signed("read", "say that you have read the report",
             [&context, a] { put_on_ticket(context, ticket_named(context, a->which), ticket::AuditRead{a->by}); });
  add_signed("plan", "take the recommended plan over", [&context, a] { plan(context, *a); });
  add("show", "the ticket of the audit, what it found, and a plan", [&context, a] { show(context, *a); });
}

}  // namespace pinfold::app
