/// A table of distinct things in bounded memory: exact while they are few, a fair sample of them when they are many.
/// Distinct sampling: when the table is full, only keys whose hash begins with `depth` zero bits stay, and depth grows. What is left is a
/// uniform sample of the *distinct* keys, however often each occurred, so that counts and shares are estimated from one structure:
/// count * scale(). With 4,096 entries the relative error stays near 3 %.
/// Two tables with the same seed and limit merge exactly: the result is what one table would hold that had seen everything, in any order.
/// The hash takes a secret seed: an attacker cannot pick keys that fall through the sample.
/// Used by: contacts and sessions of a server (detect/contact_table.hpp, detect/session_table.hpp).
/// Entry:   has `Key key`, `bool used`, `WallTime last`; `hash_of(seed, key)` is found by its namespace.
/// Cost:    O(1) amortised a touch; an empty table has no memory. Threads: none.
/// Source:  P. Gibbons, Distinct Sampling for Highly-Accurate Answers to Distinct Values Queries, VLDB 2001.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace pinfold::detect {

template <typename Entry>
class DistinctTable {
public:
  using Key = decltype(Entry::key);

  DistinctTable(std::uint64_t seed, std::size_t limit) : x_seed(seed), x_limit(limit) {}

  /// The entry of `key`, made if need be; nullptr when the sample leaves it out. The pointer holds until the next call.
  /// `limit` may be less than the table's own when memory is short.
  [[nodiscard]] Entry* touch(const Key& key, std::size_t limit) {
    const std::uint64_t h = hash_of(x_seed, key);
    if (!is_sampled(h)) {
      return nullptr;
    }
    if (x_slots.empty()) {
      x_slots.resize(kFirstSlots);
    }
    std::size_t at = position(key, h);
    if (!x_slots[at].used) {
      make_room(std::min(limit, x_limit));
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
  [[nodiscard]] Entry* touch(const Key& key) { return touch(key, x_limit); }

  [[nodiscard]] const Entry* find(const Key& key) const {
    if (x_size == 0) {
      return nullptr;
    }
    const Entry& slot = x_slots[position(key, hash_of(x_seed, key))];
    return slot.used ? &slot : nullptr;
  }
  [[nodiscard]] Entry* find(const Key& key) {
    if (x_size == 0) {
      return nullptr;
    }
    Entry& slot = x_slots[position(key, hash_of(x_seed, key))];
    return slot.used ? &slot : nullptr;
  }

  /// Asks for the cache lines in which the entry of `key` would stand. Inline for the compiler would drop a call without any effect.
  [[gnu::always_inline]] void prefetch(const Key& key) const {
    if (!x_slots.empty()) {
      const auto* slot = reinterpret_cast<const char*>(&x_slots[hash_of(x_seed, key) & (x_slots.size() - 1)]);
      __builtin_prefetch(slot, 1);
      __builtin_prefetch(slot + sizeof(Entry) - 1, 1);
    }
  }

  /// Drops what was last touched before `oldest`.
  void expire(WallTime oldest) {
    if (x_slots.empty()) {
      return;
    }
    rebuild(x_slots.size(), [oldest](const Entry& entry) { return entry.last >= oldest; });
    if (x_size == 0) {
      x_slots = {};
      x_depth = 0;
      return;
    }
    // Less crowded again: sample more. What was left out before stays out, so counts are low for that long, never high.
    if (x_depth > 0 && x_size < x_limit / 64) {
      --x_depth;
    }
    std::size_t slots = x_slots.size();
    while (slots > kFirstSlots && x_size * 8 < slots) {
      slots /= 2;
    }
    if (slots != x_slots.size()) {
      rebuild(slots, [](const Entry&) { return true; });
    }
  }

  /// Makes the sample at least so coarse: before entries of a table of that depth are taken in.
  void deepen_to(unsigned depth) {
    if (depth > x_depth) {
      x_depth = depth;
      rebuild(x_slots.size(), [this](const Entry& entry) { return is_sampled(hash_of(x_seed, entry.key)); });
    }
  }

  /// `combine(mine, theirs)` for every entry of `other` that the common sample and `wanted(key)` keep; `mine` may be new.
  template <typename Combine, typename Wanted>
  void merge(const DistinctTable& other, Combine&& combine, Wanted&& wanted) {
    deepen_to(other.x_depth);
    other.for_each([&](const Entry& theirs) {
      if (!wanted(theirs.key)) {
        return;
      }
      if (Entry* mine = touch(theirs.key)) {
        combine(*mine, theirs);
      }
    });
  }

  [[nodiscard]] std::size_t size() const { return x_size; }
  [[nodiscard]] std::size_t limit() const { return x_limit; }
  [[nodiscard]] std::size_t capacity() const { return x_slots.size(); }
  [[nodiscard]] unsigned depth() const { return x_depth; }
  /// Each entry stands for so many distinct keys.
  [[nodiscard]] std::uint64_t scale() const { return std::uint64_t{1} << x_depth; }

  template <typename F>
  void for_each(F&& f) const {
    for (const Entry& slot : x_slots) {
      if (slot.used) {
        f(slot);
      }
    }
  }

private:
  static constexpr std::size_t kFirstSlots = 8;

  [[nodiscard]] bool is_sampled(std::uint64_t h) const { return x_depth == 0 || (h >> (64 - x_depth)) == 0; }
  [[nodiscard]] std::size_t position(const Key& key, std::uint64_t h) const {
    const std::size_t mask = x_slots.size() - 1;
    std::size_t at = h & mask;
    while (x_slots[at].used && x_slots[at].key != key) {
      at = (at + 1) & mask;
    }
    return at;
  }
  void make_room(std::size_t limit) {
    while (x_size >= limit && x_depth < 60) {
      deepen_to(x_depth + 1);
    }
    if ((x_size + 1) * 4 > x_slots.size() * 3) {
      rebuild(x_slots.size() * 2, [](const Entry&) { return true; });
    }
  }
  template <typename Keep>
  void rebuild(std::size_t slots, Keep keep) {
    const std::vector<Entry> old = std::exchange(x_slots, std::vector<Entry>(slots));
    x_size = 0;
    for (const Entry& entry : old) {
      if (entry.used && keep(entry)) {
        x_slots[position(entry.key, hash_of(x_seed, entry.key))] = entry;
        ++x_size;
      }
    }
  }

  std::uint64_t x_seed;
  std::size_t x_limit;
  unsigned x_depth = 0;
  std::size_t x_size = 0;
  std::vector<Entry> x_slots;  ///< a power of two, at most three quarters used
};

/// The finaliser of SplitMix64: every input bit reaches every output bit.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

}  // namespace pinfold::detect
