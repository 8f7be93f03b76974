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

const desk::Event* at_seq(const std::vector<desk::Event>& events, std::uint32_t seq) {
  return seq >= 1 && seq <= events.size() ? &events[seq - 1] : nullptr;
}

std::string View::customer_name(const CustomerId& id) const {
  const inventory::Customer* customer = inventory->find(id);
  return customer == nullptr ? id.value : customer->name;
}

View view_of(Api& api, const Call& call) { return {api.desk().inventory(), call.who()}; }

bool waits_for_owner(const records::QueueRow& row) {
  switch (row.state) {
    case desk::State::WarningQueued:
    case desk::State::Sent:
    case desk::State::Delivered:
    case desk::State::Undeliverable:
    case desk::State::Silent:
    case desk::State::SecondNotice:
    case desk::State::DisablePending:
    case desk::State::ActionFailed: return row.deadline && !row.replied;
    case desk::State::Triage:
    case desk::State::Answered:
    case desk::State::Disputed:
    case desk::State::Disabled:
    case desk::State::Discussed:
    case desk::State::Enabling:
    case desk::State::Probation:
    case desk::State::FalsePositive:
    case desk::State::Closed: return false;
  }
  return false;
}

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
          {"waits_for_owner", waits_for_owner(row)},
          {"bounced", row.bounced},
          {"needs_person", staff && row.needs_person},
          {"approval", staff && row.approval},
          {"owner", staff ? nullable(row.owner) : json(nullptr)},
          {"summary", row.summary}};
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

json words_json(std::string_view text) {
  json list = json::array();
  for (const std::string_view one : split(text, ' ')) {
    if (!one.empty()) {
      list.push_back(one);
    }
  }
  return list;
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
