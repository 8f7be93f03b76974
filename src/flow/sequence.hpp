/// Finds the gaps in one sequence of an exporter, over 32-bit wraps, reordering and restarts.
/// Units:   whatever the protocol counts: datagrams (sFlow, NetFlow v9) or records (NetFlow v5, IPFIX).
/// Threads: none. O(1), no allocation.
/// Source:  RFC 3954 section 5.1; RFC 7011 section 3.1; sFlow v5, "sequence_number" of sample_datagram_v5.
#pragma once

#include <cstdint>
#include <optional>

namespace pinfold::flow {

class SequenceTracker {
public:
  /// A jump beyond this, or back by more than this, is a restart and no loss.
  static constexpr std::uint32_t kLargestGap = 1U << 20U;

  /// `sequence` arrived and covers `count` units. Gives the change to the sum of lost units: positive for a gap, negative when what
  /// was thought lost turns up late.
  [[nodiscard]] std::int64_t arrived(std::uint32_t sequence, std::uint32_t count) {
    if (!x_next) {
      x_next = sequence + count;
      return 0;
    }
    const std::uint32_t ahead = sequence - *x_next;
    const std::uint32_t behind = *x_next - sequence;
    if (ahead <= kLargestGap) {
      x_next = sequence + count;
      x_missing += ahead;
      return ahead;
    }
    if (behind <= kLargestGap && x_missing >= count) {
      x_missing -= count;  // late: x_next stands
      return -std::int64_t{count};
    }
    x_next = sequence + count;
    x_missing = 0;
    return 0;
  }

  /// How much the current datagram covers cannot be known: start again with the next one.
  void forget() { x_next.reset(); }

private:
  std::optional<std::uint32_t> x_next;
  std::uint64_t x_missing = 0;
};

}  // namespace pinfold::flow
