#include "enforce/drivers/webhook_driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "enforce/state_words.hpp"

namespace pinfold::enforce::drivers {

using guard::AdminState;
using guard::PortFacts;
using nlohmann::json;

namespace {

constexpr unsigned kIdBits = 160;
constexpr std::uint64_t kMaxPortsUp = 1'000'000;

[[nodiscard]] Unexpected<DriverError> failed(DriverError::Kind kind, std::string what) {
  return Unexpected(DriverError{kind, "webhook: " + std::move(what)});
}

[[nodiscard]] DriverError::Kind kind_of_status(unsigned status) {
  switch (status) {
    case 404: return DriverError::Kind::NotFound;
    case 401:
    case 403:
    case 409: return DriverError::Kind::Refused;
    default: return DriverError::Kind::Malformed;
  }
}

[[nodiscard]] std::optional<std::vector<net::MacAddress>> macs(const json& state, const char* field) {
  const auto found = state.find(field);
  if (found == state.end() || !found->is_array()) {
    return std::nullopt;
  }
  std::vector<net::MacAddress> all;
  for (const json& one : *found) {
    const auto mac = one.is_string() ? net::MacAddress::parse(one.get_ref<const std::string&>()) : std::nullopt;
    if (!mac) {
      return std::nullopt;
    }
    all.push_back(*mac);
  }
  std::sort(all.begin(), all.end());
  return all;
}

template <typename T>
[[nodiscard]] guard::Witness<T> witness(JsonReader& reader, const char* field) {
  if (!reader.has(field)) {
    return {};
  }
  if constexpr (std::is_same_v<T, bool>) {
    return {true, reader.boolean(field)};
  } else {
    return {true, static_cast<T>(reader.number(field, kMaxPortsUp))};
  }
}

[[nodiscard]] Expected<PortFacts, std::string> read_state(const json& state) {
  JsonReader reader(state, "state.");
  PortFacts facts;
  facts.name = reader.text("name");
  facts.index = IfIndex{1};  // the program resolves names; what it resolved to is in its identity
  facts.identity.sys_name = reader.text("identity");
  facts.alias = reader.has("alias") ? std::optional(reader.text("alias")) : std::nullopt;
  facts.if_type = reader.has("type") ? std::optional(static_cast<std::uint32_t>(reader.number("type", UINT32_MAX))) : std::nullopt;
  facts.admin = reader.has("admin") ? std::optional(reader.parsed("admin", parse_admin)) : std::nullopt;
  facts.oper = reader.has("oper") ? std::optional(reader.parsed("oper", parse_oper)) : std::nullopt;
  facts.learned_macs = macs(state, "macs");
  facts.learned_elsewhere = macs(state, "macs_elsewhere");
  facts.is_own_path = reader.has("own_path") ? std::optional(reader.boolean("own_path")) : std::nullopt;
  facts.switch_ports_up = witness<unsigned>(reader, "ports_up").value;
  const auto neighbours = witness<unsigned>(reader, "bridge_neighbours");
  facts.lldp_offered = neighbours.offered;
  facts.bridge_neighbours = neighbours.value;
  facts.tagged_vlans = witness<unsigned>(reader, "tagged_vlans");
  facts.stp_root = witness<bool>(reader, "stp_root");
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  return facts;
}

}  // namespace

Expected<json, DriverError> WebhookDriver::ask(const json& question, Micros within) const {
  fetch::Request request;
  request.method = "POST";
  request.url = x_options.url;
  request.ca_file = x_options.ca_file;
  request.within = within;
  request.max_body = kMaxWebhookAnswer;
  request.body = question.dump(-1, ' ', false, json::error_handler_t::replace);
  request.headers = fetch::sign_webhook(x_options.secret, random_token(kIdBits), x_clock.wall(), request.body);
  request.headers.emplace_back("content-type", "application/json");
  const auto answer = fetch::send(request);
  if (!answer) {
    const bool unsent = answer.error().kind == fetch::Failure::Kind::NotSent;
    return failed(unsent ? DriverError::Kind::Unreachable : DriverError::Kind::Timeout, answer.error().what);
  }
  if (answer->status != 200) {
    return failed(kind_of_status(answer->status), fmt::format("answers {}: {}", answer->status, printable(answer->body, 200)));
  }
  auto parsed = parse_json(answer->body, kMaxWebhookAnswer);
  if (!parsed || !parsed->is_object()) {
    return failed(DriverError::Kind::Malformed, parsed ? "the answer is no object" : parsed.error());
  }
  return *std::move(parsed);
}

Expected<PortFacts, DriverError> WebhookDriver::state(const inventory::AccessPort& port, const char* action) {
  x_port = port;
  const auto answer = ask({{"action", action}, {"switch", x_options.switch_id.value}, {"port", port.name.value}, {"alias", port.alias}});
  if (!answer) {
    return Unexpected(answer.error());
  }
  const auto found = answer->find("state");
  if (found == answer->end() || !found->is_object()) {
    return failed(DriverError::Kind::Malformed, "the answer has no state");
  }
  auto facts = read_state(*found);
  if (!facts) {
    return failed(DriverError::Kind::Malformed, facts.error());
  }
  return *std::move(facts);
}

Expected<PortFacts, DriverError> WebhookDriver::inspect(const inventory::AccessPort& port) { return state(port, "inspect"); }

Expected<PortFacts, DriverError> WebhookDriver::reread(const inventory::AccessPort& port) { return state(port, "state"); }

Expected<void, DriverError> WebhookDriver::set(const PortFacts& facts, AdminState wish) {
  if (x_port.name.value.empty() || facts.name != x_port.name.value) {
    return failed(DriverError::Kind::Refused, "the port was not resolved in this session");
  }
  const auto answer = ask({{"action", "set"},
                           {"switch", x_options.switch_id.value},
                           {"port", x_port.name.value},
                           {"alias", facts.alias.value_or("")},
                           {"wish", guard::to_string(wish)},
                           {"identity", facts.identity.sys_name}});
  if (!answer) {
    return Unexpected(answer.error());
  }
  return {};
}

std::string WebhookDriver::describe_write(const PortFacts& facts, AdminState wish) const {
  return fmt::format("POST {} set {} {}", fetch::to_string(x_options.url), printable(facts.name), guard::to_string(wish));
}

std::optional<PortTraffic> WebhookDriver::traffic(const PortFacts& /*facts*/) {
  const auto answer = ask({{"action", "inspect"}, {"switch", x_options.switch_id.value}, {"port", x_port.name.value}, {"alias", x_port.alias}});
  const auto found = answer ? answer->find("state") : json::const_iterator{};
  if (!answer || found == answer->end() || !found->is_object()) {
    return std::nullopt;
  }
  PortTraffic traffic;
  if (const auto learned = macs(*found, "macs")) {
    traffic.learned = learned->size();
  }
  if (const auto octets = found->find("in_octets"); octets != found->end() && octets->is_number_unsigned()) {
    traffic.octets = octets->get<std::uint64_t>();
  }
  return traffic;
}

std::optional<AdminStates> WebhookDriver::admin_states() {
  const auto answer = ask({{"action", "ports"}, {"switch", x_options.switch_id.value}});
  if (!answer || !answer->contains("ports")) {
    return std::nullopt;
  }
  AdminStates states;
  JsonReader reader(*answer);
  reader.each("ports", [&](JsonReader& row) { states[PortName{row.text("port")}] = row.parsed("admin", parse_admin); });
  return reader.error() ? std::nullopt : std::optional(std::move(states));
}

Expected<void, DriverError> WebhookDriver::save() {
  const auto answer = ask({{"action", "save"}, {"switch", x_options.switch_id.value}}, kSaveWithin);
  if (!answer) {
    return Unexpected(answer.error());
  }
  JsonReader reader(*answer);
  if (!reader.boolean("saved") || reader.error()) {
    return failed(DriverError::Kind::Malformed, "it does not say that it saved");
  }
  return {};
}

}  // namespace pinfold::enforce::drivers
