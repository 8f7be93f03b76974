// pinfold audit run|plan, and what `audit show` says of a report.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/customers/remote_audit.hpp"
#include "engine/places.hpp"
#include "pinfold/audit_commands.hpp"
#include "pinfold/ticket_access.hpp"
#include "store/evidence_files.hpp"
#include "ticket/audit_report.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::string which;
  std::string by;
  std::string user = "root";
  std::string key;
  std::string known_hosts;
  std::string address;
  std::string within = "30 min";
  std::string program;
  std::uint16_t port = 22;
};

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
  std::vector<std::string> paths = t.audits.empty() ? std::vector<std::string>{} : t.audits.back().order.paths;
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
  put(context, t.id, ticket::AuditRun{evidence.put(text), report.paths, static_cast<unsigned>(report.counted), summary_of(report) + how});
}

void run(Context& context, const Arguments& a, ticket::TicketId id) {
  const ticket::Ticket t = load_ticket(context, id);
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

void show_plan(Context& context, const ticket::AuditReport& report, ticket::Side who) {
  unsigned number = 0;
  context.output().say("\nRecommended plan (pinfold audit plan takes it over):");
  for (const ticket::PlanStep& step : ticket::recommended_plan(report, who)) {
    ++number;
    context.output().line(
        {{"type", "plan_step"}, {"step", number}, {"kind", to_string(step.kind)}, {"who", to_string(step.who)}, {"what", step.what}});
    context.output().say(fmt::format("{:>3}. {} ({}): {}", number, to_string(step.kind), to_string(step.who), step.what));
  }
  if (number == 0) {
    context.output().say("  nothing to do: the audit found nothing");
  }
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

void plan(Context& context, const Arguments& a, ticket::TicketId id) {
  const ticket::Ticket t = load_ticket(context, id);
  const auto report = parsed(text_of_report(context, t), "the report");
  put(context, id, ticket::PlanSet{a.by, ticket::recommended_plan(report, remediates(context, t))});
}

}  // namespace

void show_audit_report(Context& context, ticket::TicketId id) {
  const ticket::Ticket t = load_ticket(context, id);
  if (const auto report = last_report(context, t)) {
    context.output().say(fmt::format("\nAudit of {} at {}: {}", report->hostname, report->started, summary_of(*report)));
    show_findings(context, *report);
    show_plan(context, *report, remediates(context, t));
  }
}

void add_audit_run_commands(CLI::App& audit, Context& context, const std::function<ticket::TicketId(const std::string&)>& ticket_named) {
  const auto a = std::make_shared<Arguments>();
  const auto add = [&, a](const char* name, const char* help, std::function<void()> work) {
    CLI::App* command = add_command(audit, name, help, std::move(work));
    command->add_option("server", a->which, "the server, or the ticket: srv-1, T-7")->required();
    return command;
  };
  add_run(*add("run", "run the ordered audit on a server without an agent, over SSH",
               [&context, a, ticket_named] { run(context, *a, ticket_named(a->which)); }),
          a);
  add("plan", "take the plan over that the report recommends", [&context, a, ticket_named] { plan(context, *a, ticket_named(a->which)); })
      ->add_option("--by", a->by, "who you are")
      ->required();
}

}  // namespace pinfold::app
