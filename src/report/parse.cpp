#include "report/parse.hpp"

#include <array>

#include "report/formats.hpp"
#include "report/sealed.hpp"

namespace pinfold::report {
namespace {

void parse(const Input& input, const Definitions& definitions, Report& report) {
  const Definition* definition = definitions.match(input);
  static constexpr std::array kStandards = {read_arf, read_xarf_json, read_x_arf, read_acns};
  for (const auto& read : kStandards) {
    if (read(input, report)) {
      if (definition != nullptr) {
        Definitions::refine(*definition, report);
      }
      return;
    }
  }
  if (definition != nullptr && Definitions::read(*definition, input, report)) {
    return;
  }
  const std::string named = report.definition;
  if (!read_csv(input, report) || report.statements.empty()) {
    static_cast<void>(read_plain_text(input, report));
  }
  report.definition = named;
}

}  // namespace

Report parse_report(const message::Mail& mail, std::vector<Document> documents, const Definitions& definitions) {
  const Input input = make_input(mail, std::move(documents));
  Report report;
  report.sealed = is_child_abuse_report(input);
  parse(input, definitions, report);
  if (report.sealed) {
    report.why = "a report of child abuse material; sealed";
    for (Statement& statement : report.statements) {
      statement.facts.clear();
      statement.abuse_class = abuse::AbuseClass::Other;
      statement.kind = "sealed";
      statement.severity = abuse::Severity::Critical;
    }
  }
  return report;
}

}  // namespace pinfold::report
