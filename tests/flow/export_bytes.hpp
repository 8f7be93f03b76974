/// Writes export datagrams by hand for the tests of `flow`: network byte order, lengths filled in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "flow/decoder.hpp"

namespace pinfold::flow::test {

class ExportBytes {
public:
  ExportBytes& u8(std::uint64_t value) { return integer(value, 1); }
  ExportBytes& u16(std::uint64_t value) { return integer(value, 2); }
  ExportBytes& u32(std::uint64_t value) { return integer(value, 4); }
  ExportBytes& u64(std::uint64_t value) { return integer(value, 8); }
  ExportBytes& u16s(std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t value : values) {
      u16(value);
    }
    return *this;
  }
  ExportBytes& u32s(std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t value : values) {
      u32(value);
    }
    return *this;
  }
  ExportBytes& integer(std::uint64_t value, unsigned length) {
    for (unsigned i = length; i-- > 0;) {
      x_bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return *this;
  }
  ExportBytes& append(const ExportBytes& other) {
    x_bytes.insert(x_bytes.end(), other.x_bytes.begin(), other.x_bytes.end());
    return *this;
  }
  ExportBytes& text(std::string_view value) {
    x_bytes.insert(x_bytes.end(), value.begin(), value.end());
    return *this;
  }
  ExportBytes& zeros(std::size_t count) {
    x_bytes.resize(x_bytes.size() + count);
    return *this;
  }
  /// A set, flowset, sample or record of sFlow with its length in front.
  ExportBytes& set(std::uint16_t id, const ExportBytes& body) { return u16(id).u16(body.size() + 4).append(body); }
  ExportBytes& sflow(std::uint32_t format, const ExportBytes& body) {
    u32(format).u32(body.size()).append(body);
    return zeros((4 - body.size() % 4) % 4);
  }

  [[nodiscard]] std::size_t size() const { return x_bytes.size(); }
  [[nodiscard]] ByteSpan span() const { return x_bytes; }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return x_bytes; }

private:
  std::vector<std::uint8_t> x_bytes;
};

constexpr std::uint32_t kExportSeconds = 1'700'000'000;
inline const ExporterKey kExporter{net::IpAddress::v4(0xC0000201), 0};

inline ExportBytes ipfix(const ExportBytes& sets, std::uint32_t sequence = 0, std::uint32_t domain = 1) {
  return ExportBytes{}.u16(10).u16(16 + sets.size()).u32(kExportSeconds).u32(sequence).u32(domain).append(sets);
}
inline ExportBytes netflow9(const ExportBytes& sets, std::uint32_t sequence = 0, std::uint32_t source = 1, std::uint32_t uptime = 100'000) {
  return ExportBytes{}.u16(9).u16(1).u32(uptime).u32(kExportSeconds).u32(sequence).u32(source).append(sets);
}

/// A decoder, and what came out of it.
struct Bench {
  explicit Bench(const Limits& limits = {}) : decoder(limits) {}

  Expected<DecodeStats, DecodeError> take(const ExportBytes& datagram) { return take(datagram.span()); }
  Expected<DecodeStats, DecodeError> take(ByteSpan datagram) { return decoder.decode(kExporter, datagram, flows, WallTime{}); }
  [[nodiscard]] Counters counters() const { return decoder.counters(kExporter); }

  Decoder decoder;
  std::vector<FlowRecord> flows;
};

inline std::string ip(const net::IpAddress& address) { return net::to_string(address); }
inline std::string time_text(const std::optional<ExporterTime>& time) { return time ? to_string(time->claimed()) : "absent"; }

}  // namespace pinfold::flow::test
