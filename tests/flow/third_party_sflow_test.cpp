// sFlow of other people's switches, field by field against what tcpdump and telegraf read from it: flow samples, counter samples, drops.
// The data lies beside the checkout (support/shared_data.hpp).
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <vector>

#include "flow/capture.hpp"
#include "flow/decoder.hpp"
#include "flow/influx_line.hpp"
#include "support/shared_data.hpp"

namespace pinfold::flow {
namespace {

/// An event's fields as text, so that those of others and ours can be compared whatever they are.
using Event = std::map<std::string, std::string>;

std::string number(std::uint64_t value) { return std::to_string(value); }
template <typename T>
std::string number(const std::optional<T>& value) {  // agents say "all ones" for what they do not count
  return number(std::uint64_t{value.value_or(std::numeric_limits<T>::max())});
}

Event event_of(const FlowRecord& flow) {
  Event event{{"kind", "flow"}, {"rate", number(flow.sampling_rate.one_in())}, {"bytes", number(flow.bytes.value)}};
  event["input"] = flow.in_if ? number(flow.in_if->value) : "none";
  event["output"] = flow.out_if ? number(flow.out_if->value) : "none";
  if (flow.vlan) {
    event["vlan"] = number(*flow.vlan);
  }
  return event;
}

Event event_of(const InterfaceCounters& c) {
  return {{"kind", "counters"},
          {"interface", number(c.interface.value)},
          {"type", number(c.type)},
          {"speed", number(c.speed)},
          {"up", c.oper_up ? "up" : "down"},
          {"in_octets", number(c.in_octets)},
          {"in_unicast", number(c.in_unicast)},
          {"in_multicast", number(c.in_multicast)},
          {"in_broadcast", number(c.in_broadcast)},
          {"in_discards", number(c.in_discards)},
          {"in_errors", number(c.in_errors)},
          {"in_unknown", number(c.in_unknown_protocols)},
          {"out_octets", number(c.out_octets)},
          {"out_unicast", number(c.out_unicast)},
          {"out_multicast", number(c.out_multicast)},
          {"out_broadcast", number(c.out_broadcast)},
          {"out_discards", number(c.out_discards)},
          {"out_errors", number(c.out_errors)}};
}

struct Ours {
  std::vector<Event> events;  ///< flows, then counters
  std::uint64_t discarded = 0;
};

Ours decode(const std::filesystem::path& file) {
  Ours ours;
  Decoder decoder;
  std::vector<Event> counters;
  const auto read = read_datagrams(file, [&](const Datagram& datagram) {
    if (sniff(datagram.payload) != ExportVersion::Sflow5) {
      return;  // one of the captures has NetFlow in it too
    }
    std::vector<FlowRecord> flows;
    const auto done = decoder.decode({datagram.source.value_or(net::IpAddress{}), 0}, datagram.payload, flows, WallTime{});
    ours.discarded += done ? done->discarded_packets : 0;
    for (const FlowRecord& flow : flows) {
      ours.events.push_back(event_of(flow));
    }
    for (const InterfaceCounters& counted : decoder.interface_counters()) {
      counters.push_back(event_of(counted));
    }
  });
  EXPECT_TRUE(read) << file;
  ours.events.insert(ours.events.end(), counters.begin(), counters.end());
  return ours;
}

/// A line of tcpdump's, and the fields that its numbers are.
struct Pattern {
  std::regex line;
  std::vector<const char*> fields;
};

const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> kPatterns{
      {std::regex("ifindex (\\d+), iftype (\\d+), ifspeed (\\d+)"), {"interface", "type", "speed"}},
      {std::regex("operstatus: (up|down)"), {"up"}},
      {std::regex("In octets (\\d+), unicast pkts (\\d+), multicast pkts (\\d+), broadcast pkts (\\d+), discards (\\d+)"),
       {"in_octets", "in_unicast", "in_multicast", "in_broadcast", "in_discards"}},
      {std::regex("In errors (\\d+), unknown protos (\\d+)"), {"in_errors", "in_unknown"}},
      {std::regex("Out octets (\\d+), unicast pkts (\\d+), multicast pkts (\\d+), broadcast pkts (\\d+), discards (\\d+)"),
       {"out_octets", "out_unicast", "out_multicast", "out_broadcast", "out_discards"}},
      {std::regex("Out errors (\\d+)"), {"out_errors"}},
      {std::regex("src vlan (\\d+)"), {"vlan"}},
      {std::regex("protocol Ethernet \\(1\\), length (\\d+)"), {"bytes"}},
  };
  return kPatterns;
}

/// tcpdump prints an output of several ports as the bare number.
std::string interface_of(const std::string& text) { return std::stoull(text) > 0x3FFF'FFFF && std::stoull(text) >> 30U != 0 ? "none" : text; }

/// What tcpdump's text says, flows before counters.
std::vector<Event> tcpdump_events(const std::filesystem::path& file) {
  static const std::regex kFlow("(expanded )?flow sample \\((?:1|3)\\).* rate (\\d+), .*input (\\d+)(?: \\(\\d+\\),)? output (\\d+)");
  std::vector<Event> flows;
  std::vector<Event> counters;
  std::ifstream in(file);
  Event* current = nullptr;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (std::regex_search(line, match, kFlow)) {
      const bool expanded = match[1].matched;
      flows.push_back({{"kind", "flow"},
                       {"rate", match[2]},
                       {"input", expanded ? match[3].str() : interface_of(match[3])},
                       {"output", expanded ? match[4].str() : interface_of(match[4])}});
      current = &flows.back();
      continue;
    }
    if (line.find("Generic counter (1)") != std::string::npos) {
      counters.push_back({{"kind", "counters"}});
      current = &counters.back();
      continue;
    }
    for (const Pattern& pattern : patterns()) {
      if (current != nullptr && std::regex_search(line, match, pattern.line)) {
        for (std::size_t i = 0; i < pattern.fields.size(); ++i) {
          current->emplace(pattern.fields[i], match[i + 1]);
        }
      }
    }
  }
  flows.insert(flows.end(), counters.begin(), counters.end());
  return flows;
}

bool agree(const Event& expected, const Event& ours) {
  return std::all_of(expected.begin(), expected.end(),
                     [&](const auto& field) { return ours.contains(field.first) && ours.at(field.first) == field.second; });
}

std::string text(const Event& event) {
  std::string out;
  for (const auto& [name, value] : event) {
    out += name + "=" + value + " ";
  }
  return out;
}

/// Compares in order, prints one line of the table, and gives how many agreed.
void compare(const std::string& name, const std::vector<Event>& expected, const std::vector<Event>& ours) {
  std::size_t agreed = 0;
  for (std::size_t i = 0; i < std::min(expected.size(), ours.size()); ++i) {
    agreed += agree(expected[i], ours[i]) ? 1U : 0U;
    EXPECT_TRUE(agree(expected[i], ours[i])) << name << " event " << i << "\nexpected " << text(expected[i]) << "\nours     " << text(ours[i]);
  }
  EXPECT_EQ(ours.size(), expected.size()) << name;
  std::printf("%-40s %8zu %8zu\n", name.c_str(), expected.size(), agreed);
}

TEST(ThirdPartySflow, EveryFieldThatTcpdumpPrintsIsOurs) {
  const auto folder = pinfold::test::shared_data("flows/tcpdump/tests");
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no data at " << folder;
  }
  std::printf("%-40s %8s %8s\n", "exporter", "events", "agreed");
  std::size_t all = 0;
  for (const char* name : {"sflow_expanded", "sflow-print-v6", "sflow_multiple_counter_30_pdus", "sflow_print-segv"}) {
    const auto expected = tcpdump_events(folder / (std::string(name) + ".out"));
    compare(name, expected, decode(folder / (std::string(name) + ".pcap")).events);
    all += expected.size();
  }
  EXPECT_GT(all, 40U);
}

