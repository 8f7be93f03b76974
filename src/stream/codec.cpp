#include "stream/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "base/assert.hpp"

namespace pinfold::stream {
namespace {

using detect::Direction;
using detect::PointReport;
using detect::RecordSighting;
using detect::Summary;
using detect::SummaryBatch;
using detect::TrafficSpan;

constexpr std::string_view kMagic = "PFS1";

// What of a sighting is there.
constexpr std::uint64_t kInbound = 1U << 0U;
constexpr std::uint64_t kSpoofed = 1U << 1U;
constexpr std::uint64_t kByAddressOnly = 1U << 2U;
constexpr std::uint64_t kHasFirst = 1U << 3U;
constexpr std::uint64_t kHasLast = 1U << 4U;
constexpr std::uint64_t kHasFlags = 1U << 5U;
constexpr std::uint64_t kHasReversePackets = 1U << 6U;
constexpr std::uint64_t kHasReverseBytes = 1U << 7U;
constexpr std::uint64_t kFromV6 = 1U << 8U;
constexpr std::uint64_t kToV6 = 1U << 9U;

class Writer {
public:
  explicit Writer(WallTime base) : x_base(base.since_epoch.count()) {}
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      x_bytes += static_cast<char>(value | 0x80U);
      value >>= 7U;
    }
    x_bytes += static_cast<char>(value);
  }
  void time(std::int64_t micros) {
    const auto offset = static_cast<std::uint64_t>(micros) - static_cast<std::uint64_t>(x_base);  // wraps, and back in the reader
    number((offset << 1U) ^ (offset >> 63U != 0 ? ~std::uint64_t{0} : 0));
  }
  void text(std::string_view text) {
    PINFOLD_ASSERT(text.size() <= kMaxText);
    number(text.size());
    x_bytes += text;
  }
  void raw(std::string_view bytes) { x_bytes += bytes; }
  [[nodiscard]] std::string take() { return std::move(x_bytes); }
  [[nodiscard]] std::size_t size() const { return x_bytes.size(); }

private:
  std::int64_t x_base;
  std::string x_bytes;
};

void write_address(Writer& out, const net::IpAddress& address) {
  const auto& bytes = address.bytes();
  out.raw({reinterpret_cast<const char*>(bytes.data()), address.is_v4() ? 4U : 16U});
}

void write_sighting(Writer& out, const RecordSighting& seen) {
  const flow::FlowRecord& r = seen.record;
  out.number((seen.direction == Direction::Inbound ? kInbound : 0) | (seen.is_spoofed ? kSpoofed : 0) | (seen.by_address_only ? kByAddressOnly : 0) |
             (r.first ? kHasFirst : 0) | (r.last ? kHasLast : 0) | (r.tcp_flags ? kHasFlags : 0) | (r.reverse_packets ? kHasReversePackets : 0) |
             (r.reverse_bytes ? kHasReverseBytes : 0) | (r.src.is_v4() ? 0 : kFromV6) | (r.dst.is_v4() ? 0 : kToV6));
  out.time(seen.event.since_epoch.count());
  out.number(static_cast<std::uint64_t>(r.version));
  out.number(r.sampling_rate.one_in());
  if (r.first) {
    out.time(r.first->since_epoch.count());
  }
  if (r.last) {
    out.time(r.last->since_epoch.count());
  }
  write_address(out, r.src);
  write_address(out, r.dst);
  out.number(r.src_port);
  out.number(r.dst_port);
  out.number(r.protocol);
  if (r.tcp_flags) {
    out.number(*r.tcp_flags);
  }
  out.number(r.packets.value);
  out.number(r.bytes.value);
  if (r.reverse_packets) {
    out.number(r.reverse_packets->value);
  }
  if (r.reverse_bytes) {
    out.number(r.reverse_bytes->value);
  }
}

void write_summary(Writer& out, const Summary& summary) {
  out.text(summary.server.value);
  out.text(summary.point);
  out.time(summary.outbound.since_epoch.count());
  out.number(summary.disagreed);
  out.number(summary.left_out);
  out.number(summary.traffic.size());
  for (const TrafficSpan& span : summary.traffic) {
    out.number(static_cast<std::uint64_t>(span.direction));
    out.time(span.begin.since_epoch.count());
    out.time(span.end.since_epoch.count());
    out.number(span.bytes);
    out.number(span.packets);
    out.number(span.flows);
    out.number(span.variance);
  }
  out.number(summary.sightings.size());
  for (const RecordSighting& seen : summary.sightings) {
    write_sighting(out, seen);
  }
}

void write_head(Writer& out, const SummaryBatch& batch) {
  out.raw(kMagic);
  out.text(batch.key.collector);
  out.number(batch.key.epoch);
  out.number(batch.key.sequence);
  out.number(static_cast<std::uint64_t>(batch.published.since_epoch.count()));
  out.number(batch.points.size());
  for (const PointReport& report : batch.points) {
    out.text(report.point);
    out.number(report.lost_datagrams);
    out.number((report.shows_inbound ? 1U : 0U) | (report.is_alive ? 2U : 0U));
  }
}

