#include "evaluate/captures/logs.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace pinfold::evaluate {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

std::string field(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() || found->second == "-" ? std::string{} : found->second;
}

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t whole(const std::string& text) { return static_cast<std::uint64_t>(std::max(0.0, number(text))); }

std::uint8_t protocol_of(std::string_view name) {
  return name == "tcp"         ? flow::kTcp
         : name == "udp"       ? flow::kUdp
         : name == "icmp"      ? flow::kIcmp
         : name == "ipv6-icmp" ? flow::kIcmpV6
                               : std::uint8_t{0};
}

struct OneWay {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint8_t flags = 0;
};

struct LogLine {
  End from;
  End to;
  std::uint8_t protocol = 0;
  double start = 0;
  double length = 0;
  OneWay there;
  OneWay back;
};

void add(std::vector<ReceivedRecord>& records, const LogLine& line) {
  for (const bool is_back : {false, true}) {
    const OneWay& way = is_back ? line.back : line.there;
    if (way.packets == 0) {
      continue;
    }
    ReceivedRecord made;
    made.record.src = is_back ? line.to.address : line.from.address;
    made.record.dst = is_back ? line.from.address : line.to.address;
    made.record.src_port = is_back ? line.to.port : line.from.port;
    made.record.dst_port = is_back ? line.from.port : line.to.port;
    made.record.protocol = line.protocol;
    if (line.protocol == flow::kTcp) {
      made.record.tcp_flags = way.flags;
    }
    made.record.packets = Packets{way.packets};
    made.record.bytes = Bytes{way.bytes};
    made.record.first = ExporterTime{seconds(line.start)};
    made.record.last = ExporterTime{seconds(line.start + line.length)};
    made.received = made.record.last->claimed();
    records.push_back(std::move(made));
  }
}

/// "ShADadFf": capital letters are the originator's.
void flags_from_history(const std::string& history, LogLine& line) {
  for (const char c : history) {
    const bool is_capital = c >= 'A' && c <= 'Z';
    std::uint8_t& flags = is_capital ? line.there.flags : line.back.flags;
    switch (is_capital ? c : static_cast<char>(c - 'a' + 'A')) {
      case 'S': flags |= flow::kSyn; break;
      case 'H': flags |= flow::kSyn | flow::kAck; break;
      case 'A': flags |= flow::kAck; break;
      case 'D': flags |= flow::kAck | flow::kPsh; break;
      case 'F': flags |= flow::kFin | flow::kAck; break;
      case 'R': flags |= flow::kRst; break;
      default: break;
    }
  }
}

std::uint8_t flags_from_letters(std::string_view letters) {
  std::uint8_t flags = 0;
  for (const char c : letters) {
    flags = static_cast<std::uint8_t>(flags | (c == 'F'   ? flow::kFin
                                               : c == 'S' ? flow::kSyn
                                               : c == 'R' ? flow::kRst
                                               : c == 'P' ? flow::kPsh
                                               : c == 'A' ? flow::kAck
                                                          : 0));
  }
  return flags;
}

std::vector<ReceivedRecord> in_order(std::vector<ReceivedRecord> records) {
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.received < b.received; });
  return records;
}

bool set_ends(LogLine& line, const std::string& from, const std::string& from_port, const std::string& to, const std::string& to_port) {
  const auto source = net::IpAddress::parse(from);
  const auto destination = net::IpAddress::parse(to);
  if (!source || !destination) {
    return false;
  }
  const auto port = [](const std::string& text) {
    return static_cast<std::uint16_t>(istarts_with(text, "0x") ? std::strtoul(text.c_str(), nullptr, 16) : whole(text));
  };
  line.from = {*source, port(from_port)};
  line.to = {*destination, port(to_port)};
  if (line.protocol == flow::kIcmp || line.protocol == flow::kIcmpV6) {
    // Both write the type where the source port stands.
    line.to.port = static_cast<std::uint16_t>((line.from.port & 0xFFU) << 8U);
    line.from.port = 0;
  }
  return true;
}

