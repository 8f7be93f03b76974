#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/formats.hpp"

namespace pinfold::report {
namespace {

using abuse::AbuseClass;
using nlohmann::json;

constexpr std::size_t kMaxJson = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMaxReports = 1000;  // of an array

/// A text or number at the key, as text; "" for anything else.
std::string text_at(const json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  if (!object.is_object() || found == object.end()) {
    return {};
  }
  return found->is_string() ? found->get<std::string>() : found->is_number() ? found->dump() : std::string{};
}
std::string first_text(const json& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (std::string value = text_at(object, key); !value.empty()) {
      return value;
    }
  }
  return {};
}
const json& object_at(const json& object, std::string_view key) {
  static const json empty = json::object();
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  return object.is_object() && found != object.end() && found->is_object() ? *found : empty;
}

struct Meaning {
  std::string_view category;  ///< "" for any
  std::string_view type;
  AbuseClass meaning;
};
/// xarf.org, schema version 4 and the list of types of its release: category and type. What later versions add is read by its words.
constexpr auto kTypes = std::to_array<Meaning>({{"messaging", "", AbuseClass::Spam},
                                                {"copyright", "", AbuseClass::Copyright},
                                                {"connection", "ddos", AbuseClass::Flood},
                                                {"connection", "ddos_amplification", AbuseClass::Flood},
                                                {"connection", "login_attack", AbuseClass::BruteForce},
                                                {"connection", "auth_failure", AbuseClass::BruteForce},
                                                {"connection", "unauthorized_access", AbuseClass::BruteForce},
                                                {"connection", "port_scan", AbuseClass::PortScan},
                                                {"connection", "reconnaissance", AbuseClass::PortScan},
                                                {"connection", "vulnerability_scan", AbuseClass::PortScan},
                                                {"connection", "vuln_scanning", AbuseClass::PortScan},
                                                {"connection", "infected_host", AbuseClass::Compromised},
                                                {"connection", "bot", AbuseClass::Compromised},
                                                {"connection", "sql_injection", AbuseClass::Other},
                                                {"connection", "", AbuseClass::Other},
                                                {"content", "phishing", AbuseClass::Phishing},
                                                {"content", "phishing_site", AbuseClass::Phishing},
                                                {"content", "fraud", AbuseClass::Phishing},
                                                {"content", "suspicious_registration", AbuseClass::Phishing},
                                                {"content", "malware", AbuseClass::MalwareHosting},
                                                {"content", "malware_distribution", AbuseClass::MalwareHosting},
                                                {"content", "remote_compromise", AbuseClass::Compromised},
                                                {"content", "defacement", AbuseClass::Compromised},
                                                {"content", "spamvertised", AbuseClass::Spam},
                                                {"content", "exposed_data", AbuseClass::OpenService},
                                                {"content", "brand_infringement", AbuseClass::Copyright},
                                                {"content", "", AbuseClass::Other},
                                                {"infrastructure", "cve", AbuseClass::VulnerableApp},
                                                {"infrastructure", "vulnerable_service", AbuseClass::VulnerableApp},
                                                {"infrastructure", "open_resolver", AbuseClass::Reflector},
                                                {"infrastructure", "open_relay", AbuseClass::OpenService},
                                                {"infrastructure", "", AbuseClass::Compromised},
                                                {"vulnerability", "open_service", AbuseClass::OpenService},
                                                {"vulnerability", "open", AbuseClass::OpenService},
                                                {"vulnerability", "exposed_data", AbuseClass::OpenService},
                                                {"vulnerability", "exposed_credentials", AbuseClass::OpenService},
                                                {"vulnerability", "information_leak", AbuseClass::OpenService},
                                                {"vulnerability", "malicious_activity", AbuseClass::Compromised},
                                                {"vulnerability", "", AbuseClass::VulnerableApp},
                                                {"reputation", "trap", AbuseClass::PortScan},
                                                {"reputation", "", AbuseClass::Other}});

AbuseClass class_of_v4(const std::string& category, const std::string& type, const std::string& threat) {
  if (category == "reputation") {
    if (const auto known = class_of_word(threat)) {
      return *known;
    }
  }
  for (const bool exactly : {true, false}) {
    for (const Meaning& row : kTypes) {
      if (row.category == category && (exactly ? row.type == type && !type.empty() : row.type.empty())) {
        if (!exactly && row.meaning == AbuseClass::Other) {
          return class_of_word(type).value_or(AbuseClass::Other);
        }
        return row.meaning;
      }
    }
  }
  return class_of_word(type).value_or(class_of_word(category).value_or(AbuseClass::Other));
}

/// An address, an address with a port, a URL or a name.
void set_source(Statement& statement, std::string_view source) {
  statement.address = parse_address(source);
  if (!statement.address) {
    statement.address = parse_address(host_of(source));
  }
  if (!statement.address && statement.host.empty()) {
    statement.host = host_of(source);
  }
}

void add_facts(Statement& statement, const json& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    add_fact(statement, key, text_at(object, key));
  }
}

void set_times(Statement& statement, const json& object, const TimeContext& times, std::initializer_list<std::string_view> main) {
  const auto at = parse_time(first_text(object, main), times);
  statement.first = parse_time(first_text(object, {"first_seen", "FirstSeen"}), times);
  statement.last = parse_time(first_text(object, {"last_seen", "LastSeen"}), times);
  statement.first = statement.first ? statement.first : at;
  statement.last = statement.last ? statement.last : at ? at : statement.first;
  if (statement.first && statement.last && *statement.first > *statement.last) {
    std::swap(statement.first, statement.last);
  }
}

