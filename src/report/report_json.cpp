#include "report/report_json.hpp"

#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::report {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxWord = 512;

json to_json(const Statement& statement) {
  json object{{"class", abuse::to_string(statement.abuse_class)}, {"kind", statement.kind}, {"severity", abuse::to_string(statement.severity)}};
  if (statement.address) {
    object["address"] = net::to_string(*statement.address);
  }
  if (!statement.host.empty()) {
    object["host"] = statement.host;
  }
  if (statement.first) {
    object["first"] = to_string(*statement.first);
  }
  if (statement.last) {
    object["last"] = to_string(*statement.last);
  }
  object["facts"] = json::array();
  for (const auto& [name, value] : statement.facts) {
    object["facts"].push_back({{"name", name}, {"value", value}});
  }
  return object;
}

std::string word(JsonReader& reader, std::string_view field) { return printable(reader.text(field), kMaxWord); }

Statement read_statement(JsonReader& reader) {
  Statement statement;
  if (reader.has("address")) {
    statement.address = reader.parsed("address", net::IpAddress::parse);
  }
  statement.host = reader.has("host") ? word(reader, "host") : "";
  statement.abuse_class = reader.parsed("class", abuse::parse_abuse_class);
  statement.kind = kind_word(reader.text("kind"));
  statement.severity = reader.parsed("severity", abuse::parse_severity);
  if (reader.has("first")) {
    statement.first = reader.parsed("first", parse_wall_time);
  }
  if (reader.has("last")) {
    statement.last = reader.parsed("last", parse_wall_time);
  }
  reader.each("facts", [&](JsonReader& fact) {
    if (statement.facts.size() >= kMaxStatementFacts) {
      fact.fail("", "too many");
      return;
    }
    const std::string name = fact.text("name");
    statement.facts.emplace_back(printable(name, 60), printable(fact.text("value"), kMaxFact + 8));
  });
  return statement;
}

}  // namespace

json to_json(const Report& report) {
  json object{{"format", report.format}, {"definition", report.definition}, {"reporter", report.reporter}, {"report_id", report.report_id},
              {"why", report.why},       {"dropped", report.dropped},       {"sealed", report.sealed},     {"statements", json::array()}};
  for (const Statement& statement : report.statements) {
    object["statements"].push_back(to_json(statement));
  }
  return object;
}

Expected<Report, std::string> parse_report_json(const json& object) {
  JsonReader reader(object);
  Report report;
  report.format = kind_word(reader.text("format"));
  report.definition = kind_word(reader.text("definition"));
  report.reporter = word(reader, "reporter");
  report.report_id = word(reader, "report_id");
  report.why = word(reader, "why");
  report.dropped = reader.number("dropped");
  report.sealed = reader.boolean("sealed");
  reader.each("statements", [&](JsonReader& item) {
    if (report.statements.size() >= kMaxStatements) {
      item.fail("", "too many");
      return;
    }
    report.statements.push_back(read_statement(item));
  });
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  return report;
}

}  // namespace pinfold::report
