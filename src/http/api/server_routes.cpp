// Servers: what they are, their traffic, their port.
#include <fmt/format.h>

#include <algorithm>

#include "base/words.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "http/case_words.hpp"

namespace pinfold::http::api {
namespace {

constexpr std::size_t kMaxPoints = 3000;
constexpr std::size_t kCasesOfServer = 50;
constexpr Micros kUsualSpan = std::chrono::hours{24};
constexpr Micros kLongestSpan = std::chrono::days{732};

const inventory::Server& server_of(const View& view, const std::string& name) {
  const inventory::Server* server = view.inventory->find(ServerId{name});
  if (server == nullptr || !view.who.sees(server->customer)) {
    throw not_found("there is no such server");
  }
  return *server;
}

json server_json(records::Transaction& tx, const inventory::Server& server, const View& view) {
  json addresses = json::array();
  for (const net::Prefix& prefix : server.addresses) {
    addresses.push_back(to_string(prefix));
  }
  records::QueueFilter open;
  open.server = server.id;
  open.customer = server.customer;
  return {{"id", server.id.value},
          {"customer", server.customer.value},
          {"customer_name", view.customer_name(server.customer)},
          {"level", server.level.value},
          {"addresses", addresses},
          {"protected", server.is_protected},
          {"port", port_json(tx, &server, view)},
          {"open_cases", tx.queue().count(open)}};
}

std::string_view next_step_of(const std::vector<records::QueueRow>& cases) {
  std::string_view step = "none";
  for (const records::QueueRow& row : cases) {
    if (row.is_final) {
      continue;
    }
    if (row.state == desk::State::Disabled || row.state == desk::State::Discussed) {
      return "speak_with_us";
    }
    step = waits_for_owner(row) ? "answer" : (step == "answer" ? step : (row.state == desk::State::Probation ? "probation" : "wait"));
  }
  return step;
}

records::Resolution resolution_for(Micros span) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(span).count();
  return minutes <= static_cast<std::int64_t>(kMaxPoints)       ? records::Resolution::Minute
         : minutes / 5 <= static_cast<std::int64_t>(kMaxPoints) ? records::Resolution::FiveMinutes
                                                                : records::Resolution::Hour;
}

std::string_view name_of(records::Resolution resolution) {
  return resolution == records::Resolution::Minute ? "1min" : (resolution == records::Resolution::FiveMinutes ? "5min" : "1h");
}

/// "{server}" stands for the server's name, as in the notice of the measure.
std::int64_t packets_a_second(const records::Volume& volume, std::uint32_t seconds) {
  return seconds == 0 ? 0 : static_cast<std::int64_t>(volume.packets.value / seconds);
}

json case_windows(Api& api, const View& view, const inventory::Server& server, WallTime from, WallTime to) {
  json windows = json::array();
  api.store().read([&](records::Transaction& tx) {
    records::QueueFilter filter;
    filter.server = server.id;
    filter.status = records::QueueStatus::All;
    if (!view.who.is_staff()) {
      filter.customer = view.who.user.customer;
    }
    for (const records::QueueRow& row : tx.queue().page(filter, std::nullopt, kCasesOfServer)) {
      const CaseFile file = load_case(tx, row.id, view.who);
      for (const desk::Incident& incident : file.c.incidents) {
        if (incident.last_seen >= from && incident.first_seen < to && !incident.classes.empty()) {
          windows.push_back({{"case", to_string(row.id)},
                             {"from", to_string(incident.first_seen)},
                             {"to", to_string(incident.last_seen)},
                             {"class", to_string(*incident.classes.begin())}});
        }
      }
    }
  });
  return windows;
}

}  // namespace

Response list_servers(Api& api, Call& call) {
  const View view = view_of(api, call);
  const auto customer = call.customer_param();
  const std::string search = call.param("q");
  const auto cursor = call.cursor(1);
  std::vector<const inventory::Server*> wanted;
  for (const inventory::Server& server : view.inventory->servers()) {
    const bool named = search.empty() || icontains(server.id.value, search) ||
                       std::any_of(server.addresses.begin(), server.addresses.end(),
                                   [&](const net::Prefix& prefix) { return icontains(to_string(prefix), search); });
    if ((!customer || server.customer == *customer) && named && (cursor.empty() || server.id.value > cursor[0])) {
      wanted.push_back(&server);
    }
  }
  const std::size_t limit = call.limit();
  const std::size_t shown = std::min(limit, wanted.size());
  std::partial_sort(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(shown), wanted.end(),
                    [](const inventory::Server* a, const inventory::Server* b) { return a->id < b->id; });
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (std::size_t i = 0; i < shown; ++i) {
      items.push_back(server_json(tx, *wanted[i], view));
    }
  });
  return list_of(std::move(items), wanted.size() > shown ? std::optional(make_cursor({wanted[shown - 1]->id.value})) : std::nullopt);
}

