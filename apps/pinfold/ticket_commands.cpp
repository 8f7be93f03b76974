// pinfold ticket list|open|show|say|close|plan|done
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "pinfold/context.hpp"
#include "pinfold/ticket_support.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kListed = 1000;

struct Arguments {
  std::string id;
  std::string by;
  std::string text;
  std::string customer;
  std::string server;
  std::string kind = "other";
  std::vector<std::string> files;
  std::vector<std::string> paths;
  unsigned number = 0;
  bool from_customer = false;
};

ticket::Side side_of(const Arguments& a) { return a.from_customer ? ticket::Side::Customer : ticket::Side::Staff; }

void open(Context& context, const Arguments& a) {
  const auto kind = ticket::parse_kind(a.kind);
  const inventory::Server* server = context.desk().inventory()->find(ServerId{a.server});
  if (!kind || (server == nullptr && a.customer.empty())) {
    throw Stop(Exit::WrongUse,
               kind ? a.server + ": no such server; name the --customer" : "--kind is suspicious, question, audit_request, appeal or other");
  }
  const CustomerId customer = a.customer.empty() ? server->customer : CustomerId{a.customer};
  static_cast<void>(open_ticket(context, ticket::Opened{customer, ServerId{a.server}, *kind, a.text, side_of(a), a.by}));
}

void say(Context& context, const Arguments& a) {
  ticket::Message message{side_of(a), a.by, a.text, {}, ""};
  for (const std::string& file : a.files) {
    message.attachments.push_back(keep_attachment(context, file));
  }
  put_on_ticket(context, parse_ticket_id(a.id), std::move(message));
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
  put_on_ticket(context, parse_ticket_id(a.id), std::move(set));
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
  add_command(*tickets, "show", "one ticket, and what to do next", [&context, a] { show_ticket(context, parse_ticket_id(a->id)); })
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
        put_on_ticket(context, parse_ticket_id(a->id), ticket::StepDone{a->number, a->by, a->text});
      })
      ->add_option("step", a->number, "its number")
      ->required();
  add(*tickets, "close", "close the ticket",
      [&context, a] {
        put_on_ticket(context, parse_ticket_id(a->id), ticket::Closed{side_of(*a), a->by, a->text});
      })
      ->add_option("--reason", a->text, "why")
      ->required();
  add_audit_commands(app, context);
}

}  // namespace pinfold::app
