// What the volume tracker counts of one destination, network and connection; the tracker itself is volume_tracker.cpp.
#include <algorithm>

#include "detect/small_count.hpp"
#include "detect/volume_tracker.hpp"

namespace pinfold::detect {
void VolumeCount::add(std::uint64_t more_packets, std::uint64_t more_bytes, std::uint64_t more_seen) {
  packets = add_small(packets, more_packets);
  seen = add_small(seen, more_seen);
  bytes += more_bytes;
}

void HeldConnections::add_outbound(const flow::FlowRecord& record, WallTime event, std::uint64_t more_opened) {
  const WallTime from = record.first ? event - (record.last ? record.last->claimed() - record.first->claimed() : Micros{0}) : event;
  if (end != WallTime{} && from - begin > kWindow) {
    *this = {};
  }
  begin = end == WallTime{} ? from : std::min(begin, from);
  end = std::max(end, event);
  opened = add_small(opened, more_opened);
  closed = add_small(closed, (record.tcp_flags.value_or(0) & (flow::kFin | flow::kRst)) != 0 ? 1U : 0U);
  out_packets = add_small(out_packets, record.packets.value);
  out_bytes += record.bytes.value;
}

void HeldConnections::add_inbound(const flow::FlowRecord& record) {
  in_packets = add_small(in_packets, record.packets.value);
  constexpr std::uint64_t kAcknowledgement = 66;  // with options
  answers = add_small(answers, record.bytes.value > record.packets.value * kAcknowledgement ? 1U : 0U);
}

net::Prefix network_of(const net::IpAddress& address) {
  constexpr unsigned kV4 = 24;
  constexpr unsigned kV6 = 64;
  return {address, address.bits() == 32 ? kV4 : kV6};
}

std::size_t Network::hosts_in(std::int64_t slot) const {
  const Hosts& at = hosts.at(static_cast<std::size_t>(std::max<std::int64_t>(slot, 0)) % Destination::kSlots);
  return at.slot == slot ? at.seen.count() : 0;
}

std::uint64_t Destination::answers_about(std::int64_t number) const {
  std::uint64_t answers = 0;
  for (const DestinationSlot& slot : slots) {
    answers += slot.number >= 0 && slot.number + 1 >= number && slot.number <= number + 1 ? slot.in.packets : 0;
  }
  return answers;
}

}  // namespace pinfold::detect
