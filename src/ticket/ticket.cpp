#include "ticket/ticket.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/text.hpp"

namespace pinfold::ticket {
namespace {

constexpr EnumNames<Kind, 5> kKinds{{{{Kind::Suspicious, "suspicious"},
                                      {Kind::Question, "question"},
                                      {Kind::AuditRequest, "audit_request"},
                                      {Kind::Appeal, "appeal"},
                                      {Kind::Other, "other"}}}};
constexpr EnumNames<Side, 2> kSides{{{{Side::Customer, "customer"}, {Side::Staff, "staff"}}}};
constexpr EnumNames<StepKind, 3> kStepKinds{{{{StepKind::Update, "update"}, {StepKind::Remove, "remove"}, {StepKind::Change, "change"}}}};
constexpr EnumNames<State, 3> kStates{
    {{{State::WaitsForStaff, "waits_for_staff"}, {State::WaitsForCustomer, "waits_for_customer"}, {State::Closed, "closed"}}}};

class Fold {
public:
  Fold(Ticket& t, const Event& event) : x_ticket(t), x_event(event) {}
  void operator()(const Opened& e) {
    x_ticket.opening = e;
    x_ticket.opened = x_event.at;
    turn_to(e.side);
  }
  void operator()(const Message& e) {
    if (!e.reference.empty()) {
      x_ticket.references.push_back(e.reference);
    }
    turn_to(e.side);
  }
  void operator()(const AuditOrdered& e) {
    Audit audit;
    audit.order = e;
    audit.ordered_by = x_event.seq;
    audit.consented = e.side == Side::Customer;  // who orders it, wants it
    x_ticket.audits.push_back(std::move(audit));
  }
  void operator()(const AuditConsented&) { x_ticket.audits.back().consented = true; }
  void operator()(const AuditRun& e) {
    x_ticket.audits.back().run = e;
    x_ticket.audits.back().run_at = x_event.at;
    x_ticket.audits.back().run_by = x_event.seq;
  }
  void operator()(const AuditRead&) { x_ticket.audits.back().was_read = true; }
  void operator()(const PlanSet& e) {
    x_ticket.plan = e.steps;
    x_ticket.done.assign(e.steps.size(), false);
    turn_to(Side::Staff);
  }
  void operator()(const StepDone& e) {
    x_ticket.done.at(e.step - 1) = true;
    x_ticket.last_step_done = x_event.seq;
  }
  void operator()(const Closed&) { x_ticket.state = State::Closed; }

private:
  void turn_to(Side writer) { x_ticket.state = writer == Side::Customer ? State::WaitsForStaff : State::WaitsForCustomer; }
  Ticket& x_ticket;
  const Event& x_event;
};

bool is_below(std::string_view path, std::string_view folder) {
  const std::string_view trimmed = folder.size() > 1 && folder.back() == '/' ? folder.substr(0, folder.size() - 1) : folder;
  return path == trimmed || trimmed == "/" ||
         (path.substr(0, trimmed.size()) == trimmed && path.size() > trimmed.size() && path[trimmed.size()] == '/');
}
bool is_plain_path(std::string_view path) {
  const auto parts = split(path, '/');
  return !path.empty() && path.front() == '/' && std::none_of(parts.begin(), parts.end(), [](std::string_view p) { return p == ".." || p == "."; });
}

/// What may be added to a ticket as it stands.
class WhyNot {
public:
  explicit WhyNot(const Ticket& t) : x_ticket(t) {}
  using Answer = std::optional<std::string>;

