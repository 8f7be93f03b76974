#include "http/staff_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "desk/step.hpp"
#include "desk/words.hpp"
#include "http/case_words.hpp"
#include "http/page.hpp"

namespace pinfold::http {
namespace {

using kainjow::mustache::data;

Response page(std::string_view title, const std::string& content, WallTime now, bool may_leave) {
  data frame;
  frame.set("title", std::string(title));
  frame.set("now", to_people(now));
  frame.set("content", content);
  frame.set("may_leave", may_leave ? data{data::type::bool_true} : data{data::type::bool_false});
  return html(200, render("frame.html.mustache", frame), may_leave);
}

/// A colour never stands alone: the state's name is always beside it.
std::string tone_of(desk::State state) {
  switch (state) {
    case desk::State::Disabled:
    case desk::State::DisablePending:
    case desk::State::ActionFailed: return "stop";
    case desk::State::Silent:
    case desk::State::SecondNotice:
    case desk::State::Disputed:
    case desk::State::Undeliverable:
    case desk::State::Delivered:
    case desk::State::Sent:
    case desk::State::WarningQueued: return "warn";
    case desk::State::Answered:
    case desk::State::Closed:
    case desk::State::FalsePositive: return "calm";
    case desk::State::Triage:
    case desk::State::Discussed:
    case desk::State::Enabling:
    case desk::State::Probation: return "info";
  }
  return "info";
}

std::string readable(std::string_view state) {
  std::string text(state);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string tone_of(const desk::EventBody& body) {
  if (std::holds_alternative<desk::FindingRecorded>(body)) {
    return "warn";
  }
  if (std::holds_alternative<desk::DisableRequested>(body) || std::holds_alternative<desk::PortActionFinished>(body)) {
    return "stop";
  }
  if (std::holds_alternative<desk::ResponseRecorded>(body) || std::holds_alternative<desk::DiscussionRecorded>(body)) {
    return "calm";
  }
  return "info";
}

/// "2026-11-23 15:44:02"
std::string to_the_second(WallTime t) {
  std::string text = to_string(t).substr(0, 19);
  text[10] = ' ';
  return text;
}

data event_row(const desk::Case& c, const desk::Event& event) {
  data row;
  row.set("iso", to_string(event.at));
  row.set("time", fmt::format("#{} {}", event.seq, to_the_second(event.at)));
  row.set("text", desk::describe(event.body));
  row.set("side", tone_of(event.body));
  data details{data::type::list};
  const auto rows = is_told_again_later(c, event) ? std::vector<std::pair<std::string, std::string>>{} : details_of(event.body);
  for (const auto& [name, value] : rows) {
    if (value.empty()) {
      continue;
    }
    data detail;
    detail.set("name", name);
    detail.set("value", value);
    details.push_back(detail);
  }
  row.set("has_details", rows.empty() ? data{data::type::bool_false} : data{data::type::bool_true});
  row.set("details", details);
  return row;
}

data clause_row(const desk::Clause& clause) {
  data row;
  row.set("name", clause.name);
  row.set("mark", clause.holds ? "yes" : "no");
  row.set("because", clause.because);
  row.set("change", clause.would_change);
  return row;
}

}  // namespace

StaffPages::StaffPages(records::Store& store, const desk::Policy& policy, const Clock& clock, std::function<Health()> health)
    : x_store(store), x_policy(policy), x_clock(clock), x_health(std::move(health)) {}

Response StaffPages::handle(const Request& request, bool is_logged_in) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return plain(405, "This page is only for reading.\n");
  }
  const std::string_view path = request.path();
  if (path == "/" || path == "/cases") {
    return cases(is_logged_in);
  }
  if (path == "/assets/pinfold.css") {
    return style_sheet();
  }
  if (path == "/healthz") {
    return healthz();
  }
  if (path == "/readyz") {
    return x_health().is_ready ? plain(200, "ready\n") : plain(503, "not ready\n");
  }
  if (path == "/metrics") {
    return metrics();
  }
  constexpr std::string_view kCase = "/cases/PF-";
  if (istarts_with(path, kCase)) {
    if (const auto number = parse_number(path.substr(kCase.size())); number && *number <= INT64_MAX) {
      return one_case(CaseId{static_cast<std::int64_t>(*number)}, is_logged_in);
    }
  }
  return plain(404, "There is no such page.\n");
}

