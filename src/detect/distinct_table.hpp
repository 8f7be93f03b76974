/// A table of distinct things in bounded memory: exact while they are few, a fair sample of them when they are many.
/// Distinct sampling: when the table is full, only keys whose hash begins with `depth` zero bits stay, and depth grows. What is left is a
/// uniform sample of the *distinct* keys, however often each occurred, so that counts and shares are estimated from one structure:
/// count * scale(). With 4,096 entries the relative error stays near 3 %. Where the pool has no room for a larger table, the sample gets coarser
/// early: the estimate is worse, and never absent.
/// The hash takes a secret seed: an attacker cannot pick keys that fall through the sample.
/// Used by: contacts and sessions of a server (detect/contact_table.hpp, detect/session_table.hpp).
/// Entry:   has `Key key`, `bool used`, `WallTime last`, is trivially copyable; `hash_of(seed, key)` is found by its namespace. Whoever touches
///          several tables of one seed with one key reckons the hash once.
/// Cost:    O(1) amortised a touch; an empty table has no memory beyond its 8 bytes. Threads: none.
/// Source:  P. Gibbons, Distinct Sampling for Highly-Accurate Answers to Distinct Values Queries, VLDB 2001.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/block_pool.hpp"
#include "base/fetch_line.hpp"
#include "base/time.hpp"

namespace pinfold::detect {

/// What all tables of one kind share.
struct TableKind {
  std::uint64_t seed = 0;
  std::size_t limit = 0;  ///< entries a table
  BlockPool* pool = nullptr;
};

/// What is kept of one table: 8 bytes. Its memory belongs to the kind's pool and goes with that.
template <typename Entry>
struct TableSlots {
  std::uint32_t block = 0;  ///< of the pool, with 1 << log entries; 0 = none yet
  std::uint16_t size = 0;
  std::uint8_t log = 0;
  std::uint8_t depth = 0;
};

/// A table at work: its kind and what is kept of it, both of which must outlive it. Cheap to make and to copy.
template <typename Entry>
class DistinctTable {
  static_assert(std::is_trivially_copyable_v<Entry> && std::is_trivially_destructible_v<Entry>);
  static_assert(std::has_single_bit(sizeof(Entry)), "an entry must not straddle cache lines");

public:
  using Key = decltype(Entry::key);

  DistinctTable(const TableKind& kind, TableSlots<Entry>& kept) : x_kind(&kind), x_kept(&kept) {}

  [[nodiscard]] std::uint64_t hash(const Key& key) const { return hash_of(x_kind->seed, key); }

  /// The entry of `key`, whose hash is `h`, made if need be; nullptr when the sample leaves it out or there is no memory for a first one. The pointer
  /// holds until the next call. `limit` may be less than the table's own when memory is short.
  [[nodiscard]] Entry* touch(const Key& key, std::uint64_t h, std::size_t limit) {
    if (!is_sampled(h)) {
      return nullptr;
    }
    if (x_kept->block == 0 && !grow_to(kFirstSlots)) {
      return nullptr;
    }
    std::size_t at = position(key, h);
    if (!slots()[at].used) {
      make_room(std::min(limit, x_kind->limit));
      if (!is_sampled(h) || x_kept->size + 1U >= capacity()) {
        return nullptr;
      }
      at = position(key, h);
      slots()[at].used = true;
      slots()[at].key = key;
      ++x_kept->size;
    }
    return &slots()[at];
  }

  [[nodiscard]] const Entry* find(const Key& key) const { return x_kept->size == 0 ? nullptr : used_at(position(key, hash(key))); }
  [[nodiscard]] Entry* find(const Key& key, std::uint64_t h) {
    return x_kept->size == 0 ? nullptr : const_cast<Entry*>(used_at(position(key, h)));  // NOLINT(cppcoreguidelines-pro-type-const-cast): ours
  }

  /// The entry, if it stands where its hash says: without the walk that a table as full as this one may ask for.
  [[nodiscard]] const Entry* glance(const Key& key, std::uint64_t h) const {
    const Entry* at = x_kept->block == 0 ? nullptr : &slots()[h & (capacity() - 1)];
    return at != nullptr && at->used && at->key == key ? at : nullptr;
  }

  /// Asks for the cache line in which the entry of that hash would stand.
  void prefetch(std::uint64_t h) const {
    if (x_kept->block != 0) {
      fetch_line(&slots()[h & (capacity() - 1)]);
    }
  }

  /// Drops what was last touched before `oldest`.
  void expire(WallTime oldest) {
    if (x_kept->block == 0) {
      return;
    }
    keep_if([oldest](const Entry& entry) { return entry.last >= oldest; });
    if (x_kept->size == 0) {
      release();
      x_kept->depth = 0;
      return;
    }
    // Less crowded again: sample more. What was left out before stays out, so counts are low for that long, never high.
    if (x_kept->depth > 0 && x_kept->size < x_kind->limit / 64) {
      --x_kept->depth;
    }
    std::size_t entries = capacity();
    while (entries > kFirstSlots && x_kept->size * 8U < entries) {
      entries /= 2;
    }
    if (entries != capacity()) {
      static_cast<void>(grow_to(entries));
    }
  }