/// Reads until the first thing that is wrong; from then on everything is zero.
class Reader {
public:
  explicit Reader(ByteSpan bytes) : x_bytes(bytes) {}
  [[nodiscard]] std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = x_bytes.u8();
      if (!byte) {
        return fail("the message ends too soon");
      }
      if (shift == 63 && *byte > 1) {
        break;
      }
      value |= static_cast<std::uint64_t>(*byte & 0x7FU) << shift;
      if ((*byte & 0x80U) == 0) {
        return value <= most ? value : fail("a number is out of bounds");
      }
    }
    return fail("a number is too long");
  }
  template <typename T>
  [[nodiscard]] T small() {
    return static_cast<T>(number(std::numeric_limits<T>::max()));
  }
  void base(std::int64_t micros) { x_base = micros; }
  [[nodiscard]] std::int64_t time() {
    const std::uint64_t coded = number();
    const std::uint64_t offset = (coded >> 1U) ^ ((coded & 1U) != 0 ? ~std::uint64_t{0} : 0);
    return static_cast<std::int64_t>(offset + static_cast<std::uint64_t>(x_base));
  }
  [[nodiscard]] WallTime wall() { return WallTime{Micros{time()}}; }
  [[nodiscard]] std::string text() {
    const auto view = raw(number(kMaxText));
    return view ? std::string(view->begin(), view->end()) : std::string{};
  }
  [[nodiscard]] std::optional<ByteSpan> raw(std::uint64_t n) {
    auto view = x_error.empty() ? x_bytes.bytes(n) : std::nullopt;
    if (!view) {
      static_cast<void>(fail("the message ends too soon"));
    }
    return view;
  }
  /// How many elements follow, each of at least `least` bytes: a lying count cannot make us reserve more than the message holds.
  [[nodiscard]] std::size_t count(std::size_t least) { return number(x_bytes.remaining() / least); }
  [[nodiscard]] net::IpAddress address(bool is_v6) {
    const auto view = raw(is_v6 ? 16 : 4);
    if (!view) {
      return {};
    }
    if (!is_v6) {
      return net::IpAddress::v4((std::uint32_t{(*view)[0]} << 24U) | (std::uint32_t{(*view)[1]} << 16U) | (std::uint32_t{(*view)[2]} << 8U) |
                                (*view)[3]);
    }
    std::array<std::uint8_t, 16> bytes{};
    std::copy(view->begin(), view->end(), bytes.begin());
    return net::IpAddress::v6(bytes);
  }
  std::uint64_t fail(std::string_view what) {
    if (x_error.empty()) {
      x_error = fmt::format("byte {}: {}", x_bytes.position(), what);
    }
    return 0;
  }
  [[nodiscard]] bool is_good() const { return x_error.empty(); }
  [[nodiscard]] const std::string& error() const { return x_error; }
  [[nodiscard]] bool is_at_end() const { return x_bytes.empty(); }

private:
  ByteReader x_bytes;
  std::int64_t x_base = 0;
  std::string x_error;
};

RecordSighting read_sighting(Reader& in) {
  RecordSighting seen;
  const std::uint64_t what = in.number((kToV6 << 1U) - 1);
  flow::FlowRecord& r = seen.record;
  seen.direction = (what & kInbound) != 0 ? Direction::Inbound : Direction::Outbound;
  seen.is_spoofed = (what & kSpoofed) != 0;
  seen.by_address_only = (what & kByAddressOnly) != 0;
  seen.event = in.wall();
  r.version = static_cast<flow::ExportVersion>(in.number(static_cast<std::uint64_t>(flow::ExportVersion::Packet)));
  r.sampling_rate = SamplingRate{in.small<std::uint32_t>()};
  if ((what & kHasFirst) != 0) {
    r.first = ExporterTime{Micros{in.time()}};
  }
  if ((what & kHasLast) != 0) {
    r.last = ExporterTime{Micros{in.time()}};
  }
  r.src = in.address((what & kFromV6) != 0);
  r.dst = in.address((what & kToV6) != 0);
  r.src_port = in.small<std::uint16_t>();
  r.dst_port = in.small<std::uint16_t>();
  r.protocol = in.small<std::uint8_t>();
  if ((what & kHasFlags) != 0) {
    r.tcp_flags = in.small<std::uint8_t>();
  }
  r.packets = Packets{in.number()};
  r.bytes = Bytes{in.number()};
  if ((what & kHasReversePackets) != 0) {
    r.reverse_packets = Packets{in.number()};
  }
  if ((what & kHasReverseBytes) != 0) {
    r.reverse_bytes = Bytes{in.number()};
  }
  return seen;
}

