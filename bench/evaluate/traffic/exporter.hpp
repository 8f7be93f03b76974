/// A router between the generator and the detector: turns conversations into flow records the way real exporters do.
///   Flows           NetFlow/IPFIX, 1:1: one record a direction and a piece; a piece ends at the active timeout, or before a pause longer than
///                   the inactive one. Flags are the OR of the piece's packets. It is *received* when the router gives it up: at the active
///                   timeout, or the inactive timeout after its last packet (at once on FIN or RST).
///   SampledPackets  sFlow: every packet is looked at with probability 1/N, at random; received within a second. Samples of
///                   one direction with the same flags within half a second are one record of so many packets.
///   SampledFlows    sampled NetFlow: the same packets, gathered into flows with the same timeouts.
/// Sampling is one geometric skip counter over all packets of the scene, with the scene's own dice.
/// Source: RFC 3954 section 3.3 (timeouts), RFC 5476 section 5.2.2.2 (uniform probabilistic sampling), sFlow v5 section 3.1.
/// Cost:   O(records) for sampled exports, O(pieces) for flows. Threads: none.
#pragma once

#include <utility>
#include <vector>

#include "evaluate/traffic/conversation.hpp"

namespace pinfold::evaluate {

enum class Method : std::uint8_t { Flows, SampledPackets, SampledFlows };
[[nodiscard]] const char* to_string(Method method);

struct ExportSettings {
  Method method = Method::Flows;
  std::uint32_t one_in = 1;
  Micros active = std::chrono::seconds{60};
  Micros inactive = std::chrono::seconds{15};
};

struct ReceivedRecord {
  flow::FlowRecord record;
  WallTime received;
};

class Exporter {
public:
  Exporter(ExportSettings settings, Random& random) : x_settings(settings), x_random(random), x_skip(random.skip(settings.one_in)) {}

  void add(const Conversation& talk);
  /// In order of receipt; the exporter is empty afterwards.
  [[nodiscard]] std::vector<ReceivedRecord> take();
  /// On the wire so far, sampled or not.
  struct Packets {
    std::uint64_t there = 0;
    std::uint64_t back = 0;
  };
  [[nodiscard]] Packets packets() const { return x_packets; }

private:
  struct Piece;
  void add_leg(const Conversation& talk, const Leg& leg, bool is_back);
  void add_flows(const Conversation& talk, const Leg& leg, bool is_back);
  void add_samples(const Conversation& talk, const Leg& leg, bool is_back);
  void emit(const Conversation& talk, const Piece& piece, bool is_back, std::uint8_t seen_flags);

  ExportSettings x_settings;
  Random& x_random;
  std::uint64_t x_skip;
  Packets x_packets;
  std::vector<ReceivedRecord> x_records;
};

}  // namespace pinfold::evaluate
