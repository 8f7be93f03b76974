// Against exports of other people's devices, with what other people's decoders read from them. The data lies beside the checkout and is
// not part of the project; where it is absent, these tests say so and are skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "flow/capture.hpp"
#include "flow/decoder.hpp"
#include "flow/export_bytes.hpp"
#include "flow/influx_line.hpp"
#include "flow/record_json.hpp"
#include "support/shared_data.hpp"

namespace pinfold::flow {
namespace {

using nlohmann::json;

std::filesystem::path data_folder() { return pinfold::test::shared_data("flows"); }

struct Outcome {
  std::vector<FlowRecord> flows;
  std::size_t option_records = 0;
  std::size_t datagrams = 0;
  std::vector<DecodeError> refused;
};

void decode_file(const std::filesystem::path& file, Decoder& decoder, Outcome& out) {
  const auto read = read_datagrams(file, [&](const Datagram& datagram) {
    ++out.datagrams;
    const ExporterKey exporter{datagram.source.value_or(net::IpAddress{}), 0};
    const auto done = decoder.decode(exporter, datagram.payload, out.flows, datagram.received.value_or(WallTime{}));
    if (done) {
      out.option_records += done->option_records;
    } else {
      out.refused.push_back(done.error());
    }
  });
  // A capture cut off in its last packet still gives what was before it.
  static_cast<void>(read);
}

/// Their names for each of our fields, in the order of preference.
struct Names {
  const char* ours;
  std::array<const char*, 5> theirs;
};
constexpr std::array kNames{
    Names{"src", {"ipv4_src_addr", "ipv6_src_addr", "sourceIPv4Address", "sourceIPv6Address", nullptr}},
    Names{"dst", {"ipv4_dst_addr", "ipv6_dst_addr", "destinationIPv4Address", "destinationIPv6Address", nullptr}},
    Names{"src_port", {"l4_src_port", "sourceTransportPort", nullptr}},
    Names{"dst_port", {"l4_dst_port", "destinationTransportPort", nullptr}},
    Names{"protocol", {"protocol", "protocolIdentifier", nullptr}},
    Names{"tcp_flags", {"tcp_flags", "tcpControlBits", nullptr}},
    Names{"packets", {"in_pkts", "packetDeltaCount", "packetTotalCount", nullptr}},
    Names{"bytes", {"in_bytes", "octetDeltaCount", "octetTotalCount", "fwd_flow_delta_bytes", nullptr}},
    Names{"in_if", {"input_snmp", "ingressInterface", nullptr}},
    Names{"out_if", {"output_snmp", "egressInterface", nullptr}},
    Names{"src_mac", {"in_src_mac", "sourceMacAddress", nullptr}},
    Names{"dst_mac", {"in_dst_mac", "destinationMacAddress", nullptr}},
    Names{"vlan", {"src_vlan", "vlanId", nullptr}},
    Names{"first", {"first_switched", "flowStartMilliseconds", "flowStartSeconds", "flow_start_msec", nullptr}},
    Names{"last", {"last_switched", "flowEndMilliseconds", "flowEndSeconds", nullptr}},
};

/// Times come as text, as seconds or as milliseconds.
json comparable_time(const json& time) {
  if (time.is_number()) {
    const auto number = time.get<std::int64_t>();
    return to_string(WallTime{number > 100'000'000'000 ? Micros{number * 1000} : Micros{Seconds{number}}});
  }
  const auto parsed = parse_wall_time(time.get<std::string>());
  return parsed ? json(to_string(*parsed)) : json();
}

/// What of their event maps to our fields, under our names.
json expected_fields(const json& event) {
  json out = json::object();
  for (const Names& row : kNames) {
    for (const char* name : row.theirs) {
      if (name == nullptr) {
        break;
      }
      const bool unused_address = event.contains(name) && (event[name] == "::" || event[name] == "0.0.0.0");
      if (event.contains(name) && !unused_address && !out.contains(row.ours)) {
        const bool is_time = row.ours == std::string_view("first") || row.ours == std::string_view("last");
        out[row.ours] = is_time ? comparable_time(event[name]) : event[name];
      }
    }
  }
  // Known: their arithmetic of uptimes is late by a second wherever milliseconds are borrowed from it, and by 49.7 days where the uptime
  // wrapped (RFC 3954 section 8 leaves no doubt). Only how long the flow took is comparable then.
  if (event.contains("first_switched") && event.contains("last_switched")) {
    const auto first = parse_wall_time(out["first"].get<std::string>());
    const auto last = parse_wall_time(out["last"].get<std::string>());
    out.erase("first");
    out.erase("last");
    if (*last >= *first) {
      out["seconds"] = std::chrono::round<Seconds>(*last - *first).count();
    }
  }
  // Ours: type and code of ICMP stand in the destination port.
  if (event.value("icmp_type", 0) != 0) {
    out["dst_port"] = event["icmp_type"].get<int>() * 256 + event["icmp_code"].get<int>();
  }
  return out;
}

std::size_t differing(const json& expected, const json& ours) {
  return static_cast<std::size_t>(std::count_if(expected.items().begin(), expected.items().end(),
                                                [&](const auto& item) { return !ours.contains(item.key()) || ours[item.key()] != item.value(); }));
}

/// Our flow as expected_fields names it.
json our_fields(const FlowRecord& flow) {
  json out = to_json(flow, std::nullopt);
  if (flow.first && flow.last) {
    out["seconds"] = std::chrono::round<Seconds>(flow.last->since_epoch - flow.first->since_epoch).count();
  }
  return out;
}

/// The flow that comes nearest to the event.
json nearest(const json& expected, const std::vector<FlowRecord>& flows) {
  json best = json::object();
  for (const FlowRecord& flow : flows) {
    const json ours = our_fields(flow);
    if (best.empty() || differing(expected, ours) < differing(expected, best)) {
      best = ours;
    }
  }
  return best;
}

TEST(ThirdParty, ThirtyVendorsExportsAsLogstashReadsThem) {
  const auto folder = data_folder() / "logstash-codec-netflow";
  if (!std::filesystem::exists(folder / "EXPECTED.json")) {
    GTEST_SKIP() << "no data at " << folder;
  }
  std::ifstream in(folder / "EXPECTED.json");
  const json tests = json::parse(in);
  std::size_t all_events = 0;
  std::size_t all_agreed = 0;
  std::printf("%-80s %8s %8s %8s %8s\n", "exporter", "events", "ours", "compared", "agreed");
  for (const json& test : tests) {
    const std::string name = test["test"];
    Decoder decoder;
    Outcome outcome;
    for (const std::string file : test["files"]) {
      decode_file(folder / "spec/codecs" / file, decoder, outcome);
    }
    std::size_t compared = 0;
    std::size_t agreed = 0;
    for (const json& event : test["expected_json"]) {
      const json expected = expected_fields(event.value("netflow", json::object()));
      if (!expected.contains("src") && !expected.contains("bytes")) {
        continue;  // of an options record
      }
      ++compared;
      const json ours = nearest(expected, outcome.flows);
      agreed += differing(expected, ours) == 0 ? 1U : 0U;
      EXPECT_EQ(differing(expected, ours), 0U) << name << "\nexpected " << expected << "\nours     " << ours;
    }
    const std::size_t events = outcome.flows.size() + outcome.option_records;
    const json& wanted = test["expected_events"];
    // Known: data that came before its template is read by us when the template comes; they lose it.
    if (wanted.is_number() && name != "IPFIX Netscaler with variable length fields") {
      EXPECT_EQ(events, wanted.get<std::size_t>()) << name;
    }
    if (name.find("5 invalid") != std::string::npos) {
      EXPECT_TRUE(outcome.flows.empty()) << name;
    }
    std::printf("%-80s %8s %8zu %8zu %8zu\n", name.substr(0, 80).c_str(), wanted.dump().c_str(), events, compared, agreed);
    all_events += compared;
    all_agreed += agreed;
  }
  std::printf("%-80s %8s %8s %8zu %8zu\n", "all", "", "", all_events, all_agreed);
  EXPECT_GT(all_events, 40U);
}

TEST(ThirdParty, MalformedNetFlow9IsRefusedWithAReason) {
  const auto folder = data_folder() / "libnetflow9/testcases";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no data at " << folder;
  }
  Decoder good_decoder;
  Outcome good;
  decode_file(folder / "1.pcap", good_decoder, good);
  EXPECT_GT(good.flows.size(), 0U);
  EXPECT_TRUE(good.refused.empty());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("malformed")) {
      Decoder decoder;
      Outcome outcome;
      decode_file(entry.path(), decoder, outcome);
      EXPECT_GT(outcome.datagrams, 0U) << entry.path();
      EXPECT_TRUE(outcome.flows.empty()) << entry.path();
      // Number 4 is in order by RFC 3954; it has options records only.
      EXPECT_EQ(outcome.refused.size(), entry.path().filename() == "malformed_4.pcap" ? 0 : outcome.datagrams) << entry.path();
    }
  }
}

TEST(ThirdParty, SflowAsTcpdumpReadsIt) {
  const auto folder = data_folder() / "tcpdump/tests";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no data at " << folder;
  }
  struct Row {
    const char* file;
    std::size_t flows;  ///< "flow sample" in tcpdump's text
    std::size_t refused;
  };
  for (const Row& row : {Row{"sflow_expanded.pcap", 1, 0}, Row{"sflow-print-v6.pcap", 13, 0}, Row{"sflow_multiple_counter_30_pdus.pcap", 0, 0},
                         Row{"sflow_print-segv.pcap", 0, 1}}) {
    Decoder decoder;
    Outcome outcome;
    decode_file(folder / row.file, decoder, outcome);
    // One of the captures has NetFlow v5 in it too.
    const auto flows =
        std::count_if(outcome.flows.begin(), outcome.flows.end(), [](const FlowRecord& flow) { return flow.version == ExportVersion::Sflow5; });
    EXPECT_EQ(static_cast<std::size_t>(flows), row.flows) << row.file;
    EXPECT_EQ(outcome.refused.size(), row.refused) << row.file;
    if (row.file == std::string_view("sflow_expanded.pcap")) {
      const FlowRecord& flow = outcome.flows.at(0);
      EXPECT_EQ(flow.sampling_rate.one_in(), 1000U);
      EXPECT_EQ(flow.in_if->value, 29001U);
      EXPECT_EQ(flow.out_if->value, 1285816721U);
      EXPECT_EQ(flow.bytes.value, 126U);
    }
  }
}

