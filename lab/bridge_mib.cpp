/// pinfold-lab-bridge-mib: what net-snmp's agent lacks about a Linux bridge, served to it over the pass_persist protocol.
///   bridge NAME   BRIDGE-MIB dot1dBasePort*, dot1dTpFdb* and Q-BRIDGE-MIB dot1qTpFdbPort (VLAN 1) of that bridge
///   alias         IF-MIB ifAlias of every interface: the agent does not read the kernel's
/// Used by the lab's switch only (lab/services.sh). Reads /sys afresh for every question, so it is never stale; nothing is writable.
/// Bounds:  kMaxForwardingEntries of the kernel's forwarding table; lines from the agent up to kMaxLine.
/// Errors:  an interface that vanishes while it is read is left out. Exit status 2: wrong use.
/// Source:  snmpd.conf(5) "pass_persist"; RFC 4188 (BRIDGE-MIB); RFC 4363 (Q-BRIDGE-MIB); RFC 2863 (ifAlias);
///          struct __fdb_entry of linux/if_bridge.h for /sys/class/net/NAME/brforward.
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxForwardingEntries = 65'536;
constexpr std::size_t kMaxLine = 4096;
constexpr std::string_view kInterfaces = "/sys/class/net";

// struct __fdb_entry: where its fields begin, in bytes.
constexpr std::size_t kEntryBytes = 16;
constexpr std::size_t kMacBytes = 6;
constexpr std::size_t kPortLow = 6;
constexpr std::size_t kIsLocal = 7;
constexpr std::size_t kPortHigh = 12;
// dot1dTpFdbStatus
constexpr std::uint32_t kLearned = 3;
constexpr std::uint32_t kSelf = 4;

using Oid = std::vector<std::uint32_t>;

struct Value {
  std::string_view type;  ///< pass_persist's word: "integer" or "string"
  std::string text;
};
/// Everything below one subtree, in the order in which GETNEXT walks it.
using Table = std::map<Oid, Value>;

constexpr std::array<std::uint32_t, 7> kBridgeMib = {1, 3, 6, 1, 2, 1, 17};
constexpr std::array<std::uint32_t, 11> kIfAlias = {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18};

Oid bridge_oid(std::initializer_list<std::uint32_t> tail) {
  Oid oid(kBridgeMib.begin(), kBridgeMib.end());
  oid.insert(oid.end(), tail);
  return oid;
}

/// ".1.3.6.1" with or without the leading dot.
std::optional<Oid> parse_oid(std::string_view text) {
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
  }
  Oid oid;
  for (const std::string_view arc : pinfold::split(text, '.')) {
    const auto number = pinfold::parse_number(arc);
    if (!number || *number > UINT32_MAX) {
      return std::nullopt;
    }
    oid.push_back(static_cast<std::uint32_t>(*number));
  }
  return oid;
}

