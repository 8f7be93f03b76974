/// Longest prefix match from an address to a small number: which server has this address. Used by detect twice for every flow record.
/// Built once from the inventory, then only read; there is no removal.
/// IPv4:    a trie of strides 16, 8 and 8 bits whose entries are one word, a value or a child: one to three loads, no hash, no compare of
///          lengths (a shorter prefix is pushed down into the nodes below it); nodes are made only where prefixes are. Most addresses are
///          strangers': a bit for each /16, in 8 KiB that stay in the first cache, sends them away.
/// IPv6:    one flat table a prefix length that occurs (in practice a handful), longest first, one load or two each. A trie needs a chain of
///          dependent loads for 64 bits, and 1 KiB for each pair of addresses that share most of their bytes.
/// Cost:    IPv4 328 KiB once the first prefix is in, and 1.3 KiB for each /16 and each /24 with longer prefixes; IPv6 at most 96 bytes a prefix.
/// Threads: none; several may read at once when none writes.
/// Source:  multibit tries with prefix expansion and leaf pushing, Srinivasan and Varghese, ACM TOCS 1999.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "net/ip_address.hpp"

namespace pinfold::net {

class PrefixTable {
public:
  /// The largest value that can be kept; insert asserts it.
  static constexpr std::uint32_t kMaxValue = 0x7FFF'FFFE;
  /// What `lookup` gives for an address of no prefix.
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  /// The same prefix again replaces its value. The order of insertions does not matter.
  void insert(const Prefix& prefix, std::uint32_t value);
  /// The value of the longest prefix that contains `address`, or kNone.
  [[nodiscard]] std::uint32_t lookup(const IpAddress& address) const { return *place_of(address); }
  [[nodiscard]] std::optional<std::uint32_t> find(const IpAddress& address) const {
    const std::uint32_t value = lookup(address);
    return value == kNone ? std::nullopt : std::optional{value};
  }
  /// Where that value stands, until the next `insert`; for IPv4 it has not been read yet, so that it can be asked for some addresses ahead.
  [[nodiscard]] const std::uint32_t* place_of(const IpAddress& address) const {
    return address.is_v4() ? place_of_v4(address.v4_number()) : place_of_v6(address);
  }
  [[nodiscard]] bool empty() const { return x_root.empty() && x_v6.empty(); }

private:
  static constexpr std::uint32_t kChild = 0x8000'0000;  ///< set in an entry that is the index of a node; kNone is no child
  static constexpr std::size_t kNodeSize = 256;
  using Node = std::array<std::uint32_t, kNodeSize>;
  using Lengths = std::array<std::uint8_t, kNodeSize>;

  struct V6Key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend constexpr bool operator==(const V6Key&, const V6Key&) = default;
  };
  /// All prefixes of one length: open addressing, linear probing, at most half full.
  class V6Table {
  public:
    explicit V6Table(unsigned length);
    [[nodiscard]] unsigned length() const { return x_length; }
    void insert(const V6Key& key, std::uint32_t value);
    [[nodiscard]] const std::uint32_t* place_of(const V6Key& key) const;

  private:
    struct Slot {
      V6Key key;
      std::uint32_t value = kNone;  ///< kNone: empty
    };
    [[nodiscard]] std::size_t slot_of(const V6Key& masked) const;
    [[nodiscard]] V6Key masked(const V6Key& key) const { return {key.high & x_mask.high, key.low & x_mask.low}; }

    unsigned x_length;
    V6Key x_mask;
    std::size_t x_used = 0;
    std::vector<Slot> x_slots;
  };

  static constexpr bool is_child(std::uint32_t entry) { return (entry & kChild) != 0 && entry != kNone; }
  static constexpr std::uint32_t kNowhere = kNone;  ///< the place of what has none
  [[nodiscard]] const std::uint32_t* place_of_v4(std::uint32_t address) const {
    const std::uint32_t first = address >> 16U;
    if ((x_inhabited[first / kWordBits] >> (first % kWordBits) & 1U) == 0) {
      return &kNowhere;
    }
    const std::uint32_t* entry = &x_root[first];
    if (is_child(*entry)) {
      entry = &x_nodes[*entry & ~kChild][(address >> 8U) & 0xFFU];
      if (is_child(*entry)) {
        entry = &x_nodes[*entry & ~kChild][address & 0xFFU];
      }
    }
    return entry;
  }
  [[nodiscard]] const std::uint32_t* place_of_v6(const IpAddress& address) const;
  [[nodiscard]] static V6Key key_of(const IpAddress& address);

  struct Level {
    std::uint32_t* entries;
    std::uint8_t* lengths;
  };
  void insert_v4(const Prefix& prefix, std::uint32_t value);
  void fill(Level level, std::size_t from, std::size_t count, std::uint8_t length, std::uint32_t value);
  [[nodiscard]] std::uint32_t child_of(Level level, std::size_t at);
  [[nodiscard]] Level level_of(std::uint32_t node) { return {x_nodes[node].data(), x_node_lengths[node].data()}; }

  static constexpr std::size_t kRootSize = std::size_t{1} << 16U;
  static constexpr std::size_t kWordBits = 64;
  std::array<std::uint64_t, kRootSize / kWordBits> x_inhabited{};  ///< by the first 16 bits: something of x_root's entry is not kNone
  std::vector<std::uint32_t> x_root;                               ///< empty or kRootSize, by the first 16 bits
  std::vector<Node> x_nodes;
  std::vector<std::uint8_t> x_root_lengths;  ///< of the prefix that set each entry; only insert looks
  std::vector<Lengths> x_node_lengths;
  std::vector<V6Table> x_v6;  ///< longest first
};

}  // namespace pinfold::net
