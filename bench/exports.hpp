/// Export datagrams for the load generator: what 100,000 servers in 10.0.0.0/15 would make a router or switch send.
/// 70 % of the flows go out; ports, sizes and peers are random with a fixed seed. NetFlow v5: 30 records; v9: 28 of 48 bytes; IPFIX: 21 of
/// 64 bytes; sFlow v5: 7 samples with 128 bytes of header each. All stay below an Ethernet MTU.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace pinfold::bench {

inline constexpr std::uint32_t kServers = 100'000;
inline constexpr std::uint32_t kFirstServer = 0x0A00'0000;

enum class Export : std::uint8_t { NetFlow5, NetFlow9, Ipfix, Sflow };
[[nodiscard]] std::optional<Export> parse_export(std::string_view name);  ///< "v5", "v9", "ipfix", "sflow"
[[nodiscard]] std::uint32_t flows_per_datagram(Export kind);

using Datagram = std::vector<std::uint8_t>;

class ExportMaker {
public:
  ExportMaker(Export kind, std::uint32_t seconds) : x_kind(kind), x_seconds(seconds) {}
  [[nodiscard]] Datagram data();
  /// nullopt for protocols without templates.
  [[nodiscard]] std::optional<Datagram> templates() const;

private:
  struct Flow;
  [[nodiscard]] Flow flow();
  void put_record(Datagram& out, const Flow& flow) const;
  void put_sample(Datagram& out, const Flow& flow) const;

  Export x_kind;
  std::uint32_t x_seconds;
  std::mt19937_64 x_random{1};
};

/// Writes the sequence number that is due and the time of day into a datagram, as an exporter would have.
void stamp(Export kind, Datagram& datagram, std::uint32_t sequence, std::uint32_t seconds);
/// By how much a datagram moves the sequence on.
[[nodiscard]] std::uint32_t sequence_step(Export kind);

}  // namespace pinfold::bench
