#include "enforce/drivers/ssh_driver.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "enforce/drivers/own_path.hpp"

namespace pinfold::enforce::drivers {

using guard::AdminState;
using guard::OperState;
using guard::PortFacts;

namespace {

[[nodiscard]] Unexpected<DriverError> failed(DriverError::Kind kind, std::string what) { return Unexpected(DriverError{kind, std::move(what)}); }

/// "0011.2233.4455", "00-11-22-33-44-55" and "00:11:22:33:44:55" are one address.
[[nodiscard]] std::optional<net::MacAddress> parse_vendor_mac(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '.' && c != '-' && c != ':') {
      digits += c;
    }
  }
  const auto bytes = from_hex(digits);
  net::MacAddress mac;
  if (!bytes || bytes->size() != mac.bytes.size()) {
    return std::nullopt;
  }
  std::copy(bytes->begin(), bytes->end(), mac.bytes.begin());
  return mac;
}

}  // namespace

Expected<std::string, DriverError> SshDriver::speak(const SshTemplate::Commands& commands, std::string_view port) const {
  std::string output;
  if (x_template.is_exec) {
    for (const std::string& command : commands) {
      const auto result = run_ssh(x_access, fill_in(command, port), {});
      if (!result) {
        return Unexpected(result.error());
      }
      if (result->is_cut) {  // half a forwarding table is none
        return failed(DriverError::Kind::Malformed, fmt::format("the switch says more than {} bytes", kMaxSshOutput));
      }
      output += result->output + "\n";
    }
  } else {
    std::string typed;
    for (const auto* part : {&x_template.prologue, &commands, &x_template.epilogue}) {
      for (const std::string& command : *part) {
        typed += fill_in(command, port) + "\n";
      }
    }
    const auto result = run_ssh(x_access, {}, typed);
    if (!result) {
      return Unexpected(result.error());
    }
    if (result->is_cut) {
      return failed(DriverError::Kind::Malformed, fmt::format("the switch says more than {} bytes", kMaxSshOutput));
    }
    output = result->output;
  }
  for (const std::regex& sign : x_template.failed) {
    if (const auto said = look_for(sign, output)) {
      return failed(DriverError::Kind::Malformed, fmt::format("the switch did not understand: {}", printable(trim(output), 200)));
    }
  }
  return output;
}

Expected<PortFacts, DriverError> SshDriver::inspect(const inventory::AccessPort& port) {
  auto facts = reread(port);
  if (!facts || x_template.macs.empty()) {
    return facts;
  }
  if (const auto output = speak(x_template.macs, port.name.value)) {
    read_macs(*output, *facts);
  } else {
    facts->fell_silent = output.error().kind == DriverError::Kind::Timeout;
  }
  return facts;
}

Expected<PortFacts, DriverError> SshDriver::reread(const inventory::AccessPort& port) {
  if (!is_safe_port_name(port.name.value)) {
    return failed(DriverError::Kind::NotFound, "no port can have such a name: " + printable(port.name.value));
  }
  const auto output = speak(x_template.state, port.name.value);
  if (!output) {
    return Unexpected(output.error());
  }
  const auto says = [&](const char* key) -> std::optional<std::string> {
    const auto found = x_template.looks.find(key);
    return found == x_template.looks.end() ? std::nullopt : look_for(found->second, *output);
  };
  if (says("missing")) {
    return failed(DriverError::Kind::NotFound, "no port is named " + printable(port.name.value));
  }
  const auto name = says("name");
  if (!name) {
    return failed(DriverError::Kind::Malformed, "the switch says nothing about the port: " + printable(trim(*output), 200));
  }
  PortFacts facts;
  facts.index = IfIndex{1};  // a command line has no index
  facts.name = *name;
  facts.identity.sys_name = says("host").value_or(net::to_string(x_access.host));  // the pinned host key says the rest
  facts.identity.uptime = std::chrono::duration_cast<Millis>(system_clock().mono().since_start);
  facts.if_type = guard::kEthernet;
  facts.alias = says("alias").value_or("");
  const bool is_down = says("admin_down").has_value();
  const bool is_up = says("admin_up").has_value();
  if (is_down != is_up) {  // both or neither: the template does not fit this switch
    facts.admin = is_down ? AdminState::Down : AdminState::Up;
  }
  const bool has_link = says("oper_up").has_value();
  const bool has_no_link = x_template.looks.count("oper_down") == 0 ? !has_link : says("oper_down").has_value();
  if (has_link != has_no_link) {
    facts.oper = has_link ? OperState::Up : OperState::Down;
  }
  return facts;
}

void SshDriver::read_macs(std::string_view output, PortFacts& facts) const {
  facts.learned_macs.emplace();
  facts.learned_elsewhere.emplace();
  each_line_like(*x_template.mac_entry, output, [&](const std::smatch& match) {
    if (const auto mac = parse_vendor_mac(match[1].str())) {
      (match[2].str() == facts.name ? *facts.learned_macs : *facts.learned_elsewhere).push_back(*mac);
    }
  });
  if (facts.learned_macs->empty() && facts.learned_elsewhere->empty()) {  // no switch that works has learned nothing
    facts.learned_macs.reset();
    facts.learned_elsewhere.reset();
    return;
  }
  std::sort(facts.learned_elsewhere->begin(), facts.learned_elsewhere->end());
  if (const auto own = own_path_macs()) {
    facts.is_own_path =
        std::any_of(facts.learned_macs->begin(), facts.learned_macs->end(), [&](const net::MacAddress& mac) { return own->contains(mac); });
  }
}

Expected<void, DriverError> SshDriver::set(const PortFacts& facts, AdminState wish) {
  if (!is_safe_port_name(facts.name)) {
    return failed(DriverError::Kind::Refused, "no command can hold such a name: " + printable(facts.name));
  }
  const auto output = speak(wish == AdminState::Down ? x_template.down : x_template.up, facts.name);
  if (!output) {
    return Unexpected(output.error());
  }
  return {};
}

std::string SshDriver::describe_write(const PortFacts& facts, AdminState wish) const {
  if (!is_safe_port_name(facts.name)) {
    return {};
  }
  std::string text;
  for (const std::string& command : wish == AdminState::Down ? x_template.down : x_template.up) {
    text += (text.empty() ? "" : " ; ") + fill_in(command, facts.name);
  }
  return text;
}

/// The forwarding table, where the template knows how to ask for it.
std::optional<PortTraffic> SshDriver::traffic(const PortFacts& facts) {
  if (x_template.macs.empty() || !is_safe_port_name(facts.name)) {
    return std::nullopt;
  }
  const auto output = speak(x_template.macs, facts.name);
  if (!output) {
    return std::nullopt;
  }
  PortFacts now;
  now.name = facts.name;
  read_macs(*output, now);
  return now.learned_macs ? std::optional(PortTraffic{std::nullopt, now.learned_macs->size()}) : std::nullopt;
}

Expected<void, DriverError> SshDriver::save() {
  const auto output = speak(x_template.save, {});
  if (!output) {
    return Unexpected(output.error());
  }
  if (!look_for(*x_template.saved, *output)) {
    return failed(DriverError::Kind::Malformed, "the switch does not say that it saved: " + printable(trim(*output), 200));
  }
  return {};
}

}  // namespace pinfold::enforce::drivers