Response get_server(Api& api, Call& call) {
  const View view = view_of(api, call);
  const inventory::Server& server = server_of(view, call.path.at(0));
  json out;
  api.store().read([&](records::Transaction& tx) {
    out = server_json(tx, server, view);
    records::QueueFilter filter;
    filter.server = server.id;
    filter.status = records::QueueStatus::All;
    if (!view.who.is_staff()) {
      filter.customer = view.who.user.customer;
    }
    const auto rows = tx.queue().page(filter, std::nullopt, kCasesOfServer);
    json cases = json::array();
    for (const records::QueueRow& row : rows) {
      cases.push_back(case_json(row, view));
    }
    json agents = json::array();
    for (const records::AgentRow& agent : tx.agents().list()) {
      if (agent.server == server.id) {
        agents.push_back(
            {{"id", agent.id.value.substr(0, 16)}, {"last_seen", nullable(agent.last_seen)}, {"revoked", agent.revoked}, {"tier", agent.tier}});
      }
    }
    out["cases"] = cases;
    out["next_step"] = next_step_of(rows);
    out["agents"] = agents;
  });
  json roles = json::array();
  for (const inventory::DeclaredRole& role : view.inventory->roles_at(server.id, call.now)) {
    roles.push_back({{"role", to_string(role.role)}, {"reason", role.reason}, {"until", to_string(role.until)}});
  }
  const auto& levels = api.desk().policy().levels;
  const auto level = levels.find(server.level.value);
  out["level_name"] = level == levels.end() ? fmt::format("level {}", server.level.value) : level->second.name;
  out["mac"] = server.mac ? json(to_string(*server.mac)) : json(nullptr);
  out["roles"] = roles;
  out["console"] = fill(api.options().site.console, {{"server", server.id.value}});
  return ok(out);
}

Response get_bandwidth(Api& api, Call& call) {
  const View view = view_of(api, call);
  const inventory::Server& server = server_of(view, call.path.at(0));
  const WallTime to = call.time_param("to").value_or(call.now);
  const WallTime from = call.time_param("from").value_or(to - kUsualSpan);
  if (from >= to || to - from > kLongestSpan) {
    throw invalid("from", "before `to`, and at most two years before");
  }
  records::Resolution resolution = resolution_for(to - from);
  if (const std::string text = call.param("resolution"); !text.empty()) {
    const auto asked = records::parse_resolution(text);
    if (!asked) {
      throw invalid("resolution", "1min, 5min or 1h");
    }
    resolution = std::max(resolution, *asked);
  }
  json points = json::array();
  bool estimate = false;
  if (records::History* history = api.desk().history()) {
    for (const records::Point& point : history->series(server.id, from, to, resolution)) {
      estimate = estimate || point.is_estimate();
      points.push_back({{"at", to_string(point.start)},
                        {"minutes", static_cast<int>(point.resolution)},
                        {"out_bps", point.rate_out().value},
                        {"in_bps", point.rate_in().value},
                        {"out_pps", packets_a_second(point.slot.out, point.slot.seconds)},
                        {"in_pps", packets_a_second(point.slot.in, point.slot.seconds)},
                        {"estimate", point.is_estimate()}});
    }
  }
  return ok({{"server", server.id.value},
             {"from", to_string(from)},
             {"to", to_string(to)},
             {"resolution", name_of(resolution)},
             {"estimate", estimate},
             {"points", std::move(points)},
             {"cases", case_windows(api, view, server, from, to)}});
}

Response get_percentile(Api& api, Call& call) {
  const View view = view_of(api, call);
  const inventory::Server& server = server_of(view, call.path.at(0));
  const std::string text = call.param("month");
  const auto month = text.empty() ? std::optional(records::month_of(call.now)) : records::parse_month(text);
  if (!month) {
    throw invalid("month", "like 2026-11");
  }
  records::History* history = api.desk().history();
  const auto p = history == nullptr ? std::nullopt : history->percentile(server.id, *month, call.now);
  const records::Percentile shown = p.value_or(records::Percentile{});
  return ok({{"server", server.id.value},
             {"month", to_string(*month)},
             {"billed_bps", shown.billed().value},
             {"out_bps", shown.out.value},
             {"in_bps", shown.in.value},
             {"samples", shown.samples},
             {"expected", shown.expected},
             {"estimate", shown.is_estimate()},
             {"total_out_bytes", shown.total_out.bytes.value},
             {"total_in_bytes", shown.total_in.bytes.value}});
}

Response check_port(Api& api, Call& call) {
  const View view = view_of(api, call);
  const ServerId server = server_of(view, call.path.at(0)).id;
  const std::string wish_text = call.text("wish", 10);
  if (wish_text != "down" && wish_text != "up") {
    throw invalid("wish", "down or up");
  }
  const desk::PortWish wish = wish_text == "down" ? desk::PortWish::Down : desk::PortWish::Up;
  std::optional<CaseId> id;
  if (call.has("case")) {
    id = parse_case(call.text("case", 30));
    if (!id) {
      throw invalid("case", "cases look like PF-42");
    }
    api.store().read([&](records::Transaction& tx) { static_cast<void>(load_case(tx, *id, call.who())); });
  }
  Desk* desk = &api.desk();
  return accepted(api, call, [desk, server, wish, wish_text, id](const Actions::Progress&) -> Expected<json, std::string> {
    const PortCheck check = desk->check_port(server, wish, id);
    return json{
        {"server", server.value}, {"wish", wish_text}, {"verdicts", verdicts_json(check.verdicts)}, {"write", check.write}, {"error", check.error}};
  });
}

}  // namespace pinfold::http::api
