/// Third parties' reports as they are kept: one row a mail. Used by engine (intake), `pinfold reports triage`, http.
/// A sealed row has no subject: who may see more is asked where the raw mail is opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace pinfold::records {

/// Found: findings were made of it. NotOurs: every address in it is somebody else's. Triage: a person must look. Discarded: one did, in vain.
enum class ReportState : std::uint8_t { Found, NotOurs, Triage, Discarded };
[[nodiscard]] std::string_view to_string(ReportState state);
[[nodiscard]] std::optional<ReportState> parse_report_state(std::string_view text);

struct ReportRow {
  std::int64_t id = 0;
  std::string raw_sha256;
  WallTime received;
  std::string sender;         ///< From, as written: a claim
  std::string authenticated;  ///< domains that our own mail server has verified; empty: none
  std::string subject;
  std::string format;
  std::string definition;
  std::string reporter;
  std::string report_id;
  ReportState state = ReportState::Triage;
  bool is_sealed = false;
  std::uint64_t findings = 0;
  std::uint64_t not_ours = 0;
  std::uint64_t dropped = 0;
  std::string why;
};

/// How a reported finding ended: Right, the case it belongs to was closed as what it was; Wrong, as a false positive.
enum class ReportOutcome : std::uint8_t { Open, Right, Wrong };
[[nodiscard]] std::string_view to_string(ReportOutcome outcome);
[[nodiscard]] std::optional<ReportOutcome> parse_report_outcome(std::string_view text);

/// One finding of one report.
struct ReportedRow {
  std::string finding_id;
  std::string raw_sha256;  ///< of the report
  std::string reporter;    ///< the authenticated domain; else what the report claims
  bool is_authenticated = false;
  std::string answer_to;   ///< mailbox for an answer; empty: none is owed
  std::string message_id;  ///< of the report's mail, without brackets
  std::string report_id;   ///< the reporter's own number
  std::string address;     ///< as reported
  WallTime received;
  ReportOutcome outcome = ReportOutcome::Open;
};

/// How often a reporter has been right.
struct ReporterRecord {
  std::string reporter;
  bool is_authenticated = false;
  std::uint64_t reports = 0;
  std::uint64_t findings = 0;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  WallTime last;
};

class Reports {
public:
  virtual ~Reports() = default;
  virtual void note(const ReportedRow& row) = 0;  ///< once a finding and report; again changes nothing
  /// Gives every open row of that finding its outcome; these rows.
  virtual std::vector<ReportedRow> conclude(const std::string& finding_id, ReportOutcome outcome) = 0;
  [[nodiscard]] virtual std::vector<ReporterRecord> reporters(std::size_t limit) const = 0;  ///< by number of findings, most first

  /// False: this very mail is there already.
  virtual bool add(const ReportRow& row) = 0;  ///< the id is given by the store
  [[nodiscard]] virtual std::optional<ReportRow> find(std::int64_t id) const = 0;
  [[nodiscard]] virtual std::optional<ReportRow> find_raw(std::string_view sha256) const = 0;
  [[nodiscard]] virtual std::vector<ReportRow> list(ReportState state, std::size_t limit) const = 0;  ///< oldest first
  [[nodiscard]] virtual std::vector<ReportRow> page(ReportState state, std::int64_t after, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::uint64_t count(ReportState state) const = 0;
  /// Sealed ones received before that, whose raw mail has not been erased; oldest first.
  [[nodiscard]] virtual std::vector<ReportRow> sealed_before(WallTime before, std::size_t limit) const = 0;
  virtual void erased(std::int64_t id) = 0;  ///< the raw mail is gone: the row says so
  virtual void decide(std::int64_t id, ReportState state, std::uint64_t findings, std::string_view why) = 0;
};

}  // namespace pinfold::records