Summary read_summary(Reader& in) {
  Summary summary;
  summary.server = ServerId{in.text()};
  summary.point = in.text();
  summary.outbound = in.wall();
  summary.disagreed = in.number();
  summary.left_out = in.number();
  constexpr std::size_t kLeastSpan = 7;
  constexpr std::size_t kLeastSighting = 17;
  for (std::size_t left = in.count(kLeastSpan); left > 0 && in.is_good(); --left) {
    TrafficSpan span;
    span.direction = static_cast<Direction>(in.number(1));
    span.begin = in.wall();
    span.end = in.wall();
    span.bytes = in.number();
    span.packets = in.number();
    span.flows = in.number();
    span.variance = in.number();
    summary.traffic.push_back(span);
  }
  for (std::size_t left = in.count(kLeastSighting); left > 0 && in.is_good(); --left) {
    summary.sightings.push_back(read_sighting(in));
  }
  return summary;
}

}  // namespace

std::string encode(const SummaryBatch& batch) {
  Writer out(batch.published);
  write_head(out, batch);
  out.number(batch.summaries.size());
  for (const Summary& summary : batch.summaries) {
    write_summary(out, summary);
  }
  return out.take();
}

Expected<SummaryBatch, std::string> decode(ByteSpan bytes) {
  Reader in(bytes);
  const auto magic = in.raw(kMagic.size());
  if (!magic || !std::equal(magic->begin(), magic->end(), kMagic.begin())) {
    return Unexpected(std::string("byte 0: no summaries of an edition that this program knows"));
  }
  SummaryBatch batch;
  batch.key.collector = in.text();
  batch.key.epoch = in.number();
  batch.key.sequence = in.number();
  batch.published = WallTime{Micros{static_cast<std::int64_t>(in.number(std::numeric_limits<std::int64_t>::max()))}};
  in.base(batch.published.since_epoch.count());
  for (std::size_t left = in.count(3); left > 0 && in.is_good(); --left) {
    PointReport report;
    report.point = in.text();
    report.lost_datagrams = in.number();
    const std::uint64_t bits = in.number(3);
    report.shows_inbound = (bits & 1U) != 0;
    report.is_alive = (bits & 2U) != 0;
    batch.points.push_back(std::move(report));
  }
  constexpr std::size_t kLeastSummary = 7;
  for (std::size_t left = in.count(kLeastSummary); left > 0 && in.is_good(); --left) {
    batch.summaries.push_back(read_summary(in));
  }
  if (in.is_good() && !in.is_at_end()) {
    static_cast<void>(in.fail("something follows the last summary"));
  }
  if (!in.is_good()) {
    return Unexpected(in.error());
  }
  return batch;
}

unsigned shard_of(const ServerId& server, unsigned shards) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : server.value) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return static_cast<unsigned>(hash % shards);
}

Splitter::Splitter(unsigned shards, std::size_t target) : x_target(target), x_shards(shards) { PINFOLD_ASSERT(shards >= 1 && shards <= kMaxShards); }

std::vector<Message> Splitter::split(const SummaryBatch& batch) {
  for (Shard& shard : x_shards) {
    for (const PointReport& report : batch.points) {
      PointReport& sum = shard.points[report.point];
      sum.point = report.point;
      sum.lost_datagrams += report.lost_datagrams;
      sum.shows_inbound = sum.shows_inbound || report.shows_inbound;
      sum.is_alive = sum.is_alive || report.is_alive;
    }
  }
  std::vector<std::vector<std::string>> written(x_shards.size());
  for (const Summary& summary : batch.summaries) {
    if (summary.server.value.size() > kMaxText || summary.point.size() > kMaxText) {
      continue;  // no inventory has such names
    }
    Writer out(batch.published);
    write_summary(out, summary);
    written[shard_of(summary.server, static_cast<unsigned>(x_shards.size()))].push_back(out.take());
  }
  std::vector<Message> messages;
  for (unsigned i = 0; i < x_shards.size(); ++i) {
    Shard& shard = x_shards[i];
    std::vector<std::string>& parts = written[i];
    if (parts.empty() && batch.published - shard.told < detect::kSummaryInterval && batch.published >= shard.told) {
      continue;
    }
    shard.told = batch.published;
    std::size_t next = 0;
    do {
      SummaryBatch head{{batch.key.collector, batch.key.epoch, ++x_sequence}, batch.published, {}, {}};
      for (auto& [name, report] : std::exchange(shard.points, {})) {
        head.points.push_back(std::move(report));
      }
      std::size_t end = next;
      for (std::size_t size = 0; end < parts.size() && (end == next || size + parts[end].size() <= x_target); ++end) {
        size += parts[end].size();
      }
      Writer out(batch.published);
      write_head(out, head);
      out.number(end - next);
      for (; next < end; ++next) {
        out.raw(parts[next]);
      }
      messages.push_back({i, out.take()});
    } while (next < parts.size());
  }
  return messages;
}

}  // namespace pinfold::stream
