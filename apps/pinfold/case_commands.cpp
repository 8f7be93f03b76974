// pinfold case list|show|story|why|note|respond|discuss|approve|close, pinfold audit-log verify
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "desk/event_json.hpp"
#include "desk/story.hpp"
#include "desk/words.hpp"
#include "engine/customers/agent_care.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kListed = 1000;

nlohmann::json to_json(const records::CaseSummary& row) {
  return {{"case", to_string(row.id)},           {"server", row.server.value},
          {"customer", row.customer.value},      {"family", abuse::to_string(row.family)},
          {"state", desk::to_string(row.state)}, {"opened", to_string(row.opened)},
          {"changed", to_string(row.changed)}};
}

/// Which cases are listed; empty: all.
struct Filter {
  bool open = false;
  std::string state;
  std::string server;
  std::string customer;
  [[nodiscard]] bool takes(const records::CaseSummary& row) const {
    return (!open || !desk::is_final(row.state)) && (state.empty() || state == desk::to_string(row.state)) &&
           (server.empty() || server == row.server.value) && (customer.empty() || customer == row.customer.value);
  }
};

void list_cases(Context& context, const Filter& filter) {
  if (!filter.state.empty() && !desk::parse_state(filter.state)) {
    throw Stop(Exit::WrongUse, "'" + printable(filter.state, 40) + "' is no state: silent, disable_pending, disabled, …");
  }
  std::vector<records::CaseSummary> cases;
  context.store().read([&](records::Transaction& tx) { cases = tx.cases().list(kListed); });
  std::erase_if(cases, [&](const records::CaseSummary& row) { return !filter.takes(row); });
  std::vector<std::vector<std::string>> rows;
  const Output out = context.output();
  for (const records::CaseSummary& row : cases) {
    out.line(to_json(row));
    rows.push_back({to_string(row.id), std::string(desk::to_string(row.state)), row.server.value, row.customer.value,
                    std::string(abuse::to_string(row.family)), to_people(row.opened), to_people(row.changed)});
  }
  out.table({"CASE", "STATE", "SERVER", "CUSTOMER", "FAMILY", "OPENED", "CHANGED"}, rows);
}

/// "incident 1: port_scan, flood; 2026-11-26 15:32 UTC to 15:40 UTC"
std::string headline_of(const desk::Incident& incident) {
  std::string classes;
  for (const abuse::AbuseClass abuse_class : incident.classes) {
    classes += (classes.empty() ? "" : ", ") + std::string(abuse::to_string(abuse_class));
  }
  return fmt::format("incident {}: {}; {} to {}", incident.id.value, classes, to_people(incident.first_seen), to_people(incident.last_seen));
}

/// Why no host evidence may be hoped for although the server's level promises an agent; empty: there is one, or none is promised.
std::string agent_hint(Context& context, const desk::Case& c) {
  std::string hint;
  const auto all = context.desk().inventory();
  context.store().read([&](records::Transaction& tx) {
    for (const engine::MissingAgent& agent : engine::missing_agents(tx, *all, context.desk().policy(), context.clock().wall())) {
      if (!is_final(c.state) && agent.server == c.server) {
        hint = fmt::format("no host evidence: level {} expects an agent, {}", agent.level, agent.words());
      }
    }
  });
  return hint;
}

void show_case(Context& context, CaseId id) {
  std::vector<desk::Event> events;
  context.store().read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  if (events.empty()) {
    throw Stop(Exit::No, "there is no case " + to_string(id));
  }
  const Output out = context.output();
  std::vector<std::vector<std::string>> rows;
  for (const desk::Event& event : events) {
    nlohmann::json json = desk::to_json(event.body);
    json["case"] = to_string(id);
    json["seq"] = event.seq;
    json["at"] = to_string(event.at);
    out.line(json);
    rows.push_back({fmt::format("#{}", event.seq), to_string(event.at).substr(0, 19), desk::describe(event.body)});
  }
  const desk::Case c = desk::fold(id, events);
  out.say(fmt::format("{} · {} · server {} · customer {} · {} · level {}{}", to_string(id), desk::to_string(c.state), c.server.value,
                      c.customer.value, abuse::to_string(c.family), c.level,
                      c.earlier_cases == 0 ? "" : fmt::format(" · had {} case(s) before", c.earlier_cases)));
  if (const std::string hint = agent_hint(context, c); !hint.empty()) {
    out.say(hint);
  }
  out.table({"SEQ", "WHEN (UTC)", "WHAT"}, rows);
  for (const desk::Incident& incident : c.incidents) {
    out.say("\n" + headline_of(incident));
    for (const std::string& line : desk::story_lines(desk::tell_story(c, events, incident.id))) {
      out.say("  " + line);
    }
  }
}

