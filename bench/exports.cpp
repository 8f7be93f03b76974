#include "bench/exports.hpp"

#include <array>

namespace pinfold::bench {
namespace {

constexpr std::uint32_t kUptimeMillis = 3'600'000;
constexpr std::uint32_t kTemplate = 256;

void put(Datagram& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}
void put_zeros(Datagram& out, std::size_t count) { out.insert(out.end(), count, 0); }
void overwrite(Datagram& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    out[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
}

struct Element {
  std::uint16_t id;
  std::uint16_t length;
};
/// Addresses, ports, protocol, flags, class of service, direction, interfaces, bytes, packets, first, last, both AS numbers.
constexpr std::array<Element, 16> kNetflow9{
    {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {5, 1}, {61, 1}, {10, 4}, {14, 4}, {1, 4}, {2, 4}, {22, 4}, {21, 4}, {16, 4}, {17, 4}}};
constexpr std::array<Element, 16> kIpfix{
    {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {5, 1}, {61, 1}, {10, 4}, {14, 4}, {1, 8}, {2, 8}, {152, 8}, {153, 8}, {16, 4}, {17, 4}}};

/// Everything in front of the records; `body` is how many bytes follow the header.
void put_header(Datagram& out, Export kind, std::size_t count, std::size_t body, std::uint32_t seconds) {
  switch (kind) {
    case Export::NetFlow5:
      put(out, 5, 2);
      put(out, count, 2);
      put(out, kUptimeMillis, 4);
      put(out, seconds, 4);
      put_zeros(out, 12);
      break;
    case Export::NetFlow9:
      put(out, 9, 2);
      put(out, count, 2);
      put(out, kUptimeMillis, 4);
      put(out, seconds, 4);
      put(out, 0, 4);
      put(out, 7, 4);
      break;
    case Export::Ipfix:
      put(out, 10, 2);
      put(out, 16 + body, 2);
      put(out, seconds, 4);
      put(out, 0, 4);
      put(out, 7, 4);
      break;
    case Export::Sflow:
      put(out, 5, 4);
      put(out, 1, 4);
      put(out, 0x7F00'0001, 4);
      put_zeros(out, 8);
      put(out, kUptimeMillis, 4);
      put(out, count, 4);
      break;
  }
}

}  // namespace

struct ExportMaker::Flow {
  std::uint32_t src;
  std::uint32_t dst;
  std::uint16_t src_port;
  std::uint16_t dst_port;
  std::uint32_t packets;
  std::uint32_t bytes;
  std::uint8_t protocol;
  std::uint8_t flags;
};

std::optional<Export> parse_export(std::string_view name) {
  if (name == "v5") {
    return Export::NetFlow5;
  }
  if (name == "v9") {
    return Export::NetFlow9;
  }
  if (name == "ipfix") {
    return Export::Ipfix;
  }
  return name == "sflow" ? std::optional{Export::Sflow} : std::nullopt;
}

std::uint32_t flows_per_datagram(Export kind) {
  switch (kind) {
    case Export::NetFlow5: return 30;
    case Export::NetFlow9: return 28;
    case Export::Ipfix: return 21;
    case Export::Sflow: return 7;
  }
  return 0;
}

std::uint32_t sequence_step(Export kind) { return kind == Export::NetFlow5 || kind == Export::Ipfix ? flows_per_datagram(kind) : 1; }

void stamp(Export kind, Datagram& datagram, std::uint32_t sequence, std::uint32_t seconds) {
  switch (kind) {
    case Export::NetFlow5:
      overwrite(datagram, 8, seconds);
      overwrite(datagram, 16, sequence);
      break;
    case Export::NetFlow9:
      overwrite(datagram, 8, seconds);
      overwrite(datagram, 12, sequence);
      break;
    case Export::Ipfix: overwrite(datagram, 8, sequence); break;
    case Export::Sflow: overwrite(datagram, 16, sequence); break;
  }
}

ExportMaker::Flow ExportMaker::flow() {
  constexpr std::array<std::uint16_t, 8> kPorts{443, 80, 53, 25, 22, 3389, 123, 8080};
  const auto server = kFirstServer + static_cast<std::uint32_t>(x_random() % kServers);
  const auto peer = static_cast<std::uint32_t>((x_random() & 0x3FFF'FFFFU) + 0x5000'0000U);
  const bool is_out = x_random() % 10 < 7;
  Flow flow{};
  flow.src = is_out ? server : peer;
  flow.dst = is_out ? peer : server;
  flow.src_port = static_cast<std::uint16_t>(1024 + x_random() % 60'000);
  flow.dst_port = kPorts[x_random() % kPorts.size()];
  flow.packets = static_cast<std::uint32_t>(1 + x_random() % 40);
  flow.bytes = flow.packets * static_cast<std::uint32_t>(60 + x_random() % 1200);
  const bool is_udp = flow.dst_port == 53 || flow.dst_port == 123;
  flow.protocol = is_udp ? 17 : 6;
  flow.flags = is_udp ? 0 : 0x1B;
  return flow;
}

Datagram ExportMaker::data() {
  const std::uint32_t count = flows_per_datagram(x_kind);
  Datagram body;
  for (std::uint32_t i = 0; i < count; ++i) {
    x_kind == Export::Sflow ? put_sample(body, flow()) : put_record(body, flow());
  }
  Datagram out;
  const bool has_sets = x_kind == Export::NetFlow9 || x_kind == Export::Ipfix;
  put_header(out, x_kind, count, body.size() + (has_sets ? 4 : 0), x_seconds);
  if (has_sets) {
    put(out, kTemplate, 2);
    put(out, body.size() + 4, 2);
  }
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::optional<Datagram> ExportMaker::templates() const {
  if (x_kind != Export::NetFlow9 && x_kind != Export::Ipfix) {
    return std::nullopt;
  }
  const auto& elements = x_kind == Export::NetFlow9 ? kNetflow9 : kIpfix;
  Datagram out;
  const std::size_t body = 8 + 4 * elements.size();
  put_header(out, x_kind, 1, body, x_seconds);
  put(out, x_kind == Export::NetFlow9 ? 0 : 2, 2);
  put(out, body, 2);
  put(out, kTemplate, 2);
  put(out, elements.size(), 2);
  for (const Element& element : elements) {
    put(out, element.id, 2);
    put(out, element.length, 2);
  }
  return out;
}

void ExportMaker::put_record(Datagram& out, const Flow& flow) const {
  put(out, flow.src, 4);
  put(out, flow.dst, 4);
  if (x_kind == Export::NetFlow5) {
    put_zeros(out, 4);
    put(out, 1, 2);
    put(out, 2, 2);
    put(out, flow.packets, 4);
    put(out, flow.bytes, 4);
    put(out, kUptimeMillis - 5000, 4);
    put(out, kUptimeMillis - 10, 4);
    put(out, flow.src_port, 2);
    put(out, flow.dst_port, 2);
    put(out, 0, 1);
    put(out, flow.flags, 1);
    put(out, flow.protocol, 1);
    put_zeros(out, 5);
    put(out, 24, 1);
    put_zeros(out, 3);
    return;
  }
  put(out, flow.src_port, 2);
  put(out, flow.dst_port, 2);
  put(out, flow.protocol, 1);
  put(out, flow.flags, 1);
  put_zeros(out, 2);  // class of service; direction: ingress
  put(out, 1, 4);
  put(out, 2, 4);
  const unsigned width = x_kind == Export::NetFlow9 ? 4 : 8;
  const std::uint64_t last = x_kind == Export::NetFlow9 ? kUptimeMillis : std::uint64_t{x_seconds} * 1000;
  put(out, flow.bytes, width);
  put(out, flow.packets, width);
  put(out, last - 5000, width);
  put(out, last - 10, width);
  put(out, 64'500, 4);
  put(out, 64'501, 4);
}

void ExportMaker::put_sample(Datagram& out, const Flow& flow) const {
  constexpr std::size_t kHeader = 128;
  const std::uint32_t length = 128 + flow.bytes % 1300;
  put(out, 1, 4);  // flow sample
  put(out, 32 + 8 + 16 + kHeader, 4);
  put(out, 0, 4);
  put(out, 3, 4);     // source: ifIndex 3
  put(out, 1000, 4);  // rate
  put_zeros(out, 8);
  put(out, 1, 4);
  put(out, 2, 4);
  put(out, 1, 4);  // one record: the packet's header
  put(out, 1, 4);
  put(out, 16 + kHeader, 4);
  put(out, 1, 4);  // Ethernet
  put(out, length + 18, 4);
  put(out, 4, 4);
  put(out, kHeader, 4);
  const std::size_t frame = out.size();
  put(out, 0x0200'0000'0001, 6);
  put(out, 0x0200'0000'0002, 6);
  put(out, 0x0800, 2);
  put(out, 0x4500, 2);
  put(out, length, 2);
  put_zeros(out, 4);
  put(out, 64, 1);
  put(out, flow.protocol, 1);
  put_zeros(out, 2);
  put(out, flow.src, 4);
  put(out, flow.dst, 4);
  put(out, flow.src_port, 2);
  put(out, flow.dst_port, 2);
  if (flow.protocol == 6) {
    put_zeros(out, 8);
    put(out, 0x5010, 2);
  } else {
    put(out, length - 20, 2);
  }
  put_zeros(out, frame + kHeader - out.size());
}

}  // namespace pinfold::bench
