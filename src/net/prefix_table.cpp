#include "net/prefix_table.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace pinfold::net {
namespace {

constexpr std::size_t kFirstSlots = 16;

std::uint64_t mask_of(unsigned bits) { return bits == 0 ? 0 : ~std::uint64_t{0} << (64U - std::min(bits, 64U)); }

}  // namespace

void PrefixTable::insert(const Prefix& prefix, std::uint32_t value) {
  PINFOLD_ASSERT(value <= kMaxValue);
  if (prefix.address().is_v4()) {
    insert_v4(prefix, value);
    return;
  }
  auto table = std::find_if(x_v6.begin(), x_v6.end(), [&](const V6Table& other) { return other.length() <= prefix.length(); });
  if (table == x_v6.end() || table->length() != prefix.length()) {
    table = x_v6.emplace(table, prefix.length());
  }
  table->insert(key_of(prefix.address()), value);
}

void PrefixTable::insert_v4(const Prefix& prefix, std::uint32_t value) {
  if (x_root.empty()) {
    x_root.assign(kRootSize, kNone);
    x_root_lengths.assign(kRootSize, 0);
  }
  const std::uint32_t number = prefix.address().v4_number();
  const auto length = static_cast<std::uint8_t>(prefix.length());
  for (std::size_t i = 0; i < (length < 16 ? kRootSize >> length : 1); ++i) {
    const std::size_t first = (number >> 16U) + i;
    x_inhabited.at(first / kWordBits) |= std::uint64_t{1} << (first % kWordBits);
  }
  Level level{x_root.data(), x_root_lengths.data()};
  std::size_t at = number >> 16U;
  unsigned level_end = 16;
  while (length > level_end) {
    const std::uint32_t child = child_of(level, at);
    level_end += 8;
    level = level_of(child);
    at = (number >> (32U - level_end)) & 0xFFU;
  }
  fill(level, at, std::size_t{1} << (level_end - length), length, value);
}

/// Writes the prefix to the entries that it covers and to all below them, except where a longer one stands already.
void PrefixTable::fill(Level level, std::size_t from, std::size_t count, std::uint8_t length, std::uint32_t value) {
  for (std::size_t i = from; i < from + count; ++i) {
    if (is_child(level.entries[i])) {
      fill(level_of(level.entries[i] & ~kChild), 0, kNodeSize, length, value);
    } else if (level.lengths[i] <= length) {
      level.entries[i] = value;
      level.lengths[i] = length;
    }
  }
}

std::uint32_t PrefixTable::child_of(Level level, std::size_t at) {
  const std::uint32_t entry = level.entries[at];
  if (is_child(entry)) {
    return entry & ~kChild;
  }
  const auto made = static_cast<std::uint32_t>(x_nodes.size());
  const std::uint8_t length = level.lengths[at];
  level.entries[at] = kChild | made;  // before the vectors move
  x_nodes.emplace_back().fill(entry);
  x_node_lengths.emplace_back().fill(length);
  return made;
}

const std::uint32_t* PrefixTable::place_of_v6(const IpAddress& address) const {
  const V6Key key = key_of(address);
  for (const V6Table& table : x_v6) {
    if (const std::uint32_t* value = table.place_of(key); *value != kNone) {
      return value;
    }
  }
  return &kNowhere;
}

PrefixTable::V6Key PrefixTable::key_of(const IpAddress& address) {
  V6Key key;
  for (unsigned i = 0; i < 8; ++i) {
    key.high = (key.high << 8U) | address.bytes()[i];
    key.low = (key.low << 8U) | address.bytes()[i + 8];
  }
  return key;
}

PrefixTable::V6Table::V6Table(unsigned length)
    : x_length(length), x_mask{mask_of(length), mask_of(length > 64 ? length - 64 : 0)}, x_slots(kFirstSlots) {}

void PrefixTable::V6Table::insert(const V6Key& key, std::uint32_t value) {
  if ((x_used + 1) * 2 > x_slots.size()) {
    for (const Slot& old : std::exchange(x_slots, std::vector<Slot>(x_slots.size() * 2))) {
      if (old.value != kNone) {
        x_slots[slot_of(old.key)] = old;
      }
    }
  }
  Slot& slot = x_slots[slot_of(masked(key))];
  x_used += slot.value == kNone ? 1U : 0U;
  slot = {masked(key), value};
}

const std::uint32_t* PrefixTable::V6Table::place_of(const V6Key& key) const { return &x_slots[slot_of(masked(key))].value; }

/// Where the key stands, or the empty slot where it would.
std::size_t PrefixTable::V6Table::slot_of(const V6Key& masked) const {
  std::uint64_t hash = (masked.high ^ (masked.low * 0x9E37'79B9'7F4A'7C15U)) * 0xC2B2'AE3D'27D4'EB4FU;
  hash ^= hash >> 32U;
  std::size_t at = hash & (x_slots.size() - 1);
  while (x_slots[at].value != kNone && x_slots[at].key != masked) {
    at = (at + 1) & (x_slots.size() - 1);
  }
  return at;
}

}  // namespace pinfold::net
