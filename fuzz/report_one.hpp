/// One format's reader over any bytes: as a text part, and as an attachment of its type. What it makes must fit the bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "report/formats.hpp"
#include "report/report_json.hpp"

namespace pinfold::report {

inline int fuzz_one(bool (*read)(const Input&, Report&), std::string_view part_type, std::string_view document_type, const std::uint8_t* data,
                    std::size_t size) {
  message::Mail mail;
  message::Part part;
  part.type = part_type;
  part.text.assign(reinterpret_cast<const char*>(data), size);
  mail.parts.push_back(part);
  mail.subject = part.text.substr(0, 60);
  for (const bool attached : {false, true}) {
    std::vector<Document> documents;
    if (attached) {
      documents.push_back({"file", std::string(document_type), part.text});
    }
    const Input input = make_input(mail, std::move(documents));
    Report report;
    static_cast<void>(read(input, report));
    PINFOLD_ASSERT(report.statements.size() <= kMaxStatements);
    for (const Statement& statement : report.statements) {
      PINFOLD_ASSERT(statement.address || !statement.host.empty());
      PINFOLD_ASSERT(statement.facts.size() <= kMaxStatementFacts);
    }
  }
  return 0;
}

}  // namespace pinfold::report
