// pinfold ticket list|open|show|say|close|plan|done, pinfold audit order|consent|record|read|show
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "engine/places.hpp"
#include "pinfold/context.hpp"
#include "store/evidence_files.hpp"
#include "ticket/event_json.hpp"

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

void put(Context& context, ticket::TicketId id, ticket::EventBody body) {
  ticket::Ticket t;
  context.store().transact([&](records::Transaction& tx) {
    t = ticket::fold(id, tx.tickets().events(id));
    if (const auto why = ticket::why_not(t, body)) {
      throw Stop(Exit::No, to_string(id) + ": " + *why);
    }
    const ticket::Event event{t.last_seq + 1, context.clock().wall(), std::move(body)};
    ticket::apply(t, event);
    tx.tickets().append(t, {event});
  });
  context.output().line({{"ticket", to_string(id)}, {"state", to_string(t.state)}});
  context.output().say(fmt::format("{} {}", to_string(id), to_string(t.state)));
  for (const std::string& step : ticket::checklist(t)) {
    context.output().say("  □ " + step);
  }
}

void open(Context& context, const Arguments& a) {
  const auto kind = ticket::parse_kind(a.kind);
  const inventory::Server* server = context.desk().inventory()->find(ServerId{a.server});
  if (!kind || (server == nullptr && a.customer.empty())) {
    throw Stop(Exit::WrongUse,
               kind ? a.server + ": no such server; name the --customer" : "--kind is suspicious, question, audit_request, appeal or other");
  }
  ticket::TicketId id;
  context.store().transact([&](records::Transaction& tx) { id = tx.tickets().create(); });
  const CustomerId customer = a.customer.empty() ? server->customer : CustomerId{a.customer};
  put(context, id, ticket::Opened{customer, ServerId{a.server}, *kind, a.text, side_of(a), a.by});
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

void show(Context& context, const std::string& text) {
  const ticket::TicketId id = parse_ticket_id(text);
  std::vector<ticket::Event> events;
  context.store().read([&](records::Transaction& tx) { events = tx.tickets().events(id); });
  if (events.empty()) {
    throw Stop(Exit::No, "there is no ticket " + to_string(id));
  }
  std::vector<std::vector<std::string>> rows;
  for (const ticket::Event& event : events) {
    nlohmann::json json = ticket::to_json(event.body);
    json["ticket"] = to_string(id);
    json["seq"] = event.seq;
    json["at"] = to_string(event.at);
    context.output().line(json);
    rows.push_back({fmt::format("#{}", event.seq), to_string(event.at).substr(0, 19), ticket::describe(event.body)});
  }
  context.output().table({"SEQ", "WHEN (UTC)", "WHAT"}, rows);
  for (const std::string& step : ticket::checklist(ticket::fold(id, events))) {
    context.output().say("□ " + step);
  }
}

/// "update:customer:bring the shop to 4.2"
ticket::PlanStep parse_step(const std::string& text) {
  const auto first = text.find(':');
  const auto second = first == std::string::npos ? first : text.find(':', first + 1);
  const auto kind = ticket::parse_step_kind(text.substr(0, first));
  const auto who = second == std::string::npos ? std::nullopt : ticket::parse_side(text.substr(first + 1, second - first - 1));
  if (!kind || !who) {
    throw Stop(Exit::WrongUse, "a step is update|remove|change:customer|staff:what is to be done");
  }
  return {*kind, *who, printable(text.substr(second + 1), 500)};
}

void plan(Context& context, const Arguments& a) {
  ticket::PlanSet set{a.by, {}};
  for (const std::string& step : a.paths) {
    set.steps.push_back(parse_step(step));
  }
  put(context, parse_ticket_id(a.id), std::move(set));
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
  add_command(*tickets, "show", "one ticket, and what to do next", [&context, a] { show(context, a->id); })
      ->add_option("ticket", a->id, "the ticket: T-7")
      ->required();
  CLI::App* opening = add_command(*tickets, "open", "open a ticket", [&context, a] { open(context, *a); });
  opening->add_option("subject", a->text, "in a few words")->required();
  opening->add_option("--by", a->by, "who you are")->required();
  opening->add_option("--kind", a->kind, "suspicious, question, audit_request, appeal or other");
  opening->add_option("--server", a->server, "about which server");
  opening->add_option("--customer", a->customer, "whose, if not the server's");
  opening->add_flag("--from-customer", a->from_customer, "written up for the customer");
  CLI::App* message = add(*tickets, "say", "add a message", [&context, a] { say(context, *a); });
  message->add_option("text", a->text, "the message")->required();
  message->add_option("--attach", a->files, "files; kept inert, known by their SHA-256");
  message->add_flag("--from-customer", a->from_customer, "written up for the customer");
  add(*tickets, "plan", "the remediation plan after an audit", [&context, a] { plan(context, *a); })
      ->add_option("step", a->paths, "update|remove|change:customer|staff:what")
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
  CLI::App* order = add(*audit, "order", "order an audit of folders of the ticket's server", [&context, a] {
    put(context, parse_ticket_id(a->id), ticket::AuditOrdered{side_of(*a), a->by, a->paths, a->text});
  });
  order->add_option("path", a->paths, "which folders may be read")->required();
  order->add_option("--reason", a->text, "why")->required();
  order->add_flag("--from-customer", a->from_customer, "the customer orders it, and so consents");
  add(*audit, "consent", "record the customer's consent",
      [&context, a] {
        put(context, parse_ticket_id(a->id), ticket::AuditConsented{a->by, a->how});
      })
      ->add_option("--how", a->how, "portal, phone with anna, …")
      ->required();
  CLI::App* record = add(*audit, "record", "put the report of an audit that was run on the ticket", [&context, a] {
    const ticket::Attachment report = keep(context, a->report);
    put(context, parse_ticket_id(a->id), ticket::AuditRun{report.sha256, a->paths, a->number, a->text});
  });
  record->add_option("path", a->paths, "which folders were read")->required();
  record->add_option("--report", a->report, "the report's file")->required();
  record->add_option("--findings", a->number, "how many findings it has")->required();
  record->add_option("--summary", a->text, "in a sentence")->required();
  add(*audit, "read", "say that you have read the report", [&context, a] { put(context, parse_ticket_id(a->id), ticket::AuditRead{a->by}); });
  add_command(*audit, "show", "the ticket of the audit", [&context, a] { show(context, a->id); })
      ->add_option("ticket", a->id, "the ticket: T-7")
      ->required();
}

}  // namespace pinfold::app
