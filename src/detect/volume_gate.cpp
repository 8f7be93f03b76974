#include "detect/volume_gate.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "detect/client_tracker.hpp"
#include "detect/services.hpp"
#include "detect/small_count.hpp"

namespace pinfold::detect {
namespace {

/// Packets of a record: fewer cannot be the answers of a flood's worth (2 % of 5,000 a second for five seconds).
constexpr std::uint64_t kLargeAnswer = 500;
/// Questions of a record that are worth remembering for a reflector.
constexpr std::uint64_t kManyQuestions = 50;
/// Of a class, really seen, before a sampled server is busy.
constexpr std::uint64_t kLeastSamples = 4;

/// Not opened and closed again within a slot: most connections are, and hold nothing.
bool may_be_held(const flow::FlowRecord& record, Micros lasted) {
  return lasted >= kSlot || (record.tcp_flags.value_or(0) & (flow::kFin | flow::kRst)) == 0;
}

/// The vote of Boyer and Moore: who has more than all others together is named at the end, and by how much at least.
void vote_for_plain_web(VolumeGate& gate, const net::IpAddress& peer, std::uint32_t connections) {
  const auto hashed = static_cast<std::uint16_t>(hash_of_peer(peer));
  const auto votes = static_cast<std::uint16_t>(std::min<std::uint32_t>(connections, std::numeric_limits<std::uint16_t>::max()));
  if (gate.plain_web == hashed) {
    gate.opened_plain = static_cast<std::uint16_t>(std::min<std::uint32_t>(std::uint32_t{gate.opened_plain} + votes, UINT16_MAX));
  } else if (votes > gate.opened_plain) {
    gate.plain_web = hashed;
    gate.opened_plain = static_cast<std::uint16_t>(votes - gate.opened_plain);
  } else {
    gate.opened_plain = static_cast<std::uint16_t>(gate.opened_plain - votes);
  }
}

}  // namespace

std::uint32_t hash_of_peer(const net::IpAddress& peer) { return static_cast<std::uint32_t>(mix_bits(std::hash<net::IpAddress>{}(peer))); }

bool is_question(const flow::FlowRecord& record) { return record.protocol == flow::kUdp && is_amplifier(record.dst_port); }
bool is_to_plain_web(const flow::FlowRecord& record) { return record.protocol == flow::kTcp && is_plain_web(record.dst_port); }

std::optional<VolumeClass> volume_class_of(const flow::FlowRecord& record) {
  switch (record.protocol) {
    case flow::kTcp: {
      const std::uint8_t flags = record.tcp_flags.value_or(0);
      return (flags & (flow::kSyn | flow::kAck)) == flow::kSyn ? VolumeClass::Syn : VolumeClass::Other;
    }
    case flow::kUdp: return is_amplifier(record.src_port) ? VolumeClass::Answer : VolumeClass::Udp;
    case flow::kIcmp:
    case flow::kIcmpV6: {
      const unsigned type = record.dst_port >> 8U;
      if (type == 8 || type == 13 || type == 128) {
        return VolumeClass::Echo;
      }
      const bool is_reply = type == 0 || type == 14 || type == 129;
      return is_reply ? std::optional{VolumeClass::Other} : std::nullopt;
    }
    default: return VolumeClass::Other;
  }
}

std::uint32_t opened_by(const flow::FlowRecord& record, VolumeClass kind, std::uint64_t packets) {
  if (kind == VolumeClass::Syn) {
    return add_small(0, packets);
  }
  // All three at once: taken in turn, a processor would guess wrong in every fifth record.
  const unsigned has_syn = record.tcp_flags.value_or(0) & flow::kSyn;
  const unsigned is_opening = static_cast<unsigned>(has_syn != 0) & static_cast<unsigned>(record.protocol == flow::kTcp) &
                              static_cast<unsigned>(record.src_port >= record.dst_port);
  return is_opening != 0 ? record.sampling_rate.one_in() : 0;
}

std::uint64_t connections_opened_by(const flow::FlowRecord& record) {
  const auto kind = volume_class_of(record);
  return kind ? opened_by(record, *kind, saturating_multiply(record.packets.value, record.sampling_rate.one_in())) : 0;
}

bool is_large_answer(const flow::FlowRecord& record) {
  const std::uint64_t one_in = record.sampling_rate.one_in();
  const std::uint64_t packets = saturating_multiply(record.packets.value, one_in);
  const bool is_more_than_chance = one_in == 1 || record.packets.value > 1;
  return is_more_than_chance && packets >= kManyQuestions && (packets >= kLargeAnswer || is_question(record));
}

BusyMarks busy_marks(const FloodThresholds& flood, const ReflectorThresholds& reflector) {
  const auto mark = [](std::uint64_t pps) { return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(pps * 10 / 8, 1, 1'000'000'000)); };
  return {{mark(flood.min_syn_pps), mark(flood.min_udp_pps), mark(flood.min_icmp_pps), mark(reflector.min_pps), mark(flood.min_other_pps)},
          mark(flood.min_connections_per_second),
          std::max(flood.min_slow_connections / 2, 1U)};
}

VolumeShare volume_share_of(const flow::FlowRecord& record) {
  const Micros duration = record.first && record.last ? std::max(record.last->claimed() - record.first->claimed(), Micros{0}) : Micros{0};
  if (duration <= kSlot) {
    return {saturating_multiply(record.packets.value, record.sampling_rate.one_in()),
            saturating_multiply(record.bytes.value, record.sampling_rate.one_in()), record.packets.value, duration};
  }
  const auto parts = static_cast<std::uint64_t>((duration + kSlot - Micros{1}) / kSlot);
  const std::uint64_t seen = (record.packets.value + parts - 1) / parts;
  return {saturating_multiply(seen, record.sampling_rate.one_in()),
          saturating_multiply((record.bytes.value + parts - 1) / parts, record.sampling_rate.one_in()), seen, kSlot};
}

bool VolumeGate::passes(const flow::FlowRecord& record, VolumeClass kind, const VolumeShare& share, std::int64_t number, const BusyMarks& marks,
                        std::uint64_t times) {
  const auto at = static_cast<std::uint32_t>(std::max<std::int64_t>(number, 0));
  if (at > slot) {
    *this = {};
    slot = at;
  }
  const auto c = static_cast<std::size_t>(kind);
  const std::uint32_t connections = opened_by(record, kind, share.packets);
  packets.at(c) = add_small(packets.at(c), share.packets);
  opened = add_small(opened, connections);
  const std::uint64_t one_in = record.sampling_rate.one_in();
  if (one_in == 1 && connections > 0 && is_to_plain_web(record) && may_be_held(record, share.lasted)) {
    vote_for_plain_web(*this, record.dst, connections);
  }
  const std::uint64_t least = one_in == 1 ? 0 : saturating_multiply(one_in, kLeastSamples);
  const auto mark = [&](std::uint64_t asked) {
    return std::min<std::uint64_t>(times * std::max(asked, least), std::numeric_limits<std::uint32_t>::max());
  };
  return packets.at(c) >= mark(marks.packets.at(c)) || opened >= mark(marks.opened) || opened_plain >= marks.opened_plain;
}

}  // namespace pinfold::detect
