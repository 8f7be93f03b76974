#include "pinfold/ticket_access.hpp"

#include <fmt/format.h>

#include "engine/customers/tickets.hpp"
#include "ticket/ticket_words.hpp"

namespace pinfold::app {
namespace {

/// The command that does the step, without its options; empty: none does.
std::string command_for(const ticket::Ticket& t, const ticket::NextStep& step) {
  const std::string id = to_string(t.id);
  switch (step.todo) {
    case ticket::Todo::KeepCopy: return fmt::format("pinfold ticket say {} --attach FILE", id);
    case ticket::Todo::OrderAudit:
    case ticket::Todo::OrderSecondAudit: return fmt::format("pinfold audit order {}", id);
    case ticket::Todo::DecideAppeal: return fmt::format("pinfold case decide {}", t.opening.case_id ? to_string(*t.opening.case_id) : "CASE");
    case ticket::Todo::Consent: return fmt::format("pinfold audit consent {}", id);
    case ticket::Todo::RunAudit: return fmt::format("pinfold audit run {}, or pinfold-agent audit there", id);
    case ticket::Todo::ReadReport: return fmt::format("pinfold audit show {}, then audit read", id);
    case ticket::Todo::WritePlan: return fmt::format("pinfold audit plan {}, or ticket plan", id);
    case ticket::Todo::DoStep: return fmt::format("pinfold ticket done {} {}", id, step.number);
    case ticket::Todo::NoteTraces:
    case ticket::Todo::FindProcess:
    case ticket::Todo::FindWhatStartsIt:
    case ticket::Todo::FindWayIn: break;
  }
  return {};
}

}  // namespace

ticket::Ticket load_ticket(Context& context, ticket::TicketId id) {
  ticket::Ticket t;
  context.store().read([&](records::Transaction& tx) { t = ticket::fold(id, tx.tickets().events(id)); });
  if (t.last_seq == 0) {
    throw Stop(Exit::No, "there is no ticket " + to_string(id));
  }
  return t;
}

void say_state(Context& context, const Expected<ticket::Ticket, std::string>& outcome) {
  if (!outcome) {
    throw Stop(Exit::No, outcome.error());
  }
  const std::vector<std::string> next = next_lines(context, *outcome);
  context.output().line({{"ticket", to_string(outcome->id)}, {"state", to_string(outcome->state)}, {"next", next}});
  context.output().say(fmt::format("{} {}", to_string(outcome->id), to_string(outcome->state)));
  for (const std::string& step : next) {
    context.output().say("  □ " + step);
  }
}

void put(Context& context, ticket::TicketId id, const ticket::EventBody& body) {
  say_state(context, engine::TicketDesk(context.desk(), context.clock()).put(id, body));
}

ticket::Side remediates(Context& context, const ticket::Ticket& t) {
  return ticket::remediator(desk::terms_of(context.desk().policy(), *context.desk().inventory(), t.opening.server).staff_remediates);
}

std::vector<std::string> next_lines(Context& context, const ticket::Ticket& t) {
  const ticket::TicketWords words("en");
  std::vector<std::string> lines;
  for (const ticket::NextStep& step : ticket::checklist(t, remediates(context, t))) {
    const std::string command = command_for(t, step);
    lines.push_back(words.line(t, step) + (command.empty() ? "" : " (" + command + ")"));
  }
  return lines;
}

}  // namespace pinfold::app
