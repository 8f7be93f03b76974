/// What the API needs of the running desk; engine implements it (engine/api_desk.hpp) over the same functions that the command line calls.
/// Threads: any; what may take long says so and is called on the API's slow threads only. Errors: a text for people, where Expected stands.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "desk/policy.hpp"
#include "desk/step.hpp"
#include "http/health.hpp"
#include "inventory/inventory.hpp"
#include "records/history.hpp"
#include "records/store.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::http::api {

/// The desk said no: why; or the case has moved since the version that the decision was made on.
struct NotApplied {
  bool overtaken = false;
  std::string why;
};

struct PortCheck {
  std::vector<desk::GuardVerdict> verdicts;
  std::string write;
  std::string error;
};

struct SwitchInfo {
  SwitchId id;
  std::string driver;
  std::string address;  ///< empty: none
};

struct PolicyValue {
  std::string key;
  std::string value;
  std::string standard;
  std::string unit;
  std::string reason;
};
struct PolicyView {
  desk::Arming warnings = desk::Arming::Observe;
  desk::Arming measures = desk::Arming::Observe;
  std::vector<PolicyValue> values;
};

struct Letter {
  std::string subject;
  std::string to;
  std::string text;
};

struct DeskInfo {
  std::string version;
  std::string mail_domain;
  std::string mail_from;
  bool mail_signed = false;
  std::string kill_switch;
  std::vector<std::pair<std::string, std::string>> listen;
};

class Desk {
public:
  Desk() = default;
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  virtual ~Desk() = default;

  [[nodiscard]] virtual records::Store& store() = 0;
  [[nodiscard]] virtual records::EvidenceStore& evidence() = 0;
  [[nodiscard]] virtual records::History* history() = 0;  ///< null: no traffic is kept
  [[nodiscard]] virtual std::shared_ptr<const inventory::Inventory> inventory() = 0;
  [[nodiscard]] virtual const desk::Policy& policy() = 0;
  [[nodiscard]] virtual Health health() = 0;
  [[nodiscard]] virtual const DeskInfo& info() = 0;

  /// With a version: only if the case still stands there.
  [[nodiscard]] virtual Expected<desk::Case, NotApplied> apply(CaseId id, const desk::Input& input, std::optional<std::uint32_t> version) = 0;
  [[nodiscard]] virtual std::optional<CaseId> open_case(const ServerId& server, abuse::AbuseClass abuse_class, const std::string& summary,
                                                        const StaffId& by) = 0;
  [[nodiscard]] virtual desk::Proof prove(const desk::Case& c) = 0;
  /// A ticket's entry, checked, kept, and followed by what follows from it; else why it is not taken.
  [[nodiscard]] virtual Expected<ticket::Ticket, std::string> open_ticket(const ticket::Opened& opening) = 0;
  [[nodiscard]] virtual Expected<ticket::Ticket, std::string> put_ticket(ticket::TicketId id, const ticket::EventBody& body) = 0;
  virtual void wake() = 0;  ///< something was written that a worker waits for

  [[nodiscard]] virtual std::vector<SwitchInfo> switches() = 0;
  [[nodiscard]] virtual std::string arming_setting(const SwitchId& id) = 0;
  [[nodiscard]] virtual std::string stop_setting() = 0;
  [[nodiscard]] virtual bool breaker_open(records::Transaction& tx, std::string_view breaker) = 0;
  virtual void reset_breaker(records::Transaction& tx, std::string_view breaker, WallTime now) = 0;

  // --- what may take long
  [[nodiscard]] virtual PortCheck check_port(const ServerId& server, desk::PortWish wish, std::optional<CaseId> id) = 0;
  [[nodiscard]] virtual PolicyView policy_view() = 0;
  [[nodiscard]] virtual Expected<PolicyView, std::string> check_policy(const std::string& text) = 0;
  /// A Simulation of the contract. `progress` takes per cent.
  [[nodiscard]] virtual Expected<nlohmann::json, std::string> simulate(const std::string& text, std::optional<WallTime> since,
                                                                       const std::function<void(unsigned)>& progress) = 0;
  [[nodiscard]] virtual Expected<Letter, std::string> letter(CaseId id, NoticeId notice) = 0;
  /// Text of a report's mail as the sealed reader gives it.
  [[nodiscard]] virtual Expected<std::string, std::string> report_text(const records::ReportRow& row) = 0;
  /// The row that became of an XARF document sent by that reporter.
  [[nodiscard]] virtual Expected<records::ReportRow, std::string> take_report(const std::string& xarf, const std::string& reporter) = 0;
  [[nodiscard]] virtual Expected<void, std::string> report_finding(const records::ReportRow& row, const ServerId& server, abuse::AbuseClass c,
                                                                   const std::string& kind, std::optional<WallTime> at) = 0;
  [[nodiscard]] virtual Expected<void, std::string> send_code(const std::string& address, const std::string& language, const std::string& code) = 0;
};

}  // namespace pinfold::http::api
