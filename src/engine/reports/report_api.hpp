/// Reports that come by the API: the body of a `POST /v1/reports`, XARF version 4 in JSON, one object or an array of them.
/// Used by: http (which authenticates the token first, and knows to which domain the token was given).
/// - The body is opened where strangers' mail is opened, in the sealed reader; no JSON of it is parsed in this process.
/// - The bytes are kept by their hash and the findings in the inbox before `take` returns: what was accepted is not lost.
/// - The reporter counts as authenticated if the report names the token's domain (or one above or below it) as its reporter; a report in another's
///   name waits for a person, as by mail.
/// - The same body again changes nothing and says so.
/// Errors:  Refusal says which way the body is wrong; `status` is for the HTTP answer (400 no JSON, 413 too long, 422 no XARF 4, 503 no reader now).
///          A lost store throws records::StoreError.
/// Threads: any; blocks for as long as the reader takes. Bounds: kMaxReportBody; the reader's own limits (report/report.hpp).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "engine/reports/report_intake.hpp"
#include "mail/reader.hpp"

namespace pinfold::engine {

inline constexpr std::size_t kMaxReportBody = std::size_t{4} * 1024 * 1024;

class ReportApi {
public:
  struct Refusal {
    unsigned status = 422;
    std::string code;  ///< "not_json", "too_long", "not_xarf", "no_reader"
    std::string what;  ///< for people
  };
  struct Receipt {
    std::string id;  ///< SHA-256 of the body as it is kept
    Outcome outcome;
  };

  /// `arrived` is called when findings wait.
  ReportApi(DeskService& desk, records::EvidenceStore& evidence, const mail::Reader& reader, const Clock& clock, std::function<void()> arrived)
      : x_desk(desk), x_evidence(evidence), x_reader(reader), x_clock(clock), x_arrived(std::move(arrived)) {}

  /// `reporter`: the domain that the token was given to, lower case.
  [[nodiscard]] Expected<Receipt, Refusal> take(std::string_view body, const std::string& reporter);

private:
  DeskService& x_desk;
  records::EvidenceStore& x_evidence;
  const mail::Reader& x_reader;
  const Clock& x_clock;
  std::function<void()> x_arrived;
};

}  // namespace pinfold::engine