std::string to_string(const Oid& oid) {
  std::string text;
  for (const std::uint32_t arc : oid) {
    text += '.' + std::to_string(arc);
  }
  return text;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The kernel writes interface indexes in decimal and bridge port numbers as 0x1.
std::optional<std::uint32_t> number_in(const fs::path& file) {
  const std::string line = first_line(file);
  const bool hexadecimal = pinfold::istarts_with(line, "0x");
  std::uint32_t value = 0;
  try {
    value = static_cast<std::uint32_t>(std::stoul(line, nullptr, hexadecimal ? 16 : 10));
  } catch (const std::logic_error&) {  // empty or no number: the interface has just gone
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> entries_of(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code gone;
  for (fs::directory_iterator entry(folder, gone); !gone && entry != fs::directory_iterator(); entry.increment(gone)) {
    names.push_back(entry->path().filename());
  }
  return names;
}

Value integer(std::uint32_t value) { return {"integer", std::to_string(value)}; }

void add_ports(const std::string& bridge, Table& table) {
  const fs::path interfaces(kInterfaces);
  std::uint32_t ports = 0;
  for (const std::string& name : entries_of(interfaces / bridge / "brif")) {
    const auto port = number_in(interfaces / bridge / "brif" / name / "port_no");
    const auto index = number_in(interfaces / name / "ifindex");
    if (port && index) {
      table[bridge_oid({1, 4, 1, 1, *port})] = integer(*port);   // dot1dBasePort
      table[bridge_oid({1, 4, 1, 2, *port})] = integer(*index);  // dot1dBasePortIfIndex
      ++ports;
    }
  }
  table[bridge_oid({1, 2, 0})] = integer(ports);  // dot1dBaseNumPorts
}

void add_forwarding(const std::string& bridge, Table& table) {
  std::ifstream in(fs::path(kInterfaces) / bridge / "brforward", std::ios::binary);
  std::array<char, kEntryBytes> raw{};
  for (std::size_t count = 0; count < kMaxForwardingEntries && in.read(raw.data(), raw.size()); ++count) {
    const auto byte = [&raw](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(raw.at(at))); };
    const std::uint32_t port = byte(kPortLow) | byte(kPortHigh) << 8U;
    Oid fdb_port = bridge_oid({4, 3, 1, 2});            // dot1dTpFdbPort
    Oid fdb_status = bridge_oid({4, 3, 1, 3});          // dot1dTpFdbStatus
    Oid vlan_port = bridge_oid({7, 1, 2, 2, 1, 2, 1});  // dot1qTpFdbPort, filtering database 1
    for (std::size_t at = 0; at < kMacBytes; ++at) {
      fdb_port.push_back(byte(at));
      fdb_status.push_back(byte(at));
      vlan_port.push_back(byte(at));
    }
    table[fdb_port] = integer(port);
    table[fdb_status] = integer(byte(kIsLocal) != 0 ? kSelf : kLearned);
    table[vlan_port] = integer(port);
  }
}

Table bridge_table(const std::string& bridge) {
  Table table;
  add_ports(bridge, table);
  add_forwarding(bridge, table);
  return table;
}

Table alias_table() {
  const fs::path interfaces(kInterfaces);
  Table table;
  for (const std::string& name : entries_of(interfaces)) {
    if (const auto index = number_in(interfaces / name / "ifindex")) {
      Oid oid(kIfAlias.begin(), kIfAlias.end());
      oid.push_back(*index);
      table[oid] = {"string", first_line(interfaces / name / "ifalias")};
    }
  }
  return table;
}

std::string answer(const Table& table, std::string_view question, std::string_view oid_text) {
  const auto oid = parse_oid(oid_text);
  if (!oid) {
    return "NONE\n";
  }
  const auto found = question == "getnext" ? table.upper_bound(*oid) : table.find(*oid);
  if (found == table.end()) {
    return "NONE\n";
  }
  return to_string(found->first) + '\n' + std::string(found->second.type) + '\n' + found->second.text + '\n';
}

/// One line of the agent's; nullopt at the end of input, which is how the agent dismisses us, and for a line no agent would send.
std::optional<std::string> read_line() {
  std::string line;
  if (!std::getline(std::cin, line) || line.size() > kMaxLine) {
    return std::nullopt;
  }
  return line;
}

void serve(const std::function<Table()>& load) {
  while (const auto question = read_line()) {
    if (question->empty()) {
      return;
    }
    if (*question == "PING") {
      std::cout << "PONG\n" << std::flush;
      continue;
    }
    const auto oid = read_line();
    if (!oid) {
      return;
    }
    if (*question == "set") {
      if (!read_line()) {
        return;
      }
      std::cout << "not-writable\n" << std::flush;
      continue;
    }
    std::cout << answer(load(), *question, *oid) << std::flush;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "bridge") {
    serve([&arguments] { return bridge_table(arguments[1]); });
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "alias") {
    serve(alias_table);
    return 0;
  }
  std::cerr << "usage: pinfold-lab-bridge-mib bridge NAME | alias\n";
  return 2;
}
