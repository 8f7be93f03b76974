#include "ticket/event_json.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"

namespace pinfold::ticket {
namespace {

using nlohmann::json;

json list_of(const std::vector<std::string>& texts) {
  json out = json::array();
  for (const std::string& text : texts) {
    out.push_back({{"path", text}});
  }
  return out;
}

struct ToJson {
  json operator()(const Opened& e) const {
    json out{{"customer", e.customer.value}, {"server", e.server.value},  {"ticket_kind", to_string(e.kind)},
             {"subject", e.subject},         {"side", to_string(e.side)}, {"by", e.by}};
    if (e.case_id) {
      out["case"] = e.case_id->value;
    }
    return out;
  }
  json operator()(const Message& e) const {
    json attachments = json::array();
    for (const Attachment& a : e.attachments) {
      attachments.push_back({{"name", a.name}, {"sha256", a.sha256}, {"size", a.size}});
    }
    return {{"side", to_string(e.side)}, {"by", e.by}, {"text", e.text}, {"attachments", std::move(attachments)}, {"reference", e.reference}};
  }
  json operator()(const AuditOrdered& e) const {
    return {{"side", to_string(e.side)}, {"by", e.by}, {"paths", list_of(e.paths)}, {"reason", e.reason}};
  }
  json operator()(const AuditConsented& e) const { return {{"by", e.by}, {"how", e.how}}; }
  json operator()(const AuditRun& e) const {
    return {{"report_sha256", e.report_sha256}, {"read", list_of(e.read)}, {"findings", e.findings}, {"summary", e.summary}};
  }
  json operator()(const AuditRead& e) const { return {{"by", e.by}}; }
  json operator()(const PlanSet& e) const {
    json steps = json::array();
    for (const PlanStep& step : e.steps) {
      steps.push_back({{"step_kind", to_string(step.kind)}, {"who", to_string(step.who)}, {"what", step.what}});
    }
    return {{"by", e.by}, {"steps", std::move(steps)}};
  }
  json operator()(const StepDone& e) const { return {{"step", e.step}, {"by", e.by}, {"note", e.note}}; }
  json operator()(const Closed& e) const { return {{"side", to_string(e.side)}, {"by", e.by}, {"reason", e.reason}}; }
};

std::vector<std::string> paths(JsonReader& r, std::string_view field) {
  std::vector<std::string> out;
  r.each(field, [&](JsonReader& path) { out.push_back(path.text("path")); });
  return out;
}

EventBody read_opened(JsonReader& r) {
  Opened e{CustomerId{r.text("customer")},
           ServerId{r.text("server")},
           r.parsed("ticket_kind", parse_kind),
           r.text("subject"),
           r.parsed("side", parse_side),
           r.text("by"),
           std::nullopt};
  if (r.has("case")) {  // tickets of older versions have none
    e.case_id = CaseId{r.signed_number("case")};
  }
  return e;
}
EventBody read_message(JsonReader& r) {
  Message e{r.parsed("side", parse_side), r.text("by"), r.text("text"), {}, r.text("reference")};
  r.each("attachments", [&](JsonReader& a) { e.attachments.push_back({a.text("name"), a.text("sha256"), a.number("size")}); });
  return e;
}
EventBody read_order(JsonReader& r) { return AuditOrdered{r.parsed("side", parse_side), r.text("by"), paths(r, "paths"), r.text("reason")}; }
EventBody read_consent(JsonReader& r) { return AuditConsented{r.text("by"), r.text("how")}; }
EventBody read_run(JsonReader& r) {
  return AuditRun{r.text("report_sha256"), paths(r, "read"), static_cast<unsigned>(r.number("findings", UINT32_MAX)), r.text("summary")};
}
EventBody read_reading(JsonReader& r) { return AuditRead{r.text("by")}; }
EventBody read_plan(JsonReader& r) {
  PlanSet e{r.text("by"), {}};
  r.each("steps", [&](JsonReader& s) { e.steps.push_back({s.parsed("step_kind", parse_step_kind), s.parsed("who", parse_side), s.text("what")}); });
  return e;
}
EventBody read_step(JsonReader& r) { return StepDone{static_cast<unsigned>(r.number("step", UINT32_MAX)), r.text("by"), r.text("note")}; }
EventBody read_closed(JsonReader& r) { return Closed{r.parsed("side", parse_side), r.text("by"), r.text("reason")}; }

/// In the order of EventBody, so that a new event cannot be forgotten here.
using Read = EventBody (*)(JsonReader&);
constexpr std::array<Read, std::variant_size_v<EventBody>> kReaders{read_opened,  read_message, read_order, read_consent, read_run,
                                                                    read_reading, read_plan,    read_step,  read_closed};

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
  const auto kinds = all_kinds(std::make_index_sequence<std::variant_size_v<EventBody>>{});
  for (std::size_t i = 0; i < kinds.size() && !reader.error(); ++i) {
    if (kinds[i] == kind) {
      EventBody body = kReaders[i](reader);
      if (reader.error()) {
        break;
      }
      return body;
    }
  }
  return Unexpected(reader.error().value_or("kind: \"" + kind + "\" is no event of a ticket"));
}

}  // namespace pinfold::ticket
