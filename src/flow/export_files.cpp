#include "flow/export_files.hpp"

#include "base/text.hpp"

namespace pinfold::flow {

Expected<void, FileError> ExportFiles::read(const std::filesystem::path& file, const Sink& sink) {
  const auto read = read_datagrams(file, [&](const Datagram& datagram) { take(file, datagram, sink); });
  if (!read) {
    return Unexpected{read.error()};
  }
  x_summary.fragments += read->fragments;
  return {};
}

void ExportFiles::take(const std::filesystem::path& file, const Datagram& datagram, const Sink& sink) {
  x_records.clear();
  const net::IpAddress exporter = datagram.source.value_or(net::IpAddress{});
  x_exporters.insert(exporter);
  const auto done = x_decoder.decode({exporter, 0}, datagram.payload, x_records, datagram.received.value_or(WallTime{}));
  ++x_summary.datagrams;
  if (done) {
    x_summary.option_records += done->option_records;
  } else if (++x_summary.refused == 1) {
    x_summary.first_refused = printable(file.string()) + ": " + to_string(done.error());
  }
  x_summary.flows += x_records.size();
  for (const FlowRecord& record : x_records) {
    sink(record, datagram.source);
  }
}

ExportFiles::Summary ExportFiles::summary() const {
  Summary summary = x_summary;
  for (const net::IpAddress& exporter : x_exporters) {
    summary.sets_without_template += x_decoder.sets_waiting({exporter, 0}) + x_decoder.counters({exporter, 0}).sets_dropped;
  }
  return summary;
}

}  // namespace pinfold::flow
