#include "evaluate/captures/captures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/text.hpp"
#include "evaluate/captures/logs.hpp"
#include "flow/capture.hpp"

namespace pinfold::evaluate {

Expected<std::vector<CaptureCase>, std::string> read_capture_list(const std::filesystem::path& list) {
  std::ifstream in(list);
  if (!in) {
    return Unexpected{list.string() + ": cannot be opened"};
  }
  std::vector<CaptureCase> captures;
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    if (text.empty() || text.starts_with('#')) {
      continue;
    }
    const auto fields = split(text, '\t');
    if (fields.size() != 5) {
      return Unexpected{fmt::format("{}, line {}: {} fields instead of 5", list.string(), number, fields.size())};
    }
    captures.push_back({std::string(fields[0]), std::string(fields[1]), std::string(fields[2]), std::string(fields[3]), std::string(fields[4])});
  }
  return captures;
}

Expected<std::vector<ReceivedRecord>, std::string> read_recording(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  if (name.starts_with("conn.log")) {
    return read_conn_log(file);
  }
  if (name.ends_with(".binetflow")) {
    return read_binetflow(file);
  }
  std::vector<ReceivedRecord> records;
  const auto read = flow::read_packets(file, [&](const flow::FlowRecord& record) { records.push_back({record, record.last->claimed()}); });
  if (!read && records.empty()) {
    return Unexpected{read.error().message};
  }
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.received < b.received; });
  return records;
}

Row run_capture(const CaptureCase& capture, const std::vector<ReceivedRecord>& records) {
  WatchSettings settings;
  std::set<net::IpAddress> addresses;
  for (const ReceivedRecord& one : records) {
    for (const net::IpAddress& address : {one.record.src, one.record.dst}) {
      const bool is_host = !address.is_v4() || (address.bytes()[0] != 0 && address.bytes()[0] < 224);
      if (one.record.exported.has(flow::Field::Src) || one.record.version != flow::ExportVersion::Packet) {
        is_host ? static_cast<void>(addresses.insert(address)) : static_cast<void>(0);
      }
    }
  }
  settings.servers.assign(addresses.begin(), addresses.end());
  Row row;
  row.part = part::kCaptures;
  row.name = capture.file;
  row.role = capture.server;
  row.why = capture.why;
  row.abuse_class = capture.abuse_class;
  row.attack = capture.abuse_class == "silent"
                   ? ""
                   : fmt::format("{}{}{}", capture.abuse_class, capture.kind == "-" ? "" : " ", capture.kind == "-" ? "" : capture.kind);
  row.records = records.size();
  const WallTime start = records.empty() ? WallTime{} : records.front().record.first->claimed();
  for (const Seen& seen : watch(records, settings)) {
    const std::string found_class(to_string(seen.finding.abuse_class));
    if (seen.finding.server.value == capture.server && found_class == capture.abuse_class) {
      row.is_informed = true;
      if (accuses(seen.finding) && !row.is_found) {
        row.is_found = true;
        row.seconds_to_detect = static_cast<double>((seen.first_detected_at - start).count()) / 1e6;
      }
      row.is_kind_right |= capture.kind == "-" || capture.kind == seen.finding.kind;
      row.found_as = fmt::format("{} {}", found_class, seen.finding.kind);
    } else if (accuses(seen.finding)) {
      row.false_ones.push_back({found_class, fmt::format("{}: {}", seen.finding.server.value, seen.finding.summary)});
    }
  }
  return row;
}

}  // namespace pinfold::evaluate
