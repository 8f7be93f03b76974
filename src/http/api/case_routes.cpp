// Reading cases: the queue, one case, its timeline, why, its evidence, approvals, saved views.
#include <algorithm>

#include "base/crypto.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "http/case_words.hpp"

namespace pinfold::http::api {
namespace {

constexpr unsigned kIdBits = 80;
constexpr std::size_t kUrgent = 10;
constexpr std::size_t kMaxApprovals = 500;
constexpr std::size_t kMaxViews = 100;

template <typename Parse>
auto parse_param(const Call& call, const std::string& name, Parse&& parse) -> decltype(parse(std::string_view{})) {
  const std::string text = call.param(name);
  if (text.empty()) {
    return std::nullopt;
  }
  auto value = parse(std::string_view{text});
  if (!value) {
    throw invalid(name, "not a known value");
  }
  return value;
}

records::QueueFilter filter_of(const Call& call) {
  records::QueueFilter filter;
  filter.customer = call.customer_param();
  if (const std::string server = call.param("server"); !server.empty()) {
    filter.server = ServerId{server};
  }
  const auto status = parse_param(call, "status", [](std::string_view t) -> std::optional<records::QueueStatus> {
    return t == "open"     ? std::optional(records::QueueStatus::Open)
           : t == "closed" ? std::optional(records::QueueStatus::Closed)
           : t == "all"    ? std::optional(records::QueueStatus::All)
                           : std::nullopt;
  });
  filter.status = status.value_or(records::QueueStatus::Open);
  const std::string states = call.param("state");
  for (const std::string_view one : split(states, ',')) {
    if (one.empty()) {
      continue;
    }
    const auto state = desk::parse_state(one);
    if (!state) {
      throw invalid("state", "not a known value");
    }
    filter.states.push_back(*state);
  }
  filter.family = parse_param(call, "family", abuse::parse_family);
  filter.at_least = parse_param(call, "severity", abuse::parse_severity);
  if (const std::string owner = call.param("owner"); !owner.empty() && call.who().is_staff()) {
    filter.owner = owner == "me" ? call.who().user.login : (owner == "none" ? std::string{} : owner);
  }
  filter.flag = parse_param(call, "flag", [](std::string_view t) -> std::optional<records::QueueFlag> {
    return t == "replied"        ? std::optional(records::QueueFlag::Replied)
           : t == "bounced"      ? std::optional(records::QueueFlag::Bounced)
           : t == "needs_person" ? std::optional(records::QueueFlag::NeedsPerson)
           : t == "approval"     ? std::optional(records::QueueFlag::Approval)
                                 : std::nullopt;
  });
  const auto sort = parse_param(call, "sort", [](std::string_view t) -> std::optional<records::QueueSort> {
    return t == "changed"    ? std::optional(records::QueueSort::Changed)
           : t == "opened"   ? std::optional(records::QueueSort::Opened)
           : t == "severity" ? std::optional(records::QueueSort::Severity)
           : t == "deadline" ? std::optional(records::QueueSort::Deadline)
                             : std::nullopt;
  });
  filter.sort = sort.value_or(records::QueueSort::Changed);
  filter.search = call.param("q").substr(0, 100);
  return filter;
}

std::optional<records::QueuePlace> place_in(const std::vector<std::string>& cursor, records::QueueSort sort) {
  if (cursor.empty()) {
    return std::nullopt;
  }
  const auto value = whole(cursor[1]);
  const auto id = whole(cursor[2]);
  if (cursor[0] != std::to_string(static_cast<int>(sort)) || !value || !id) {
    throw invalid("cursor", "not a cursor of this list");
  }
  return records::QueuePlace{*value, *id};
}

}  // namespace

Response list_cases(Api& api, Call& call) {
  const records::QueueFilter filter = filter_of(call);
  const std::size_t limit = call.limit();
  std::vector<records::QueueRow> rows;
  const auto after = place_in(call.cursor(3), filter.sort);
  api.store().read([&](records::Transaction& tx) { rows = tx.queue().page(filter, after, limit + 1); });
  std::optional<std::string> next;
  if (rows.size() > limit) {
    rows.pop_back();
    const auto place = place_of(rows.back(), filter.sort);
    next = make_cursor({std::to_string(static_cast<int>(filter.sort)), std::to_string(place.value), std::to_string(place.id)});
  }
  const View view = view_of(api, call);
  json items = json::array();
  for (const records::QueueRow& row : rows) {
    items.push_back(case_json(row, view));
  }
  return list_of(std::move(items), next);
}

Response get_case(Api& api, Call& call) { return case_detail(api, call, call.case_id()); }

Response list_events(Api& api, Call& call) {
  const View view = view_of(api, call);
  const auto cursor = call.cursor(1);
  const std::int64_t after = cursor.empty() ? 0 : whole(cursor[0]).value_or(0);
  CaseFile file;
  api.store().read([&](records::Transaction& tx) { file = load_case(tx, call.case_id(), call.who()); });
  json items = json::array();
  std::optional<std::string> next;
  for (const desk::Event& event : file.events) {
    if (static_cast<std::int64_t>(event.seq) <= after) {
      continue;
    }
    if (items.size() == call.limit()) {
      next = make_cursor({std::to_string(event.seq - 1)});
      break;
    }
    if (auto shown = event_json(file.c, event, view)) {
      items.push_back(*std::move(shown));
    }
  }
  return list_of(std::move(items), next);
}

Response explain_case(Api& api, Call& call) {
  CaseFile file;
  api.store().read([&](records::Transaction& tx) { file = load_case(tx, call.case_id(), call.who()); });
  const desk::Proof proof = api.desk().prove(file.c);
  json clauses = json::array();
  for (const desk::Clause& clause : proof.clauses) {
    clauses.push_back({{"name", clause.name}, {"holds", clause.holds}, {"because", clause.because}, {"would_change", clause.would_change}});
  }
  return ok({{"case", to_string(file.c.id)}, {"holds", proof.holds()}, {"both_agree", proof.both_agree}, {"clauses", clauses}});
}

Response get_evidence(Api& api, Call& call) {
  CaseFile file;
  api.store().read([&](records::Transaction& tx) { file = load_case(tx, call.case_id(), call.who()); });
  json findings = json::array();
  for (const desk::Event& event : file.events) {
    const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body);
    if (recorded != nullptr && !is_told_again_later(file.c, event)) {
      findings.push_back(finding_json(without_reporter_of(recorded->finding)));
    }
  }
  return ok({{"case", to_string(file.c.id)}, {"server", file.c.server.value}, {"generated", to_string(call.now)}, {"findings", findings}});
}

