/// The contacts of one server in the last minutes: exact while they are few, a fair sample of them when they are many.
/// Distinct sampling: when the table is full, only keys whose hash begins with `depth` zero bits stay, and depth grows. What is left is a
/// uniform sample of the *distinct* contacts, however often each occurred, so that counts, shares and the answered/unanswered state of each
/// are all estimated from one structure: count * scale(). With kMaxContacts = 4096 the relative error stays near 3 %.
/// The hash takes a secret seed: a scanner cannot pick targets that fall through the sample.
/// Cost:    O(1) amortised a touch; at most kMaxContacts entries (512 KiB with slack); an idle server has no table at all.
/// Threads: none.
/// Source:  P. Gibbons, Distinct Sampling for Highly-Accurate Answers to Distinct Values Queries, VLDB 2001.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "detect/contact.hpp"

namespace pinfold::detect {

struct Contact {
  ContactKey key;
  std::uint16_t src_port = 0;  ///< of the last attempt
  std::uint8_t signs = 0;      ///< ContactSign bits
  bool used = false;
  std::uint64_t packets = 0;  ///< outbound, as exported
  WallTime first;             ///< event times of what the server sent; a pause of a window's length begins anew
  WallTime last;
  WallTime received;  ///< when the last attempt reached us

  [[nodiscard]] bool has(ContactSign sign) const { return (signs & static_cast<std::uint8_t>(sign)) != 0; }
  /// The server turned to the peer, as far as we know.
  [[nodiscard]] bool is_outbound() const { return has(ContactSign::Attempt) || has(ContactSign::Established); }
  [[nodiscard]] bool is_answered() const { return has(ContactSign::Accepted) || has(ContactSign::Established); }
};

class ContactTable {
public:
  static constexpr std::size_t kMaxContacts = 4096;
  /// The most that a table may hold when memory is short over all servers; still enough to tell a scan.
  static constexpr std::size_t kMaxContactsWhenShort = 512;

  explicit ContactTable(std::uint64_t seed) : x_seed(seed) {}

  /// The entry of `key`, made if need be; nullptr when the sample leaves it out. The pointer holds until the next call.
  [[nodiscard]] Contact* touch(const ContactKey& key, bool memory_is_short);
  [[nodiscard]] Contact* find(const ContactKey& key);
  /// Drops what was last touched before `oldest`.
  void expire(WallTime oldest);

  [[nodiscard]] std::size_t size() const { return x_size; }
  [[nodiscard]] std::size_t capacity() const { return x_slots.size(); }
  /// Each entry stands for so many distinct contacts.
  [[nodiscard]] std::uint64_t scale() const { return std::uint64_t{1} << x_depth; }

  template <typename F>
  void for_each(F&& f) const {
    for (const Contact& slot : x_slots) {
      if (slot.used) {
        f(slot);
      }
    }
  }

private:
  [[nodiscard]] std::uint64_t hash(const ContactKey& key) const;
  [[nodiscard]] bool is_sampled(std::uint64_t h) const { return x_depth == 0 || (h >> (64 - x_depth)) == 0; }
  [[nodiscard]] std::size_t position(const ContactKey& key, std::uint64_t h) const;
  void make_room(std::size_t limit);
  template <typename Keep>
  void rebuild(std::size_t slots, Keep keep);

  std::uint64_t x_seed;
  unsigned x_depth = 0;
  std::size_t x_size = 0;
  std::vector<Contact> x_slots;  ///< a power of two, at most three quarters used
};

}  // namespace pinfold::detect
