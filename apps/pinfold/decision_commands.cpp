// pinfold case open|order|release|drop|judge|object|decide|erase: what only people decide.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::string id;
  std::string by;
  std::string text;
  std::string server;
  std::string abuse_class;
  std::string mail;
  std::string from;
  std::int64_t action = 0;
  std::vector<std::uint32_t> events;
  bool yes = false;
  bool emergency = false;
};

void open_case(Context& context, const Arguments& a) {
  const auto abuse_class = abuse::parse_abuse_class(a.abuse_class);
  if (!abuse_class) {
    throw Stop(Exit::WrongUse, "'" + a.abuse_class + "' is no class of abuse");
  }
  const auto id = context.desk().open_by_staff(ServerId{a.server}, *abuse_class, a.text, StaffId{a.by});
  if (!id) {
    throw Stop(Exit::No, a.server + ": nobody holds a server of that name");
  }
  context.output().line({{"case", to_string(*id)}});
  context.output().say(to_string(*id));
}

void erase(Context& context, const Arguments& a) {
  const CaseId id = parse_case_id(a.id);
  context.store().transact([&](records::Transaction& tx) {
    for (const std::uint32_t seq : a.events) {
      if (!tx.cases().erase(id, seq)) {
        throw Stop(Exit::No, fmt::format("{} #{}: there is no such event, or the case is still open; nothing was erased", to_string(id), seq));
      }
    }
  });
  const desk::NoteAdded note{StaffId{a.by}, fmt::format("erased {} event(s) by law: {}", a.events.size(), a.text)};
  apply_to_case(context, id, note);
}

}  // namespace

void add_decision_commands(CLI::App& group, Context& context) {
  const auto a = std::make_shared<Arguments>();
  const auto add = [&](const char* name, const char* help, std::function<void()> run, bool of_case = true) {
    CLI::App* command = add_command(group, name, help, std::move(run));
    if (of_case) {
      command->add_option("case", a->id, "the case: PF-42")->required();
    }
    command->add_option("--by", a->by, "who you are")->required();
    return command;
  };
  const auto put = [&context, a](const desk::Input& input) { apply_to_case(context, parse_case_id(a->id), input); };
  const auto action = [&context, a] { return open_action_of(context, parse_case_id(a->id), a->action); };

  CLI::App* open = add(
      "open", "open a case by hand: a telephone complaint, phishing that somebody showed you", [&context, a] { open_case(context, *a); }, false);
  open->add_option("server", a->server, "the server")->required();
  open->add_option("--class", a->abuse_class, "port_scan, phishing, …")->required();
  open->add_option("text", a->text, "what is known: the owner reads it")->required();

  CLI::App* order = add("order", "switch the port off by your own decision; an emergency needs a second person's approval", [put, a] {
    put(desk::MeasureOrdered{StaffId{a->by}, a->text, a->emergency});
  });
  order->add_flag("--emergency", a->emergency, "now, whatever the ladder says; two people");
  order->add_option("--reason", a->text, "why; the owner reads it")->required();

  CLI::App* release = add("release", "let an action pass the guard rail that holds it (two people)", [put, action, a] {
    put(desk::HoldReleased{action(), StaffId{a->by}, a->text});
  });
  release->add_option("--action", a->action, "its number, if not the open one");
  release->add_option("--reason", a->text, "why")->required();

  CLI::App* drop = add("drop", "drop the port action that waits", [put, action, a] { put(desk::ActionDropped{action(), StaffId{a->by}, a->text}); });
  drop->add_option("--action", a->action, "its number, if not the open one");
  drop->add_option("--reason", a->text, "why")->required();

  CLI::App* judge = add("judge", "say whether an unclear mail is an answer", [put, a] {
    put(desk::MailJudged{a->mail, StaffId{a->by}, a->yes, a->text});
  });
  judge->add_option("--mail", a->mail, "SHA-256 of the mail, as case show names it")->required();
  judge->add_flag("--answer,!--no-answer", a->yes, "it is one, or not")->required();
  judge->add_option("--reason", a->text, "why")->required();

  CLI::App* object = add("object", "write up an owner's objection", [put, a] {
    put(desk::ObjectionRaised{desk::ResponseChannel::Phone, a->from, a->text});
  });
  object->add_option("--from", a->from, "who objects")->required();
  object->add_option("text", a->text, "what they say")->required();

  CLI::App* decide = add("decide", "decide an objection: --upheld or --rejected", [put, a] {
    put(desk::ObjectionDecided{StaffId{a->by}, a->yes, a->text});
  });
  decide->add_flag("--upheld,!--rejected", a->yes, "the owner is right, or not")->required();
  decide->add_option("--reason", a->text, "why")->required();

  CLI::App* gone = add("erase", "erase the content of events of a closed case by law; the chain stays whole", [&context, a] { erase(context, *a); });
  gone->add_option("--event", a->events, "their numbers")->required();
  gone->add_option("--reason", a->text, "which law, whose request")->required();
}

}  // namespace pinfold::app
