// The desk itself: switches, the kill switch, policy, settings.
#include <fmt/format.h>

#include <algorithm>

#include "http/api/json.hpp"
#include "http/api/operations.hpp"

namespace pinfold::http::api {
namespace {

constexpr std::size_t kPolicyText = std::size_t{1} << 20U;

std::string_view word_of(desk::Arming arming) { return arming == desk::Arming::Armed ? "armed" : "observe"; }

json policy_json(const PolicyView& view) {
  json values = json::array();
  for (const PolicyValue& v : view.values) {
    values.push_back({{"key", v.key}, {"value", v.value}, {"default", v.standard}, {"unit", v.unit}, {"reason", v.reason}});
  }
  return {{"warnings", word_of(view.warnings)}, {"measures", word_of(view.measures)}, {"values", values}};
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
