// pinfold ticket list|open|show|say|close|plan|done, pinfold audit order|consent|record|read|show (run and plan: audit_commands.cpp)
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "engine/customers/tickets.hpp"
#include "engine/places.hpp"
#include "pinfold/audit_commands.hpp"
#include "pinfold/context.hpp"
#include "pinfold/ticket_access.hpp"
#include "store/evidence_files.hpp"
#include "ticket/event_json.hpp"
#include "ticket/ticket_words.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kListed = 1000;
constexpr std::size_t kMaxAttachment = std::size_t{25} << 20U;

struct Arguments {
  std::string id;
  std::string by;
  std::string text;
  std::string customer;
  std::string server;
  std::string kind = "other";
  std::string how;
  std::string report;
  std::vector<std::string> files;
  std::vector<std::string> paths;
  std::string case_id;
  unsigned number = 0;
  bool from_customer = false;
};

ticket::TicketId parse_ticket_id(const std::string& text) {
  const auto number = parse_number(istarts_with(text, "T-") ? std::string_view{text}.substr(2) : std::string_view{text});
  if (!number || *number == 0 || *number > INT64_MAX) {
    throw Stop(Exit::WrongUse, "'" + printable(text, 40) + "' is no ticket; tickets look like T-7");
  }
  return ticket::TicketId{static_cast<std::int64_t>(*number)};
}

ticket::Side side_of(const Arguments& a) { return a.from_customer ? ticket::Side::Customer : ticket::Side::Staff; }

std::string read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in && bytes.empty()) {
    throw Stop(Exit::WrongUse, file + ": cannot be read");
  }
  if (bytes.size() > kMaxAttachment) {
    throw Stop(Exit::WrongUse, fmt::format("{}: larger than {} MiB", file, kMaxAttachment >> 20U));
  }
  return bytes;
}

/// The bytes go into the evidence store, where nothing executes them; the ticket knows their hash.
ticket::Attachment keep(Context& context, const std::string& file) {
  const std::string bytes = read_bytes(file);
  store::FileEvidenceStore evidence(engine::evidence_folder(context.config()));
  return {printable(std::filesystem::path(file).filename().string(), 200), evidence.put(bytes), bytes.size()};
}

/// "T-7", or a server's name: then its newest ticket for which `fits` says yes.
template <typename F>
std::optional<ticket::TicketId> ticket_of(Context& context, const std::string& text, F&& fits) {
  if (context.desk().inventory()->find(ServerId{text}) == nullptr) {
    if (!istarts_with(text, "T-") && !parse_number(text)) {
      throw Stop(Exit::WrongUse, "'" + printable(text, 100) + "' is neither a server of the inventory nor a ticket (T-7)");
    }
    return parse_ticket_id(text);
  }
  std::optional<ticket::TicketId> found;
  context.store().read([&](records::Transaction& tx) {
    for (const records::TicketSummary& row : tx.tickets().list(kListed)) {
      if (!found && row.server.value == text && fits(ticket::fold(row.id, tx.tickets().events(row.id)))) {
        found = row.id;
      }
    }
  });
  return found;
}
ticket::TicketId audit_ticket_of(Context& context, const std::string& text) {
  const auto found = ticket_of(context, text, [](const ticket::Ticket& t) { return !t.audits.empty(); });
  if (!found) {
    throw Stop(Exit::No, text + ": no audit of that server was ever ordered");
  }
  return *found;
}

/// On the ticket that is named, or on the server's newest open one; a server without one gets one.
void order_audit(Context& context, const Arguments& a) {
  const ticket::AuditOrdered order{side_of(a), a.by, a.paths, a.text};
  auto id = ticket_of(context, a.id, [](const ticket::Ticket& t) { return t.state != ticket::State::Closed; });
  engine::TicketDesk tickets(context.desk(), context.clock());
  if (!id) {
    const inventory::Server* server = context.desk().inventory()->find(ServerId{a.id});
    const auto opened = tickets.open({server->customer, server->id, ticket::Kind::AuditRequest, "audit: " + a.text, side_of(a), a.by});
    if (!opened) {
      throw Stop(Exit::No, opened.error());
    }
    id = opened->id;
  }
  const auto put = tickets.put(*id, order);
  say_state(context, put);
  const bool included = desk::terms_of(context.desk().policy(), *context.desk().inventory(), put->opening.server).audit_included;
  context.output().say(included ? "included at this service level" : "not included at this service level: agree on it with the customer");
}