Response get_evidence_file(Api& api, Call& call) {
  CaseFile file;
  api.store().read([&](records::Transaction& tx) { file = load_case(tx, call.case_id(), call.who()); });
  const std::string& wanted = call.path.at(1);
  const bool named = std::any_of(file.events.begin(), file.events.end(), [&](const desk::Event& event) {
    if (const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body)) {
      const auto& files = recorded->finding.evidence.files;
      return std::any_of(files.begin(), files.end(), [&](const abuse::EvidenceFile& f) { return f.sha256 == wanted; });
    }
    const auto* mail = std::get_if<desk::MailReceived>(&event.body);
    return mail != nullptr && call.who().is_staff() && mail->raw_sha256 == wanted;
  });
  auto bytes = named ? api.desk().evidence().get(wanted) : std::nullopt;
  if (!bytes) {
    throw not_found("the case has no such file, or it is no longer kept");
  }
  return download(*std::move(bytes), wanted.substr(0, 16) + ".bin");
}

Response get_notice(Api& api, Call& call) {
  CaseFile file;
  api.store().read([&](records::Transaction& tx) { file = load_case(tx, call.case_id(), call.who()); });
  const NoticeId number{call.number(1)};
  if (file.c.find_notice(number) == nullptr) {
    throw not_found("the case has no such letter");
  }
  const auto letter = api.desk().letter(file.c.id, number);
  if (!letter) {
    throw refused(letter.error());
  }
  return ok({{"subject", letter->subject}, {"to", letter->to}, {"text", letter->text}});
}

Response list_approvals(Api& api, Call& call) {
  const View view = view_of(api, call);
  records::QueueFilter filter;
  filter.flag = records::QueueFlag::Approval;
  filter.status = records::QueueStatus::All;
  filter.sort = records::QueueSort::Opened;
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::QueueRow& row : tx.queue().page(filter, std::nullopt, kMaxApprovals)) {
      const CaseFile file = load_case(tx, row.id, call.who());
      if (const desk::PortAction* action = file.c.open_action()) {
        items.push_back(action_json(tx, file.c, file.events, *action, view));
      }
    }
  });
  std::sort(items.begin(), items.end(), [](const json& a, const json& b) { return a["requested"] < b["requested"]; });
  return list_of(std::move(items), std::nullopt);
}

