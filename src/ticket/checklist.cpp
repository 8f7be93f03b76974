#include "ticket/checklist.hpp"

#include <algorithm>

#include "base/enum_names.hpp"

namespace pinfold::ticket {
namespace {

constexpr EnumNames<Todo, 13> kTodos{{{{Todo::KeepCopy, "keep_copy"},
                                       {Todo::NoteTraces, "note_traces"},
                                       {Todo::FindProcess, "find_process"},
                                       {Todo::FindWhatStartsIt, "find_what_starts_it"},
                                       {Todo::FindWayIn, "find_way_in"},
                                       {Todo::OrderAudit, "order_audit"},
                                       {Todo::DecideAppeal, "decide_appeal"},
                                       {Todo::Consent, "consent"},
                                       {Todo::RunAudit, "run_audit"},
                                       {Todo::ReadReport, "read_report"},
                                       {Todo::WritePlan, "write_plan"},
                                       {Todo::DoStep, "do_step"},
                                       {Todo::OrderSecondAudit, "order_second_audit"}}}};

void add_before_any_audit(std::vector<NextStep>& steps, Kind kind, Side remediates) {
  if (kind == Kind::Suspicious) {
    for (const Todo todo : {Todo::KeepCopy, Todo::NoteTraces, Todo::FindProcess, Todo::FindWhatStartsIt, Todo::FindWayIn}) {
      steps.push_back({todo, remediates});
    }
  }
  if (kind == Kind::Suspicious || kind == Kind::AuditRequest) {
    steps.push_back({Todo::OrderAudit});
  } else if (kind == Kind::Appeal) {
    steps.push_back({Todo::DecideAppeal, Side::Staff});
  }
}

void add_of_audit(std::vector<NextStep>& steps, const Ticket& t) {
  const Audit& last = t.audits.back();
  if (!last.consented) {
    steps.push_back({Todo::Consent, Side::Customer});
  } else if (!last.run) {
    steps.push_back({Todo::RunAudit, Side::Staff});
  } else if (!last.was_read) {
    steps.push_back({Todo::ReadReport, Side::Staff});
  } else if (t.plan.empty() && last.run->findings > 0) {
    steps.push_back({Todo::WritePlan, Side::Staff});
  }
}

void add_of_plan(std::vector<NextStep>& steps, const Ticket& t) {
  for (std::size_t i = 0; i < t.plan.size(); ++i) {
    if (!t.done[i]) {
      steps.push_back({Todo::DoStep, t.plan[i].who, static_cast<unsigned>(i + 1)});
    }
  }
  if (t.plan_is_done() && !t.plan_is_proven()) {
    steps.push_back({Todo::OrderSecondAudit});
  }
}

}  // namespace

std::string_view to_string(Todo value) { return kTodos.name(value); }

std::vector<NextStep> checklist(const Ticket& t, Side remediates) {
  std::vector<NextStep> steps;
  if (t.state == State::Closed) {
    return steps;
  }
  if (t.audits.empty()) {
    add_before_any_audit(steps, t.opening.kind, remediates);
  } else {
    add_of_audit(steps, t);
  }
  add_of_plan(steps, t);
  return steps;
}

}  // namespace pinfold::ticket
