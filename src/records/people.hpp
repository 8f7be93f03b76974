/// What is kept about people and for them: contacts, tickets, the acceptable use policy, calls. Part of records/store.hpp, whose rules hold here too
/// (transactions, durability, errors, threads).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::records {

/// What is known of a mail address, whoever it belongs to.
struct ContactRow {
  ContactId id;
  std::optional<WallTime> verified;  ///< by a person, or by an answer from it
  std::string verified_how;          ///< "answered PF-7", "phone with anna"
  std::optional<WallTime> delivered;
  std::optional<WallTime> failed;
  std::string failure;
  std::vector<std::string> mail_hosts;  ///< addresses that take its mail (its MX, looked up), as text
  std::optional<WallTime> mail_hosts_at;
};
class Contacts {
public:
  virtual ~Contacts() = default;
  [[nodiscard]] virtual ContactRow find(const ContactId&) const = 0;  ///< an empty row: nothing is known
  /// Writes the whole row.
  virtual void put(const ContactRow&) = 0;
  [[nodiscard]] virtual std::vector<ContactRow> list() const = 0;
};

struct TicketSummary {
  ticket::TicketId id;
  CustomerId customer;
  ServerId server;
  std::string kind;
  std::string subject;
  std::string state;
  WallTime opened;
  WallTime changed;
  std::uint32_t version = 0;  ///< last seq
};
struct TicketFilter {
  std::optional<CustomerId> customer;
  std::string state;  ///< empty: any
};
class Tickets {
public:
  virtual ~Tickets() = default;
  [[nodiscard]] virtual ticket::TicketId create() = 0;                                      ///< the next number; never reused
  [[nodiscard]] virtual std::vector<ticket::Event> events(ticket::TicketId) const = 0;      ///< empty: no such ticket
  virtual void append(const ticket::Ticket& after, const std::vector<ticket::Event>&) = 0;  ///< throws Conflict if the ticket has moved on
  [[nodiscard]] virtual std::vector<TicketSummary> list(std::size_t limit) const = 0;       ///< newest change first
  /// The same, filtered, behind a ticket of the page before.
  [[nodiscard]] virtual std::vector<TicketSummary> page(const TicketFilter&, const std::optional<TicketSummary>& after, std::size_t limit) const = 0;
};

struct AupVersion {
  unsigned version = 0;  ///< from 1
  WallTime published;
  std::string markdown;
};
struct AupAcceptance {
  CustomerId customer;
  unsigned version = 0;
  WallTime at;
  std::string who;
};
class Aup {
public:
  virtual ~Aup() = default;
  virtual unsigned publish(std::string_view markdown, WallTime now) = 0;  ///< the new version's number
  [[nodiscard]] virtual std::vector<AupVersion> versions() const = 0;     ///< oldest first
  virtual void accept(const AupAcceptance&) = 0;                          ///< again changes nothing; an unknown version throws StoreError
  [[nodiscard]] virtual std::vector<AupAcceptance> acceptances() const = 0;
};

/// A call that went out along the on-call list and waits to be taken. A case is one person's: who takes a call of it takes all that are open.
struct CallRow {
  std::string key;  ///< of the outbox job
  CaseId case_id;
  std::string what;
  WallTime called;
  unsigned step = 0;  ///< how often it has gone further, from 0: whom of the list it has reached; beyond the list's end, the last again
  WallTime step_at;
  std::optional<StaffId> taken_by;
};
class Calls {
public:
  virtual ~Calls() = default;
  virtual void add(const CallRow&) = 0;  ///< a known key changes nothing
  virtual void escalate(const std::string& key, unsigned step, WallTime now) = 0;
  virtual bool take(const std::string& key, const StaffId&, WallTime now) = 0;  ///< with all of its case; false: unknown, or taken already
  [[nodiscard]] virtual std::vector<CallRow> open() const = 0;                  ///< not taken, oldest first
};

}  // namespace pinfold::records
