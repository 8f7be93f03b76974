/// Whom could the desk reach today? Looks after the contacts of the inventory so that the answer is known before it is needed: asks them at an
/// interval whether somebody still reads (a letter; any answer verifies), and finds out which hosts take their mail. Used by: `pinfold contact
/// list|unreachable`, the contact worker of `pinfold serve`. Letters go out only where policy says `ask_contacts = "armed"`, at most kMaxAsksAtOnce a
/// round and one an address in kAskAgain; mail hosts are looked up whatever the arming, for they disturb nobody. Threads: ContactCare its worker's;
/// the rest any. Clock: the caller's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "engine/desk_service.hpp"
#include "inventory/inventory.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

inline constexpr Micros kLookAfter = std::chrono::minutes{1};  ///< between two rounds, however often the worker is woken
inline constexpr std::size_t kMaxAsksAtOnce = 3;               ///< so that a new inventory does not become a mailing: 180 an hour
inline constexpr std::size_t kMaxLookUpsAtOnce = 200;
inline constexpr Micros kAskAgain = std::chrono::days{14};
inline constexpr Micros kLookUpAgain = std::chrono::days{1};

enum class Reach : std::uint8_t { Reachable, Unverified, Failing };
[[nodiscard]] std::string_view to_string(Reach reach);
/// Failing: the latest mail did not get there. Unverified: nothing has reached it, or nobody answered, for longer than `every`.
[[nodiscard]] Reach reach_of(const records::ContactRow& row, Micros every, WallTime now);
/// The latest time at which anything is known to have reached it.
[[nodiscard]] std::optional<WallTime> last_reached(const records::ContactRow& row);

/// A customer with servers whom a notice would not reach today, as far as is known, and why.
struct Unreachable {
  CustomerId customer;
  std::string name;
  std::string phone;
  std::vector<ServerId> servers;
  std::vector<std::string> why;  ///< one line a contact: "owner@customer.example: failing (550 no such user)"
};
/// Every contact fails, was never verified, or lives on the customer's only servers. In the order of the inventory.
[[nodiscard]] std::vector<Unreachable> unreachable_customers(records::Transaction& tx, const inventory::Inventory& all, Micros every, WallTime now);

/// The addresses that take a domain's mail (engine/mail/mail_hosts.hpp), or why they are not known.
using LookUp = std::function<Expected<std::vector<net::IpAddress>, std::string>(const std::string& domain)>;

class ContactCare {
public:
  ContactCare(DeskService& desk, const Clock& clock, LookUp look_up) : x_desk(desk), x_clock(clock), x_look_up(std::move(look_up)) {}

  /// One round, if it is time for one.
  void look();

private:
  void ask(const inventory::Inventory& all);
  void look_up(const inventory::Inventory& all);

  DeskService& x_desk;
  const Clock& x_clock;
  LookUp x_look_up;
  std::optional<WallTime> x_looked;
};

}  // namespace pinfold::engine
