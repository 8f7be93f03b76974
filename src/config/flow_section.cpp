#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/reading.hpp"

namespace pinfold::config {
namespace {

void read_listeners(TableReader& table, Reading& reading) {
  auto& flows = reading.config.flows;
  table.listen_endpoint("ipfix", flows.ipfix);
  reading.claim(table, "ipfix", Transport::Udp, flows.ipfix);
  table.listen_endpoint("sflow", flows.sflow);
  reading.claim(table, "sflow", Transport::Udp, flows.sflow);
  table.number("workers", flows.workers, 1, kMaxFlowWorkers);
}

void read_exporter(TableReader& table, Reading& reading) {
  Exporter exporter;
  table.require("address");
  table.parsed("address", exporter.address, net::IpAddress::parse, "an IP address");
  table.require("protocol");
  if (const auto chosen = table.choice("protocol", {"ipfix", "sflow"})) {
    exporter.protocol = *chosen == 0 ? "ipfix" : "sflow";
    if (!(*chosen == 0 ? reading.config.flows.ipfix : reading.config.flows.sflow)) {
      table.fail("protocol", fmt::format("flows.{} is not set, so nothing from this exporter would be heard", exporter.protocol));
    }
  }
  table.require("observation_point");
  table.text("observation_point", exporter.observation_point);
  table.number("rank", exporter.rank, 0, 100);
  for (const std::int64_t index : table.numbers("interfaces", kMaxInterfaces, 1, 0x7FFF'FFFF)) {  // RFC 2863 InterfaceIndex
    exporter.interfaces.push_back(IfIndex{static_cast<std::uint32_t>(index)});
  }
  std::string switch_id;
  table.text("switch", switch_id);
  if (!switch_id.empty()) {
    exporter.switch_id = SwitchId{std::move(switch_id)};
  }
  for (std::size_t i = 0; i < reading.config.flows.exporters.size(); ++i) {
    const Exporter& other = reading.config.flows.exporters[i];
    if (other.address == exporter.address && other.protocol == exporter.protocol) {
      table.fail("address", fmt::format("the same address and protocol as exporter[{}]", i + 1));
    }
    if (other.observation_point == exporter.observation_point && other.rank == exporter.rank) {
      table.fail("rank",
                 fmt::format("exporter[{}] sees the same observation point with the same rank; the one to fall back to needs a higher rank", i + 1));
    }
  }
  reading.config.flows.exporters.push_back(std::move(exporter));
}

void read_mirror(TableReader& table, Reading& reading) {
  Mirror mirror;
  table.require("interface");
  table.text("interface", mirror.interface);
  table.require("observation_point");
  table.text("observation_point", mirror.observation_point);
  table.number("rank", mirror.rank, 0, 100);
  std::uint32_t one_in = 1;
  table.number("sampling", one_in, 1, 1'000'000);
  mirror.sampling = SamplingRate{one_in};
  reading.config.flows.mirrors.push_back(std::move(mirror));
}

}  // namespace

void read_flows(TableReader& root, Reading& reading) {
  root.table("flows", [&](TableReader& table) { read_listeners(table, reading); });
  root.tables("exporter", kMaxExporters, [&](TableReader& table, std::size_t) { read_exporter(table, reading); });
  root.tables("mirror", kMaxMirrors, [&](TableReader& table, std::size_t) { read_mirror(table, reading); });
}

void check_exporter_switches(TableReader& root, const Reading& reading) {
  for (std::size_t i = 0; i < reading.config.flows.exporters.size(); ++i) {
    const auto& wanted = reading.config.flows.exporters[i].switch_id;
    const bool is_there =
        !wanted || std::any_of(reading.config.switches.begin(), reading.config.switches.end(), [&](const Switch& s) { return s.id == *wanted; });
    if (!is_there) {
      root.fail("exporter", fmt::format("exporter[{}].switch: no [[switch]] has the id \"{}\"", i + 1, printable(wanted->value)));
    }
  }
}

}  // namespace pinfold::config
