#include "flow/pcapng.hpp"

#include <algorithm>
#include <array>

namespace pinfold::flow {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D'0D0A;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::array<std::uint8_t, 4> kBigMagic{0x1A, 0x2B, 0x3C, 0x4D};
constexpr std::array<std::uint8_t, 4> kLittleMagic{0x4D, 0x3C, 0x2B, 0x1A};
constexpr std::size_t kFrame = 12;  ///< type and both lengths
constexpr std::uint16_t kEndOfOptions = 0;
constexpr std::uint16_t kTimeResolution = 9;
constexpr std::uint16_t kTimeOffset = 14;
constexpr std::uint64_t kMicros = 1'000'000;
__extension__ using Wide = unsigned __int128;
/// Of options that go wrong: a clock of 1970 plus or minus 3,000 years.
constexpr std::int64_t kMostSeconds = 100'000'000'000;

std::uint32_t number(const std::uint8_t* bytes, std::size_t count, bool little) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = (value << 8U) | bytes[little ? count - 1 - i : i];
  }
  return value;
}

std::size_t padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

}  // namespace

std::uint16_t PcapngReader::u16(std::size_t at) const { return static_cast<std::uint16_t>(number(x_body.data() + at, 2, x_is_little)); }
std::uint32_t PcapngReader::u32(std::size_t at) const { return number(x_body.data() + at, 4, x_is_little); }
std::string PcapngReader::at_block(const char* what) const { return "block at byte " + std::to_string(x_at) + ": " + what; }

Expected<std::optional<std::uint32_t>, std::string> PcapngReader::read_block() {
  x_at = x_next;
  std::array<std::uint8_t, 12> head{};  // the third word of a section's header is its byte order
  x_file.read(reinterpret_cast<char*>(head.data()), 8);
  if (x_file.gcount() == 0) {
    return std::optional<std::uint32_t>{};
  }
  if (x_file.gcount() != 8) {
    return Unexpected{at_block("cut short")};
  }
  std::size_t read = 8;
  if (number(head.data(), 4, false) == kSectionHeader) {  // the same in both orders
    x_file.read(reinterpret_cast<char*>(head.data() + 8), 4);
    const bool is_little = std::equal(kLittleMagic.begin(), kLittleMagic.end(), head.begin() + 8);
    if (x_file.gcount() != 4 || (!is_little && !std::equal(kBigMagic.begin(), kBigMagic.end(), head.begin() + 8))) {
      return Unexpected{at_block("no byte order that is known")};
    }
    x_is_little = is_little;
    x_has_section = true;
    x_interfaces.clear();
    read = 12;
  }
  if (!x_has_section) {
    return Unexpected{at_block("no section begins here")};
  }
  const std::uint32_t length = number(head.data() + 4, 4, x_is_little);
  if (length < std::max(kFrame, read + 4) || length % 4 != 0 || length > kMaxBlock) {
    return Unexpected{at_block("a length that cannot be")};
  }
  x_body.assign(head.begin() + 8, head.begin() + static_cast<std::ptrdiff_t>(read));
  x_body.resize(length - 8);
  const auto rest = static_cast<std::streamsize>(length - read);
  x_file.read(reinterpret_cast<char*>(x_body.data() + (read - 8)), rest);
  if (x_file.gcount() != rest) {
    return Unexpected{at_block("cut short")};
  }
  if (u32(x_body.size() - 4) != length) {
    return Unexpected{at_block("its two lengths differ")};
  }
  x_body.resize(x_body.size() - 4);
  x_next += length;
  return std::optional{number(head.data(), 4, x_is_little)};
}

void PcapngReader::read_option(std::uint16_t code, std::size_t at, std::size_t length, Interface& interface) const {
  if (code == kTimeResolution && length == 1) {
    interface.resolution = x_body[at];
  } else if (code == kTimeOffset && length == 8) {
    const std::uint64_t first = u32(at);
    const std::uint64_t second = u32(at + 4);
    const auto seconds = static_cast<std::int64_t>(x_is_little ? (second << 32U) | first : (first << 32U) | second);
    interface.offset_seconds = std::clamp(seconds, -kMostSeconds, kMostSeconds);
  }
}

