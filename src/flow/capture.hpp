/// Reads files of flow exports, and captures of ordinary packets, for `pinfold flows decode FILE` and `pinfold detect FILE`.
///   pcap, pcapng   every UDP datagram in it, on any port (link types: link_layer.cpp; of a pcapng file each interface has its own)
///   IPFIX file     IPFIX messages one behind another (RFC 5655), unless the file is named .dat or .bin
///   anything else  one raw export datagram
/// Compressed files are refused with a word.
/// Threads: none. Bounds: a raw file up to kMaxRawFile bytes; captures are read packet by packet, of any size.
/// Errors:  a FileError says what could not be read; a capture that breaks off gives what was before it, then the error.
/// Source:  libpcap for pcap, pcapng.hpp; link types from www.tcpdump.org/linktypes.html. Fragmented datagrams are not put together: they are
/// counted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "base/time.hpp"
#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::flow {

/// A UDP datagram holds no more.
inline constexpr std::size_t kMaxRawFile = 65535;

struct FileError {
  std::string message;  ///< names the file
};

/// One datagram of a file. `payload` is valid during the call only.
struct Datagram {
  std::optional<net::IpAddress> source;  ///< raw files do not say
  std::uint16_t source_port = 0;
  std::optional<WallTime> received;  ///< the capture's time stamp
  ByteSpan payload;
};

struct ReadSummary {
  std::uint64_t packets = 0;    ///< in the capture; messages of an IPFIX file; 1 for a raw datagram
  std::uint64_t delivered = 0;  ///< given to the caller
  std::uint64_t fragments = 0;  ///< left out: later fragments
};

using DatagramSink = std::function<void(const Datagram&)>;
[[nodiscard]] Expected<ReadSummary, FileError> read_datagrams(const std::filesystem::path& file, const DatagramSink& sink);

/// Every packet of a capture as a flow of one packet, first = last = its time stamp, bytes = its length on the wire. Packets that are
/// not IP are given too, with their MAC addresses.
using RecordSink = std::function<void(const FlowRecord&)>;
[[nodiscard]] Expected<ReadSummary, FileError> read_packets(const std::filesystem::path& file, const RecordSink& sink);

/// What a file holds: exports when most of the UDP datagrams among its first packets decode as such, else packets. Raw files are exports.
enum class FileKind : std::uint8_t { Exports, Packets };
[[nodiscard]] Expected<FileKind, FileError> file_kind(const std::filesystem::path& file);

}  // namespace pinfold::flow
