/// The answer to a reporter when the case that came of his report has ended. It names his own report and the address that he named, and what came of
/// it; never the customer.
/// Used by: engine (reporter answers). English; the operator may change the two templates (LANGUAGE folder "en": report_answer.subject and .txt).
/// Errors:  load names the file. Clock: `now` is given. Threads: any.
/// Source:  RFC 3834: Auto-Submitted: auto-replied, sent with a null return path, so that it can never be answered by a program in turn.
#pragma once

#include <filesystem>
#include <string>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "mail/addresses.hpp"

namespace pinfold::mail {

struct ReportAnswer {
  std::string to;
  std::string brand;      ///< our name, as in From
  std::string report_id;  ///< his own number; may be empty
  std::string address;    ///< that he reported
  std::string about;      ///< "brute force"
  bool was_right = true;
  bool is_ours = true;     ///< false: the address is none of our customers'; nothing was looked into
  std::string key;         ///< what our Message-ID is made of: the same answer is the same mail
  std::string message_id;  ///< of his mail, without brackets; may be empty
  WallTime reported;
  WallTime now;
};

class ReportAnswerTemplate {
public:
  [[nodiscard]] static Expected<ReportAnswerTemplate, std::string> load(const std::filesystem::path& folder);
  /// RFC 5322, CRLF.
  [[nodiscard]] std::string write(const ReportAnswer& answer, const OurAddresses& ours) const;

private:
  std::string x_subject;
  std::string x_text;
};

}  // namespace pinfold::mail