  [[nodiscard]] std::size_t size() const { return x_kept->size; }
  [[nodiscard]] std::size_t limit() const { return x_kind->limit; }
  [[nodiscard]] std::size_t capacity() const { return x_kept->block == 0 ? 0 : std::size_t{1} << x_kept->log; }
  /// Each entry stands for so many distinct keys.
  [[nodiscard]] std::uint64_t scale() const { return std::uint64_t{1} << x_kept->depth; }

  template <typename F>
  void for_each(F&& f) const {
    for (std::size_t i = 0; i < capacity(); ++i) {
      if (slots()[i].used) {
        f(std::as_const(slots()[i]));
      }
    }
  }

private:
  static constexpr std::size_t kFirstSlots = 2;
  static_assert(kFirstSlots * sizeof(Entry) >= BlockPool::kSmallest);

  [[nodiscard]] Entry* slots() const { return static_cast<Entry*>(x_kind->pool->at(x_kept->block)); }
  [[nodiscard]] bool is_sampled(std::uint64_t h) const { return x_kept->depth == 0 || (h >> (64U - x_kept->depth)) == 0; }
  [[nodiscard]] std::size_t position(const Key& key, std::uint64_t h) const {
    const std::size_t mask = capacity() - 1;
    std::size_t at = h & mask;
    while (slots()[at].used && slots()[at].key != key) {
      at = (at + 1) & mask;
    }
    return at;
  }
  [[nodiscard]] const Entry* used_at(std::size_t at) const { return slots()[at].used ? &slots()[at] : nullptr; }
  /// A quarter stays free, of the smallest a slot.
  [[nodiscard]] static bool is_crowded(std::size_t size, std::size_t slots) { return size + std::max<std::size_t>(slots / 4, 1) > slots; }

  void make_room(std::size_t limit) {
    while (x_kept->size >= limit && x_kept->depth < kDeepest) {
      deepen();
    }
    while (is_crowded(x_kept->size + 1U, capacity()) && !grow_to(2 * capacity()) && x_kept->depth < kDeepest) {
      deepen();
    }
  }
  /// Makes the sample half as dense.
  void deepen() {
    ++x_kept->depth;
    keep_if([this](const Entry& entry) { return is_sampled(hash(entry.key)); });
  }
  void put(const Entry& entry) {
    slots()[position(entry.key, hash(entry.key))] = entry;
    ++x_kept->size;
  }
  template <typename Keep>
  void keep_if(Keep keep) {
    if (std::all_of(slots(), slots() + capacity(), [&](const Entry& entry) { return !entry.used || keep(entry); })) {
      return;
    }
    std::vector<Entry> kept;
    for_each([&](const Entry& entry) {
      if (keep(entry)) {
        kept.push_back(entry);
      }
    });
    std::fill(slots(), slots() + capacity(), Entry{});
    x_kept->size = 0;
    for (const Entry& entry : kept) {
      put(entry);
    }
  }
  /// Moves to a table of so many entries, more or less. False: the pool has none.
  [[nodiscard]] bool grow_to(std::size_t entries) {
    auto* const made = static_cast<Entry*>(x_kind->pool->take(entries * sizeof(Entry)));
    if (made == nullptr) {
      return false;
    }
    std::uninitialized_value_construct_n(made, entries);
    TableSlots<Entry> old = *x_kept;
    *x_kept = {x_kind->pool->number_of(made), 0, static_cast<std::uint8_t>(std::countr_zero(entries)), old.depth};
    DistinctTable before(*x_kind, old);
    before.for_each([this](const Entry& entry) { put(entry); });
    before.release();
    return true;
  }
  void release() {
    if (x_kept->block != 0) {
      x_kind->pool->give_back(slots(), capacity() * sizeof(Entry));
      x_kept->block = 0;
    }
  }

  static constexpr unsigned kDeepest = 60;
  const TableKind* x_kind;
  TableSlots<Entry>* x_kept;
};

/// Both halves of the product: every bit of either reaches the whole (W. Yi's wyhash).
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// For `fold`, so that a small seed is as good as any: odd numbers with as many ones as zeros (wyhash's).
inline constexpr std::uint64_t kFold0 = 0xA0761D6478BD642F;
inline constexpr std::uint64_t kFold1 = 0xE7037ED1A0B428DB;
inline constexpr std::uint64_t kFold2 = 0x8EBC6AF09C88C6E3;
inline constexpr std::uint64_t kFold3 = 0x589965CC75374CC3;

/// The finaliser of SplitMix64: every input bit reaches every output bit.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

}  // namespace pinfold::detect
