#include "inventory/netbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::inventory {

namespace {

using nlohmann::json;
constexpr std::string_view kInterfaceType = "dcim.interface";

/// NetBox writes null where it has nothing, which JsonReader takes for a fault.
[[nodiscard]] const json* field(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return !object.is_object() || found == object.end() || found->is_null() ? nullptr : &*found;
}

[[nodiscard]] std::string text_in(const json& object, const char* name) {
  const json* found = field(object, name);
  return found != nullptr && found->is_string() ? printable(found->get_ref<const std::string&>()) : std::string{};
}

[[nodiscard]] std::optional<std::uint64_t> number_in(const json& object, const char* name) {
  const json* found = field(object, name);
  return found != nullptr && found->is_number_unsigned() ? std::optional(found->get<std::uint64_t>()) : std::nullopt;
}

[[nodiscard]] std::optional<net::MacAddress> mac_in(const json& row) {
  const json* primary = field(row, "primary_mac_address");
  const std::string text = primary != nullptr && primary->is_object() ? text_in(*primary, "mac_address") : text_in(row, "mac_address");
  return net::MacAddress::parse(text);
}

/// The rows of a page, each an object with an id.
[[nodiscard]] Expected<NetboxCabling::Page, std::string> each_row(std::string_view text,
                                                                  const std::function<bool(std::uint64_t, const json&)>& take) {
  const auto page = parse_json(text, kMaxNetboxPage);
  if (!page) {
    return Unexpected(page.error());
  }
  const json* rows = field(*page, "results");
  const auto count = number_in(*page, "count");
  if (rows == nullptr || !rows->is_array() || !count) {
    return Unexpected(std::string("this is no page of NetBox's: count and results are missing"));
  }
  std::size_t at = 0;
  for (const json& row : *rows) {
    const auto id = number_in(row, "id");
    if (!id) {
      return Unexpected(fmt::format("results[{}].id: missing", at));
    }
    if (!take(*id, row)) {
      return Unexpected(fmt::format("more than {} rows", kMaxNetboxRows));
    }
    ++at;
  }
  return NetboxCabling::Page{rows->size(), static_cast<std::size_t>(*count)};
}

/// The only interface at one end of a cable; nullopt: none, several, or something else (a patch panel's port).
[[nodiscard]] std::optional<std::uint64_t> only_interface(const json& cable, const char* side) {
  const json* ends = field(cable, side);
  if (ends == nullptr || !ends->is_array() || ends->size() != 1 || text_in(ends->front(), "object_type") != kInterfaceType) {
    return std::nullopt;
  }
  return number_in(ends->front(), "object_id");
}

[[nodiscard]] std::string place(const AccessPort& port) { return port.switch_id.value + " " + port.name.value; }

}  // namespace

Expected<NetboxCabling::Page, std::string> NetboxCabling::add_interfaces(std::string_view text) {
  return each_row(text, [&](std::uint64_t id, const json& row) {
    Interface one;
    if (const json* device = field(row, "device")) {
      one.device = text_in(*device, "name");
    }
    one.name = text_in(row, "name");
    one.description = text_in(row, "description");
    one.mac = mac_in(row);
    const json* management = field(row, "mgmt_only");
    one.is_management = management != nullptr && management->is_boolean() && management->get<bool>();
    one.has_cable = field(row, "cable") != nullptr;
    const json* ends = field(row, "connected_endpoints");
    const std::string type = text_in(row, "connected_endpoints_type");
    if (ends != nullptr && ends->is_array() && (type.empty() || type == kInterfaceType)) {
      for (const json& end : *ends) {
        if (const auto other = number_in(end, "id")) {
          one.ends.push_back(*other);
        }
      }
    }
    if (const auto [entry, is_new] = x_interfaces.insert_or_assign(id, one); is_new) {
      x_by_device[one.device].push_back(id);
    }
    return x_interfaces.size() <= kMaxNetboxRows;
  });
}

Expected<NetboxCabling::Page, std::string> NetboxCabling::add_cables(std::string_view text) {
  return each_row(text, [&](std::uint64_t, const json& row) {
    const auto a = only_interface(row, "a_terminations");
    const auto b = only_interface(row, "b_terminations");
    if (a && b) {
      x_direct[*a] = *b;
      x_direct[*b] = *a;
    }
    return x_direct.size() <= 2 * kMaxNetboxRows;
  });
}

NetboxCabling::Ends NetboxCabling::ends_of(const std::vector<std::uint64_t>& own) const {
  Ends ends;
  for (const std::uint64_t id : own) {
    const Interface& mine = x_interfaces.at(id);
    if (mine.is_management) {
      continue;
    }
    std::vector<std::uint64_t> others = mine.ends;
    if (const auto direct = x_direct.find(id); others.empty() && direct != x_direct.end()) {
      others.push_back(direct->second);
    }
    if (mine.has_cable || !others.empty()) {
      ends.cabled.push_back(&mine);
    }
    for (const std::uint64_t other : others) {
      if (const auto found = x_interfaces.find(other); found != x_interfaces.end()) {
        ends.found.emplace_back(&mine, &found->second);
      }
    }
  }
  return ends;
}

Cabling NetboxCabling::apply_to(const Inventory& inventory) const {
  Cabling result;
  std::vector<Server> servers = inventory.servers();
  for (Server& server : servers) {
    const auto note = [&](std::string what) { result.notes.push_back({server.id, std::move(what)}); };
    const auto device = x_by_device.find(server.id.value);
    if (device == x_by_device.end()) {
      note("NetBox has no interface of a device of this name");
      continue;
    }
    const Ends ends = ends_of(device->second);
    if (ends.cabled.empty()) {
      note("no interface has a cable");
    } else if (ends.cabled.size() > 1) {
      note(fmt::format("{} interfaces have cables, as a bond has: record by hand which port is the server's", ends.cabled.size()));
    } else if (ends.found.size() != 1) {
      note(fmt::format("the cable of {} does not lead to one interface (a patch panel, or end points that NetBox does not fill in)",
                       ends.cabled.front()->name));
    } else {
      const auto& [own, other] = ends.found.front();
      const AccessPort port{SwitchId{other->device}, PortName{other->name}, other->description};
      if (port.alias.empty()) {
        note(place(port) + " has no description in NetBox, which its ifAlias is compared with");
      }
      if (server.port && (server.port->switch_id != port.switch_id || server.port->name != port.name)) {
        note(fmt::format("moved from {} to {}", place(*server.port), place(port)));
      }
      const Server before = server;
      server.port = port;
      server.mac = own->mac ? own->mac : server.mac;
      (server == before ? result.confirmed : result.changed) += 1;
    }
  }
  result.inventory = Inventory(inventory.customers(), std::move(servers));
  return result;
}

}  // namespace pinfold::inventory
