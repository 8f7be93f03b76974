#include "evaluate/captures/seven.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evaluate/run/outcome.hpp"

namespace pinfold::evaluate {
namespace {

constexpr WallTime kStart{std::chrono::seconds{1'795'435'200}};
constexpr int kSeconds = 30;

net::IpAddress server(std::uint32_t number) { return net::IpAddress::v4(0x0A00'0000 + number); }

class Second {
public:
  Second(Random& random, WallTime at, std::vector<ReceivedRecord>& records) : x_random(random), x_at(at), x_records(records) {}

  void flow(const End& from, const End& to, std::uint8_t protocol, std::uint64_t packets, std::uint64_t bytes, std::uint8_t flags) {
    ReceivedRecord made;
    made.record.version = flow::ExportVersion::NetFlow5;
    for (const flow::Field field : {flow::Field::Src, flow::Field::Dst, flow::Field::SrcPort, flow::Field::DstPort, flow::Field::Protocol,
                                    flow::Field::Packets, flow::Field::Bytes}) {
      made.record.exported.add(field);
    }
    made.record.src = from.address;
    made.record.src_port = from.port;
    made.record.dst = to.address;
    made.record.dst_port = to.port;
    made.record.protocol = protocol;
    made.record.packets = Packets{packets};
    made.record.bytes = Bytes{bytes};
    if (protocol == flow::kTcp) {
      made.record.tcp_flags = flags;
    }
    made.record.first = ExporterTime{x_at.since_epoch};
    made.record.last = ExporterTime{(x_at + seconds(0.999)).since_epoch};
    made.received = x_at + seconds(1);
    x_records.push_back(std::move(made));
  }
  [[nodiscard]] std::uint16_t port() { return static_cast<std::uint16_t>(x_random.between(1024, 65'534)); }
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) { return x_random.between(low, high); }

private:
  Random& x_random;
  WallTime x_at;
  std::vector<ReceivedRecord>& x_records;
};

}  // namespace

const std::vector<SevenTruth>& seven_truths() {
  static const std::vector<SevenTruth> truths{{"SSH brute force, 20 logins/s, 40 targets", "brute_force", "ssh"},
                                              {"SYN scan of tcp/445, 1,000 hosts/s", "port_scan", "horizontal"},
                                              {"spam, 50 connections/s, 300 mail servers", "spam", ""},
                                              {"UDP flood, 100,000 packets/s", "flood", "udp"},
                                              {"scan of one host, 500 ports/s", "port_scan", "vertical"},
                                              {"honest download, 1 Gbit/s", "", ""},
                                              {"SYN flood, 18,000 packets/s", "flood", "syn"}};
  return truths;
}

std::vector<ReceivedRecord> seven_records() {
  Random random(1, "seven");
  const Peers fixed(random, 300);
  std::vector<ReceivedRecord> records;
  constexpr std::uint8_t kSession = flow::kSyn | flow::kAck | flow::kPsh | flow::kFin;
  for (int i = 0; i < kSeconds; ++i) {
    Second second(random, kStart + seconds(i), records);
    for (int n = 0; n < 20; ++n) {
      second.flow({server(1), second.port()}, {fixed.at(random.below(40)), 22}, flow::kTcp, second.between(11, 19), second.between(1500, 3499),
                  kSession);
    }
    for (int n = 0; n < 1000; ++n) {
      second.flow({server(2), second.port()}, {Stage::world(random), 445}, flow::kTcp, 1, 44, flow::kSyn);
    }
    for (int n = 0; n < 50; ++n) {
      second.flow({server(3), second.port()}, {fixed.at(random.below(300)), 25}, flow::kTcp, second.between(12, 29), second.between(3000, 8999),
                  kSession);
    }
    for (int n = 0; n < 50; ++n) {
      second.flow({server(4), second.port()}, {fixed.at(0), 80}, flow::kUdp, 2000, 2'000'000, 0);
    }
    for (int n = 0; n < 500; ++n) {
      second.flow({server(5), second.port()}, {fixed.at(1), static_cast<std::uint16_t>(second.between(1, 65'534))}, flow::kTcp, 1, 44, flow::kSyn);
    }
    for (int n = 0; n < 10; ++n) {
      second.flow({fixed.at(2), 443}, {server(6), second.port()}, flow::kTcp, 9000, 13'050'000, flow::kAck);
    }
    for (int n = 0; n < 60; ++n) {
      second.flow({server(7), second.port()}, {fixed.at(3), 80}, flow::kTcp, 300, 13'200, flow::kSyn);
    }
  }
  return records;
}

std::vector<Row> run_seven() {
  WatchSettings settings;
  for (std::uint32_t i = 1; i <= seven_truths().size(); ++i) {
    settings.servers.push_back(server(i));
  }
  const std::vector<Seen> all = watch(seven_records(), settings);
  std::vector<Row> rows;
  for (std::uint32_t i = 0; i < seven_truths().size(); ++i) {
    const SevenTruth& truth = seven_truths()[i];
    Row row;
    row.part = part::kSeven;
    row.name = truth.name;
    row.role = to_string(server(i + 1));
    row.abuse_class = truth.abuse_class;
    row.attack = truth.abuse_class;
    row.seconds = kSeconds;
    for (const Seen& seen : all) {
      if (seen.finding.server.value != row.role || !accuses(seen.finding)) {
        continue;
      }
      const std::string found(to_string(seen.finding.abuse_class));
      row.found_as += fmt::format("{}{}{}{}", row.found_as.empty() ? "" : ", ", found, seen.finding.kind.empty() ? "" : " ", seen.finding.kind);
      if (found == truth.abuse_class) {
        row.seconds_to_detect = row.is_found ? row.seconds_to_detect : static_cast<double>((seen.first_detected_at - kStart).count()) / 1e6;
        row.is_found = true;
        row.is_kind_right |= *truth.kind == '\0' || seen.finding.kind == truth.kind;
      } else {
        row.false_ones.push_back({found, seen.finding.summary});
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace pinfold::evaluate