  Answer operator()(const Opened& e) const {
    if (x_ticket.last_seq != 0) {
      return "a ticket is opened once";
    }
    return e.customer.value.empty() || e.by.empty() || e.subject.empty() ? Answer("a ticket has a customer, a subject and somebody who opens it")
                                                                         : Answer{};
  }
  Answer operator()(const Message& e) const {
    if (e.by.empty() || (e.text.empty() && e.attachments.empty())) {
      return "a message has a sender and says something";
    }
    if (e.text.size() > kMaxText || e.attachments.size() > kMaxAttachments) {
      return fmt::format("a message has at most {} bytes and {} attachments", kMaxText, kMaxAttachments);
    }
    for (const Attachment& a : e.attachments) {
      if (a.sha256.size() != 64 || !from_hex(a.sha256)) {
        return "an attachment is known by its SHA-256";
      }
    }
    const bool known =
        !e.reference.empty() && std::find(x_ticket.references.begin(), x_ticket.references.end(), e.reference) != x_ticket.references.end();
    return known ? Answer("nothing new: this message is here already") : Answer{};
  }
  Answer operator()(const AuditOrdered& e) const {
    if (const Audit* open = open_audit()) {
      return fmt::format("the audit ordered in #{} has not run yet", open->ordered_by);
    }
    if (x_ticket.opening.server.value.empty()) {
      return "the ticket is about no server";
    }
    if (e.by.empty() || e.reason.empty() || e.paths.empty() || e.paths.size() > kMaxPaths) {
      return "an audit's order names who gives it, why, and which folders may be read";
    }
    return std::all_of(e.paths.begin(), e.paths.end(), is_plain_path) ? Answer{} : Answer("a path is absolute and has no \"..\"");
  }
  Answer operator()(const AuditConsented& e) const {
    const Audit* open = open_audit();
    if (open == nullptr || open->consented) {
      return open == nullptr ? "no audit waits for consent" : "consent is on record already";
    }
    return e.by.empty() || e.how.empty() ? Answer("consent says who gave it, and how") : Answer{};
  }
  Answer operator()(const AuditRun& e) const {
    const Audit* open = open_audit();
    if (open == nullptr) {
      return "nobody ordered an audit: nothing of the customer's may be read";
    }
    if (!open->consented) {
      return "the customer has not consented: nothing of theirs may be read";
    }
    for (const std::string& path : e.read) {
      const bool in_order = is_plain_path(path) && std::any_of(open->order.paths.begin(), open->order.paths.end(),
                                                               [&](const auto& folder) { return is_below(path, folder); });
      if (!in_order) {
        return printable(path, 200) + " lies outside what was ordered";
      }
    }
    return e.read.empty() || e.read.size() > kMaxPaths ? Answer("an audit says which folders it read") : Answer{};
  }
  Answer operator()(const AuditRead& e) const {
    if (x_ticket.audits.empty() || !x_ticket.audits.back().run) {
      return "there is no report to read";
    }
    return e.by.empty() ? Answer("reading names the reader") : Answer{};
  }
  Answer operator()(const PlanSet& e) const {
    if (x_ticket.audits.empty() || !x_ticket.audits.back().was_read) {
      return "a plan follows an audit that somebody has read";
    }
    if (e.by.empty() || e.steps.empty() || e.steps.size() > kMaxSteps) {
      return fmt::format("a plan has an author and 1 to {} steps", kMaxSteps);
    }
    const bool all_say = std::all_of(e.steps.begin(), e.steps.end(), [](const PlanStep& step) { return !step.what.empty(); });
    return all_say ? Answer{} : Answer("a step says what is to be done");
  }
  Answer operator()(const StepDone& e) const {
    if (e.step == 0 || e.step > x_ticket.plan.size()) {
      return "the plan has no such step";
    }
    if (e.by.empty()) {
      return "a step is ticked off by somebody";
    }
    return x_ticket.done[e.step - 1] ? Answer("the step is done already") : Answer{};
  }
  Answer operator()(const Closed& e) const {
    if (e.by.empty() || e.reason.empty()) {
      return "closing takes a name and a reason";
    }
    if (e.side == Side::Staff && !x_ticket.plan.empty() && !x_ticket.plan_is_proven()) {
      return "the plan is not proven: tick its steps off, then let a second audit show it done (the customer may close without)";
    }
    return {};
  }

private:
  [[nodiscard]] const Audit* open_audit() const { return x_ticket.audits.empty() || x_ticket.audits.back().run ? nullptr : &x_ticket.audits.back(); }
  const Ticket& x_ticket;
};

}  // namespace

std::string_view to_string(Kind value) { return kKinds.name(value); }
std::string_view to_string(Side value) { return kSides.name(value); }
std::string_view to_string(StepKind value) { return kStepKinds.name(value); }
std::string_view to_string(State value) { return kStates.name(value); }
std::optional<Kind> parse_kind(std::string_view text) { return kKinds.parse(text); }
std::optional<Side> parse_side(std::string_view text) { return kSides.parse(text); }
std::optional<StepKind> parse_step_kind(std::string_view text) { return kStepKinds.parse(text); }

std::string_view kind_of(const EventBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<EventBody>> kNames{
      "opened", "message", "audit_ordered", "audit_consented", "audit_run", "audit_read", "plan_set", "step_done", "closed"};
  return kNames.at(body.index());
}

bool Ticket::plan_is_done() const {
  return !plan.empty() && std::all_of(done.begin(), done.end(), [](bool is_done) { return is_done; });
}

bool Ticket::plan_is_proven() const {
  return plan_is_done() && !audits.empty() && audits.back().run && audits.back().run_by > last_step_done && audits.back().run->findings == 0;
}

void apply(Ticket& t, const Event& event) {
  t.last_seq = event.seq;
  t.changed = event.at;
  std::visit(Fold(t, event), event.body);
}

Ticket fold(TicketId id, const std::vector<Event>& events) {
  Ticket t;
  t.id = id;
  for (const Event& event : events) {
    apply(t, event);
  }
  return t;
}

std::optional<std::string> why_not(const Ticket& t, const EventBody& body) {
  if (t.last_seq == 0 && !std::holds_alternative<Opened>(body)) {
    return "there is no such ticket";
  }
  if (t.state == State::Closed && !std::holds_alternative<Message>(body)) {
    return to_string(t.id) + " is closed; a message opens it again";
  }
  if (t.last_seq >= kMaxEvents) {
    return fmt::format("a ticket has at most {} entries: open another", kMaxEvents);
  }
  return std::visit(WhyNot(t), body);
}

}  // namespace pinfold::ticket