/// What made which traffic, by incident: the joined view of network and host.
void tell_story(Context& context, CaseId id) {
  std::vector<desk::Event> events;
  context.store().read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  if (events.empty()) {
    throw Stop(Exit::No, "there is no case " + to_string(id));
  }
  const desk::Case c = desk::fold(id, events);
  for (const desk::Incident& incident : c.incidents) {
    const desk::Story story = desk::tell_story(c, events, incident.id);
    nlohmann::json links = nlohmann::json::array();
    for (const desk::MadeBy& link : story.links) {
      const desk::Actor& actor = story.actors[link.actor];
      const desk::Deed& deed = story.deeds[link.deed];
      links.push_back({{"finding", deed.seq},
                       {"class", to_string(deed.abuse_class)},
                       {"host_finding", actor.seq},
                       {"script", actor.script},
                       {"process", actor.process},
                       {"user", actor.user},
                       {"started_by", actor.started_by},
                       {"by", link.link == desk::Link::Connection ? "connection" : "time"},
                       {"why", link.why}});
    }
    const std::vector<std::string> lines = desk::story_lines(story);
    context.output().line({{"case", to_string(id)},
                           {"incident", incident.id.value},
                           {"first_seen", to_string(incident.first_seen)},
                           {"last_seen", to_string(incident.last_seen)},
                           {"links", links},
                           {"lines", lines}});
    context.output().say(headline_of(incident));
    if (lines.empty()) {
      context.output().say("  no process on the server is known for it");
    }
    for (const std::string& line : lines) {
      context.output().say("  " + line);
    }
  }
}

void explain_case(Context& context, CaseId id) {
  const auto c = context.desk().find(id);
  if (!c) {
    throw Stop(Exit::No, "there is no case " + to_string(id));
  }
  const desk::Proof proof = context.desk().prove(*c);
  const Output out = context.output();
  out.say(fmt::format("{} · {} · may server {} be disabled? {}", to_string(id), desk::to_string(c->state), c->server.value,
                      proof.holds() ? "yes" : "no"));
  out.say("  warned ∧ delivered ∧ window passed ∧ no response ∧ again, and nothing that stops it:");
  nlohmann::json clauses = nlohmann::json::array();
  for (const desk::Clause& clause : proof.clauses) {
    clauses.push_back({{"name", clause.name}, {"holds", clause.holds}, {"because", clause.because}, {"would_change", clause.would_change}});
    constexpr int kName = 21;  // "nothing unclassified"
    out.say(fmt::format("  {} {:<{}} {}", clause.holds ? "✓" : "✗", clause.name, kName, clause.because));
    if (!clause.would_change.empty()) {
      out.say(fmt::format("    {:<{}} changed by: {}", "", kName, clause.would_change));
    }
  }
  const auto next = desk::next_due(*c, context.desk().policy());
  if (next) {
    out.say("  by time alone something changes next at " + to_people(*next));
  }
  out.line({{"case", to_string(id)},
            {"state", desk::to_string(c->state)},
            {"holds", proof.holds()},
            {"clauses", clauses},
            {"next", next ? to_string(*next) : ""}});
  if (!proof.holds()) {
    throw Stop(Exit::No, "");
  }
}

/// Options of the writing commands; lives as long as the command line.
struct Arguments {
  std::string id;
  std::string by;
  std::string text;
  std::string participants;
  std::string channel = "phone";
  std::string cause;
  std::string remedy;
  std::string conditions;
  std::string statement = "unstated";
  std::string promised;
  std::int64_t action = 0;
  bool false_positive = false;
};

std::optional<WallTime> promised_of(const std::string& text) {
  const auto promised = text.empty() ? std::nullopt : parse_wall_time(text);
  if (!text.empty() && !promised) {
    throw Stop(Exit::WrongUse, "--promised takes a time like 2026-11-25T12:00:00Z");
  }
  return promised;
}

desk::Statement statement_of(const std::string& text) {
  const auto statement = desk::parse_statement(text);
  if (!statement) {
    throw Stop(Exit::WrongUse, "--statement is one of unstated, looking, fixed, intended, not_mine");
  }
  return *statement;
}

CLI::App* add_writing(CLI::App& group, Arguments& a, const std::string& name, const std::string& help, std::function<void()> run) {
  CLI::App* command = add_command(group, name, help, std::move(run));
  command->add_option("case", a.id, "the case: PF-42")->required();
  command->add_option("--by", a.by, "who you are, for the record")->required();
  return command;
}

