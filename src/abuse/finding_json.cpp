#include "abuse/finding_json.hpp"

#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"

namespace pinfold::abuse {
namespace {

nlohmann::json to_json(const Evidence& evidence) {
  nlohmann::json facts = nlohmann::json::array();
  for (const auto& [name, value] : evidence.facts) {
    facts.push_back({{"name", name}, {"value", value}});
  }
  nlohmann::json files = nlohmann::json::array();
  for (const EvidenceFile& file : evidence.files) {
    files.push_back({{"path", file.path}, {"sha256", file.sha256}, {"size", file.size}});
  }
  return {{"facts", std::move(facts)}, {"files", std::move(files)}};
}

Evidence parse_evidence(JsonReader& reader) {
  Evidence evidence;
  reader.each("facts", [&](JsonReader& fact) { evidence.facts.emplace_back(fact.text("name"), fact.text("value")); });
  reader.each("files", [&](JsonReader& file) { evidence.files.push_back({file.text("path"), file.text("sha256"), file.number("size")}); });
  return evidence;
}

}  // namespace

nlohmann::json to_json(const Finding& f) {
  nlohmann::json json{{"id", f.id.value},
                      {"server", f.server.value},
                      {"class", to_string(f.abuse_class)},
                      {"kind", f.kind},
                      {"origin", to_string(f.origin)},
                      {"first_seen", to_string(f.first_seen)},
                      {"last_seen", to_string(f.last_seen)},
                      {"detected_at", to_string(f.detected_at)},
                      {"severity", to_string(f.severity)},
                      {"confidence", f.confidence.percent},
                      {"summary", f.summary},
                      {"floor", f.floor},
                      {"lost_datagrams", f.lost_datagrams},
                      {"observation_point", f.observation_point},
                      {"evidence", to_json(f.evidence)}};
  if (f.sampling_rate) {
    json["sampling_rate"] = f.sampling_rate->one_in();
  }
  return json;
}

Expected<Finding, std::string> parse_finding(const nlohmann::json& json) {
  JsonReader reader(json);
  Finding f;
  f.id = FindingId{reader.text("id")};
  f.server = ServerId{reader.text("server")};
  f.abuse_class = reader.parsed("class", parse_abuse_class);
  f.kind = reader.text("kind");
  f.origin = reader.parsed("origin", parse_origin);
  f.first_seen = reader.parsed("first_seen", parse_wall_time);
  f.last_seen = reader.parsed("last_seen", parse_wall_time);
  f.detected_at = reader.parsed("detected_at", parse_wall_time);
  f.severity = reader.parsed("severity", parse_severity);
  f.confidence.percent = static_cast<std::uint8_t>(reader.number("confidence", 100));
  f.summary = reader.text("summary");
  f.floor = reader.text("floor");
  f.lost_datagrams = reader.number("lost_datagrams");
  f.observation_point = reader.text("observation_point");
  if (reader.has("sampling_rate")) {
    f.sampling_rate = SamplingRate{static_cast<std::uint32_t>(reader.number("sampling_rate", UINT32_MAX))};
  }
  reader.object("evidence", [&](JsonReader& evidence) { f.evidence = parse_evidence(evidence); });
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  return bounded(std::move(f));
}

}  // namespace pinfold::abuse
