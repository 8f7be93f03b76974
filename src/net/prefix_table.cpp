#include "net/prefix_table.hpp"

#include <span>

#include "base/assert.hpp"

namespace pinfold::net {
namespace {

constexpr std::size_t kRootSize = std::size_t{1} << 16U;

}  // namespace

void PrefixTable::insert(const Prefix& prefix, std::uint32_t value) {
  PINFOLD_ASSERT(value <= kMaxValue);
  if (prefix.address().is_v4()) {
    insert_v4(prefix, value);
    return;
  }
  x_lengths.set(prefix.length());
  x_v6[prefix.length()].insert_or_assign(prefix.address(), value);
}

void PrefixTable::insert_v4(const Prefix& prefix, std::uint32_t value) {
  if (x_root.empty()) {
    x_root.resize(kRootSize);
  }
  // A prefix is written to every entry of its stride that it covers, except where a longer one already stands.
  const auto fill = [&](std::span<Entry> level, std::uint32_t from, unsigned level_end) {
    const std::size_t covered = std::size_t{1} << (level_end - prefix.length());
    for (Entry& entry : level.subspan(from, covered)) {
      if (entry.value == kNone || entry.length <= prefix.length()) {
        entry.value = value;
        entry.length = static_cast<std::uint8_t>(prefix.length());
      }
    }
  };
  const std::uint32_t number = prefix.address().v4_number();
  if (prefix.length() <= 16) {
    fill(x_root, number >> 16U, 16);
    return;
  }
  Node& second = child_of(x_root[number >> 16U]);
  if (prefix.length() <= 24) {
    fill(second, (number >> 8U) & 0xFFU, 24);
    return;
  }
  fill(child_of(second[(number >> 8U) & 0xFFU]), number & 0xFFU, 32);
}

PrefixTable::Node& PrefixTable::child_of(Entry& entry) {
  if (entry.child != kNone) {
    return x_nodes[entry.child];
  }
  entry.child = static_cast<std::uint32_t>(x_nodes.size());  // before the vector may move `entry`
  return x_nodes.emplace_back();
}

std::optional<std::uint32_t> PrefixTable::find(const IpAddress& address) const {
  std::uint32_t best = kNone;
  if (address.is_v4()) {
    if (x_root.empty()) {
      return std::nullopt;
    }
    const std::uint32_t number = address.v4_number();
    const Entry* entry = &x_root[number >> 16U];
    best = entry->value;
    for (unsigned shift = 8; entry->child != kNone; shift -= 8) {
      entry = &x_nodes[entry->child][(number >> shift) & 0xFFU];
      best = entry->value != kNone ? entry->value : best;
    }
    return best == kNone ? std::nullopt : std::optional{best};
  }
  for (std::size_t length = x_lengths.size(); length-- > 0 && x_lengths.any();) {
    if (!x_lengths.test(length)) {
      continue;
    }
    const auto& table = x_v6[length];
    if (const auto found = table.find(Prefix{address, static_cast<unsigned>(length)}.address()); found != table.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

}  // namespace pinfold::net
