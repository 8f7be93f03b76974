/// Guard rails: whether this port may be written at all, judged from what was just read off the switch, the record, the journal and the case.
/// Pure functions; the driver reads, the executor asks, a person sees the verdicts. Missing data is Hold, never Pass.
///   G0 kill switch · G1 allow-list · G2 identity in this session · G3 two witnesses · G4 uplink · G5 blast radius · G6 staleness · G7 approval
///   G8 dry run (docs/manual/enforcement.md)
/// Order:   all are evaluated, in this order, so that a person sees every reason at once; one Refuse refuses, else one Hold holds.
/// Lifting: two different persons, neither of them the case's author, who approved the action may accept what G1, G3, G4 or G5 hold (those verdicts
/// pass then, and say who took
///          it upon them). Nobody lifts a refusal, an identity that could not be read (G2) or evidence that is old (G6).
/// All but G2 concern downs only: an up restores one attribute of a port that Pinfold itself shut (rule "ownership").
/// Threads: any. No I/O; the time comes with the question. O(MACs on the port); MACs in a verdict's text are limited to kMaxMacsShown.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "base/units.hpp"
#include "desk/event.hpp"
#include "desk/policy.hpp"
#include "inventory/inventory.hpp"
#include "net/mac_address.hpp"

namespace pinfold::guard {

inline constexpr std::size_t kMaxLearnedMacs = 4;  ///< more on one access port look like a switch behind it
inline constexpr std::size_t kMaxMacsShown = 8;
inline constexpr unsigned kMinPortsForShare = 8;  ///< on a smaller switch a port's share of the traffic says nothing
inline constexpr double kMaxTrafficShare = 0.25;  ///< of what the switch ever carried; more looks like an uplink
inline constexpr unsigned kMaxTaggedVlans = 1;    ///< more is a trunk
inline constexpr Micros kApprovalLife = std::chrono::hours{2};
inline constexpr Micros kClockSkew = std::chrono::seconds{5};  ///< by so much another desk's clock may be ahead
inline constexpr std::size_t kPersonsToLift = 2;
inline constexpr std::uint32_t kEthernet = 6;  ///< IANAifType ethernetCsmacd

/// The names under which verdicts are reported, in the order of evaluation.
inline constexpr std::string_view kKillSwitch = "G0 kill switch";
inline constexpr std::string_view kAllowList = "G1 allow-list";
inline constexpr std::string_view kIdentity = "G2 identity";
inline constexpr std::string_view kWitnesses = "G3 two witnesses";
inline constexpr std::string_view kUplink = "G4 uplink";
inline constexpr std::string_view kBlastRadius = "G5 blast radius";
inline constexpr std::string_view kStaleness = "G6 staleness";
inline constexpr std::string_view kApproval = desk::kApprovalRule;
inline constexpr std::string_view kDryRun = "G8 dry run";
inline constexpr std::string_view kOwnership = "ownership";

enum class AdminState : std::uint8_t { Up, Down, Testing };                                               ///< IF-MIB ifAdminStatus
enum class OperState : std::uint8_t { Up, Down, Testing, Unknown, Dormant, NotPresent, LowerLayerDown };  ///< IF-MIB ifOperStatus

/// What tells one run of a switch's agent from the next; indexes may have moved when any of it changes.
struct SwitchIdentity {
  std::string sys_name;
  std::uint32_t engine_boots = 0;              ///< snmpEngineBoots; 0 where the protocol has none
  Millis uptime{0};                            ///< sysUpTime
  std::optional<std::uint32_t> table_changed;  ///< ifTableLastChange, hundredths of seconds of sysUpTime
};

/// Something that not every switch can tell. Not offered: there is no such witness, and its silence holds nothing. Offered without a value:
/// it exists and could not be read, which holds.
template <typename T>
struct Witness {
  bool offered = false;
  std::optional<T> value;
};

/// One port of a bond, beside the one that is asked about.
struct BondMember {
  PortName name;
  std::optional<IfIndex> index;
  std::optional<AdminState> admin;
  std::optional<OperState> oper;
  std::optional<std::string> alias{};
  friend bool operator==(const BondMember&, const BondMember&) = default;
};

/// One port as read in this session. What could not be read is nullopt.
struct PortFacts {
  SwitchIdentity identity;
  std::optional<IfIndex> index;  ///< resolved from the name in this session
  std::string name;              ///< ifName read back under that index
  std::optional<std::string> alias;
  std::optional<std::uint32_t> if_type;  ///< IANAifType; 6 = ethernetCsmacd
  std::optional<AdminState> admin;
  std::optional<OperState> oper;
  std::optional<std::vector<net::MacAddress>> learned_macs;  ///< BRIDGE-MIB / Q-BRIDGE-MIB forwarding table, this port
  /// False: the agent has no LLDP-MIB at all, so there is no such witness and its silence holds nothing. True with `bridge_neighbours`
  /// empty: it has one and it could not be read, which holds. A customer can forge LLDP: it may only ask for a person, never approve.
  bool lldp_offered = true;
  std::optional<unsigned> bridge_neighbours;  ///< LLDP neighbours with bridge or router capability
  std::optional<bool> is_own_path;            ///< our own route to the switch, or the gateway's MAC, is learned here
  std::optional<unsigned> switch_ports_up;    ///< for the share of a switch
  /// MAC addresses learned on the switch's other ports, sorted: the other half of "exactly this port" (G3).
  std::optional<std::vector<net::MacAddress>> learned_elsewhere;
  Witness<bool> stp_root;                 ///< this port leads to the spanning tree's root
  Witness<unsigned> tagged_vlans;         ///< that leave the port tagged
  Witness<std::vector<BondMember>> bond;  ///< the other ports of the bond that this one belongs to; empty: it belongs to none
  Witness<double> traffic_share;          ///< of all octets that the switch's ports counted since it started, 0 to 1
  /// The quarantine VLAN, where that is the switch's measure (then `pvid` decides whether the port is off, and the link stays up).
  std::optional<std::uint16_t> quarantine_vlan;
  std::optional<std::uint16_t> pvid;             ///< the VLAN of untagged frames from the port; read only where quarantine is the measure
  std::optional<std::uint16_t> vlan_to_restore;  ///< what an up writes back; from the journal, not from the switch
  bool fell_silent = false;                      ///< a reading got no usable answer: what is unreadable now may be readable in a moment
};

/// Counted from the journal, so that a restart does not reset them.
struct RecentDisables {
  std::uint32_t on_switch_hour = 0;
  std::uint32_t on_site_hour = 0;
  std::uint32_t on_site_day = 0;
  std::uint32_t in_flight_on_switch = 0;   ///< other than this one
  std::uint32_t ports_down_on_switch = 0;  ///< that Pinfold holds down now
  std::uint32_t on_switch_day = 0;
  std::uint32_t down_of_customer = 0;  ///< ports of this server's customer that Pinfold holds down now
};

/// What the desk holds for the action, read in the transaction that decides.
struct Warrant {
  struct Approval {
    StaffId by;
    WallTime at;
    bool is_person = true;  ///< false: the policy itself, because network and host evidence agree
  };
  std::optional<WallTime> evidence_at;  ///< event time of the second event
  std::vector<Approval> approvals;
  StaffId author{};                        ///< who opened the case by hand: never one of the two persons who lift; empty: a finding did
  std::optional<WallTime> placed_since{};  ///< since when the record has the server on this port; older approvals were given for another one
};

struct Question {
  desk::PortWish wish = desk::PortWish::Down;
  WallTime now;
  std::optional<Warrant> warrant;  ///< nullopt: no action of a case is asked about
  bool kill_switch = false;
  bool switch_armed = false;                      ///< the operator armed writes to this switch
  std::optional<WallTime> armed_since;            ///< nullopt: unknown, which holds where nobody but the policy approved
  const inventory::Server* server = nullptr;      ///< never null
  std::vector<const inventory::Server*> on_port;  ///< all servers recorded on that port, or on one that is bonded with it
  PortFacts facts;
  std::vector<const inventory::Server*> learned_servers;  ///< all servers whose recorded MAC is among facts.learned_macs
  std::set<net::MacAddress> gateway_macs;                 ///< of the routers, from configuration
  RecentDisables recent;
  bool pinfold_shut_it = false;  ///< for an up: the journal says the last down was ours
};

/// Whether the measure is in force: the port is shut, or in the quarantine VLAN where that is the measure. nullopt: unreadable.
[[nodiscard]] std::optional<bool> is_off(const PortFacts& facts);

[[nodiscard]] std::vector<desk::GuardVerdict> evaluate(const Question& question, const desk::Policy& policy);
/// Refuse beats Hold beats Pass. An empty list is Hold.
[[nodiscard]] desk::GuardOutcome outcome_of(const std::vector<desk::GuardVerdict>& verdicts);

/// The same port, as far as identity goes, before and after: what G2 demands straight before the write and right after it. An uptime that
/// went back is a restart of the agent, after which indexes may have moved.
[[nodiscard]] bool same_identity(const PortFacts& before, const PortFacts& after);

/// "up", "lowerLayerDown": the MIB's own words; "unreadable" for nullopt.
[[nodiscard]] std::string_view to_string(std::optional<AdminState> state);
[[nodiscard]] std::string_view to_string(std::optional<OperState> state);

}  // namespace pinfold::guard
