#include "detect/contact_table.hpp"

#include <cstring>
#include <utility>

namespace pinfold::detect {
namespace {

constexpr std::size_t kFirstSlots = 8;

/// The finaliser of SplitMix64: every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t ContactTable::hash(const ContactKey& key) const {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, key.peer.bytes().data(), sizeof(high));
  std::memcpy(&low, key.peer.bytes().data() + sizeof(high), sizeof(low));
  const std::uint64_t rest = (std::uint64_t{key.port} << 16U) | (std::uint64_t{key.protocol} << 8U) | (key.peer.is_v4() ? 1U : 0U);
  return mix(mix(mix(x_seed ^ high) ^ low) ^ rest);
}

std::size_t ContactTable::position(const ContactKey& key, std::uint64_t h) const {
  const std::size_t mask = x_slots.size() - 1;
  std::size_t at = h & mask;
  while (x_slots[at].used && x_slots[at].key != key) {
    at = (at + 1) & mask;
  }
  return at;
}

Contact* ContactTable::find(const ContactKey& key) {
  if (x_size == 0) {
    return nullptr;
  }
  Contact& slot = x_slots[position(key, hash(key))];
  return slot.used ? &slot : nullptr;
}

Contact* ContactTable::touch(const ContactKey& key, bool memory_is_short) {
  const std::uint64_t h = hash(key);
  if (!is_sampled(h)) {
    return nullptr;
  }
  if (x_slots.empty()) {
    x_slots.resize(kFirstSlots);
  }
  std::size_t at = position(key, h);
  if (!x_slots[at].used) {
    make_room(memory_is_short ? kMaxContactsWhenShort : kMaxContacts);
    if (!is_sampled(h)) {
      return nullptr;
    }
    at = position(key, h);
    x_slots[at].used = true;
    x_slots[at].key = key;
    ++x_size;
  }
  return &x_slots[at];
}

void ContactTable::make_room(std::size_t limit) {
  while (x_size >= limit) {
    ++x_depth;
    rebuild(x_slots.size(), [this](const Contact& contact) { return is_sampled(hash(contact.key)); });
  }
  if ((x_size + 1) * 4 > x_slots.size() * 3) {
    rebuild(x_slots.size() * 2, [](const Contact&) { return true; });
  }
}

void ContactTable::expire(WallTime oldest) {
  if (x_slots.empty()) {
    return;
  }
  rebuild(x_slots.size(), [oldest](const Contact& contact) { return contact.last >= oldest; });
  if (x_size == 0) {
    x_slots = {};
    x_depth = 0;
    return;
  }
  // Less crowded again: sample more. What was left out in the minutes before stays out, so counts are low for that long, never high.
  if (x_depth > 0 && x_size < kMaxContactsWhenShort / 8) {
    --x_depth;
  }
  std::size_t slots = x_slots.size();
  while (slots > kFirstSlots && x_size * 8 < slots) {
    slots /= 2;
  }
  if (slots != x_slots.size()) {
    rebuild(slots, [](const Contact&) { return true; });
  }
}

template <typename Keep>
void ContactTable::rebuild(std::size_t slots, Keep keep) {
  const std::vector<Contact> old = std::exchange(x_slots, std::vector<Contact>(slots));
  x_size = 0;
  for (const Contact& contact : old) {
    if (contact.used && keep(contact)) {
      x_slots[position(contact.key, hash(contact.key))] = contact;
      ++x_size;
    }
  }
}

}  // namespace pinfold::detect