void add_writing_commands(CLI::App& group, Context& context, const std::shared_ptr<Arguments>& a) {
  add_writing(group, *a, "note", "add a note for your colleagues",
              [&context, a] {
                apply_to_case(context, parse_case_id(a->id), desk::NoteAdded{StaffId{a->by}, a->text});
              })
      ->add_option("text", a->text, "the note")
      ->required();

  CLI::App* respond = add_writing(group, *a, "respond", "write up an owner's answer by phone", [&context, a] {
    apply_to_case(context, parse_case_id(a->id),
                  desk::ResponseRecorded{desk::ResponseChannel::Phone, fmt::format("{} (written up by {})", a->participants, a->by),
                                         statement_of(a->statement), promised_of(a->promised), a->text, StaffId{a->by}});
  });
  respond->add_option("--from", a->participants, "who of the customer spoke")->required();
  respond->add_option("--promised", a->promised, "when it will be mended (2026-11-25T12:00:00Z)");
  respond->add_option("--statement", a->statement, "unstated, looking, fixed, intended or not_mine");
  respond->add_option("text", a->text, "what was said")->required();

  CLI::App* discuss = add_writing(group, *a, "discuss", "record the talk that lets a port be enabled", [&context, a] {
    apply_to_case(context, parse_case_id(a->id),
                  desk::DiscussionRecorded{StaffId{a->by}, a->participants, a->channel, a->cause, a->remedy, a->conditions});
  });
  discuss->add_option("--with", a->participants, "who of the customer took part")->required();
  discuss->add_option("--channel", a->channel, "phone, mail, in person");
  discuss->add_option("--cause", a->cause, "how it came about")->required();
  discuss->add_option("--remedy", a->remedy, "what was done about it")->required();
  discuss->add_option("--conditions", a->conditions, "what was agreed for the time after");

  CLI::App* approve = add_writing(group, *a, "approve", "approve the port action that waits", [&context, a] {
    const CaseId id = parse_case_id(a->id);
    apply_to_case(context, id, desk::ApprovalGiven{open_action_of(context, id, a->action), StaffId{a->by}, a->text});
  });
  approve->add_option("--action", a->action, "its number, if not the open one");
  approve->add_option("--reason", a->text, "why")->required();

  CLI::App* close = add_writing(group, *a, "close", "close the case by hand", [&context, a] {
    apply_to_case(context, parse_case_id(a->id), desk::ClosedByStaff{StaffId{a->by}, a->false_positive, a->text});
  });
  close->add_flag("--false-positive", a->false_positive, "the detector was wrong");
  close->add_option("--reason", a->text, "why")->required();
}

}  // namespace

void apply_to_case(Context& context, CaseId id, const desk::Input& input) {
  const auto before = context.desk().find(id);
  const auto result = context.desk().apply(id, input);
  if (!result) {
    throw Stop(Exit::No, fmt::format("{}: {}", to_string(id), result.error().why));
  }
  context.output().line({{"case", to_string(id)}, {"state", desk::to_string(result->state)}});
  const bool moved = !before || before->state != result->state;
  context.output().say(moved ? fmt::format("{} is now {}", to_string(id), desk::to_string(result->state))
                             : fmt::format("recorded; {} is {} as before", to_string(id), desk::to_string(result->state)));
}

/// Without a number, the action that is open.
ActionId open_action_of(Context& context, CaseId id, std::int64_t number) {
  if (number > 0) {
    return ActionId{number};
  }
  const auto c = context.desk().find(id);
  const desk::PortAction* action = c ? c->open_action() : nullptr;
  if (action == nullptr) {
    throw Stop(Exit::No, to_string(id) + ": no action waits for an approval");
  }
  return action->id;
}

void add_case_commands(CLI::App& app, Context& context) {
  CLI::App* group = app.add_subcommand("case", "cases: what happened, why, and what people decide")->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();
  const auto filter = std::make_shared<Filter>();
  CLI::App* list = add_command(*group, "list", "cases, newest change first", [&context, filter] { list_cases(context, *filter); });
  list->add_flag("--open", filter->open, "only those that are not closed");
  list->add_option("--state", filter->state, "only these: silent, disable_pending, …");
  list->add_option("--server", filter->server, "only this server's");
  list->add_option("--customer", filter->customer, "only this customer's");
  CLI::App* story = add_command(*group, "story", "which process and script made which traffic",
                                [&context, arguments] { tell_story(context, parse_case_id(arguments->id)); });
  story->add_option("case", arguments->id, "the case: PF-42")->required();
  CLI::App* show = add_command(*group, "show", "one case's events", [&context, arguments] { show_case(context, parse_case_id(arguments->id)); });
  show->add_option("case", arguments->id, "the case: PF-42")->required();
  CLI::App* why = add_command(*group, "why", "may the server be disabled, and why (not)? Exit 0 yes, 1 no",
                              [&context, arguments] { explain_case(context, parse_case_id(arguments->id)); });
  why->add_option("case", arguments->id, "the case: PF-42")->required();
  add_writing_commands(*group, context, arguments);
  add_decision_commands(*group, context);

  CLI::App* log = app.add_subcommand("audit-log", "the chain over all events")->require_subcommand(1);
  add_command(*log, "verify", "find a changed, removed or reordered event. Exit 0 whole, 1 damaged", [&context] {
    std::optional<std::string> fault;
    context.store().read([&](records::Transaction& tx) { fault = tx.cases().verify_chain(); });
    context.output().line({{"whole", !fault}, {"fault", fault.value_or("")}});
    if (fault) {
      throw Stop(Exit::No, *fault);
    }
    context.output().say("the chain is whole");
  });
}

}  // namespace pinfold::app
