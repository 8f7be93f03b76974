// The desk itself: switches, the kill switch, policy, detectors, statistics, outbox, calls, audit log, settings.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "desk/words.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "http/case_words.hpp"

namespace pinfold::http::api {
namespace {

constexpr Micros kUsualStatistics = std::chrono::days{30};
constexpr Micros kLongestStatistics = std::chrono::days{732};
constexpr std::size_t kPolicyText = std::size_t{1} << 20U;
constexpr std::size_t kScanned = 1000;  ///< events looked through for one page of letters
constexpr std::int64_t kBuckets[] = {900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600};

std::string_view word_of(desk::Arming arming) { return arming == desk::Arming::Armed ? "armed" : "observe"; }

json policy_json(const PolicyView& view) {
  json values = json::array();
  for (const PolicyValue& v : view.values) {
    values.push_back({{"key", v.key}, {"value", v.value}, {"default", v.standard}, {"unit", v.unit}, {"reason", v.reason}});
  }
  return {{"warnings", word_of(view.warnings)}, {"measures", word_of(view.measures)}, {"values", values}};
}

struct Span {
  WallTime from;
  WallTime to;
};
Span span_of(const Call& call) {
  Span span;
  span.to = call.time_param("to").value_or(call.now + Micros{1});  // what happened just now counts
  span.from = call.time_param("from").value_or(span.to - kUsualStatistics);
  if (span.from >= span.to || span.to - span.from > kLongestStatistics) {
    throw invalid("from", "before `to`, and at most two years before");
  }
  return span;
}

bool is_armed(Api& api, records::Transaction& tx, const SwitchId& id) { return tx.settings().get(api.desk().arming_setting(id)) == "yes"; }

json switch_json(Api& api, records::Transaction& tx, const SwitchInfo& s, const View& view, WallTime now) {
  const auto& servers = view.inventory->servers();
  return {{"id", s.id.value},
          {"driver", s.driver},
          {"address", nullable(s.address)},
          {"armed", is_armed(api, tx, s.id)},
          {"ports", std::count_if(servers.begin(), servers.end(),
                                  [&](const inventory::Server& server) { return server.port && server.port->switch_id == s.id; })},
          {"held_down", tx.journal().ports_held_down(s.id)},
          {"downs_last_hour", tx.journal().count_downs_since(&s.id, now - std::chrono::hours{1})}};
}

SwitchInfo switch_of(Api& api, const Call& call) {
  for (const SwitchInfo& s : api.desk().switches()) {
    if (s.id.value == call.path.at(0)) {
      return s;
    }
  }
  throw not_found("there is no such switch");
}

/// Armed or not is what a decision is made on: the tag's number.
Response switch_detail(Api& api, const Call& call, const SwitchInfo& s) {
  const View view = view_of(api, call);
  json out;
  bool armed = false;
  api.store().read([&](records::Transaction& tx) {
    out = switch_json(api, tx, s, view, call.now);
    armed = is_armed(api, tx, s.id);
    std::map<std::string, json> ports;
    for (const inventory::Server& server : view.inventory->servers()) {
      if (!server.port || server.port->switch_id != s.id) {
        continue;
      }
      json& port = ports[server.port->name.value];
      if (port.is_null()) {
        port = {{"port", port_json(tx, &server, view)}, {"servers", json::array()}};
      }
      port["servers"].push_back({{"id", server.id.value}, {"customer", server.customer.value}, {"protected", server.is_protected}});
    }
    out["port_list"] = json::array();
    for (auto& [name, port] : ports) {
      out["port_list"].push_back(std::move(port));
    }
  });
  return ok_with_tag(out, armed ? 1 : 0);
}

json stop_json(Api& api, records::Transaction& tx) {
  const std::string setting = api.desk().stop_setting();
  return {{"stopped", tx.settings().get(setting) == "yes"},
          {"why", tx.settings().get(setting + "/why").value_or("")},
          {"file", api.desk().info().kill_switch}};
}

std::int64_t position_in(const std::vector<std::string>& cursor) {
  if (cursor.empty()) {
    return 0;
  }
  const auto number = whole(cursor[0]);
  if (!number || *number == 0) {
    throw invalid("cursor", "not a cursor of this list");
  }
  return *number;
}

std::int64_t quantile(const std::vector<std::int64_t>& sorted, unsigned percent) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

json answers_json(const std::vector<std::int64_t>& seconds) {
  json buckets = json::array();
  std::size_t before = 0;
  for (const std::int64_t limit : kBuckets) {
    const auto up_to = static_cast<std::size_t>(std::upper_bound(seconds.begin(), seconds.end(), limit) - seconds.begin());
    buckets.push_back({{"up_to_s", limit}, {"count", up_to - before}});
    before = up_to;
  }
  buckets.push_back({{"up_to_s", nullptr}, {"count", seconds.size() - before}});
  return {{"median", seconds.empty() ? json(nullptr) : json(quantile(seconds, 50))},
          {"p90", seconds.empty() ? json(nullptr) : json(quantile(seconds, 90))},
          {"buckets", buckets}};
}

std::string day_name(std::int64_t day) { return to_string(WallTime{std::chrono::days{day}}).substr(0, 10); }

std::string_view kind_that_shows(std::string_view state) {
  return state == "failed"      ? "notice_failed"
         : state == "delivered" ? "notice_delivered"
         : state == "submitted" ? "notice_submitted"
                                : "notice_queued";
}

NoticeId notice_of(const desk::EventBody& body) {
  return std::visit(
      [](const auto& event) {
        if constexpr (requires { event.notice.value; }) {
          return event.notice;
        } else {
          return NoticeId{};
        }
      },
      body);
}

}  // namespace

Response list_switches(Api& api, Call& call) {
  const View view = view_of(api, call);
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const SwitchInfo& s : api.desk().switches()) {
      items.push_back(switch_json(api, tx, s, view, call.now));
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response get_switch(Api& api, Call& call) { return switch_detail(api, call, switch_of(api, call)); }

Response arm_switch(Api& api, Call& call) {
  const SwitchInfo s = switch_of(api, call);
  static_cast<void>(call.text("reason", 1000));
  if (!call.has("armed")) {
    throw invalid("armed", "missing");
  }
  const bool armed = call.flag("armed", false);
  api.store().transact([&](records::Transaction& tx) {
    if ((is_armed(api, tx, s.id) ? 1 : 0) != *call.if_match) {
      throw overtaken("somebody else has armed or disarmed the switch meanwhile");
    }
    tx.settings().set(api.desk().arming_setting(s.id), armed ? "yes" : "no");
  });
  call.subject = s.id.value + (armed ? " armed" : " disarmed");
  return switch_detail(api, call, s);
}

Response get_stop(Api& api, Call&) {
  json out;
  api.store().read([&](records::Transaction& tx) { out = stop_json(api, tx); });
  return ok(out);
}

Response set_stop(Api& api, Call& call) {
  const std::string reason = call.text("reason", 1000);
  if (!call.has("stopped")) {
    throw invalid("stopped", "missing");
  }
  const bool stopped = call.flag("stopped", true);
  if (!stopped && !may(Access::Sysadmins, call.who().user.role)) {
    throw forbidden("a systems administrator lifts the kill switch");
  }
  json out;
  api.store().transact([&](records::Transaction& tx) {
    const std::string setting = api.desk().stop_setting();
    tx.settings().set(setting, stopped ? "yes" : "no");
    tx.settings().set(setting + "/why", fmt::format("{} ({}, {})", reason, call.who().user.login, to_string(call.now)));
    out = stop_json(api, tx);
  });
  call.subject = stopped ? "stopped" : "resumed";
  return ok(out);
}

Response get_policy(Api& api, Call&) { return ok(policy_json(api.desk().policy_view())); }

Response check_policy(Api& api, Call& call) {
  const auto view = api.desk().check_policy(call.text("text", kPolicyText));
  if (!view) {
    throw invalid("text", view.error());
  }
  return ok(policy_json(*view));
}

Response simulate_policy(Api& api, Call& call) {
  const std::string text = call.text("text", kPolicyText);
  const auto since = call.time("since");
  if (const auto view = api.desk().check_policy(text); !view) {
    throw invalid("text", view.error());
  }
  Desk* desk = &api.desk();
  return accepted(api, call, [desk, text, since](const Actions::Progress& progress) { return desk->simulate(text, since, progress); });
}

Response list_detectors(Api& api, Call& call) {
  const Span span = span_of(call);
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const auto& [name, record] : tx.queue().records_by_class(span.from, span.to)) {
      const std::uint64_t decided = record.right + record.wrong;
      items.push_back({{"class", name},
                       {"cases", record.cases},
                       {"right", record.right},
                       {"wrong", record.wrong},
                       {"open", record.open},
                       {"undecided", record.cases > decided ? record.cases - decided : 0}});
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response get_statistics(Api& api, Call& call) {
  const Span span = span_of(call);
  const View view = view_of(api, call);
  records::CaseStatistics s;
  api.store().read([&](records::Transaction& tx) { s = tx.queue().statistics(span.from, span.to); });
  json by_class = json::array();
  for (const auto& [name, count] : s.by_class) {
    by_class.push_back({{"name", name}, {"count", count}});
  }
  json by_customer = json::array();
  for (const auto& [id, count] : s.by_customer) {
    by_customer.push_back({{"name", view.customer_name(CustomerId{id})}, {"count", count}});
  }
  json by_day = json::array();
  for (auto& [day, kinds] : s.days) {
    by_day.push_back({{"day", day_name(day)},
                      {"opened", kinds["case_opened"]},
                      {"closed", kinds["closed_by_staff"] + kinds["closed_after_quiet"] + kinds["probation_ended"]},
                      {"disabled", kinds["port_action_finished"]}});
  }
  return ok({{"from", to_string(span.from)},
             {"to", to_string(span.to)},
             {"cases_opened", s.opened},
             {"cases_closed", s.closed},
             {"warned", s.events["notice_delivered"]},
             {"answered", s.events["response_recorded"]},
             {"disabled", s.events["port_action_finished"]},
             {"answer_s", answers_json(s.answer_seconds)},
             {"recidivism_percent", s.opened == 0 ? json(nullptr) : json(s.repeated * 100 / s.opened)},
             {"by_class", by_class},
             {"by_customer", by_customer},
             {"by_day", by_day}});
}

Response list_notices(Api& api, Call& call) {
  const std::string state = call.param("state");
  static constexpr std::array<std::string_view, 5> kStates{"queued", "observed", "submitted", "delivered", "failed"};
  if (!state.empty() && std::find(kStates.begin(), kStates.end(), state) == kStates.end()) {
    throw invalid("state", "queued, observed, submitted, delivered or failed");
  }
  std::int64_t before = position_in(call.cursor(1));
  const std::size_t limit = call.limit();
  json items = json::array();
  std::optional<std::string> next;
  api.store().read([&](records::Transaction& tx) {
    const auto rows = tx.queue().chain_of(kind_that_shows(state), before, kScanned);
    for (const records::ChainRow& row : rows) {
      if (items.size() == limit) {
        next = make_cursor({std::to_string(before)});
        return;
      }
      before = row.position;
      const CaseFile file = load_case(tx, row.case_id, call.who());
      const desk::Notice* notice = file.c.find_notice(notice_of(row.event.body));
      json one = notice == nullptr ? json() : notice_json(file.c, file.events, *notice);
      if (notice != nullptr && (state.empty() || one["state"] == state)) {
        items.push_back(std::move(one));
      }
    }
    if (rows.size() == kScanned) {
      next = make_cursor({std::to_string(before)});
    }
  });
  return list_of(std::move(items), next);
}

Response list_outbox(Api& api, Call& call) {
  static constexpr std::array<std::pair<std::string_view, records::JobState>, 4> kNames{{{"queued", records::JobState::Queued},
                                                                                         {"claimed", records::JobState::Claimed},
                                                                                         {"done", records::JobState::Done},
                                                                                         {"failed", records::JobState::Failed}}};
  std::optional<records::JobState> state;
  if (const std::string text = call.param("state"); !text.empty()) {
    const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.first == text; });
    if (found == kNames.end()) {
      throw invalid("state", "queued, claimed, done or failed");
    }
    state = found->second;
  }
  std::optional<records::Job> after;
  if (const auto cursor = call.cursor(2); !cursor.empty()) {
    const auto due = whole(cursor[0]);
    if (!due) {
      throw invalid("cursor", "not a cursor of this list");
    }
    after.emplace();
    after->not_before = WallTime{Micros{*due}};
    after->key = cursor[1];
  }
  const std::size_t limit = call.limit();
  std::vector<records::Job> jobs;
  api.store().read([&](records::Transaction& tx) { jobs = tx.outbox().page(state, after, limit + 1); });
  std::optional<std::string> next;
  if (jobs.size() > limit) {
    jobs.pop_back();
    next = make_cursor({std::to_string(jobs.back().not_before.since_epoch.count()), jobs.back().key});
  }
  json items = json::array();
  for (const records::Job& job : jobs) {
    const auto* name = std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.second == job.state; });
    items.push_back({{"key", job.key},
                     {"case", to_string(job.case_id)},
                     {"kind", job.kind},
                     {"state", name->first},
                     {"attempts", job.attempts},
                     {"not_before", to_string(job.not_before)},
                     {"note", job.note}});
  }
  return list_of(std::move(items), next);
}

