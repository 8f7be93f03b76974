/// The rules of the desk: durations, arming, approvals, limits. Read from the policy file by `config`, which documents every key and refuses what
/// contradicts itself; here they are plain values. The defaults are what an operator gets who writes nothing.
/// Some of them may differ by class of abuse and by service level: `rules_for` says what holds. Where class and level both say something, the milder
/// one holds (observe over armed, the longer window, more approvals), so that no combination surprises an owner.
/// Clock: none. Units: WallTime durations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::desk {

inline constexpr std::size_t kMaxMaintenance = 1000;
inline constexpr std::size_t kMaxOnCall = 32;

enum class Arming : std::uint8_t { Observe, Armed };
/// Who must agree before a port is written. Auto: nobody, where network and host evidence agree on the second event; else one person.
enum class Approval : std::uint8_t { Auto, OnePerson, TwoPersons };

/// What one class or one service level has different.
struct Differences {
  std::optional<Micros> response_window;
  std::optional<Micros> repeat_response_window;
  std::optional<Arming> warnings;
  std::optional<Arming> measures;
  std::optional<Approval> approval;
};

/// What a service level promises. `name` is the operator's.
struct ServiceTerms {
  std::string name;
  bool agent_expected = false;
  bool audit_included = false;    ///< else on request
  bool staff_remediates = false;  ///< else staff advises
  Differences rules;
};

/// Announced work: nothing is disabled by policy while it lasts. Findings are recorded and notices go out.
struct Maintenance {
  WallTime from;
  WallTime until;
  std::vector<ServerId> servers;  ///< empty: all
  std::string reason;
};

/// One step of the on-call list: who is called when the steps before have not taken a call.
struct OnCall {
  std::string name;
  std::string mail;     ///< empty: not by mail
  std::string webhook;  ///< URL; empty: none
};

/// Hours of the day (UTC) in which nobody is called for what can wait; may go over midnight.
struct QuietHours {
  std::chrono::minutes from{0};
  std::chrono::minutes until{0};
};
/// When the quiet hours end that hold now; nullopt: they do not, or there are none.
[[nodiscard]] std::optional<WallTime> quiet_until(const std::optional<QuietHours>& hours, WallTime now);

struct Policy {
  Micros response_window = std::chrono::hours{24};         ///< from delivery to the deadline: "an address that you check on a daily basis"
  Micros repeat_response_window = std::chrono::hours{12};  ///< the same, for who had a case of this family before; never longer than the first
  Micros gather = std::chrono::seconds{30};                ///< a first warning, and a call for approval, wait so long for other evidence to join
  Micros quiet_gap = std::chrono::hours{1};                ///< findings further apart than this are two incidents
  Micros watch_window = std::chrono::days{7};              ///< after a response: quiet for so long closes the case
  Micros probation = std::chrono::days{30};                ///< after an enable
  Micros close_after_quiet = std::chrono::days{14};        ///< an unanswered first warning without a second event closes then; memory stays
  Micros silence_within = std::chrono::seconds{90};        ///< after a verified disable the collector must see nothing from the server
  Micros evidence_max_age = std::chrono::minutes{30};      ///< a disable runs only on a second event younger than this (guard G6)
  Micros remind_after = std::chrono::hours{24};            ///< what waits for a person is called out again after so long, then after twice that…
  Micros escalate_after = std::chrono::minutes{15};        ///< a call that nobody takes goes to the next step of the on-call list
  Micros verify_contacts_every = std::chrono::days{180};   ///< a contact that no mail has reached for longer counts as unverified
  std::optional<QuietHours> quiet_hours;                   ///< nullopt: every call goes out at once
  bool remind_owner = true;                                ///< at half of the response window, who has not answered is reminded once
  Arming ask_contacts = Arming::Observe;                   ///< armed: such a contact is asked by mail whether somebody still reads there
  std::optional<Micros> presume_delivered_after;  ///< without a bounce for so long, a submitted warning is presumed delivered; nullopt: never
  abuse::Confidence min_confidence{60};           ///< less opens no case and is never "again"

  Arming warnings = Arming::Observe;
  Arming measures = Arming::Observe;
  Approval approval = Approval::OnePerson;

  std::map<abuse::AbuseClass, Differences> classes;
  std::map<std::uint8_t, ServiceTerms> levels;  ///< 1 to 5
  std::vector<Maintenance> maintenance;
  std::vector<OnCall> on_call;

  /// Ports disabled by Pinfold, counted from the journal (guard G5). Zero allows none.
  std::uint32_t max_disables_per_switch_hour = 2;
  std::uint32_t max_disables_per_switch_day = 6;
  std::uint32_t max_disables_per_site_hour = 5;
  std::uint32_t max_disables_per_site_day = 20;
  std::uint32_t max_servers_down_per_customer = 3;  ///< more of one customer's servers at once need two persons
  Micros person_first = std::chrono::days{30};      ///< for so long after a switch is armed, every disable needs a person (guard G7)
  /// The circuit breaker: more in an hour means that a detector or a feed has gone wrong. Nothing more goes out until a person resets it.
  std::uint32_t max_notices_per_hour = 200;
  std::uint32_t max_disable_requests_per_hour = 20;
};

struct Rules {
  Micros response_window{};
  Arming warnings = Arming::Observe;
  Arming measures = Arming::Observe;
  Approval approval = Approval::OnePerson;
};
/// What holds for a class of abuse on a server of that level, whose owner had so many cases of this family before.
[[nodiscard]] Rules rules_for(const Policy& policy, abuse::AbuseClass abuse_class, std::uint8_t level, unsigned earlier_cases);

/// What is promised at the level of that server; of one that the inventory (nullptr) or the policy does not know, the least (no agent expected,
/// audits on request, staff advises).
[[nodiscard]] const ServiceTerms& terms_of(const Policy& policy, const inventory::Server* server);
[[nodiscard]] const ServiceTerms& terms_of(const Policy& policy, const inventory::Inventory& all, const ServerId& server);

/// The announced work that covers this server at that time; nullptr: none.
[[nodiscard]] const Maintenance* maintenance_at(const Policy& policy, const ServerId& server, WallTime now);

}  // namespace pinfold::desk
