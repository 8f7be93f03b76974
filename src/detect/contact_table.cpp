#include "detect/contact_table.hpp"

#include <algorithm>
#include <cstring>

#include "detect/small_count.hpp"

namespace pinfold::detect {

std::uint64_t hash_of_contact(std::uint64_t seed, const net::IpAddress& peer, std::uint16_t port, std::uint8_t protocol) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, peer.bytes().data(), sizeof(high));
  std::memcpy(&low, peer.bytes().data() + sizeof(high), sizeof(low));
  const std::uint64_t rest = (std::uint64_t{port} << 16U) | (std::uint64_t{protocol} << 8U) | (peer.is_v4() ? 1U : 0U);
  return fold(fold(high ^ seed ^ kFold0, low ^ kFold1) ^ rest, seed ^ kFold2);
}

void note_outbound(Contact& contact, const ContactEvent& seen, const flow::FlowRecord& record, WallTime event, WallTime received, Micros spell) {
  const bool is_same_spell = contact.is_outbound() && event - contact.last <= spell;
  contact.first = is_same_spell ? std::min(contact.first, event) : event;
  contact.last = std::max(contact.last, event);
  contact.received = std::max(contact.received, received);
  contact.signs |= static_cast<std::uint8_t>(seen.sign);
  contact.signs |= seen.answer ? static_cast<std::uint8_t>(*seen.answer) : std::uint8_t{0};
  contact.src_port = record.src_port;
  contact.packets = add_small(contact.packets, record.packets.value);
}

void note_inbound(Contact& contact, ContactSign sign, WallTime event) {
  contact.signs |= static_cast<std::uint8_t>(sign);
  contact.last = contact.is_outbound() ? contact.last : std::max(contact.last, event);
}

}  // namespace pinfold::detect
