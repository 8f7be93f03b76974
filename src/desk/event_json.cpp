#include "desk/event_json.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/json_reader.hpp"
#include "desk/words.hpp"

namespace pinfold::desk {
namespace {

using nlohmann::json;

struct ToJson {
  json operator()(const CaseOpened& e) const {
    return {{"server", e.server.value}, {"customer", e.customer.value}, {"family", to_string(e.family)}, {"earlier_cases", e.earlier_cases},
            {"level", e.level},         {"opened_by", e.by.value}};
  }
  json operator()(const FindingRecorded& e) const {
    json joins = json::array();
    for (const IncidentId id : e.joins) {
      joins.push_back({{"incident", id.value}});
    }
    return {{"finding", abuse::to_json(e.finding)}, {"incident", e.incident.value}, {"joins", std::move(joins)}};
  }
  json operator()(const NoticeSubmitted& e) const {
    return {{"notice", e.notice.value}, {"queue_id", e.queue_id}, {"maybe_duplicate", e.maybe_duplicate}};
  }
  json operator()(const NoticeDelivered& e) const { return {{"notice", e.notice.value}, {"proof", to_string(e.proof)}, {"remote", e.remote}}; }
  json operator()(const NoticeFailed& e) const { return {{"notice", e.notice.value}, {"why", e.why}}; }
  json operator()(const MailReceived& e) const {
    return {{"mail_kind", to_string(e.kind)}, {"why", e.why},         {"from", e.from},
            {"message_id", e.message_id},     {"excerpt", e.excerpt}, {"raw_sha256", e.raw_sha256},
            {"needs_person", e.needs_person}};
  }
  json operator()(const MailJudged& e) const {
    return {{"raw_sha256", e.raw_sha256}, {"by", e.by.value}, {"is_response", e.is_response}, {"reason", e.reason}};
  }
  json operator()(const ResponseRecorded& e) const {
    json out{{"channel", to_string(e.channel)}, {"from", e.from}, {"statement", to_string(e.statement)}, {"text", e.text}, {"by", e.by.value},
             {"reference", e.reference}};
    if (e.promised) {
      out["promised"] = to_string(*e.promised);
    }
    return out;
  }
  json operator()(const GuardsEvaluated& e) const {
    json verdicts = json::array();
    for (const GuardVerdict& v : e.verdicts) {
      verdicts.push_back({{"rule", v.rule}, {"outcome", to_string(v.outcome)}, {"values", v.values}, {"why", v.why}});
    }
    return {{"action", e.action.value}, {"verdicts", std::move(verdicts)}};
  }
  json operator()(const ApprovalGiven& e) const { return {{"action", e.action.value}, {"by", e.by.value}, {"reason", e.reason}}; }
  json operator()(const ActionDropped& e) const { return {{"action", e.action.value}, {"by", e.by.value}, {"reason", e.reason}}; }
  json operator()(const PortActionFinished& e) const {
    return {{"action", e.action.value}, {"result", to_string(e.result)}, {"read_back", e.read_back}, {"took_ms", e.took.count()}};
  }
  json operator()(const SilenceVerified& e) const {
    return {{"action", e.action.value}, {"last_packet", to_string(e.last_packet)}, {"silent", e.silent}};
  }
  json operator()(const DiscussionRecorded& e) const {
    return {{"by", e.by.value},   {"participants", e.participants}, {"channel", e.channel}, {"cause", e.cause},
            {"remedy", e.remedy}, {"conditions", e.conditions}};
  }
  json operator()(const NoteAdded& e) const { return {{"by", e.by.value}, {"text", e.text}}; }
  json operator()(const ClosedByStaff& e) const { return {{"by", e.by.value}, {"false_positive", e.false_positive}, {"reason", e.reason}}; }
  json operator()(const NoticeQueued& e) const {
    json out{{"notice", e.notice.value},
             {"notice_kind", to_string(e.kind)},
             {"contact", e.contact.value},
             {"token", e.token},
             {"observed_only", e.observed_only}};
    if (e.window) {
      out["window_us"] = e.window->count();
    }
    return out;
  }
  json operator()(const WindowPassed& e) const { return {{"notice", e.notice.value}, {"deadline", to_string(e.deadline)}}; }
  json operator()(const DisableRequested& e) const {
    json proof = json::array();
    for (const std::string& line : e.proof) {
      proof.push_back({{"line", line}});
    }
    return {{"action", e.action.value}, {"proof", std::move(proof)},     {"automatic", e.automatic}, {"observed_only", e.observed_only},
            {"again_by", e.again_by},   {"ground", to_string(e.ground)}, {"by", e.by.value},         {"reason", e.reason},
            {"needed", e.needed}};
  }
  json operator()(const EnableRequested& e) const { return {{"action", e.action.value}}; }
  json operator()(const PersonAsked& e) const { return {{"what", e.what}}; }
  json operator()(const ProbationEnded&) const { return json::object(); }
  json operator()(const ClosedAfterQuiet&) const { return json::object(); }
  json operator()(const ObjectionRaised& e) const { return {{"channel", to_string(e.channel)}, {"from", e.from}, {"text", e.text}}; }
  json operator()(const ObjectionDecided& e) const { return {{"by", e.by.value}, {"upheld", e.upheld}, {"reason", e.reason}}; }
  json operator()(const HoldReleased& e) const { return {{"action", e.action.value}, {"by", e.by.value}, {"reason", e.reason}}; }
  json operator()(const Erased& e) const { return {{"was", e.kind}}; }
};

NoticeId notice(JsonReader& r) { return NoticeId{r.signed_number("notice")}; }
ActionId action(JsonReader& r) { return ActionId{r.signed_number("action")}; }
StaffId by(JsonReader& r) { return StaffId{r.text("by")}; }

/// Fields that events of older versions lack.
std::string text_if_any(JsonReader& r, std::string_view field) { return r.has(field) ? r.text(field) : std::string{}; }

EventBody read_opened(JsonReader& r) {
  CaseOpened e;
  e.server = ServerId{r.text("server")};
  e.customer = CustomerId{r.text("customer")};
  e.family = r.parsed("family", abuse::parse_family);
  e.earlier_cases = static_cast<unsigned>(r.number("earlier_cases", UINT32_MAX));
  e.level = r.has("level") ? static_cast<std::uint8_t>(r.number("level", UINT8_MAX)) : std::uint8_t{1};
  e.by = StaffId{text_if_any(r, "opened_by")};
  return e;
}
/// The finding itself is read by parse_event, which has the JSON it needs.
EventBody read_finding(JsonReader& r) {
  FindingRecorded e;
  e.incident = IncidentId{r.signed_number("incident")};
  r.each("joins", [&](JsonReader& join) { e.joins.emplace_back(join.signed_number("incident")); });
  return e;
}
EventBody read_submitted(JsonReader& r) { return NoticeSubmitted{notice(r), r.text("queue_id"), r.boolean("maybe_duplicate")}; }
EventBody read_delivered(JsonReader& r) { return NoticeDelivered{notice(r), r.parsed("proof", parse_delivery_proof), r.text("remote")}; }
EventBody read_failed(JsonReader& r) { return NoticeFailed{notice(r), r.text("why")}; }
EventBody read_mail(JsonReader& r) {
  MailReceived e;
  e.kind = r.parsed("mail_kind", parse_mail_kind);
  e.why = r.text("why");
  e.from = r.text("from");
  e.message_id = r.text("message_id");
  e.raw_sha256 = r.text("raw_sha256");
  e.excerpt = r.text("excerpt");
  e.needs_person = r.boolean("needs_person");
  return e;
}
EventBody read_judged(JsonReader& r) { return MailJudged{r.text("raw_sha256"), by(r), r.boolean("is_response"), r.text("reason")}; }
EventBody read_response(JsonReader& r) {
  ResponseRecorded e;
  e.channel = r.parsed("channel", parse_response_channel);
  e.from = r.text("from");
  e.statement = r.parsed("statement", parse_statement);
  if (r.has("promised")) {
    e.promised = r.parsed("promised", parse_wall_time);
  }
  e.text = r.text("text");
  e.by = StaffId{text_if_any(r, "by")};
  e.reference = text_if_any(r, "reference");
  return e;
}
EventBody read_guards(JsonReader& r) {
  GuardsEvaluated e;
  e.action = action(r);
  r.each("verdicts", [&](JsonReader& v) {
    e.verdicts.push_back({v.text("rule"), v.parsed("outcome", parse_guard_outcome), v.text("values"), v.text("why")});
  });
  return e;
}
EventBody read_approval(JsonReader& r) { return ApprovalGiven{action(r), by(r), r.text("reason")}; }
EventBody read_dropped(JsonReader& r) { return ActionDropped{action(r), by(r), r.text("reason")}; }
EventBody read_finished(JsonReader& r) {
  return PortActionFinished{action(r), r.parsed("result", parse_action_result), r.text("read_back"), Millis{r.signed_number("took_ms")}};
}
EventBody read_silence(JsonReader& r) { return SilenceVerified{action(r), r.parsed("last_packet", parse_wall_time), r.boolean("silent")}; }
EventBody read_discussion(JsonReader& r) {
  return DiscussionRecorded{by(r), r.text("participants"), r.text("channel"), r.text("cause"), r.text("remedy"), r.text("conditions")};
}
EventBody read_note(JsonReader& r) { return NoteAdded{by(r), r.text("text")}; }
EventBody read_closed(JsonReader& r) { return ClosedByStaff{by(r), r.boolean("false_positive"), r.text("reason")}; }
EventBody read_queued(JsonReader& r) {
  NoticeQueued e{notice(r), r.parsed("notice_kind", parse_notice_kind), ContactId{r.text("contact")}, r.text("token"), r.boolean("observed_only")};
  if (r.has("window_us")) {
    e.window = Micros{r.signed_number("window_us")};
  }
  return e;
}
EventBody read_window(JsonReader& r) { return WindowPassed{notice(r), r.parsed("deadline", parse_wall_time)}; }
EventBody read_disable(JsonReader& r) {
  DisableRequested e;
  e.action = action(r);
  r.each("proof", [&](JsonReader& line) { e.proof.push_back(line.text("line")); });
  e.automatic = r.boolean("automatic");
  e.observed_only = r.boolean("observed_only");
  e.again_by = static_cast<std::uint32_t>(r.number("again_by", UINT32_MAX));
  e.ground = r.has("ground") ? r.parsed("ground", parse_ground) : Ground::Policy;
  e.by = StaffId{text_if_any(r, "by")};
  e.reason = text_if_any(r, "reason");
  e.needed = r.has("needed") ? static_cast<unsigned>(r.number("needed", UINT8_MAX)) : 1U;
  return e;
}
EventBody read_enable(JsonReader& r) { return EnableRequested{action(r)}; }
EventBody read_person(JsonReader& r) { return PersonAsked{r.text("what")}; }
EventBody read_probation_ended(JsonReader&) { return ProbationEnded{}; }
EventBody read_quiet(JsonReader&) { return ClosedAfterQuiet{}; }
EventBody read_objection(JsonReader& r) { return ObjectionRaised{r.parsed("channel", parse_response_channel), r.text("from"), r.text("text")}; }
EventBody read_objection_decided(JsonReader& r) { return ObjectionDecided{by(r), r.boolean("upheld"), r.text("reason")}; }
EventBody read_released(JsonReader& r) { return HoldReleased{action(r), by(r), r.text("reason")}; }
EventBody read_erased(JsonReader& r) { return Erased{r.text("was")}; }

/// In the order of EventBody, so that a new event cannot be forgotten here.
using Read = EventBody (*)(JsonReader&);
constexpr std::array<Read, std::variant_size_v<EventBody>> kReaders{
    read_opened,   read_finding,         read_submitted, read_delivered,  read_failed,
    read_mail,     read_judged,          read_response,  read_guards,     read_approval,
    read_dropped,  read_finished,        read_silence,   read_discussion, read_note,
    read_closed,   read_queued,          read_window,    read_disable,    read_enable,
    read_person,   read_probation_ended, read_quiet,     read_objection,  read_objection_decided,
    read_released, read_erased};

template <std::size_t... I>
std::array<std::string_view, sizeof...(I)> all_kinds(std::index_sequence<I...>) {
  return {kind_of(EventBody{std::in_place_index<I>})...};
}

}  // namespace

json to_json(const EventBody& body) {
  json out = std::visit(ToJson{}, body);
  out["kind"] = kind_of(body);
  return out;
}

Expected<EventBody, std::string> parse_event(const json& value) {
  JsonReader reader(value);
  const std::string kind = reader.text("kind");
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  const auto kinds = all_kinds(std::make_index_sequence<std::variant_size_v<EventBody>>{});
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] != kind) {
      continue;
    }
    EventBody body = kReaders[i](reader);
    if (reader.error()) {
      return Unexpected(*reader.error());
    }
    if (auto* recorded = std::get_if<FindingRecorded>(&body)) {
      if (!value.contains("finding")) {
        return Unexpected(std::string("finding: missing"));
      }
      auto finding = abuse::parse_finding(value["finding"]);
      if (!finding) {
        return Unexpected("finding." + finding.error());
      }
      recorded->finding = *std::move(finding);
    }
    return body;
  }
  return Unexpected("kind: \"" + kind + "\" is no event");
}

}  // namespace pinfold::desk