/// telegraf's counters under our names.
std::vector<Event> telegraf_counters(const std::filesystem::path& file) {
  constexpr std::array<std::array<const char*, 2>, 16> kNames{{{"interface", "interface"},
                                                               {"interface_type", "type"},
                                                               {"speed", "speed"},
                                                               {"status", "up"},
                                                               {"in_bytes", "in_octets"},
                                                               {"in_unicast_packets_total", "in_unicast"},
                                                               {"in_mcast_packets_total", "in_multicast"},
                                                               {"in_broadcast_packets_total", "in_broadcast"},
                                                               {"in_dropped_packets", "in_discards"},
                                                               {"in_errors", "in_errors"},
                                                               {"in_unknown_protocol", "in_unknown"},
                                                               {"out_bytes", "out_octets"},
                                                               {"out_unicast_packets_total", "out_unicast"},
                                                               {"out_mcast_packets_total", "out_multicast"},
                                                               {"out_broadcast_packets_total", "out_broadcast"},
                                                               {"out_errors", "out_errors"}}};
  std::vector<Event> events;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    auto fields = test::influx_fields(line);
    if (fields.contains("interface") && fields.contains("out_bytes")) {
      Event event{{"kind", "counters"}};
      for (const auto& [theirs, ours] : kNames) {
        event[ours] = fields[theirs];
      }
      events.push_back(event);
    }
  }
  return events;
}

TEST(ThirdPartySflow, CountersAndDropsAreWhatTelegrafReads) {
  const auto folder = pinfold::test::shared_data("flows/telegraf/plugins/inputs/netflow/testcases");
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no data at " << folder;
  }
  std::printf("%-40s %8s %8s\n", "exporter", "events", "agreed");
  for (const auto& [name, file] :
       {std::pair{"sflow_issue_15918", "message.bin"}, {"sflow_issue_18876", "message.bin"}, {"sflow_v5_example", "sflow_v5.bin"}}) {
    auto ours = decode(folder / name / file).events;
    std::erase_if(ours, [](const Event& event) { return event.at("kind") != "counters"; });
    const auto expected = telegraf_counters(folder / name / "expected.out");
    EXPECT_FALSE(expected.empty()) << name;
    compare(name, expected, ours);
  }
  const Ours drop = decode(folder / "sflow_issue_15375/sflow_drop_1036.bin");
  EXPECT_TRUE(drop.events.empty()) << "a dropped packet is no traffic";
  EXPECT_EQ(drop.discarded, 1U);
}

}  // namespace
}  // namespace pinfold::flow
