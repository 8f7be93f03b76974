#include "evaluate/traffic/exporter.hpp"

#include <algorithm>

namespace pinfold::evaluate {

struct Exporter::Piece {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  WallTime first;
  WallTime last;
};

namespace {

/// Samples of one direction, told as one record: a second of a fast transfer is a hundred of them, and says the same.
constexpr Micros kTogether = std::chrono::milliseconds{500};

/// When packet `index` of a leg passes.
WallTime time_of(const Conversation& talk, const Leg& leg, std::uint64_t index) {
  if (leg.packets <= 1) {
    return talk.start;
  }
  const double share = static_cast<double>(index) / static_cast<double>(leg.packets - 1);
  return talk.start + Micros{static_cast<std::int64_t>(share * static_cast<double>(talk.length.count()))};
}

std::uint8_t flags_of(const Leg& leg, std::uint64_t index) { return index == 0 ? leg.first : index + 1 == leg.packets ? leg.last : leg.middle; }

/// A SYN is small whatever its connection carries.
std::uint64_t bytes_of(const Conversation& talk, const Leg& leg, std::uint64_t index) {
  const std::uint64_t average = leg.bytes / std::max<std::uint64_t>(leg.packets, 1);
  return talk.protocol == flow::kTcp && (flags_of(leg, index) & flow::kSyn) != 0 ? std::min<std::uint64_t>(average, 60) : average;
}

}  // namespace

const char* to_string(Method method) {
  switch (method) {
    case Method::Flows: return "flows";
    case Method::SampledPackets: return "sampled packets";
    case Method::SampledFlows: return "sampled flows";
  }
  return "";
}

void Exporter::add(const Conversation& talk) {
  add_leg(talk, talk.there, false);
  add_leg(talk, talk.back, true);
}

void Exporter::add_leg(const Conversation& talk, const Leg& leg, bool is_back) {
  if (leg.packets == 0) {
    return;
  }
  (is_back ? x_packets.back : x_packets.there) += leg.packets;
  if (x_settings.method == Method::Flows) {
    add_flows(talk, leg, is_back);
  } else {
    add_samples(talk, leg, is_back);
  }
}

void Exporter::add_flows(const Conversation& talk, const Leg& leg, bool is_back) {
  const Micros gap = leg.packets > 1 ? talk.length / static_cast<std::int64_t>(leg.packets - 1) : Micros{0};
  // Packets a piece: all of the active timeout's, or a single one when the pauses are longer than the inactive timeout.
  const std::uint64_t most = gap > x_settings.inactive ? 1
                             : gap.count() == 0        ? leg.packets
                                                       : static_cast<std::uint64_t>(std::max<std::int64_t>(1, x_settings.active / gap));
  for (std::uint64_t at = 0; at < leg.packets; at += most) {
    const std::uint64_t end = std::min(at + most, leg.packets);
    Piece piece{end - at, leg.bytes * (end - at) / leg.packets, time_of(talk, leg, at), time_of(talk, leg, end - 1)};
    std::uint8_t flags = static_cast<std::uint8_t>(flags_of(leg, at) | flags_of(leg, end - 1));
    if (end - at > 2 || (at > 0 && end < leg.packets)) {
      flags |= leg.middle;
    }
    emit(talk, piece, is_back, flags);
  }
}

void Exporter::add_samples(const Conversation& talk, const Leg& leg, bool is_back) {
  std::uint64_t index = 0;
  Piece piece;
  std::uint8_t flags = 0;
  while (x_skip < leg.packets - index) {
    index += x_skip;
    const WallTime at = time_of(talk, leg, index);
    const bool is_new = x_settings.method == Method::SampledPackets ? at - piece.first >= kTogether || flags_of(leg, index) != flags
                                                                    : at - piece.first >= x_settings.active || at - piece.last > x_settings.inactive;
    if (piece.packets > 0 && is_new) {
      emit(talk, piece, is_back, flags);
      piece = {};
      flags = 0;
    }
    piece.first = piece.packets == 0 ? at : piece.first;
    piece.last = at;
    ++piece.packets;
    piece.bytes += bytes_of(talk, leg, index);
    flags = static_cast<std::uint8_t>(flags | flags_of(leg, index));
    x_skip = x_random.skip(x_settings.one_in);
    if (++index == leg.packets) {
      break;
    }
  }
  if (index < leg.packets) {
    x_skip -= leg.packets - index;
  }
  if (piece.packets > 0) {
    emit(talk, piece, is_back, flags);
  }
}

void Exporter::emit(const Conversation& talk, const Piece& piece, bool is_back, std::uint8_t seen_flags) {
  ReceivedRecord made;
  flow::FlowRecord& record = made.record;
  record.version = x_settings.method == Method::SampledPackets ? flow::ExportVersion::Sflow5 : flow::ExportVersion::Ipfix;
  for (const flow::Field field : {flow::Field::Src, flow::Field::Dst, flow::Field::SrcPort, flow::Field::DstPort, flow::Field::Protocol,
                                  flow::Field::Packets, flow::Field::Bytes}) {
    record.exported.add(field);
  }
  record.sampling_rate = SamplingRate{x_settings.one_in};
  record.protocol = talk.protocol;
  const End& from = is_back ? talk.to : talk.from;
  const End& to = is_back ? talk.from : talk.to;
  record.src = from.address;
  record.dst = to.address;
  const bool has_ports = talk.protocol == flow::kTcp || talk.protocol == flow::kUdp;
  record.src_port = has_ports ? from.port : 0;
  record.dst_port = to.port;
  if (talk.protocol == flow::kTcp) {
    record.tcp_flags = seen_flags;
  }
  record.packets = pinfold::Packets{piece.packets};
  record.bytes = Bytes{piece.bytes};
  record.first = ExporterTime{piece.first.since_epoch};
  record.last = ExporterTime{piece.last.since_epoch};
  const bool is_over = (seen_flags & (flow::kFin | flow::kRst)) != 0;
  const Micros held = x_settings.method == Method::SampledPackets ? seconds(x_random.unit()) : is_over ? seconds(1) : x_settings.inactive;
  made.received = std::min(piece.last + held, std::max(piece.first + x_settings.active, piece.last) + seconds(1));
  x_records.push_back(std::move(made));
}

std::vector<ReceivedRecord> Exporter::take() {
  std::stable_sort(x_records.begin(), x_records.end(), [](const auto& a, const auto& b) { return a.received < b.received; });
  return std::exchange(x_records, {});
}

}  // namespace pinfold::evaluate
