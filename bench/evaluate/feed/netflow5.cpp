#include "evaluate/feed/netflow5.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <span>
#include <string>

namespace pinfold::evaluate {
namespace {

constexpr std::size_t kMostRecords = 30;
/// A datagram waits no longer for more records.
constexpr double kMostWait = 0.5;
/// The two highest bits of the sampling field say how; the other fourteen, one in how many.
constexpr std::uint32_t kRandomSampling = 2U << 14U;
constexpr std::uint32_t kUptime = 100'000;

class Bytes {
public:
  void u8(std::uint64_t value) { x_bytes.push_back(static_cast<char>(value & 0xFFU)); }
  void u16(std::uint64_t value) {
    u8(value >> 8U);
    u8(value);
  }
  void u32(std::uint64_t value) {
    u16(value >> 16U);
    u16(value);
  }
  [[nodiscard]] const std::string& text() const { return x_bytes; }

private:
  std::string x_bytes;
};

std::string datagram(std::span<const TimedRecord> records, std::uint32_t sequence, std::uint32_t one_in) {
  const double at = records.back().at;
  const auto now = static_cast<std::uint32_t>(at * 1000) + kUptime;
  Bytes bytes;
  bytes.u16(5);
  bytes.u16(records.size());
  bytes.u32(now);
  bytes.u32(static_cast<std::uint32_t>(at) + 1'795'435'200);
  bytes.u32(0);
  bytes.u32(sequence);
  bytes.u16(0);
  bytes.u16(one_in == 1 ? 0 : kRandomSampling | one_in);
  for (const TimedRecord& timed : records) {
    const flow::FlowRecord& record = timed.record;
    const std::uint64_t length =
        record.first && record.last
            ? static_cast<std::uint64_t>(std::clamp<std::int64_t>((record.last->since_epoch - record.first->since_epoch).count() / 1000, 0, 100'000))
            : 0;
    bytes.u32(record.src.v4_number());
    bytes.u32(record.dst.v4_number());
    bytes.u32(0);
    bytes.u16(1);
    bytes.u16(2);
    bytes.u32(std::min<std::uint64_t>(record.packets.value, 0xFFFF'FFFF));
    bytes.u32(std::min<std::uint64_t>(record.bytes.value, 0xFFFF'FFFF));
    bytes.u32(now - 1 - std::min<std::uint64_t>(length, now - 1));
    bytes.u32(now - 1);
    bytes.u16(record.src_port);
    bytes.u16(record.dst_port);
    bytes.u8(0);
    bytes.u8(record.tcp_flags.value_or(0));
    bytes.u8(record.protocol);
    bytes.u8(0);
    bytes.u16(0);
    bytes.u16(0);
    bytes.u8(24);
    bytes.u8(0);
    bytes.u16(0);
  }
  return bytes.text();
}

}  // namespace

bool write_feed(const std::filesystem::path& file, std::vector<TimedRecord> records, std::uint32_t one_in) {
  static_assert(std::endian::native == std::endian::little);
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  std::uint32_t sequence = 0;
  for (std::size_t i = 0; i < records.size();) {
    std::size_t end = i + 1;
    while (end < records.size() && end - i < kMostRecords && records[end].at - records[i].at < kMostWait) {
      ++end;
    }
    const std::string bytes = datagram(std::span(records).subspan(i, end - i), sequence, one_in);
    const double at = records[end - 1].at;
    const auto length = static_cast<std::uint16_t>(bytes.size());
    std::array<char, 10> header{};
    std::memcpy(header.data(), &at, 8);
    std::memcpy(header.data() + 8, &length, 2);
    out.write(header.data(), header.size());
    out << bytes;
    sequence += static_cast<std::uint32_t>(end - i);
    i = end;
  }
  return out.good();
}

}  // namespace pinfold::evaluate