Response list_calls(Api& api, Call&) {
  const auto& list = api.desk().policy().on_call;
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::CallRow& row : tx.calls().open()) {
      items.push_back({{"key", row.key},
                       {"case", to_string(row.case_id)},
                       {"what", row.what},
                       {"called", to_string(row.called)},
                       {"step", row.step + 1},
                       {"name", list.empty() ? json(nullptr) : json(list[std::min<std::size_t>(row.step, list.size() - 1)].name)}});
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response take_call(Api& api, Call& call) {
  const std::string key = call.text("key", 300);
  bool taken = false;
  api.store().transact([&](records::Transaction& tx) { taken = tx.calls().take(key, call.who().staff(), call.now); });
  if (!taken) {
    throw refused("there is no such call, or somebody has taken it");
  }
  call.subject = key;
  return done();
}

Response list_audit_log(Api& api, Call& call) {
  const std::string source = call.param("source");
  const std::string who = call.param("who");
  const std::size_t limit = call.limit();
  const std::int64_t before = position_in(call.cursor(1));
  json items = json::array();
  std::optional<std::string> next;
  if (source == "people") {
    std::vector<records::ActRow> acts;
    api.store().read([&](records::Transaction& tx) { acts = tx.access().acts(to_lower(who), before, limit + 1); });
    if (acts.size() > limit) {
      acts.pop_back();
      next = make_cursor({std::to_string(acts.back().id)});
    }
    for (const records::ActRow& act : acts) {
      items.push_back({{"id", std::to_string(act.id)},
                       {"at", to_string(act.at)},
                       {"who", act.who},
                       {"what", act.what},
                       {"subject", act.subject},
                       {"text", act.text},
                       {"status", act.status},
                       {"hash", nullptr}});
    }
    return list_of(std::move(items), next);
  }
  if (source != "cases") {
    throw invalid("source", "cases or people");
  }
  std::vector<records::ChainRow> rows;
  api.store().read([&](records::Transaction& tx) { rows = tx.queue().chain(before, who.empty() ? limit + 1 : kScanned); });
  for (const records::ChainRow& row : rows) {
    if (items.size() == limit) {
      break;
    }
    next = make_cursor({std::to_string(row.position)});
    const std::string by = staff_of(row.event.body);
    if (who.empty() || by == who) {
      items.push_back({{"id", std::to_string(row.position)},
                       {"at", to_string(row.event.at)},
                       {"who", by.empty() ? std::string(side_of(row.event.body)) : by},
                       {"what", kind_of(row.event.body)},
                       {"subject", to_string(row.case_id)},
                       {"text", describe(row.event.body)},
                       {"status", nullptr},
                       {"hash", row.hash}});
    }
  }
  const bool more = !rows.empty() && (who.empty() ? rows.size() > limit : rows.size() == kScanned || items.size() == limit);
  return list_of(std::move(items), more ? next : std::nullopt);
}

Response verify_audit_log(Api& api, Call& call) {
  records::Store* store = &api.store();
  return accepted(api, call, [store](const Actions::Progress&) -> Expected<json, std::string> {
    std::optional<std::string> fault;
    store->read([&](records::Transaction& tx) { fault = tx.cases().verify_chain(); });
    return json{{"whole", !fault}, {"fault", fault ? json(*fault) : json(nullptr)}};
  });
}

Response get_settings(Api& api, Call&) {
  const Health health = api.desk().health();
  const DeskInfo& info = api.desk().info();
  const desk::Policy& policy = api.desk().policy();
  json parts = json::array();
  bool healthy = true;
  for (const Health::Part& part : health.parts) {
    healthy = healthy && part.healthy;
    parts.push_back({{"name", part.name}, {"healthy", part.healthy}, {"note", part.note}});
  }
  json breakers = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const char* name : {"notices", "measures"}) {
      breakers.push_back({{"name", name}, {"open", api.desk().breaker_open(tx, name)}});
    }
  });
  json on_call = json::array();
  for (const desk::OnCall& step : policy.on_call) {
    on_call.push_back({{"name", step.name}, {"mail", step.mail}, {"webhook", !step.webhook.empty()}});
  }
  json listen = json::array();
  for (const auto& [name, value] : info.listen) {
    listen.push_back({{"name", name}, {"value", value}});
  }
  return ok({{"version", info.version},
             {"healthy", healthy},
             {"parts", parts},
             {"warnings", word_of(policy.warnings)},
             {"measures", word_of(policy.measures)},
             {"breakers", breakers},
             {"on_call", on_call},
             {"mail", {{"domain", info.mail_domain}, {"from", info.mail_from}, {"signed", info.mail_signed}}},
             {"listen", listen}});
}

Response reset_breaker(Api& api, Call& call) {
  const std::string& name = call.path.at(0);
  if (name != "notices" && name != "measures") {
    throw not_found("there is no such breaker");
  }
  static_cast<void>(call.text("reason", 1000));
  api.store().transact([&](records::Transaction& tx) { api.desk().reset_breaker(tx, name, call.now); });
  api.desk().wake();
  return done();
}

}  // namespace pinfold::http::api
