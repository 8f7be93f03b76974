#include <algorithm>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/formats.hpp"

namespace pinfold::report {
namespace {

bool is_x_arf(std::string_view text) {
  const std::string_view head = text.substr(0, 16384);
  return icontains(head, "Report-Type:") && (icontains(head, "Reported-From:") || icontains(head, "Schema-URL:")) && icontains(head, "Source:");
}

/// A block that begins with its first field: a text part may carry words before it.
std::vector<message::Header> fields_of(std::string_view text) {
  auto begin = std::min(text.find("\nReported-From:"), text.find("\n---"));
  return read_fields(begin == std::string_view::npos || istarts_with(text, "---") ? text : text.substr(begin + 1));
}

abuse::AbuseClass class_of(const std::vector<message::Header>& fields) {
  const std::string_view type = field(fields, {"Report-Type"});
  if (istarts_with(type, "regbot") || istarts_with(type, "spam")) {
    return abuse::AbuseClass::Spam;  // registers itself in forums and wikis, in order to spam there
  }
  for (const std::string_view name : {"Report-Type", "Service", "Category"}) {
    if (const auto known = class_of_word(field(fields, {name}))) {
      return *known;
    }
  }
  return abuse::AbuseClass::Other;
}

void read_one(const Input& input, std::string_view text, Report& report) {
  const auto fields = fields_of(text);
  const std::string_view source = field(fields, {"Source", "Source-IP"});
  Statement statement;
  statement.address = parse_address(source);
  if (!statement.address) {
    statement.address = parse_address(host_of(source));
  }
  if (!statement.address) {
    // A page by its URL: the address stands in the words around it.
    const auto accused = accused_addresses(input.subject, input.text);
    statement.host = host_of(source);
    if (!accused.empty()) {
      statement.address = accused.front();
    }
    add_fact(statement, "url", source);
  }
  statement.abuse_class = class_of(fields);
  const std::string_view service = field(fields, {"Service"});
  statement.kind = kind_word(service.empty() ? field(fields, {"Report-Type"}) : service);
  statement.first = parse_time(field(fields, {"Date"}), input.times);
  statement.last = statement.first;
  for (const std::string_view name :
       {"Report-Type", "Category", "Port", "Destination", "Destination-Port", "Protocol", "Domain", "Download-Link", "Occurrences"}) {
    add_fact(statement, to_lower(name), field(fields, {name}));
  }
  const std::string_view from = field(fields, {"Reported-From"});
  report.reporter = printable(from.substr(from.rfind('@') + 1), 200);
  report.report_id = printable(field(fields, {"Report-ID"}), 200);
  add_statement(report, std::move(statement));
}

}  // namespace

bool read_x_arf(const Input& input, Report& report) {
  const auto use = [&](std::string_view text) {
    if (is_x_arf(text)) {
      report.format = "x-arf";
      report.why = "an X-ARF report";
      read_one(input, text, report);
    }
  };
  for (const message::Part& part : input.mail.parts) {
    if (part.embedded == 0 && report.format.empty()) {
      use(part.text);
    }
  }
  for (const Document& document : input.documents) {
    if (report.format.empty()) {
      use(document.text);
    }
  }
  return !report.format.empty();
}

}  // namespace pinfold::report
