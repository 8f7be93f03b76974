/// Packets of a pcapng file, block by block: every interface has its own link type and its own resolution of time, and sections may follow one
/// another in either byte order (libpcap reads such a file only where all interfaces are alike). Internal to `flow`; used by capture.cpp. Units: time
/// stamps are rounded down to microseconds; a simple packet block has none, which is 1970. Bounds:  kMaxBlock bytes of one block are in memory;
/// kMaxInterfaces a section. Blocks of other kinds are skipped. Not read: netfilter's log (LINKTYPE_NFLOG) of a machine with another byte order than
/// ours. Errors:  what is wrong, and at which byte of the file; what stood before has been given. Threads: none. Source:  draft-ietf-opsawg-pcapng
/// section 4.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "base/time.hpp"

namespace pinfold::flow {

class PcapngReader {
public:
  static constexpr std::size_t kMaxBlock = std::size_t{16} << 20U;
  static constexpr std::size_t kMaxInterfaces = 4096;

  struct Packet {
    WallTime time;
    int link_type = 0;  ///< LINKTYPE_ of its interface
    std::uint32_t wire_length = 0;
    ByteSpan bytes;  ///< what was captured; valid until the next call
  };

  explicit PcapngReader(const std::filesystem::path& file) : x_file(file, std::ios::binary) {}
  /// nullopt: the file has ended.
  [[nodiscard]] Expected<std::optional<Packet>, std::string> next();

private:
  struct Interface {
    int link_type = 0;
    std::uint32_t snap_length = 0;  ///< 0: no limit
    std::uint8_t resolution = 6;    ///< if_tsresol: of 10, or, with the top bit, of 2
    std::int64_t offset_seconds = 0;
  };
  /// The next block's type and body. nullopt: the file has ended.
  [[nodiscard]] Expected<std::optional<std::uint32_t>, std::string> read_block();
  [[nodiscard]] std::string at_block(const char* what) const;
  [[nodiscard]] std::uint16_t u16(std::size_t at) const;
  [[nodiscard]] std::uint32_t u32(std::size_t at) const;
  [[nodiscard]] bool add_interface();
  void read_option(std::uint16_t code, std::size_t at, std::size_t length, Interface& interface) const;
  [[nodiscard]] std::optional<Packet> packet_of(std::uint32_t interface, std::size_t time_at, std::size_t lengths_at, std::size_t data_at) const;
  [[nodiscard]] std::optional<Packet> simple_packet() const;
  [[nodiscard]] static WallTime time_of(const Interface& interface, std::uint64_t ticks);

  std::ifstream x_file;
  std::uint64_t x_at = 0;    ///< of the block that is being read
  std::uint64_t x_next = 0;  ///< of the one after it
  bool x_is_little = false;  ///< byte order of the section
  bool x_has_section = false;
  std::vector<std::uint8_t> x_body;  ///< without type and lengths
  std::vector<Interface> x_interfaces;
};

}  // namespace pinfold::flow
