/// Names for things that must not be mixed up. An id is opaque: it is compared, printed and kept, never computed with.
/// Operator-given names (servers, customers, switches) are text from the inventory; numbers are ours.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace pinfold {

template <typename Tag, typename Rep>
struct Id {
  Rep value{};
  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(std::move(v)) {}
  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;
};

using CaseId = Id<struct CaseTag, std::int64_t>;          ///< ours; people see "PF-42", see to_string
using IncidentId = Id<struct IncidentTag, std::int64_t>;  ///< within its case, from 1
using NoticeId = Id<struct NoticeTag, std::int64_t>;      ///< within its case, from 1
using ActionId = Id<struct ActionTag, std::int64_t>;      ///< a port action, within its case, from 1
using CustomerId = Id<struct CustomerTag, std::string>;   ///< the operator's customer number
using ContactId = Id<struct ContactTag, std::string>;     ///< the contact's mail address, lower case
using ServerId = Id<struct ServerTag, std::string>;       ///< the operator's name of the server
using SwitchId = Id<struct SwitchTag, std::string>;       ///< the operator's name of the switch
using PortName = Id<struct PortNameTag, std::string>;     ///< IF-MIB ifName; stable over restarts, unlike the ifIndex
using StaffId = Id<struct StaffTag, std::string>;         ///< a member of the provider's staff
using AgentId = Id<struct AgentTag, std::string>;         ///< an enrolled host agent: hex of its Ed25519 public key
using FindingId = Id<struct FindingTag, std::string>;     ///< stable over repeats of the same statement; makes delivery idempotent

[[nodiscard]] inline std::string to_string(CaseId id) { return "PF-" + std::to_string(id.value); }

}  // namespace pinfold

template <typename Tag, typename Rep>
struct std::hash<pinfold::Id<Tag, Rep>> {
  std::size_t operator()(const pinfold::Id<Tag, Rep>& id) const noexcept { return std::hash<Rep>{}(id.value); }
};
