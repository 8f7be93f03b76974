// The hot path of the collector in nanoseconds a flow record: decoding IPFIX alone, and decoding with accounting and detection.
// Input: datagrams of 28 records each, 48 bytes a record, from 4,096 servers of ours to hosts outside; built here.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "detect/pipeline.hpp"
#include "flow/decoder.hpp"

namespace {

using namespace pinfold;  // NOLINT(google-build-using-namespace): one small program

constexpr std::uint32_t kServers = 4096;
constexpr std::uint32_t kRecords = 28;
constexpr std::size_t kDatagrams = 512;
constexpr WallTime kNow{std::chrono::hours{24 * 20000}};

void put(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

struct Field {
  std::uint16_t element;
  std::uint16_t length;
};
/// sourceIPv4Address, destinationIPv4Address, ports, protocol, tcpControlBits, packets, octets, flowStart- and flowEndMilliseconds.
constexpr std::array<Field, 10> kFields{{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {2, 8}, {1, 8}, {152, 8}, {153, 8}}};

std::vector<std::uint8_t> message(std::uint16_t set_id, const std::vector<std::uint8_t>& body, std::uint32_t sequence) {
  std::vector<std::uint8_t> out;
  put(out, 10, 2);
  put(out, 20 + body.size(), 2);
  put(out, static_cast<std::uint64_t>(kNow.since_epoch.count() / 1'000'000), 4);
  put(out, sequence, 4);
  put(out, 1, 4);
  put(out, set_id, 2);
  put(out, 4 + body.size(), 2);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::vector<std::uint8_t> template_message() {
  std::vector<std::uint8_t> body;
  put(body, 256, 2);
  put(body, kFields.size(), 2);
  for (const Field& field : kFields) {
    put(body, field.element, 2);
    put(body, field.length, 2);
  }
  return message(2, body, 0);
}

std::vector<std::vector<std::uint8_t>> data_messages() {
  std::vector<std::vector<std::uint8_t>> messages;
  const auto milliseconds = static_cast<std::uint64_t>(kNow.since_epoch.count() / 1000);
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < kDatagrams; ++i) {
    std::vector<std::uint8_t> body;
    for (std::uint32_t r = 0; r < kRecords; ++r, ++n) {
      const std::uint32_t server = 0x0A000000U + (n * 2654435761U) % kServers;
      put(body, server, 4);
      put(body, 0xC6120000U + (n & 0xFFU), 4);
      put(body, 1024 + n % 60000, 2);
      put(body, 443, 2);
      put(body, 6, 1);
      put(body, 0x1B, 1);
      put(body, 12, 8);
      put(body, 9000, 8);
      put(body, milliseconds - 900, 8);
      put(body, milliseconds - 100, 8);
    }
    messages.push_back(message(256, body, static_cast<std::uint32_t>(i * kRecords)));
  }
  return messages;
}

std::shared_ptr<const inventory::Inventory> servers() {
  std::vector<inventory::Server> list(kServers);
  for (std::uint32_t i = 0; i < kServers; ++i) {
    list[i].id = ServerId{"srv-" + std::to_string(i)};
    list[i].customer = CustomerId{"1"};
    list[i].addresses = {net::Prefix{net::IpAddress::v4(0x0A000000U + i), 32}};
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{CustomerId{"1"}, "one", {{ContactId{"a@b.example"}, "en"}}}},
                                                      std::move(list));
}

void decode(benchmark::State& state, detect::Pipeline* pipeline) {
  flow::Decoder decoder;
  std::vector<flow::FlowRecord> records;
  const flow::ExporterKey exporter{net::IpAddress::v4(0xC0000201U)};
  static_cast<void>(decoder.decode(exporter, template_message(), records, kNow));
  const auto messages = data_messages();
  std::size_t next = 0;
  for (auto _ : state) {
    records.clear();
    benchmark::DoNotOptimize(decoder.decode(exporter, messages[next++ % messages.size()], records, kNow).has_value());
    if (pipeline != nullptr) {
      pipeline->heard({0}, kNow);
      for (const flow::FlowRecord& record : records) {
        pipeline->add(record, {0}, kNow);
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * kRecords);
}

void ipfix_decoded(benchmark::State& state) { decode(state, nullptr); }
void ipfix_decoded_accounted_and_watched(benchmark::State& state) {
  detect::Pipeline pipeline({}, servers(), {{"sw1/swp24", 0}}, 1);
  decode(state, &pipeline);
}

BENCHMARK(ipfix_decoded);
BENCHMARK(ipfix_decoded_accounted_and_watched);

}  // namespace