bool PcapngReader::add_interface() {
  if (x_body.size() < 8 || x_interfaces.size() >= kMaxInterfaces) {
    return false;
  }
  Interface interface;
  interface.link_type = u16(0);
  interface.snap_length = u32(4);
  for (std::size_t at = 8; at + 4 <= x_body.size();) {
    const std::uint16_t code = u16(at);
    const std::size_t length = u16(at + 2);
    if (code == kEndOfOptions || at + 4 + length > x_body.size()) {
      break;
    }
    read_option(code, at + 4, length, interface);
    at += 4 + padded(length);
  }
  x_interfaces.push_back(interface);
  return true;
}

WallTime PcapngReader::time_of(const Interface& interface, std::uint64_t ticks) {
  std::uint64_t seconds = 0;
  std::uint64_t micros = 0;
  const unsigned power = interface.resolution & 0x7FU;
  if ((interface.resolution & 0x80U) != 0) {
    seconds = power >= 64 ? 0 : ticks >> power;
    const std::uint64_t rest = power >= 64 ? ticks : ticks - (seconds << power);
    micros = power >= 64 ? 0 : static_cast<std::uint64_t>((Wide{rest} * kMicros) >> power);
  } else {
    std::uint64_t per_second = 1;
    for (unsigned i = 0; i < std::min(power, 19U); ++i) {
      per_second *= 10;
    }
    seconds = power > 19 ? 0 : ticks / per_second;
    micros = power > 19 ? 0 : static_cast<std::uint64_t>(Wide{ticks % per_second} * kMicros / per_second);
  }
  const auto whole = static_cast<std::int64_t>(std::min<std::uint64_t>(seconds, kMostSeconds)) + interface.offset_seconds;
  return {Seconds{whole} + Micros{static_cast<std::int64_t>(micros)}};
}

/// `lengths_at`: of the captured length; the original one follows it.
std::optional<PcapngReader::Packet> PcapngReader::packet_of(std::uint32_t number_of, std::size_t time_at, std::size_t lengths_at,
                                                            std::size_t data_at) const {
  if (number_of >= x_interfaces.size() || u32(lengths_at) > x_body.size() - data_at) {
    return std::nullopt;
  }
  const Interface& interface = x_interfaces[number_of];
  const std::uint64_t ticks = (std::uint64_t{u32(time_at)} << 32U) | u32(time_at + 4);
  return Packet{time_of(interface, ticks), interface.link_type, u32(lengths_at + 4), ByteSpan{x_body}.subspan(data_at, u32(lengths_at))};
}

std::optional<PcapngReader::Packet> PcapngReader::simple_packet() const {
  if (x_interfaces.empty() || x_body.size() < 4) {
    return std::nullopt;
  }
  const Interface& interface = x_interfaces.front();
  const std::size_t limit = interface.snap_length == 0 ? x_body.size() : interface.snap_length;
  const std::size_t captured = std::min<std::size_t>({u32(0), limit, x_body.size() - 4});
  return Packet{{}, interface.link_type, u32(0), ByteSpan{x_body}.subspan(4, captured)};
}

Expected<std::optional<PcapngReader::Packet>, std::string> PcapngReader::next() {
  for (;;) {
    const auto type = read_block();
    if (!type) {
      return Unexpected{type.error()};
    }
    if (!*type) {
      return std::optional<Packet>{};
    }
    std::optional<Packet> packet;
    switch (**type) {
      case kInterface:
        if (!add_interface()) {
          return Unexpected{at_block("an interface that cannot be read")};
        }
        continue;
      case kEnhancedPacket: packet = x_body.size() < 20 ? std::nullopt : packet_of(u32(0), 4, 12, 20); break;
      case kObsoletePacket: packet = x_body.size() < 20 ? std::nullopt : packet_of(u16(0), 4, 12, 20); break;
      case kSimplePacket: packet = simple_packet(); break;
      default: continue;
    }
    if (!packet) {
      return Unexpected{at_block("a packet that cannot be read")};
    }
    return packet;
  }
}

}  // namespace pinfold::flow
