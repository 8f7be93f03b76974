#include "http/api/json.hpp"

#include <algorithm>

#include "desk/words.hpp"
#include "http/case_words.hpp"

namespace pinfold::http::api {
namespace {

json named(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json list = json::array();
  for (const auto& [name, value] : pairs) {
    if (!value.empty()) {
      list.push_back({{"name", name}, {"value", value}});
    }
  }
  return list;
}

json words_of_list(std::string_view text) {
  json list = json::array();
  for (const std::string_view one : split(text, ',')) {
    if (!one.empty()) {
      list.push_back(one);
    }
  }
  return list;
}

template <typename T>
json texts(const std::vector<T>& ids) {
  json list = json::array();
  for (const T& id : ids) {
    list.push_back(id.value);
  }
  return list;
}

const desk::Event* at_seq(const std::vector<desk::Event>& events, std::uint32_t seq) {
  return seq >= 1 && seq <= events.size() ? &events[seq - 1] : nullptr;
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

json answers_json(const std::vector<desk::Event>& events, const View& view) {
  json list = json::array();
  for (const desk::Event& event : events) {
    const auto body = view.who.is_staff() ? std::optional(event.body) : for_owner(event.body);
    const auto* given = body ? std::get_if<desk::ResponseRecorded>(&*body) : nullptr;
    if (given != nullptr) {
      list.push_back({{"at", to_string(event.at)},
                      {"channel", desk::to_string(given->channel)},
                      {"from", given->from},
                      {"statement", desk::to_string(given->statement)},
                      {"promised", nullable(given->promised)},
                      {"text", given->text}});
    }
  }
  return list;
}

json incidents_json(const desk::Case& c) {
  json list = json::array();
  for (const desk::Incident& incident : c.incidents) {
    json classes = json::array();
    for (const abuse::AbuseClass one : incident.classes) {
      classes.push_back(to_string(one));
    }
    json origins = json::array();
    for (const abuse::Origin one : incident.origins) {
      origins.push_back(to_string(one));
    }
    list.push_back({{"number", incident.id.value},
                    {"first_seen", to_string(incident.first_seen)},
                    {"last_seen", to_string(incident.last_seen)},
                    {"classes", classes},
                    {"origins", origins}});
  }
  return list;
}

void add_details(json& out, records::Transaction& tx, const CaseFile& file, const View& view) {
  const desk::Case& c = file.c;
  json notices = json::array();
  for (const desk::Notice& notice : c.notices) {
    notices.push_back(notice_json(c, file.events, notice));
  }
  json actions = json::array();
  for (const desk::PortAction& action : c.actions) {
    actions.push_back(action_json(tx, c, file.events, action, view));
  }
  json unjudged = json::array();
  if (view.who.is_staff()) {
    for (const auto& [sha256, since] : c.unjudged_mails) {
      unjudged.push_back(sha256);
    }
  }
  std::optional<WallTime> first;
  std::optional<WallTime> last;
  for (const desk::Incident& incident : c.incidents) {
    first = first ? std::min(*first, incident.first_seen) : incident.first_seen;
    last = last ? std::max(*last, incident.last_seen) : incident.last_seen;
  }
  out["earlier_cases"] = c.earlier_cases;
  out["level"] = c.level;
  out["first_seen"] = nullable(first);
  out["last_seen"] = nullable(last);
  out["incidents"] = incidents_json(c);
  out["notices"] = notices;
  out["answers"] = answers_json(file.events, view);
  out["actions"] = actions;
  out["consequence"] = stand_of(c);
  out["may_answer"] = !is_final(c.state);
  out["promised"] = nullable(c.promised);
  out["objection_since"] = nullable(c.objection_since);
  out["unjudged_mails"] = unjudged;
  out["port"] = port_json(tx, view.inventory->find(c.server), view);
}

}  // namespace

std::string View::customer_name(const CustomerId& id) const {
  const inventory::Customer* customer = inventory->find(id);
  return customer == nullptr ? id.value : customer->name;
}

View view_of(Api& api, const Call& call) { return {api.desk().inventory(), call.who()}; }

json case_json(const records::QueueRow& row, const View& view) {
  const bool staff = view.who.is_staff();
  return {{"id", to_string(row.id)},
          {"version", row.version},
          {"state", desk::to_string(row.state)},
          {"state_since", to_string(row.state_since)},
          {"closed", row.is_final},
          {"family", to_string(row.family)},
          {"classes", words_of_list(row.classes)},
          {"severity", to_string(row.severity)},
          {"confidence", row.confidence},
          {"server", row.server.value},
          {"customer", row.customer.value},
          {"customer_name", view.customer_name(row.customer)},
          {"opened", to_string(row.opened)},
          {"changed", to_string(row.changed)},
          {"deadline", nullable(row.deadline)},
          {"replied", row.replied},
          {"bounced", row.bounced},
          {"needs_person", staff && row.needs_person},
          {"approval", staff && row.approval},
          {"owner", staff ? nullable(row.owner) : json(nullptr)},
          {"summary", row.summary}};
}

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
  if (action != nullptr && view.who.is_staff()) {
    out["by"] = action->automatic ? "policy" : (action->approvals.empty() ? "desk" : action->approvals.back().value);
    out["why"] = last->note;
  } else if (last->wish == desk::PortWish::Down) {
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

json notice_json(const desk::Case& c, const std::vector<desk::Event>& events, const desk::Notice& notice) {
  const desk::Event* queued = at_seq(events, notice.queued_by);
  const char* state = notice.observed_only ? "observed"
                      : notice.failed      ? "failed"
                      : notice.delivered   ? "delivered"
                      : notice.submitted   ? "submitted"
                                           : "queued";
  return {{"case", to_string(c.id)},
          {"number", notice.id.value},
          {"kind", desk::to_string(notice.kind)},
          {"state", state},
          {"contact", notice.contact.value},
          {"customer", c.customer.value},
          {"server", c.server.value},
          {"queued", to_string(queued == nullptr ? c.opened : queued->at)},
          {"submitted", nullable(notice.submitted)},
          {"delivered", nullable(notice.delivered)},
          {"failed", nullable(notice.failed.value_or(""))},
          {"proof", notice.delivered ? json(desk::to_string(notice.proof)) : json(nullptr)},
          {"window_s", notice.window ? json(std::chrono::duration_cast<Seconds>(*notice.window).count()) : json(nullptr)}};
}

json finding_json(const abuse::Finding& f) {
  json files = json::array();
  for (const abuse::EvidenceFile& file : f.evidence.files) {
    files.push_back({{"path", file.path}, {"sha256", file.sha256}, {"size", file.size}});
  }
  return {{"class", to_string(f.abuse_class)},
          {"kind", f.kind},
          {"origin", to_string(f.origin)},
          {"first_seen", to_string(f.first_seen)},
          {"last_seen", to_string(f.last_seen)},
          {"detected_at", to_string(f.detected_at)},
          {"severity", to_string(f.severity)},
          {"confidence", f.confidence.percent},
          {"summary", f.summary},
          {"sampling_rate", f.sampling_rate ? json(f.sampling_rate->one_in()) : json(nullptr)},
          {"floor", f.floor},
          {"observation_point", f.observation_point},
          {"facts", named(f.evidence.facts)},
          {"files", files}};
}

std::optional<json> event_json(const desk::Case& c, const desk::Event& event, const View& view) {
  const bool staff = view.who.is_staff();
  const auto body = staff ? std::optional(event.body) : for_owner(event.body);
  if (!body) {
    return std::nullopt;
  }
  const bool superseded = is_told_again_later(c, event);
  json out{{"seq", event.seq},         {"at", to_string(event.at)},      {"kind", kind_of(*body)},
           {"side", side_of(*body)},   {"text", describe(*body)},        {"details", superseded ? json::array() : named(details_of(*body))},
           {"superseded", superseded}, {"by", nullable(staff_of(*body))}};
  if (const auto* finding = std::get_if<desk::FindingRecorded>(&*body); finding != nullptr && !superseded) {
    out["finding"] = finding_json(finding->finding);
  }
  if (const auto* mail = std::get_if<desk::MailReceived>(&*body); mail != nullptr && staff) {
    out["mail_sha256"] = mail->raw_sha256;
  }
  return out;
}

CaseFile load_case(records::Transaction& tx, CaseId id, const Caller& who) {
  CaseFile file;
  file.events = tx.cases().events(id);
  if (!file.events.empty()) {
    file.c = desk::fold(id, file.events);
  }
  if (file.events.empty() || !who.sees(file.c.customer)) {
    throw not_found("there is no such case");
  }
  return file;
}

Response case_detail(Api& api, const Call& call, CaseId id, unsigned status) {
  const View view = view_of(api, call);
  json out;
  std::int64_t version = 0;
  api.store().read([&](records::Transaction& tx) {
    const CaseFile file = load_case(tx, id, call.who());
    const auto row = tx.queue().find(id);
    if (!row) {
      throw not_found("there is no such case");
    }
    out = case_json(*row, view);
    add_details(out, tx, file, view);
    version = file.c.last_seq;
  });
  return ok_with_tag(out, version, status);
}

}  // namespace pinfold::http::api
