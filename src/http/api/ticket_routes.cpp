// Tickets and the audits in them. What may be added is decided by ticket::why_not, as on the command line.
#include <fmt/format.h>

#include <algorithm>

#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "ticket/ticket_words.hpp"

namespace pinfold::http::api {
namespace {

constexpr std::size_t kText = 20'000;
constexpr std::size_t kMaxUpload = std::size_t{8} << 20U;
constexpr std::size_t kAuditTickets = 1000;  ///< looked through for one page of audits

ticket::Side side_of(const Call& call) { return call.who().is_staff() ? ticket::Side::Staff : ticket::Side::Customer; }

struct File {
  ticket::Ticket t;
  std::vector<ticket::Event> events;
};

File load(records::Transaction& tx, ticket::TicketId id, const Caller& who) {
  File file;
  file.events = tx.tickets().events(id);
  if (!file.events.empty()) {
    file.t = ticket::fold(id, file.events);
  }
  if (file.events.empty() || !who.sees(file.t.opening.customer)) {
    throw not_found("there is no such ticket");
  }
  return file;
}

json attachment_json(const ticket::Attachment& a) { return {{"name", a.name}, {"sha256", a.sha256}, {"size", a.size}}; }

json ticket_json(const records::TicketSummary& row, const View& view) {
  return {{"id", to_string(row.id)},
          {"version", row.version},
          {"customer", row.customer.value},
          {"customer_name", view.customer_name(row.customer)},
          {"server", nullable(row.server.value)},
          {"kind", row.kind},
          {"subject", row.subject},
          {"state", row.state},
          {"opened", to_string(row.opened)},
          {"changed", to_string(row.changed)}};
}

records::TicketSummary summary_of(const ticket::Ticket& t) {
  return {t.id,     t.opening.customer, t.opening.server, std::string(to_string(t.opening.kind)), t.opening.subject, std::string(to_string(t.state)),
          t.opened, t.changed,          t.last_seq};
}

json audit_json(const ticket::Ticket& t, const std::vector<ticket::Event>& events, std::size_t index) {
  const ticket::Audit& audit = t.audits[index];
  const char* state = audit.was_read ? "read" : (audit.run ? "run" : (audit.consented ? "consented" : "ordered"));
  const bool known = audit.ordered_by >= 1 && audit.ordered_by <= events.size();
  return {{"ticket", to_string(t.id)},
          {"number", index + 1},
          {"customer", t.opening.customer.value},
          {"server", t.opening.server.value},
          {"ordered", to_string(known ? events[audit.ordered_by - 1].at : t.opened)},
          {"paths", audit.order.paths},
          {"reason", audit.order.reason},
          {"state", state},
          {"findings", audit.run ? json(audit.run->findings) : json(nullptr)},
          {"summary", audit.run ? json(audit.run->summary) : json(nullptr)},
          {"report_sha256", audit.run ? json(audit.run->report_sha256) : json(nullptr)},
          {"run_at", audit.run ? json(to_string(audit.run_at)) : json(nullptr)}};
}

ticket::Side side_of(const ticket::Event& event) {
  return std::visit(
      [](const auto& body) -> ticket::Side {
        if constexpr (requires { body.side; }) {
          return body.side;
        } else if constexpr (std::is_same_v<std::decay_t<decltype(body)>, ticket::AuditConsented>) {
          return ticket::Side::Customer;
        } else {
          return ticket::Side::Staff;
        }
      },
      event.body);
}

/// Whose doing it was. A step that was done names a login and no side: the side on which that login stands elsewhere, or else the step's own.
ticket::Side side_in(const File& file, const ticket::Event& event) {
  const auto* done = std::get_if<ticket::StepDone>(&event.body);
  if (done == nullptr) {
    return side_of(event);
  }
  for (const ticket::Event& other : file.events) {
    if (!std::holds_alternative<ticket::StepDone>(other.body) && by_of(other.body) == done->by) {
      return side_of(other);
    }
  }
  return done->step >= 1 && done->step <= file.t.plan.size() ? file.t.plan[done->step - 1].who : ticket::Side::Staff;
}

json event_json(const File& file, const ticket::Event& event, const Caller& who, const ticket::TicketWords& words) {
  const ticket::Side side = side_in(file, event);
  const auto* message = std::get_if<ticket::Message>(&event.body);
  json attachments = json::array();
  for (const ticket::Attachment& a : message != nullptr ? message->attachments : std::vector<ticket::Attachment>{}) {
    attachments.push_back(attachment_json(a));
  }
  const bool hide = side == ticket::Side::Staff && !who.is_staff();
  const std::string by = hide ? words.our_staff() : by_of(event.body);
  return {{"seq", event.seq},
          {"at", to_string(event.at)},
          {"kind", kind_of(event.body)},
          {"side", to_string(side)},
          {"by", by},
          {"text", message != nullptr ? message->text : words.line(event.body, by)},
          {"attachments", attachments}};
}

json checklist_json(const ticket::Ticket& t, ticket::Side remediates, const ticket::TicketWords& words) {
  json steps = json::array();
  for (const ticket::NextStep& step : ticket::checklist(t, remediates)) {
    steps.push_back({{"step", to_string(step.todo)}, {"who", step.who ? json(to_string(*step.who)) : json(nullptr)}, {"text", words.line(t, step)}});
  }
  return steps;
}

Response detail(Api& api, const File& file, const View& view, unsigned status = 200) {
  const std::string& own = view.who.user.language;
  const ticket::TicketWords words(own.empty() ? api.options().site.language : own);
  json out = ticket_json(summary_of(file.t), view);
  json events = json::array();
  for (const ticket::Event& event : file.events) {
    events.push_back(event_json(file, event, view.who, words));
  }
  json audits = json::array();
  for (std::size_t i = 0; i < file.t.audits.size(); ++i) {
    audits.push_back(audit_json(file.t, file.events, i));
  }
  json plan = json::array();
  for (std::size_t i = 0; i < file.t.plan.size(); ++i) {
    const ticket::PlanStep& step = file.t.plan[i];
    plan.push_back({{"number", i + 1},
                    {"kind", to_string(step.kind)},
                    {"who", to_string(step.who)},
                    {"what", step.what},
                    {"done", i < file.t.done.size() && file.t.done[i]}});
  }
  const desk::ServiceTerms& terms = desk::terms_of(api.desk().policy(), *view.inventory, file.t.opening.server);
  const ticket::Side remediates = ticket::remediator(terms.staff_remediates);
  out["events"] = events;
  out["checklist"] = checklist_json(file.t, remediates, words);
  out["audits"] = audits;
  out["plan"] = plan;
  out["remediates"] = to_string(remediates);
  out["audit_included"] = terms.audit_included;
  return ok_with_tag(out, file.t.last_seq, status);
}

Response put(Api& api, const Call& call, const ticket::EventBody& body) {
  const View view = view_of(api, call);
  const ticket::TicketId id = call.ticket_id();
  api.store().read([&](records::Transaction& tx) { static_cast<void>(load(tx, id, call.who())); });
  if (const auto taken = api.desk().put_ticket(id, body); !taken) {
    throw refused(taken.error());
  }
  File file;
  api.store().read([&](records::Transaction& tx) { file = load(tx, id, call.who()); });
  return detail(api, file, view);
}

std::vector<ticket::Attachment> attachments_of(Api& api, const Call& call) {
  std::vector<ticket::Attachment> list;
  if (!call.has("attachments")) {
    return list;
  }
  if (!call.body["attachments"].is_array() || call.body["attachments"].size() > ticket::kMaxAttachments) {
    throw invalid("attachments", fmt::format("a list of at most {}", ticket::kMaxAttachments));
  }
  for (const json& one : call.body["attachments"]) {
    JsonReader reader(as_object(one), "attachments.");
    ticket::Attachment a{printable(reader.text("name"), 200), reader.text("sha256"), 0};
    if (reader.error()) {
      throw invalid("attachments", *reader.error());
    }
    // Only what was uploaded to this very ticket: a hash alone must not fetch what others keep.
    std::optional<std::string> uploaded;
    api.store().read(
        [&](records::Transaction& tx) { uploaded = tx.settings().get(fmt::format("upload/{}/{}", to_string(call.ticket_id()), a.sha256)); });
    const auto size = whole(uploaded.value_or(""));
    if (!size) {
      throw invalid("attachments", "upload the file to this ticket first");
    }
    a.size = static_cast<std::uint64_t>(*size);
    list.push_back(std::move(a));
  }
  return list;
}

}  // namespace

Response list_tickets(Api& api, Call& call) {
  const View view = view_of(api, call);
  records::TicketFilter filter{call.customer_param(), call.param("state")};
  if (!filter.state.empty() && filter.state != "waits_for_staff" && filter.state != "waits_for_customer" && filter.state != "closed") {
    throw invalid("state", "waits_for_staff, waits_for_customer or closed");
  }
  std::optional<records::TicketSummary> after;
  if (const auto cursor = call.cursor(2); !cursor.empty()) {
    const auto changed = whole(cursor[0]);
    const auto id = whole(cursor[1]);
    if (!changed || !id) {
      throw invalid("cursor", "not a cursor of this list");
    }
    after.emplace();
    after->changed = WallTime{Micros{*changed}};
    after->id = ticket::TicketId{*id};
  }
  const std::size_t limit = call.limit();
  std::vector<records::TicketSummary> rows;
  api.store().read([&](records::Transaction& tx) { rows = tx.tickets().page(filter, after, limit + 1); });
  std::optional<std::string> next;
  if (rows.size() > limit) {
    rows.pop_back();
    next = make_cursor({std::to_string(rows.back().changed.since_epoch.count()), std::to_string(rows.back().id.value)});
  }
  json items = json::array();
  for (const records::TicketSummary& row : rows) {
    items.push_back(ticket_json(row, view));
  }
  return list_of(std::move(items), next);
}

Response open_ticket(Api& api, Call& call) {
  const View view = view_of(api, call);
  const auto kind = ticket::parse_kind(call.text("kind", 30));
  if (!kind) {
    throw invalid("kind", "suspicious, question, audit_request, appeal or other");
  }
  const ServerId server{call.text_or("server", 200, "")};
  const inventory::Server* known = server.value.empty() ? nullptr : view.inventory->find(server);
  if (!server.value.empty() && (known == nullptr || !call.who().sees(known->customer))) {
    throw invalid("server", "there is no such server");
  }
  CustomerId customer = call.who().user.customer;
  if (call.who().is_staff()) {
    customer = CustomerId{call.text_or("customer", 200, known == nullptr ? "" : known->customer.value)};
    if (view.inventory->find(customer) == nullptr) {
      throw invalid("customer", "name the customer, or a server of theirs");
    }
  }
  const std::string subject = call.text("subject", 200);
  const std::string text = call.text("text", kText);
  const std::string& by = call.who().user.login;
  const auto opened = api.desk().open_ticket({customer, server, *kind, subject, side_of(call), by});
  if (!opened) {
    throw refused(opened.error());
  }
  if (const auto said = api.desk().put_ticket(opened->id, ticket::Message{side_of(call), by, text, {}, ""}); !said) {
    throw refused(said.error());
  }
  File file;
  api.store().read([&](records::Transaction& tx) { file = load(tx, opened->id, call.who()); });
  call.subject = to_string(file.t.id);
  return detail(api, file, view, 201);
}

Response get_ticket(Api& api, Call& call) {
  const View view = view_of(api, call);
  File file;
  api.store().read([&](records::Transaction& tx) { file = load(tx, call.ticket_id(), call.who()); });
  return detail(api, file, view);
}

Response write_to_ticket(Api& api, Call& call) {
  const std::string text = call.text("text", kText);
  return put(api, call, ticket::Message{side_of(call), call.who().user.login, text, attachments_of(api, call), ""});
}

Response upload_attachment(Api& api, Call& call) {
  const std::string name = printable(call.param("name"), 200);
  if (trim(name).empty()) {
    throw invalid("name", "missing");
  }
  if (call.request.body.empty() || call.request.body.size() > kMaxUpload) {
    throw Refusal(413, "too_large", "1 byte to 8 MiB");
  }
  api.store().read([&](records::Transaction& tx) { static_cast<void>(load(tx, call.ticket_id(), call.who())); });
  const std::string sha256 = api.desk().evidence().put(call.request.body);
  api.store().transact([&](records::Transaction& tx) {
    tx.settings().set(fmt::format("upload/{}/{}", to_string(call.ticket_id()), sha256), std::to_string(call.request.body.size()));
  });
  return ok({{"name", name}, {"sha256", sha256}, {"size", call.request.body.size()}}, 201);
}

Response get_attachment(Api& api, Call& call) {
  File file;
  api.store().read([&](records::Transaction& tx) { file = load(tx, call.ticket_id(), call.who()); });
  const std::string& wanted = call.path.at(1);
  std::optional<std::string> name;
  for (const ticket::Event& event : file.events) {
    if (const auto* message = std::get_if<ticket::Message>(&event.body)) {
      for (const ticket::Attachment& a : message->attachments) {
        name = a.sha256 == wanted ? a.name : name;
      }
    } else if (const auto* run = std::get_if<ticket::AuditRun>(&event.body); run != nullptr && run->report_sha256 == wanted) {
      name = "audit-report.json";
    }
  }
  auto bytes = name ? api.desk().evidence().get(wanted) : std::nullopt;
  if (!bytes) {
    throw not_found("the ticket has no such file");
  }
  return download(*std::move(bytes), *name);
}

Response close_ticket(Api& api, Call& call) {
  return put(api, call, ticket::Closed{side_of(call), call.who().user.login, call.text("reason", 1000)});
}

Response set_plan(Api& api, Call& call) {
  ticket::PlanSet plan{call.who().user.login, {}};
  if (!call.body.contains("steps") || !call.body["steps"].is_array() || call.body["steps"].empty() || call.body["steps"].size() > ticket::kMaxSteps) {
    throw invalid("steps", fmt::format("a list of 1 to {}", ticket::kMaxSteps));
  }
  for (const json& one : call.body["steps"]) {
    JsonReader reader(as_object(one), "steps.");
    const auto kind = ticket::parse_step_kind(reader.text("kind"));
    const auto who = ticket::parse_side(reader.text("who"));
    const std::string what = printable(reader.text("what"), 500);
    if (reader.error() || !kind || !who || trim(what).empty()) {
      throw invalid("steps", reader.error().value_or("kind is update, remove or change; who is customer or staff; what is to be done"));
    }
    plan.steps.push_back({*kind, *who, what});
  }
  return put(api, call, plan);
}

Response do_step(Api& api, Call& call) {
  return put(api, call, ticket::StepDone{static_cast<unsigned>(call.number(1)), call.who().user.login, call.text("text", 1000)});
}

Response order_audit(Api& api, Call& call) {
  ticket::AuditOrdered order{side_of(call), call.who().user.login, {}, call.text("reason", 1000)};
  if (!call.body.contains("paths") || !call.body["paths"].is_array()) {
    throw invalid("paths", "a list of absolute paths");
  }
  for (const json& one : call.body["paths"]) {
    if (!one.is_string()) {
      throw invalid("paths", "a list of absolute paths");
    }
    order.paths.push_back(printable(one.get_ref<const std::string&>(), 1000));
  }
  return put(api, call, order);
}

Response consent_to_audit(Api& api, Call& call) {
  const bool staff = call.who().is_staff();
  return put(api, call, ticket::AuditConsented{call.who().user.login, staff ? call.text("how", 200) : "portal"});
}

Response read_audit(Api& api, Call& call) { return put(api, call, ticket::AuditRead{call.who().user.login}); }

Response list_audits(Api& api, Call& call) {
  const auto customer = call.customer_param();
  const auto cursor = call.cursor(1);
  const std::string behind = cursor.empty() ? "" : cursor[0];
  json all = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::TicketSummary& row : tx.tickets().page({customer, ""}, std::nullopt, kAuditTickets)) {
      const File file = load(tx, row.id, call.who());
      for (std::size_t i = 0; i < file.t.audits.size(); ++i) {
        all.push_back(audit_json(file.t, file.events, i));
      }
    }
  });
  const auto place = [](const json& a) {
    return fmt::format("{} {} {}", a["ordered"].get<std::string>(), a["ticket"].get<std::string>(), a["number"].get<std::size_t>());
  };
  std::sort(all.begin(), all.end(), [&](const json& a, const json& b) { return place(a) > place(b); });
  json items = json::array();
  std::optional<std::string> next;
  for (json& one : all) {
    if (!behind.empty() && place(one) >= behind) {
      continue;
    }
    if (items.size() == call.limit()) {
      next = make_cursor({place(items.back())});
      break;
    }
    items.push_back(std::move(one));
  }
  return list_of(std::move(items), next);
}

}  // namespace pinfold::http::api
