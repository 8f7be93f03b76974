#include "wire/wire.hpp"

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::wire {
namespace {

constexpr std::size_t kMaxEnrolmentBody = 4096;
constexpr std::size_t kMaxToken = 256;
constexpr std::size_t kMaxHostname = 253;  // RFC 1035 section 2.3.4
constexpr std::size_t kMaxTier = 400;

bool is_public_key(std::string_view text) {
  const auto bytes = from_hex(text);
  return bytes && bytes->size() == 32 && to_lower(text) == text;  // one spelling: the key is also the agent's name
}

bool is_host_name(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == std::string_view::npos;
}

std::string bounded_text(JsonReader& reader, std::string_view field, std::size_t max_bytes) {
  std::string text = reader.text(field);
  if (text.size() > max_bytes) {
    reader.fail(field, "too long");
    return {};
  }
  return text;
}

}  // namespace

nlohmann::json to_json(const Enrolment& enrolment) {
  return {{"token", enrolment.token}, {"public_key", enrolment.public_key}, {"hostname", enrolment.hostname}};
}

Expected<Enrolment, std::string> parse_enrolment(std::string_view body) {
  const auto json = parse_json(body, kMaxEnrolmentBody);
  if (!json) {
    return Unexpected(json.error());
  }
  JsonReader reader(*json);
  Enrolment enrolment;
  enrolment.token = bounded_text(reader, "token", kMaxToken);
  enrolment.public_key = reader.text("public_key");
  enrolment.hostname = bounded_text(reader, "hostname", kMaxHostname);
  if (enrolment.token.empty()) {
    reader.fail("token", "empty");
  }
  if (!is_public_key(enrolment.public_key)) {
    reader.fail("public_key", "must be 64 lower-case hexadecimal digits");
  }
  if (!is_host_name(enrolment.hostname)) {
    reader.fail("hostname", "letters, digits, '.', '-' and '_' only");
  }
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  return enrolment;
}

nlohmann::json to_json(const FindingBatch& batch) {
  nlohmann::json findings = nlohmann::json::array();
  for (const abuse::Finding& finding : batch.findings) {
    findings.push_back(abuse::to_json(finding));
  }
  return {{"findings", std::move(findings)}, {"tier", batch.tier}};
}

Expected<FindingBatch, std::string> parse_findings(std::string_view body) {
  const auto json = parse_json(body, kMaxFindingsBody);
  if (!json) {
    return Unexpected(json.error());
  }
  JsonReader reader(*json);
  FindingBatch batch;
  batch.tier = printable(reader.text("tier"), kMaxTier);
  reader.each("findings", [](JsonReader&) {});  // that there is an array, of objects
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  const nlohmann::json& findings = json->at("findings");
  if (findings.size() > kMaxFindings) {
    return Unexpected("findings: " + std::to_string(findings.size()) + " of them, at most " + std::to_string(kMaxFindings) + " are taken");
  }
  for (std::size_t i = 0; i < findings.size(); ++i) {
    auto finding = abuse::parse_finding(findings[i]);
    if (!finding) {
      return Unexpected("findings[" + std::to_string(i) + "]." + finding.error());
    }
    batch.findings.push_back(std::move(*finding));
  }
  return batch;
}

std::string text_to_sign(std::string_view method, std::string_view target, std::string_view time, std::string_view body) {
  std::string text;
  for (const std::string_view line : {method, target, time}) {
    text.append(line).append("\n");
  }
  return text + sha256_hex(body);
}

}  // namespace pinfold::wire