void open(Context& context, const Arguments& a) {
  const auto kind = ticket::parse_kind(a.kind);
  const inventory::Server* server = context.desk().inventory()->find(ServerId{a.server});
  if (!kind || (server == nullptr && a.customer.empty())) {
    throw Stop(Exit::WrongUse,
               kind ? a.server + ": no such server; name the --customer" : "--kind is suspicious, question, audit_request, appeal or other");
  }
  CustomerId customer{a.customer};
  if (server != nullptr && a.customer.empty()) {
    customer = server->customer;
  } else if (context.desk().inventory()->find(customer) == nullptr) {
    throw Stop(Exit::No, a.customer + ": no such customer");
  }
  std::optional<CaseId> about;
  if (!a.case_id.empty()) {
    about = parse_case_id(a.case_id);
  }
  say_state(context,
            engine::TicketDesk(context.desk(), context.clock()).open({customer, ServerId{a.server}, *kind, a.text, side_of(a), a.by, about}));
}

void say(Context& context, const Arguments& a) {
  ticket::Message message{side_of(a), a.by, a.text, {}, ""};
  for (const std::string& file : a.files) {
    message.attachments.push_back(keep(context, file));
  }
  put(context, parse_ticket_id(a.id), std::move(message));
}

void list(Context& context) {
  std::vector<records::TicketSummary> tickets;
  context.store().read([&](records::Transaction& tx) { tickets = tx.tickets().list(kListed); });
  std::vector<std::vector<std::string>> rows;
  for (const records::TicketSummary& row : tickets) {
    context.output().line({{"ticket", to_string(row.id)},
                           {"customer", row.customer.value},
                           {"server", row.server.value},
                           {"kind", row.kind},
                           {"state", row.state},
                           {"subject", row.subject},
                           {"changed", to_string(row.changed)}});
    rows.push_back({to_string(row.id), row.state, row.kind, row.customer.value, row.server.value, row.subject, to_people(row.changed)});
  }
  context.output().table({"TICKET", "STATE", "KIND", "CUSTOMER", "SERVER", "SUBJECT", "CHANGED"}, rows);
}

void show(Context& context, ticket::TicketId id) {
  std::vector<ticket::Event> events;
  context.store().read([&](records::Transaction& tx) { events = tx.tickets().events(id); });
  if (events.empty()) {
    throw Stop(Exit::No, "there is no ticket " + to_string(id));
  }
  const ticket::TicketWords words("en");
  std::vector<std::vector<std::string>> rows;
  for (const ticket::Event& event : events) {
    nlohmann::json json = ticket::to_json(event.body);
    json["ticket"] = to_string(id);
    json["seq"] = event.seq;
    json["at"] = to_string(event.at);
    context.output().line(json);
    rows.push_back({fmt::format("#{}", event.seq), to_string(event.at).substr(0, 19), words.line(event.body)});
  }
  context.output().table({"SEQ", "WHEN (UTC)", "WHAT"}, rows);
  for (const std::string& step : next_lines(context, ticket::fold(id, events))) {
    context.output().say("□ " + step);
  }
}

/// "update:customer:bring the shop to 4.2", or "update:bring the shop to 4.2": then whoever does it at this service level.
ticket::PlanStep parse_step(const std::string& text, ticket::Side usual) {
  const auto first = text.find(':');
  const auto kind = ticket::parse_step_kind(text.substr(0, first));
  if (!kind || first == std::string::npos || first + 1 == text.size()) {
    throw Stop(Exit::WrongUse, "a step is update|remove|change:[customer|staff:]what is to be done");
  }
  const auto second = text.find(':', first + 1);
  const auto who = second == std::string::npos ? std::nullopt : ticket::parse_side(text.substr(first + 1, second - first - 1));
  return {*kind, who.value_or(usual), printable(text.substr((who ? second : first) + 1), 500)};
}

void plan(Context& context, const Arguments& a) {
  const ticket::TicketId id = parse_ticket_id(a.id);
  const ticket::Side usual = remediates(context, load_ticket(context, id));
  ticket::PlanSet set{a.by, {}};
  for (const std::string& step : a.paths) {
    set.steps.push_back(parse_step(step, usual));
  }
  put(context, id, std::move(set));
}

}  // namespace

