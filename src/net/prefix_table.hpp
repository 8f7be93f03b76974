/// Longest prefix match from an address to a small number: which server has this address. Used by detect for every flow record.
/// Built once from the inventory, then only read; there is no removal.
/// IPv4:    a trie of strides 16, 8 and 8 bits: at most three loads a look-up, no hash; nodes are made only where prefixes are.
/// IPv6:    one hash table a prefix length that occurs (in practice a handful), longest first; a trie would cost 20 KiB a lone /128.
/// Cost:    IPv4 768 KiB once the first prefix is in, and 3 KiB for each /16 and each /24 with longer prefixes; IPv6 about 64 bytes a prefix.
/// Threads: none; several may read at once when none writes.
/// Source:  multibit tries with prefix expansion, Srinivasan and Varghese, ACM TOCS 1999.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/ip_address.hpp"

namespace pinfold::net {

class PrefixTable {
public:
  /// The largest value that can be kept; insert asserts it.
  static constexpr std::uint32_t kMaxValue = 0xFFFFFFFE;

  /// The same prefix again replaces its value. The order of insertions does not matter.
  void insert(const Prefix& prefix, std::uint32_t value);
  /// The value of the longest prefix that contains `address`.
  [[nodiscard]] std::optional<std::uint32_t> find(const IpAddress& address) const;
  [[nodiscard]] bool empty() const { return x_root.empty() && x_lengths.none(); }

private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Entry {
    std::uint32_t value = kNone;
    std::uint32_t child = kNone;  ///< index into x_nodes
    std::uint8_t length = 0;      ///< of the prefix that set `value`
  };
  using Node = std::array<Entry, 256>;

  void insert_v4(const Prefix& prefix, std::uint32_t value);
  [[nodiscard]] Node& child_of(Entry& entry);

  std::vector<Entry> x_root;  ///< empty or 2^16, by the first 16 bits
  std::vector<Node> x_nodes;
  std::bitset<129> x_lengths;  ///< IPv6 prefix lengths that occur
  std::array<std::unordered_map<IpAddress, std::uint32_t>, 129> x_v6;
};

}  // namespace pinfold::net
