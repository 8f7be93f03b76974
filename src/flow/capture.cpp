#include "flow/capture.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "flow/decoder.hpp"
#include "flow/link_layer.hpp"
#include "flow/packet_record.hpp"
#include "flow/pcapng.hpp"
#include "flow/raw_file.hpp"
#include "net/packet_header.hpp"

namespace pinfold::flow {
namespace {

constexpr std::uint64_t kSniffedPackets = 200;

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

/// The magic numbers of pcap (micro- and nanoseconds, and Kuznetsov's variant, in either byte order) and pcapng.
bool is_capture(ByteSpan start) {
  switch (ByteReader{start}.u32().value_or(0)) {
    case 0xA1B2C3D4:
    case 0xD4C3B2A1:
    case 0xA1B23C4D:
    case 0x4D3CB2A1:
    case 0xA1B2CD34:
    case 0x34CDB2A1:
    case 0x0A0D0D0A: return true;
    default: return false;
  }
}

/// The magic numbers of gzip, zstd, xz and bzip2.
bool is_compressed(ByteSpan start) {
  const std::uint32_t magic = ByteReader{start}.u32().value_or(0);
  return magic >> 16U == 0x1F8B || magic == 0x28B5'2FFD || magic == 0xFD37'7A58 || magic >> 8U == 0x42'5A68;
}

Expected<bool, FileError> looks_like_capture(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return file_error(file, error ? error.message() : "not a regular file");
  }
  std::ifstream in(file, std::ios::binary);
  std::array<char, 4> start{};
  if (!in) {
    return file_error(file, "cannot be opened");
  }
  in.read(start.data(), start.size());
  const ByteSpan bytes{reinterpret_cast<const std::uint8_t*>(start.data()), static_cast<std::size_t>(in.gcount())};
  if (bytes.empty()) {
    return file_error(file, "is empty");
  }
  if (is_compressed(bytes)) {
    return file_error(file, "is compressed: unpack it first");
  }
  return is_capture(bytes);
}

struct CapturedPacket {
  WallTime time;
  std::uint32_t wire_length = 0;
  net::PacketHeader header;
};

constexpr std::array<std::uint8_t, 4> kPcapng{0x0A, 0x0D, 0x0D, 0x0A};

bool is_pcapng(const std::filesystem::path& file) {
  std::array<char, 4> start{};
  std::ifstream(file, std::ios::binary).read(start.data(), start.size());
  return std::equal(kPcapng.begin(), kPcapng.end(), reinterpret_cast<const std::uint8_t*>(start.data()));
}

Unexpected<FileError> unknown_link(const std::filesystem::path& file, int link_type) {
  return file_error(file, "link type " + std::to_string(link_type) + " is not supported");
}

/// Interfaces may have different links; packets of one that is not known are left out, unless none is known.
template <typename Sink>
Expected<std::uint64_t, FileError> for_each_pcapng_packet(const std::filesystem::path& file, Sink&& sink) {
  PcapngReader reader(file);
  std::map<int, LinkLayer> links;
  std::optional<int> unknown;
  std::uint64_t packets = 0;
  for (;;) {
    const auto next = reader.next();
    if (!next) {
      return file_error(file, next.error());
    }
    if (!*next) {
      return links.empty() && unknown ? Expected<std::uint64_t, FileError>{unknown_link(file, *unknown)} : packets;
    }
    ++packets;
    const PcapngReader::Packet& packet = **next;
    const int link_type = link_type_of_file(packet.link_type);
    if (!is_known_link(link_type)) {
      unknown = packet.link_type;
      continue;
    }
    LinkLayer& link = links.try_emplace(link_type, link_type).first->second;
    if (!sink(CapturedPacket{packet.time, packet.wire_length, link.parse(packet.bytes)})) {
      return packets;
    }
  }
}

/// `sink` gives false to stop.
template <typename Sink>
Expected<std::uint64_t, FileError> for_each_packet(const std::filesystem::path& file, Sink&& sink) {
  if (is_pcapng(file)) {
    return for_each_pcapng_packet(file, sink);
  }
  std::array<char, PCAP_ERRBUF_SIZE> message{};
  const PcapHandle handle{pcap_open_offline(file.c_str(), message.data())};
  if (!handle) {
    return file_error(file, message.data());
  }
  const int link_type = pcap_datalink(handle.get());
  LinkLayer link(link_type);
  if (!is_known_link(link_type)) {
    return unknown_link(file, link_type);
  }
  std::uint64_t packets = 0;
  for (;;) {
    pcap_pkthdr* info = nullptr;
    const u_char* data = nullptr;
    const int outcome = pcap_next_ex(handle.get(), &info, &data);
    if (outcome == PCAP_ERROR_BREAK) {
      return packets;
    }
    if (outcome != 1) {
      return file_error(file, pcap_geterr(handle.get()));
    }
    ++packets;
    const CapturedPacket packet{{Seconds{info->ts.tv_sec} + Micros{info->ts.tv_usec}}, info->len, link.parse(ByteSpan{data, info->caplen})};
    if (!sink(packet)) {
      return packets;
    }
  }
}

}  // namespace