std::string time_millis(const std::optional<ExporterTime>& time) {
  return time ? std::to_string(std::chrono::floor<Millis>(time->since_epoch).count()) : "absent";
}

/// Under telegraf's names, as text.
bool agrees(const FlowRecord& flow, const std::map<std::string, std::string>& expected) {
  const auto same = [&expected](const char* name, const std::string& ours) { return !expected.contains(name) || expected.at(name) == ours; };
  return same("src", net::to_string(flow.src)) && same("dst", net::to_string(flow.dst)) && same("src_port", std::to_string(flow.src_port)) &&
         same("dst_port", std::to_string(flow.dst_port)) && same("in_bytes", std::to_string(flow.bytes.value)) &&
         same("in_packets", std::to_string(flow.packets.value)) && same("in_total_bytes", std::to_string(flow.bytes.value)) &&
         same("sampling_interval", std::to_string(flow.version == ExportVersion::Sflow5 ? flow.sampling_rate.one_in() : 0)) &&
         (!expected.contains("flow_start_ms") || time_millis(flow.first) == expected.at("flow_start_ms")) &&
         (!expected.contains("flow_end_ms") || time_millis(flow.last) == expected.at("flow_end_ms"));
}

TEST(ThirdParty, ExportsAsTelegrafReadsThem) {
  const auto folder = data_folder() / "telegraf/plugins/inputs/netflow/testcases";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no data at " << folder;
  }
  std::size_t lines = 0;
  std::printf("%-30s %8s %8s %8s %8s\n", "exporter", "ours", "compared", "agreed", "refused");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!std::filesystem::exists(entry.path() / "expected.out")) {
      continue;
    }
    std::vector<std::filesystem::path> datagrams;
    for (const auto& file : std::filesystem::directory_iterator(entry.path())) {
      if (file.path().extension() == ".bin") {
        datagrams.push_back(file.path());
      }
    }
    std::sort(datagrams.begin(), datagrams.end());
    Decoder decoder;
    Outcome outcome;
    for (const auto& file : datagrams) {
      decode_file(file, decoder, outcome);
    }
    std::ifstream in(entry.path() / "expected.out");
    std::size_t compared = 0;
    std::size_t agreed = 0;
    for (std::string line; std::getline(in, line);) {
      const auto expected = test::influx_fields(line);
      if (!line.starts_with("netflow,") || !expected.contains("src") || !expected.contains("protocol")) {
        continue;  // options, counters
      }
      ++compared;
      const bool found = std::any_of(outcome.flows.begin(), outcome.flows.end(), [&](const FlowRecord& flow) { return agrees(flow, expected); });
      agreed += found ? 1U : 0U;
      EXPECT_TRUE(found) << entry.path() << "\n" << line;
    }
    std::printf("%-30s %8zu %8zu %8zu %8zu\n", entry.path().filename().c_str(), outcome.flows.size(), compared, agreed, outcome.refused.size());
    EXPECT_TRUE(outcome.refused.empty()) << entry.path() << to_string(outcome.refused[0]);
    lines += compared;
  }
  EXPECT_GT(lines, 30U);
}

}  // namespace
}  // namespace pinfold::flow
