/// What a report was worth, written down when its case ends, and the answer to the reporter.
/// - A case that was closed as a false positive proves its reporters wrong, any other end proves them right (`pinfold reports reporters`).
/// - An answer goes only to a mailbox of a domain that our mail server had authenticated, once a report and case; never in observe-only mode, never
///   for a sealed report (it makes no finding).
/// - Who reports addresses that are not ours is told so where the operator wants it (reports.answer_not_ours), once a reporter and day.
/// Threads: the worker's own. Clock: injected. Cost: looks at the cases that changed since it last looked, at most kAtOnce.
/// Errors:  a lost store throws; an answer that is refused is given up after kTries, and the log says so.
#pragma once

#include "base/clock.hpp"
#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "mail/dkim.hpp"
#include "mail/report_answer.hpp"
#include "mail/submitter.hpp"

namespace pinfold::engine {

inline constexpr std::string_view kAnswerReporter = "answer_reporter";

/// What a reporter of addresses that are not ours is told.
struct NotOurs {
  std::string to;
  std::string message_id;  ///< of his mail, without brackets
  std::string report_id;
  std::string address;      ///< the first of them
  std::uint64_t count = 1;  ///< how many there are
  WallTime received;
};
/// The answer goes out under this key, once for ever.
void queue_not_ours_answer(records::Transaction& tx, const std::string& key, const NotOurs& answer);

class ReporterAnswers {
public:
  ReporterAnswers(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, mail::ReportAnswerTemplate text,
                  const Clock& clock);
  /// Answers claimed by a process that is gone go out again: the same mail with the same Message-ID.
  void recover();
  /// Cases that have ended since, then one answer; true when there may be more.
  bool work();

private:
  void conclude_ended();
  void conclude(records::Transaction& tx, CaseId id);

  DeskService& x_desk;
  const config::Config& x_config;
  const mail::Submitter& x_submitter;
  mail::ReportAnswerTemplate x_text;
  const Clock& x_clock;
  std::optional<mail::DkimSigner> x_signer;
  WallTime x_looked;  ///< the newest change that was looked at
};

}  // namespace pinfold::engine