Response StaffPages::cases(bool may_leave) const {
  std::vector<records::CaseSummary> summaries;
  x_store.read([&](records::Transaction& tx) { summaries = tx.cases().list(kMaxListed); });
  data rows{data::type::list};
  for (const records::CaseSummary& summary : summaries) {
    data row;
    row.set("id", to_string(summary.id));
    row.set("state", readable(desk::to_string(summary.state)));
    row.set("tone", tone_of(summary.state));
    row.set("server", summary.server.value);
    row.set("customer", summary.customer.value);
    row.set("family", std::string(abuse::to_string(summary.family)));
    row.set("opened", to_people(summary.opened));
    row.set("changed", to_people(summary.changed));
    rows.push_back(row);
  }
  data values;
  values.set("has_cases", summaries.empty() ? data{data::type::bool_false} : data{data::type::bool_true});
  values.set("cases", rows);
  return page("Cases", render("cases.html.mustache", values), x_clock.wall(), may_leave);
}

Response StaffPages::one_case(CaseId id, bool may_leave) const {
  std::vector<desk::Event> events;
  std::string customer;
  x_store.read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  if (events.empty()) {
    return plain(404, "There is no such case.\n");
  }
  const desk::Case c = desk::fold(id, events);
  const desk::Moment moment{.now = x_clock.wall(), .ears = x_health().ears, .fresh_token = {}, .contacts = {}};
  const desk::Proof proof = desk::prove(c, x_policy, moment);
  data values;
  values.set("id", to_string(id));
  values.set("state", readable(desk::to_string(c.state)));
  values.set("tone", tone_of(c.state));
  values.set("server", c.server.value);
  values.set("customer", c.customer.value);
  values.set("family", std::string(abuse::to_string(c.family)));
  values.set("opened", to_people(c.opened));
  values.set("earlier", std::to_string(c.earlier_cases));
  const desk::Notice* warning = c.first_warning();
  if (warning != nullptr && warning->delivered) {
    values.set("deadline", to_the_second(*warning->delivered + warning->window.value_or(x_policy.response_window)) + " UTC");
  }
  values.set("verdict", proof.holds() ? "Yes: every clause below holds." : "No: at least one clause below does not hold.");
  values.set("verdict_tone", proof.holds() ? "stop" : "calm");
  data clauses{data::type::list};
  for (const desk::Clause& clause : proof.clauses) {
    clauses.push_back(clause_row(clause));
  }
  values.set("clauses", clauses);
  data rows{data::type::list};
  for (const desk::Event& event : events) {
    rows.push_back(event_row(c, event));
  }
  values.set("events", rows);
  return page(to_string(id), render("case.html.mustache", values), x_clock.wall(), may_leave);
}

Response StaffPages::healthz() const {
  const Health health = x_health();
  bool healthy = true;
  nlohmann::json parts = nlohmann::json::array();
  for (const Health::Part& part : health.parts) {
    healthy = healthy && part.healthy;
    parts.push_back({{"name", part.name}, {"healthy", part.healthy}, {"note", part.note}});
  }
  return {.status = healthy ? 200U : 503U,
          .content_type = "application/json",
          .body = nlohmann::json{{"healthy", healthy}, {"parts", parts}}.dump() + "\n",
          .headers = {}};
}

Response StaffPages::metrics() const {
  auto metrics = x_health().metrics;
  std::stable_sort(metrics.begin(), metrics.end(), [](const auto& a, const auto& b) { return a.name < b.name; });  // one group a name
  std::string text;
  std::string_view group;
  for (const Health::Metric& metric : metrics) {
    if (metric.name != group) {
      group = metric.name;
      text += fmt::format("# TYPE {} {}\n", group, group.ends_with("_total") ? "counter" : "gauge");
    }
    text += metric.labels.empty() ? fmt::format("{} {}\n", metric.name, metric.value)
                                  : fmt::format("{}{{{}}} {}\n", metric.name, metric.labels, metric.value);
  }
  return {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = text, .headers = {}};
}

}  // namespace pinfold::http