void add_ticket_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  const auto add = [a](CLI::App& group, const char* name, const char* help, std::function<void()> run) {
    CLI::App* command = add_command(group, name, help, std::move(run));
    command->add_option("ticket", a->id, "the ticket: T-7")->required();
    command->add_option("--by", a->by, "who you are")->required();
    return command;
  };
  CLI::App* tickets = app.add_subcommand("ticket", "what customers and staff say to each other")->require_subcommand(1);
  add_command(*tickets, "list", "newest change first", [&context] { list(context); });
  add_command(*tickets, "show", "one ticket, and what to do next", [&context, a] { show(context, parse_ticket_id(a->id)); })
      ->add_option("ticket", a->id, "the ticket: T-7")
      ->required();
  CLI::App* opening = add_command(*tickets, "open", "open a ticket", [&context, a] { open(context, *a); });
  opening->add_option("subject", a->text, "in a few words")->required();
  opening->add_option("--by", a->by, "who you are")->required();
  opening->add_option("--kind", a->kind, "suspicious, question, audit_request, appeal or other");
  opening->add_option("--server", a->server, "about which server");
  opening->add_option("--customer", a->customer, "whose, if not the server's");
  opening->add_option("--case", a->case_id, "the case that it is about: what the customer writes on it is an answer of that case");
  opening->add_flag("--from-customer", a->from_customer, "written up for the customer");
  CLI::App* message = add(*tickets, "say", "add a message", [&context, a] { say(context, *a); });
  message->add_option("text", a->text, "the message")->required();
  message->add_option("--attach", a->files, "files; kept inert, known by their SHA-256");
  message->add_flag("--from-customer", a->from_customer, "written up for the customer");
  add(*tickets, "plan", "the remediation plan after an audit", [&context, a] { plan(context, *a); })
      ->add_option("step", a->paths, "update|remove|change:[customer|staff:]what; without a side, as the service level says")
      ->required();
  add(*tickets, "done", "tick a step of the plan off",
      [&context, a] {
        put(context, parse_ticket_id(a->id), ticket::StepDone{a->number, a->by, a->text});
      })
      ->add_option("step", a->number, "its number")
      ->required();
  add(*tickets, "close", "close the ticket",
      [&context, a] {
        put(context, parse_ticket_id(a->id), ticket::Closed{side_of(*a), a->by, a->text});
      })
      ->add_option("--reason", a->text, "why")
      ->required();

  CLI::App* audit = app.add_subcommand("audit", "audits: ordered, consented to, run, read")->require_subcommand(1);
  const auto add_audit = [a](CLI::App& group, const char* name, const char* help, std::function<void()> run) {
    CLI::App* command = add_command(group, name, help, std::move(run));
    command->add_option("server", a->id, "the server, or the ticket: srv-1, T-7")->required();
    command->add_option("--by", a->by, "who you are")->required();
    return command;
  };
  CLI::App* order = add_audit(*audit, "order", "order an audit of folders of a server; it stands on the server's ticket",
                              [&context, a] { order_audit(context, *a); });
  order->add_option("path", a->paths, "which folders may be read")->required();
  order->add_option("--reason", a->text, "why")->required();
  order->add_flag("--from-customer", a->from_customer, "the customer orders it, and so consents");
  add_audit(*audit, "consent", "record the customer's consent",
            [&context, a] {
              put(context, audit_ticket_of(context, a->id), ticket::AuditConsented{a->by, a->how});
            })
      ->add_option("--how", a->how, "portal, phone with anna, …")
      ->required();
  CLI::App* record = add_audit(*audit, "record", "put the report of an audit that was run on the ticket", [&context, a] {
    const ticket::TicketId id =
        ticket_of(context, a->id, [](const ticket::Ticket& t) { return t.state != ticket::State::Closed; }).value_or(ticket::TicketId{});
    const ticket::Attachment report = keep(context, a->report);
    put(context, id, ticket::AuditRun{report.sha256, a->paths, a->number, a->text});
  });
  record->add_option("path", a->paths, "which folders were read")->required();
  record->add_option("--report", a->report, "the report's file")->required();
  record->add_option("--findings", a->number, "how many findings it has")->required();
  record->add_option("--summary", a->text, "in a sentence")->required();
  add_audit(*audit, "read", "say that you have read the report",
            [&context, a] { put(context, audit_ticket_of(context, a->id), ticket::AuditRead{a->by}); });
  add_command(*audit, "show", "who ordered it, who consented, what was read, what came of it",
              [&context, a] {
                const ticket::TicketId id = audit_ticket_of(context, a->id);
                show(context, id);
                show_audit_report(context, id);
              })
      ->add_option("server", a->id, "the server, or the ticket: srv-1, T-7")
      ->required();
  add_audit_run_commands(*audit, context, [&context](const std::string& text) { return audit_ticket_of(context, text); });
}

}  // namespace pinfold::app
