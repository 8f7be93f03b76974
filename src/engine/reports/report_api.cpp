#include "engine/reports/report_api.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "message/wrap.hpp"

namespace pinfold::engine {
namespace {

using Refusal = ReportApi::Refusal;

/// What can be told without parsing it.
std::optional<Refusal> refuse_unread(std::string_view body) {
  if (body.size() > kMaxReportBody) {
    return Refusal{413, "too_long", fmt::format("the body has {} bytes; at most {} are taken", body.size(), kMaxReportBody)};
  }
  const std::string_view text = trim(body);
  if (text.empty() || (text.front() != '{' && text.front() != '[')) {
    return Refusal{400, "not_json", "the body must be one XARF object, or an array of them, in JSON"};
  }
  return std::nullopt;
}

}  // namespace

Expected<ReportApi::Receipt, Refusal> ReportApi::take(std::string_view body, const std::string& reporter) {
  if (auto refusal = refuse_unread(body)) {
    return Unexpected(*std::move(refusal));
  }
  const std::string raw = message::as_mail("report.json", std::string(body));
  const auto opened = x_reader.open(raw);
  if (!opened) {
    log_error("REPORT_API_NO_READER", "a report waits at its sender: {}", opened.error().why);
    return Unexpected(Refusal{503, "no_reader", "reports cannot be read at the moment; send it again later"});
  }
  if (const auto* unreadable = std::get_if<mail::Unreadable>(&opened->mail)) {
    return Unexpected(Refusal{422, "not_xarf", "the report cannot be read: " + unreadable->why});
  }
  const report::Report& report = opened->report;
  if (report.format != "xarf-4" && !report.sealed) {
    return Unexpected(report.format == "xarf" ? Refusal{400, "not_json", report.why}
                                              : Refusal{422, "not_xarf", "no XARF version 4 report was found in the body"});
  }
  if (report.statements.empty() && !report.sealed) {
    return Unexpected(Refusal{422, "not_xarf", "the report names no source_identifier that is an address or a host"});
  }
  Receipt receipt;
  receipt.id = x_evidence.put(raw);
  x_desk.store().transact([&](records::Transaction& tx) {
    ReportIntake intake(x_desk);
    receipt.outcome = intake.take(tx, {receipt.id, std::get<message::Mail>(opened->mail), report, x_clock.wall(), {to_lower(reporter)}});
  });
  x_arrived();
  return receipt;
}

}  // namespace pinfold::engine
