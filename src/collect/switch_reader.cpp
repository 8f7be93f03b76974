#include "collect/switch_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pinfold::collect {
namespace {

using snmp::below;
using snmp::Oid;
using snmp::Varbind;

const Oid& if_entry() {
  static const Oid oid{1, 3, 6, 1, 2, 1, 2, 2, 1};
  return oid;
}
const Oid& if_x_entry() {
  static const Oid oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1};
  return oid;
}
const Oid& sys_uptime() {
  static const Oid oid{1, 3, 6, 1, 2, 1, 1, 3, 0};
  return oid;
}
constexpr unsigned long kIfName = 1;

// Columns of ifXEntry and ifEntry, in the order in which they are asked for.
enum Column : std::size_t { Name, OctetsIn, OctetsOut, UcastIn, McastIn, BcastIn, UcastOut, McastOut, BcastOut, Speed, Discontinuity, XColumns };
constexpr std::array<unsigned long, XColumns> kXColumns{kIfName, 6, 10, 7, 8, 9, 11, 12, 13, 15, 19};
constexpr unsigned long kIfInDiscards = 13;
constexpr unsigned long kIfOutDiscards = 19;
constexpr std::size_t kColumns = XColumns + 2;

std::optional<std::uint64_t> number(const Varbind& row) {
  const auto* value = std::get_if<std::int64_t>(&row.value);
  return value == nullptr ? std::nullopt : std::optional(static_cast<std::uint64_t>(*value));
}
std::optional<std::uint32_t> number_32(const Varbind& row) {
  const auto value = number(row);
  return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

/// `row` is the first of the port's kColumns.
PortReading port_reading(const Varbind* row) {
  PortReading port;
  if (const auto* name = std::get_if<std::string>(&row[Name].value)) {
    port.name = PortName{*name};
  }
  InterfaceReading& reading = port.reading;
  reading.octets_in = number(row[OctetsIn]);
  reading.octets_out = number(row[OctetsOut]);
  reading.packets_in = {number(row[UcastIn]), number(row[McastIn]), number(row[BcastIn])};
  reading.packets_out = {number(row[UcastOut]), number(row[McastOut]), number(row[BcastOut])};
  reading.megabits = number(row[Speed]).value_or(0);
  reading.discontinuity = number_32(row[Discontinuity]);
  reading.discards_in = number_32(row[XColumns]);
  reading.discards_out = number_32(row[XColumns + 1]);
  return port;
}

class SessionAgent final : public SnmpAgent {
public:
  explicit SessionAgent(snmp::Session session) : x_session(std::move(session)) {}
  [[nodiscard]] Expected<std::vector<Varbind>, snmp::Error> get(const std::vector<Oid>& names) override { return x_session.get(names); }
  [[nodiscard]] Expected<std::vector<Varbind>, snmp::Error> walk(const Oid& root, std::size_t max_rows) override {
    return x_session.walk(root, max_rows);
  }

private:
  snmp::Session x_session;
};

}  // namespace

OpenAgent agent_at(snmp::Settings settings) {
  return [settings = std::move(settings)]() -> Expected<std::unique_ptr<SnmpAgent>, snmp::Error> {
    auto session = snmp::Session::open(settings);
    if (!session) {
      return Unexpected(session.error());
    }
    return std::unique_ptr<SnmpAgent>(std::make_unique<SessionAgent>(*std::move(session)));
  };
}

bool indexes_may_have_moved(const SwitchIdentity& before, const SwitchIdentity& after, Nanos elapsed) {
  const bool is_same_run = before.uptime && after.uptime && !restarted(*before.uptime, *after.uptime, elapsed);
  return !is_same_run || before.boots != after.boots || before.table_changed != after.table_changed;
}

Expected<SwitchIdentity, snmp::Error> SwitchReader::identity() {
  const auto rows = x_agent->get({sys_uptime(), Oid{1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0}, Oid{1, 3, 6, 1, 2, 1, 31, 1, 5, 0}});
  if (!rows) {
    return Unexpected(rows.error());
  }
  return SwitchIdentity{number_32((*rows)[0]), number_32((*rows)[1]), number_32((*rows)[2])};
}

Expected<PortNames, snmp::Error> SwitchReader::names() {
  const auto rows = x_agent->walk(below(if_x_entry(), {kIfName}), kMaxPorts);
  if (!rows) {
    return Unexpected(rows.error());
  }
  PortNames names;
  for (const Varbind& row : *rows) {
    if (const auto* name = std::get_if<std::string>(&row.value); name != nullptr && !name->empty() && row.name.back() <= UINT32_MAX) {
      names.emplace(static_cast<std::uint32_t>(row.name.back()), PortName{*name});
    }
  }
  return names;
}

Expected<std::vector<PortReading>, snmp::Error> SwitchReader::counters(const std::vector<IfIndex>& ports) {
  std::vector<PortReading> all;
  all.reserve(ports.size());
  while (all.size() < ports.size()) {
    const std::size_t count = std::min(x_ports_per_request, ports.size() - all.size());
    auto read = read_some(ports.data() + all.size(), count, all);
    if (!read) {
      if (read.error().kind != snmp::Error::Kind::Refused || x_ports_per_request == 1) {
        return Unexpected(read.error());
      }
      x_ports_per_request = 1;  // tooBig, perhaps: one at a time from now on
    }
  }
  return all;
}

Expected<void, snmp::Error> SwitchReader::read_some(const IfIndex* first, std::size_t count, std::vector<PortReading>& out) {
  std::vector<Oid> names{sys_uptime()};
  names.reserve(1 + count * kColumns);
  for (std::size_t i = 0; i < count; ++i) {
    for (const unsigned long column : kXColumns) {
      names.push_back(below(if_x_entry(), {column, first[i].value}));
    }
    names.push_back(below(if_entry(), {kIfInDiscards, first[i].value}));
    names.push_back(below(if_entry(), {kIfOutDiscards, first[i].value}));
  }
  const auto rows = x_agent->get(names);
  if (!rows) {
    return Unexpected(rows.error());
  }
  const MonoTime at = x_clock.mono();
  const WallTime wall = x_clock.wall();
  for (std::size_t i = 0; i < count; ++i) {
    PortReading port = port_reading(rows->data() + 1 + i * kColumns);
    port.reading.at = at;
    port.reading.wall = wall;
    port.reading.uptime = number_32(rows->front());
    out.push_back(std::move(port));
  }
  return {};
}

}  // namespace pinfold::collect
