/// The contacts of one server: with whom it tried to talk, on which port, and whether it was answered (detect/distinct_table.hpp).
/// Two tables stand side by side: `recent` holds three minutes for fast scans, `slow` a hundred minutes for patient ones.
/// Memory: 64 bytes an entry with slack; at most kMaxContacts and kMaxSlowContacts entries a server. Threads: none.
#pragma once

#include <cstdint>

#include "detect/contact.hpp"
#include "detect/distinct_table.hpp"

namespace pinfold::detect {

struct alignas(64) Contact {  // one cache line
  ContactKey key;
  std::uint16_t src_port = 0;  ///< of the last attempt
  std::uint8_t signs = 0;      ///< ContactSign bits
  bool used = false;
  std::uint32_t packets = 0;    ///< outbound, as exported; saturating
  std::uint32_t told_slow = 0;  ///< in `recent`: second of event time when `slow` was last told of it
  WallTime first;               ///< event times of what the server sent; a pause of a window's length begins anew
  WallTime last;
  WallTime received;  ///< when the last attempt reached us

  [[nodiscard]] bool has(ContactSign sign) const { return (signs & static_cast<std::uint8_t>(sign)) != 0; }
  /// The server turned to the peer, as far as we know.
  [[nodiscard]] bool is_outbound() const { return has(ContactSign::Attempt) || has(ContactSign::Established); }
  [[nodiscard]] bool is_answered() const { return has(ContactSign::Accepted) || has(ContactSign::Established); }
};

static_assert(sizeof(Contact) == 64);
using ContactTable = DistinctTable<Contact>;

inline constexpr std::size_t kMaxContacts = 4096;
inline constexpr std::size_t kMaxSlowContacts = 1024;
/// The most that a table may hold when memory is short over all servers; still enough to tell a scan.
inline constexpr std::size_t kMaxContactsWhenShort = 512;

[[nodiscard]] std::uint64_t hash_of_contact(std::uint64_t seed, const net::IpAddress& peer, std::uint16_t port, std::uint8_t protocol);
[[nodiscard]] inline std::uint64_t hash_of(std::uint64_t seed, const ContactKey& key) {
  return hash_of_contact(seed, key.peer, key.port, key.protocol);
}

/// What one record said, taken into its entry. Outbound and inbound as in ContactEvent; a pause longer than `spell` begins anew.
void note_outbound(Contact& contact, const ContactEvent& seen, const flow::FlowRecord& record, WallTime event, WallTime received, Micros spell);
void note_inbound(Contact& contact, ContactSign sign, WallTime event);

}  // namespace pinfold::detect
