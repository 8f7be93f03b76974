#include <pugixml.hpp>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/formats.hpp"

namespace pinfold::report {
namespace {

constexpr std::size_t kMaxXml = std::size_t{256} * 1024;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxNotices = 200;

/// No element may stand deeper than kMaxDepth; looked at before the text is parsed, comments and CDATA taken as they come.
bool is_shallow(std::string_view xml) {
  int depth = 0;
  for (auto at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    const char next = at + 1 < xml.size() ? xml[at + 1] : ' ';
    if (next == '!' || next == '?') {
      continue;
    }
    const auto end = xml.find('>', at);
    const bool single = end != std::string_view::npos && xml[end - 1] == '/';
    depth += next == '/' ? -1 : single ? 0 : 1;
    if (depth > kMaxDepth) {
      return false;
    }
  }
  return true;
}

/// By the name without its namespace prefix, in any case.
pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([&](const pugi::xml_node& node) {
    const std::string_view full = node.name();
    return iequals(full.substr(full.find(':') == std::string_view::npos ? 0 : full.find(':') + 1), name);
  });
}
std::string_view text(const pugi::xml_node& parent, std::string_view name) { return trim(child(parent, name).child_value()); }

void read_notice(const Input& input, std::string_view xml, Report& report) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  const pugi::xml_node root = document.document_element();
  const pugi::xml_node source = child(root, "Source");
  if (!parsed || !source) {
    ++report.dropped;
    return;
  }
  Statement statement;
  statement.address = parse_address(text(source, "IP_Address"));
  statement.host = statement.address ? "" : host_of(text(source, "DNS_Name"));
  statement.abuse_class = abuse::AbuseClass::Copyright;
  statement.kind = kind_word(text(source, "Type"));
  if (statement.kind.empty()) {
    statement.kind = kind_word(child(source, "SubType").attribute("Protocol").value());
  }
  const pugi::xml_node item = child(child(root, "Content"), "Item");
  statement.first = parse_time(text(source, "TimeStamp"), input.times);
  if (!statement.first) {
    statement.first = parse_time(text(item, "TimeStamp"), input.times);
  }
  statement.last = statement.first;
  add_fact(statement, "port", text(source, "Port"));
  add_fact(statement, "url", text(source, "URL"));
  add_fact(statement, "work", text(item, "Title"));
  add_fact(statement, "file", text(item, "FileName"));
  add_fact(statement, "file_size", text(item, "FileSize"));
  add_fact(statement, "hash", text(item, "Hash"));
  const pugi::xml_node complainant = child(root, "Complainant");
  const std::string_view mailbox = text(complainant, "Email");
  report.reporter =
      printable(mailbox.find('@') == std::string_view::npos ? text(complainant, "Entity") : mailbox.substr(mailbox.rfind('@') + 1), 200);
  report.report_id = printable(text(child(root, "Case"), "ID"), 200);
  add_fact(statement, "complainant", text(complainant, "Entity"));
  add_statement(report, std::move(statement));
}

/// Every <Infringement> element of the text, wherever it stands in it.
void read_all(const Input& input, std::string_view text, Report& report) {
  constexpr std::string_view kEnd = "</Infringement>";
  std::size_t notices = 0;
  for (auto at = text.find("<Infringement"); at != std::string_view::npos; at = text.find("<Infringement", at + 1)) {
    const auto end = text.find(kEnd, at);
    if (end == std::string_view::npos || ++notices > kMaxNotices) {
      return;
    }
    const std::string_view xml = text.substr(at, end + kEnd.size() - at);
    if (xml.size() > kMaxXml || !is_shallow(xml)) {
      ++report.dropped;
    } else if (icontains(xml.substr(0, 1000), "acns") || icontains(xml, "<IP_Address")) {
      report.format = "acns";
      report.why = "an ACNS notice (XML)";
      read_notice(input, xml, report);
    }
    at = end;
  }
}

}  // namespace

bool read_acns(const Input& input, Report& report) {
  for (const Document& document : input.documents) {
    read_all(input, document.text, report);
  }
  if (report.statements.empty()) {
    for (const message::Part& part : input.mail.parts) {
      if (part.embedded == 0) {
        read_all(input, part.text, report);
      }
    }
  }
  return !report.format.empty();
}

}  // namespace pinfold::report