Response get_overview(Api& api, Call& call) {
  const View view = view_of(api, call);
  const Caller& who = call.who();
  const auto customer = who.is_staff() ? std::nullopt : std::optional(who.user.customer);
  json out{{"cases_open", 0}, {"by_state", json::object()}, {"servers", 0}, {"servers_disabled", 0}, {"aup_to_accept", nullptr}};
  std::uint64_t open = 0;
  std::uint64_t off = 0;
  api.store().read([&](records::Transaction& tx) {
    for (const auto& [state, count] : tx.queue().count_open(customer)) {
      open += count;
      off += state == desk::State::Disabled || state == desk::State::Discussed || state == desk::State::Enabling ? count : 0;
      out["by_state"][std::string(desk::to_string(state))] = count;
    }
    records::QueueFilter filter;
    filter.customer = customer;
    filter.sort = records::QueueSort::Deadline;
    json urgent = json::array();
    std::uint64_t unanswered = 0;
    for (const records::QueueRow& row : tx.queue().page(filter, std::nullopt, kUrgent)) {
      urgent.push_back(case_json(row, view));
    }
    records::TicketFilter tickets;
    tickets.customer = customer;
    tickets.state = who.is_staff() ? "waits_for_staff" : "waits_for_customer";
    out["tickets_open"] = tx.tickets().page(tickets, std::nullopt, kMaxPage).size();
    out["urgent"] = urgent;
    if (who.is_staff()) {
      records::QueueFilter approvals;
      approvals.flag = records::QueueFlag::Approval;
      records::QueueFilter persons;
      persons.flag = records::QueueFlag::NeedsPerson;
      records::QueueFilter bounced;
      bounced.flag = records::QueueFlag::Bounced;
      const auto waiting = tx.queue().count(approvals);
      const auto calls = tx.calls().open().size();
      out["approvals"] = waiting;
      out["calls_waiting"] = calls;
      out["reports_waiting"] = tx.reports().count(records::ReportState::Triage);
      out["notices_failed"] = tx.queue().count(bounced);
      out["waiting_for_me"] = waiting + calls + tx.queue().count(persons);
    } else {
      records::QueueFilter own;
      own.customer = customer;
      own.sort = records::QueueSort::Deadline;
      for (const records::QueueRow& row : tx.queue().page(own, std::nullopt, kMaxPage)) {
        unanswered += waits_for_owner(row) ? 1U : 0U;
      }
      out["waiting_for_me"] = unanswered;
      const auto versions = tx.aup().versions();
      const auto accepted = tx.aup().acceptances();
      const bool has = !versions.empty() && std::any_of(accepted.begin(), accepted.end(), [&](const records::AupAcceptance& a) {
        return a.customer == who.user.customer && a.version == versions.back().version;
      });
      out["aup_to_accept"] = versions.empty() || has ? json(nullptr) : json(versions.back().version);
    }
  });
  const auto& servers = view.inventory->servers();
  out["cases_open"] = open;
  out["servers_disabled"] = off;
  out["servers"] = customer ? std::count_if(servers.begin(), servers.end(), [&](const inventory::Server& s) { return s.customer == *customer; })
                            : static_cast<std::ptrdiff_t>(servers.size());
  if (who.is_staff()) {
    const Health health = api.desk().health();
    out["healthy"] = std::all_of(health.parts.begin(), health.parts.end(), [](const Health::Part& part) { return part.healthy; });
  }
  return ok(out);
}

Response list_views(Api& api, Call& call) {
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::ViewRow& row : tx.access().views(call.who().user.id)) {
      items.push_back({{"id", row.id}, {"name", row.name}, {"query", row.query}, {"shared", row.is_shared}, {"own", row.user == call.who().user.id}});
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response save_view(Api& api, Call& call) {
  const records::ViewRow row{random_token(kIdBits), call.who().user.id, call.text("name", 60), call.text_or("query", 1000, ""),
                             call.flag("shared", false)};
  api.store().transact([&](records::Transaction& tx) {
    if (tx.access().views(call.who().user.id).size() >= kMaxViews) {
      throw refused("there are too many views already");
    }
    tx.access().add_view(row);
  });
  return ok({{"id", row.id}, {"name", row.name}, {"query", row.query}, {"shared", row.is_shared}, {"own", true}}, 201);
}

Response delete_view(Api& api, Call& call) {
  bool removed = false;
  api.store().transact([&](records::Transaction& tx) { removed = tx.access().remove_view(call.path.at(0), call.who().user.id); });
  if (!removed) {
    throw not_found("there is no such view of yours");
  }
  return done();
}

}  // namespace pinfold::http::api
