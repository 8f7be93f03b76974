/// A third party's report → findings in the inbox, or a row in the triage queue.
/// - The server is found by the reported address; the tenant of that moment by FindingWorker, from the finding's own times.
/// - Addresses that are not ours are counted and make no finding. A sealed report makes none either: a person with the role for it decides.
/// - A reporter whom our mail server has authenticated is worth a case (kAuthenticated); anybody else's findings count for cases that are open
///   already, and where they alone would open none the report waits for a person.
/// - The same statement twice is one finding (report::to_findings gives it the same id); the same mail twice is one row.
/// - The reporter's identity stays in the report's row: a finding, which the customer may be shown, does not name him.
/// Threads: the mail worker's. Everything happens in the caller's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/desk_service.hpp"
#include "message/mail.hpp"
#include "net/prefix_table.hpp"
#include "report/report.hpp"

namespace pinfold::engine {

inline constexpr abuse::Confidence kAuthenticated{70};

struct TakenReport {
  const std::string& raw_sha256;
  const message::Mail& mail;
  const report::Report& report;
  WallTime received;
  std::vector<std::string> authenticated;  ///< domains that somebody whom we trust has verified: our mail server, or the owner of an API token
};

/// What became of a report.
struct Outcome {
  std::optional<records::ReportState> state;  ///< nullopt: this very report was taken before
  std::uint64_t findings = 0;                 ///< new ones
  std::uint64_t not_ours = 0;                 ///< statements about addresses that are not ours
  std::uint64_t dropped = 0;
  std::string why;
};
[[nodiscard]] std::string describe(const Outcome& outcome);  ///< for the inbox row: "report: found"

/// The operator's rules ([reports] of the configuration).
struct ReportRules {
  bool show_reporters = false;   ///< the finding names who reported
  bool answer_not_ours = false;  ///< tell an authenticated reporter that his addresses are not ours: once a reporter and day
};

class ReportIntake {
public:
  explicit ReportIntake(DeskService& desk, ReportRules rules = {}) : x_desk(desk), x_rules(rules) {}

  [[nodiscard]] Outcome take(records::Transaction& tx, const TakenReport& taken);
  /// A mail that is no report, or could not be read, and that a person must see.
  static void keep_for_person(records::Transaction& tx, const TakenReport& taken, std::string why);
  /// The reporter, as the report names him, is among the authenticated domains (or a parent or child of one).
  [[nodiscard]] static bool is_authenticated(const report::Report& report, const std::vector<std::string>& domains);

private:
  /// The server that has the address now.
  [[nodiscard]] const ServerId* server_of(const std::string& address);

  void answer_not_ours(records::Transaction& tx, const TakenReport& taken, const std::string& first_address, std::uint64_t count);

  DeskService& x_desk;
  ReportRules x_rules;
  std::shared_ptr<const inventory::Inventory> x_inventory;
  net::PrefixTable x_addresses;
};

/// The finding without what tells who reported it.
[[nodiscard]] abuse::Finding without_reporter(abuse::Finding finding);

}  // namespace pinfold::engine