std::string organisation_of(const json& object, std::initializer_list<std::string_view> keys) { return printable(first_text(object, keys), 200); }

void read_v4(const Input& input, const json& object, Report& report) {
  const std::string category = to_lower(text_at(object, "category"));
  std::string type = to_lower(text_at(object, "type"));
  std::replace(type.begin(), type.end(), '-', '_');  // the schemas write "port_scan", the release's list "port-scan"
  report.format = "xarf-4";
  report.why = "an XARF report (version " + printable(text_at(object, "xarf_version"), 20) + ")";
  report.reporter = organisation_of(object_at(object, "reporter"), {"domain", "org", "contact"});
  report.report_id = printable(text_at(object, "report_id"), 200);
  if (type == "csam" || type == "csem") {
    report.sealed = true;
  }
  Statement statement;
  set_source(statement, text_at(object, "source_identifier"));
  if (!statement.address) {
    set_source(statement, first_text(object, {"source_ip", "ip", "url", "domain"}));
  }
  statement.abuse_class = class_of_v4(category, type, text_at(object, "threat_type"));
  const std::string service = text_at(object, "service");
  statement.kind = kind_word(type == "login_attack" && !service.empty() ? service : type);
  set_times(statement, object, input.times, {"timestamp"});
  add_facts(statement, object,
            {"category", "type", "source_port", "destination_ip", "destination_port", "protocol", "url", "infringing_url", "work_title", "cve_id",
             "attack_vector", "malware_family", "attempt_count", "service", "evidence_source", "threat_type"});
  add_statement(report, std::move(statement));
}

void read_v3(const Input& input, const json& object, Report& report) {
  const json& body = object_at(object, "Report");
  const json& source = object_at(body, "Source");
  report.format = "xarf-3";
  report.why = "an XARF report (version " + printable(text_at(object, "Version"), 20) + ")";
  report.reporter = organisation_of(object_at(object, "ReporterInfo"), {"ReporterOrgDomain", "ReporterOrg", "ReporterOrgEmail"});
  report.report_id = printable(first_text(body, {"ReportID", "ReportId"}), 200);
  Statement statement;
  set_source(statement, first_text(source, {"IP", "Ip", "SourceIp"}));
  if (!statement.address) {
    set_source(statement, first_text(body, {"SourceIp", "SourceIP", "Source"}));
  }
  if (!statement.address && statement.host.empty()) {
    set_source(statement, first_text(source, {"URL", "Url", "Uri"}));
  }
  if (!statement.address && statement.host.empty()) {
    set_source(statement, first_text(body, {"SourceUrl", "SourceUri", "Url", "Uri"}));
  }
  const std::string type = first_text(body, {"ReportType"});
  const std::string sub_type = text_at(body, "ReportSubType");
  if (icontains(type, "childabuse") || icontains(type, "csam") || icontains(sub_type, "csam")) {
    report.sealed = true;
  }
  const auto known = class_of_word(type);
  statement.abuse_class = known ? *known : class_of_word(sub_type).value_or(class_of_word(text_at(body, "ReportClass")).value_or(AbuseClass::Other));
  statement.kind = kind_word(sub_type.empty() ? type : type + "_" + sub_type);
  set_times(statement, body, input.times, {"Date", "Timestamp"});
  const json& more = object_at(body, "AdditionalInfo");
  add_fact(statement, "type", type);
  add_facts(statement, source, {"Port", "URL"});
  add_facts(statement, body, {"SourcePort", "DestinationIp", "DestinationPort", "Url", "Protocol"});
  add_facts(statement, more, {"Protocol", "DestinationIP", "DestinationPort", "AttackType", "MalwareFamily", "TargetBrand"});
  add_statement(report, std::move(statement));
}

bool read_object(const Input& input, const json& object, Report& report) {
  if (!object.is_object()) {
    return false;
  }
  const bool v4 = object.contains("xarf_version") || (object.contains("source_identifier") && object.contains("category"));
  const bool v3 = object.contains("ReporterInfo") && object.contains("Report");
  if (v4) {
    read_v4(input, object, report);
  } else if (v3) {
    read_v3(input, object, report);
  }
  return v4 || v3;
}

bool read_text(const Input& input, std::string_view text, Report& report) {
  text = trim(text);
  if (text.empty() || (text.front() != '{' && text.front() != '[') ||
      (!icontains(text, "\"ReporterInfo\"") && !icontains(text, "xarf_version") && !icontains(text, "\"source_identifier\""))) {
    return false;
  }
  const auto parsed = parse_json(text, kMaxJson);
  if (!parsed) {
    report.format = "xarf";
    report.why = "XARF that cannot be read: " + printable(parsed.error(), 200);
    return true;
  }
  if (!parsed->is_array()) {
    return read_object(input, *parsed, report);
  }
  bool any = false;
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    if (i >= kMaxReports) {
      report.dropped += parsed->size() - i;
      break;
    }
    any = read_object(input, (*parsed)[i], report) || any;
  }
  return any;
}

}  // namespace

bool read_xarf_json(const Input& input, Report& report) {
  bool any = false;
  for (const Document& document : input.documents) {
    any = read_text(input, document.text, report) || any;
  }
  if (!any) {
    for (const message::Part& part : input.mail.parts) {
      if (part.embedded == 0 && !any) {
        any = read_text(input, part.text, report);
      }
    }
  }
  return any;
}

}  // namespace pinfold::report