Fields conn_fields(const std::string& text, const std::vector<std::string>& names) {
  Fields fields;
  if (text.starts_with('{')) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_object()) {
      for (const auto& [key, value] : json.items()) {
        fields[key] = value.is_string() ? value.get<std::string>() : value.dump();
      }
    }
    return fields;
  }
  const auto values = split(text, '\t');
  for (std::size_t i = 0; i < std::min(values.size(), names.size()); ++i) {
    fields[names[i]] = values[i];
  }
  return fields;
}

Expected<std::vector<ReceivedRecord>, std::string> checked(std::vector<ReceivedRecord> records, const std::filesystem::path& file) {
  if (records.empty()) {
    return Unexpected{file.string() + ": no line could be read"};
  }
  return in_order(std::move(records));
}

}  // namespace

Expected<std::vector<ReceivedRecord>, std::string> read_conn_log(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<ReceivedRecord> records;
  std::vector<std::string> names;
  for (std::string text; std::getline(in, text);) {
    if (text.starts_with("#fields")) {
      names.clear();
      for (const std::string_view name : split(std::string_view(text).substr(8), '\t')) {
        names.emplace_back(name);
      }
    }
    if (text.starts_with('#') || text.empty()) {
      continue;
    }
    const Fields fields = conn_fields(text, names);
    LogLine line;
    line.protocol = protocol_of(field(fields, "proto"));
    if (!set_ends(line, field(fields, "id.orig_h"), field(fields, "id.orig_p"), field(fields, "id.resp_h"), field(fields, "id.resp_p"))) {
      continue;
    }
    line.start = number(field(fields, "ts"));
    line.length = number(field(fields, "duration"));
    line.there = {whole(field(fields, "orig_pkts")), whole(field(fields, "orig_ip_bytes"))};
    line.back = {whole(field(fields, "resp_pkts")), whole(field(fields, "resp_ip_bytes"))};
    flags_from_history(field(fields, "history"), line);
    add(records, line);
  }
  return checked(std::move(records), file);
}

Expected<std::vector<ReceivedRecord>, std::string> read_binetflow(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<ReceivedRecord> records;
  std::ptrdiff_t source_packets = 14;  // of the usual order, below; a head line may say otherwise
  for (std::string text; std::getline(in, text);) {
    // StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label
    const auto values = split(text, ',');
    if (!values.empty() && values[0] == "StartTime") {
      source_packets = std::find(values.begin(), values.end(), "SrcPkts") - values.begin();
    }
    if (values.size() < 15 || values[0] == "StartTime") {
      continue;
    }
    std::string time(values[0]);
    std::replace(time.begin(), time.end(), '/', '-');
    std::replace(time.begin(), time.end(), ' ', 'T');
    const auto start = parse_wall_time(time + "Z");
    LogLine line;
    line.protocol = protocol_of(values[2]);
    if (!start || !set_ends(line, std::string(values[3]), std::string(values[4]), std::string(values[6]), std::string(values[7]))) {
      continue;
    }
    line.start = static_cast<double>(start->since_epoch.count()) / 1e6;
    line.length = number(std::string(values[1]));
    const std::uint64_t packets = whole(std::string(values[11]));
    const std::uint64_t bytes = whole(std::string(values[12]));
    const std::string state(values[8]);
    // Some files leave out how many of the packets were the asker's: half of them, then.
    const bool is_told = source_packets < static_cast<std::ptrdiff_t>(values.size());
    line.there = {is_told ? whole(std::string(values.at(static_cast<std::size_t>(source_packets)))) : (packets + 1) / 2,
                  whole(std::string(values[13]))};
    line.back = {packets - std::min(packets, line.there.packets), bytes - std::min(bytes, line.there.bytes)};
    if (const std::size_t bar = state.find('_'); bar != std::string::npos) {
      line.there.flags = flags_from_letters(state.substr(0, bar));
      line.back.flags = flags_from_letters(state.substr(bar + 1));
    } else if (state == "S0" || state == "REQ") {  // asked, never answered
      line.there = {packets, bytes};
      line.there.flags = flow::kSyn;
      line.back = {};
    } else {
      line.there.flags = flow::kSyn | flow::kAck | flow::kPsh;
      line.back.flags = flow::kSyn | flow::kAck | flow::kPsh;
    }
    add(records, line);
  }
  return checked(std::move(records), file);
}

}  // namespace pinfold::evaluate