Expected<ReadSummary, FileError> read_datagrams(const std::filesystem::path& file, const DatagramSink& sink) {
  const auto capture = looks_like_capture(file);
  if (!capture) {
    return Unexpected{capture.error()};
  }
  if (!*capture) {
    return read_raw_file(file, sink);
  }
  ReadSummary summary;
  const auto packets = for_each_packet(file, [&](const CapturedPacket& packet) {
    const net::PacketHeader& header = packet.header;
    if (header.later_fragment) {
      ++summary.fragments;
    } else if (header.protocol == kUdp && header.src_port && !header.payload.empty()) {
      ++summary.delivered;
      sink({header.src, *header.src_port, packet.time, header.payload});
    }
    return true;
  });
  if (!packets) {
    return Unexpected{packets.error()};
  }
  summary.packets = *packets;
  return summary;
}

Expected<ReadSummary, FileError> read_packets(const std::filesystem::path& file, const RecordSink& sink) {
  const auto capture = looks_like_capture(file);
  if (!capture) {
    return Unexpected{capture.error()};
  }
  if (!*capture) {
    return file_error(file, "not a packet capture");
  }
  ReadSummary summary;
  const auto packets = for_each_packet(file, [&](const CapturedPacket& packet) {
    FlowRecord flow;
    flow.version = ExportVersion::Packet;
    flow.first = ExporterTime{packet.time.since_epoch};
    flow.last = flow.first;
    flow.packets = Packets{1};
    flow.bytes = Bytes{packet.wire_length};
    flow.exported.add(Field::Packets);
    flow.exported.add(Field::Bytes);
    fill_from(packet.header, flow);
    ++summary.delivered;
    sink(flow);
    return true;
  });
  if (!packets) {
    return Unexpected{packets.error()};
  }
  summary.packets = *packets;
  return summary;
}

Expected<FileKind, FileError> file_kind(const std::filesystem::path& file) {
  const auto capture = looks_like_capture(file);
  if (!capture) {
    return Unexpected{capture.error()};
  }
  if (!*capture) {
    return FileKind::Exports;
  }
  Decoder decoder;
  std::vector<FlowRecord> flows;
  std::uint64_t datagrams = 0;
  std::uint64_t exports = 0;
  std::uint64_t seen = 0;
  const auto packets = for_each_packet(file, [&](const CapturedPacket& packet) {
    const net::PacketHeader& header = packet.header;
    if (header.protocol == kUdp && header.src && !header.payload.empty()) {
      ++datagrams;
      flows.clear();
      exports += decoder.decode({*header.src, 0}, header.payload, flows, packet.time) ? 1U : 0U;
    }
    return ++seen < kSniffedPackets;
  });
  if (!packets) {
    return Unexpected{packets.error()};
  }
  return exports * 2 > datagrams ? FileKind::Exports : FileKind::Packets;
}

}  // namespace pinfold::flow
