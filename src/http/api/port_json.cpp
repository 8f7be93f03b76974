// Ports and what is done to them, as the contract shapes them.
#include "desk/words.hpp"
#include "http/api/json.hpp"

namespace pinfold::http::api {
namespace {

template <typename T>
json texts(const std::vector<T>& ids) {
  json list = json::array();
  for (const T& id : ids) {
    list.push_back(id.value);
  }
  return list;
}

struct Ending {
  std::optional<WallTime> approved;
  std::optional<WallTime> sent;
  std::optional<WallTime> read_back;
  std::optional<WallTime> silent;
  std::string read_note;
  std::string silent_note;
};

/// When each step of an action was done, from the case's events.
Ending ending_of(const std::vector<desk::Event>& events, const desk::PortAction& action) {
  Ending e;
  if (action.automatic || action.wish == desk::PortWish::Up) {
    e.approved = action.requested;
  }
  for (const desk::Event& event : events) {
    if (const auto* given = std::get_if<desk::ApprovalGiven>(&event.body); given != nullptr && given->action == action.id && action.is_approved()) {
      e.approved = event.at;
    } else if (const auto* end = std::get_if<desk::PortActionFinished>(&event.body); end != nullptr && end->action == action.id) {
      const bool was_sent = end->result != desk::ActionResult::NotSent;
      e.sent = was_sent ? std::optional(event.at - end->took) : std::nullopt;
      e.read_back = end->result == desk::ActionResult::Verified ? std::optional(event.at) : std::nullopt;
      e.read_note = end->read_back;
    } else if (const auto* silence = std::get_if<desk::SilenceVerified>(&event.body); silence != nullptr && silence->action == action.id) {
      e.silent = silence->silent ? std::optional(event.at) : std::nullopt;
      e.silent_note = silence->silent ? "last packet " + to_string(silence->last_packet) : "still sends: " + to_string(silence->last_packet);
    }
  }
  return e;
}

std::string_view state_of(const desk::PortAction& action, const Ending& e) {
  if (action.observed_only) {
    return "observed";
  }
  if (action.dropped) {
    return "dropped";
  }
  if (action.result) {
    return *action.result != desk::ActionResult::Verified ? "failed" : (e.silent ? "silent" : "verified");
  }
  if (action.held && !action.is_released()) {
    return "held";
  }
  return action.is_approved() ? (e.sent ? "sent" : "queued") : "waits";
}

}  // namespace

json port_json(records::Transaction& tx, const inventory::Server* server, const View& view) {
  json out{{"state", "unmapped"}, {"switch", nullptr}, {"name", nullptr},  {"alias", nullptr},
           {"by", nullptr},       {"why", ""},         {"since", nullptr}, {"case", nullptr}};
  if (server == nullptr || !server->port) {
    return out;
  }
  if (view.who.is_staff()) {
    out["switch"] = server->port->switch_id.value;
    out["name"] = server->port->name.value;
    out["alias"] = server->port->alias;
  }
  out["state"] = "up";
  const auto last = tx.journal().last_on(server->port->switch_id, server->port->name);
  if (!last || last->server != server->id || last->state == records::JournalState::Abandoned) {
    return out;
  }
  const bool done = last->state == records::JournalState::Verified;
  out["state"] = done ? (last->wish == desk::PortWish::Down ? "down" : "up") : "unknown";
  out["since"] = to_string(last->changed);
  const auto events = tx.cases().events(last->case_id);
  const desk::Case c = events.empty() ? desk::Case{} : desk::fold(last->case_id, events);
  if (events.empty() || !view.who.sees(c.customer)) {
    return out;  // a former tenant's: not this caller's
  }
  out["case"] = to_string(last->case_id);
  const desk::PortAction* action = c.find_action(last->action);
  // Names of staff stay with us: an owner reads whether a person or the policy decided.
  const std::string person = action == nullptr || action->approvals.empty() ? "desk" : action->approvals.back().value;
  out["by"] = action != nullptr && action->automatic ? "policy" : (view.who.is_staff() ? person : "staff");
  out["why"] = "on again after a talk with the owner";
  if (last->wish == desk::PortWish::Down) {
    out["why"] = "abuse was seen again after the warning, and nobody answered";
    if (action != nullptr && action->ground != desk::Ground::Policy) {
      out["why"] = action->ground == desk::Ground::Emergency ? "an emergency endangered the network" : "a system administrator decided it";
    }
  }
  return out;
}

json verdicts_json(const std::vector<desk::GuardVerdict>& verdicts) {
  json list = json::array();
  for (const desk::GuardVerdict& v : verdicts) {
    list.push_back({{"rule", v.rule}, {"outcome", desk::to_string(v.outcome)}, {"why", v.why}, {"values", v.values}});
  }
  return list;
}

json action_json(records::Transaction& tx, const desk::Case& c, const std::vector<desk::Event>& events, const desk::PortAction& action,
                 const View& view) {
  const bool staff = view.who.is_staff();
  const inventory::Server* server = view.inventory->find(c.server);
  const bool mapped = staff && server != nullptr && server->port;
  Ending e = ending_of(events, action);
  if (!e.sent && !action.result && server != nullptr && server->port) {  // in flight: the journal knows first
    const auto row = tx.journal().last_on(server->port->switch_id, server->port->name);
    if (row && row->case_id == c.id && row->action == action.id && row->state == records::JournalState::Sent) {
      e.sent = row->changed;
    }
  }
  const desk::Event* asked = at_seq(events, action.requested_by);
  const auto* disable = asked == nullptr ? nullptr : std::get_if<desk::DisableRequested>(&asked->body);
  json proof = json::array();
  if (disable != nullptr) {
    proof = disable->proof;
  }
  const auto step = [](const char* name, const std::optional<WallTime>& at, const std::string& note) {
    return json{{"name", name}, {"at", nullable(at)}, {"note", note}};
  };
  return {{"case", to_string(c.id)},
          {"number", action.id.value},
          {"version", c.last_seq},
          {"server", c.server.value},
          {"customer", c.customer.value},
          {"wish", desk::to_string(action.wish)},
          {"ground", desk::to_string(action.ground)},
          {"state", state_of(action, e)},
          {"requested", to_string(action.requested)},
          {"by", staff ? nullable(action.by.value) : json(nullptr)},
          {"reason", disable == nullptr ? "" : disable->reason},
          {"needed", action.needed},
          {"approvals", staff ? texts(action.approvals) : json::array()},
          {"releases", staff ? texts(action.releases) : json::array()},
          {"held", action.held},
          {"verdicts", staff ? verdicts_json(action.verdicts) : json::array()},
          {"proof", proof},
          {"switch", mapped ? json(server->port->switch_id.value) : json(nullptr)},
          {"port", mapped ? json(server->port->name.value) : json(nullptr)},
          {"steps", json::array({step("queued", e.approved, ""), step("sent", e.sent, ""), step("read_back", e.read_back, staff ? e.read_note : ""),
                                 step("silent", e.silent, e.silent_note)})}};
}

}  // namespace pinfold::http::api
