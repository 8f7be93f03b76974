#include "http/agent_api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "wire/wire.hpp"

namespace pinfold::http {
namespace {

constexpr std::string_view kEvidencePath = "/agent/v1/evidence/";

Response json_answer(unsigned status, const nlohmann::json& body) {
  return {.status = status, .content_type = "application/json", .body = body.dump(), .headers = {}};
}

/// RFC 9457.
Response problem(unsigned status, std::string_view title, std::string_view detail) {
  return {
      .status = status,
      .content_type = "application/problem+json",
      .body = nlohmann::json{{"title", title}, {"status", status}, {"detail", detail}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      .headers = {}};
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

AgentApi::AgentApi(records::Store& store, records::EvidenceStore& evidence, const Clock& clock, std::function<void()> arrived)
    : x_store(store), x_evidence(evidence), x_clock(clock), x_arrived(std::move(arrived)) {}

Response AgentApi::handle(const Request& request) const {
  const std::string_view path = request.path();
  if (request.method == "POST" && path == "/agent/v1/enrol") {
    return enrol(request);
  }
  const bool findings_route = request.method == "POST" && path == "/agent/v1/findings";
  const bool evidence_route = request.method == "PUT" && path.substr(0, kEvidencePath.size()) == kEvidencePath;
  if (!findings_route && !evidence_route) {
    return problem(404, "Not found", "agents use /agent/v1/enrol, /agent/v1/findings and /agent/v1/evidence");
  }
  const auto agent = authenticate(request);
  if (!agent) {
    return problem(401, "Not authenticated", "unknown or revoked key, wrong signature, or a clock that differs by more than 10 minutes");
  }
  return findings_route ? findings(request, *agent) : keep_evidence(request);
}

Response AgentApi::enrol(const Request& request) const {
  const auto enrolment = wire::parse_enrolment(request.body);
  if (!enrolment) {
    return problem(400, "Malformed enrolment", enrolment.error());
  }
  std::optional<ServerId> server;
  x_store.transact(
      [&](records::Transaction& tx) { server = tx.agents().enrol(sha256_hex(enrolment->token), AgentId{enrolment->public_key}, x_clock.wall()); });
  if (!server) {
    log_warning("AGENT_ENROL_REFUSED", "from {}: the token is unknown, spent or expired", request.remote);
    return problem(403, "Refused", "the token is unknown, spent or expired");
  }
  log_info("AGENT_ENROLLED", "server {} from {}", server->value, request.remote);
  return json_answer(200, {{"server", server->value}});
}

std::optional<records::AgentRow> AgentApi::authenticate(const Request& request) const {
  const auto key = from_hex(request.header("pinfold-agent"));
  const auto signature = from_hex(request.header("pinfold-signature"));
  const auto time = parse_wall_time(request.header("pinfold-time"));
  if (!key || key->size() != 32 || !signature || !time) {
    return std::nullopt;
  }
  const Micros skew = x_clock.wall() - *time;
  if (skew > wire::kMaxClockSkew || skew < -wire::kMaxClockSkew) {
    return std::nullopt;
  }
  const std::string signed_text = wire::text_to_sign(request.method, request.target, request.header("pinfold-time"), request.body);
  if (!verify(std::span<const std::uint8_t, 32>{key->data(), 32}, signed_text, *signature)) {
    return std::nullopt;
  }
  std::optional<records::AgentRow> row;
  x_store.read([&](records::Transaction& tx) { row = tx.agents().find(AgentId{to_hex(*key)}); });
  return row && !row->revoked ? row : std::nullopt;
}

Response AgentApi::findings(const Request& request, const records::AgentRow& agent) const {
  const auto batch = request.body.size() <= wire::kMaxFindingsBody ? wire::parse_findings(request.body)
                                                                   : Expected<wire::FindingBatch, std::string>(Unexpected(std::string("too large")));
  if (!batch) {
    return problem(400, "Malformed findings", batch.error());
  }
  const WallTime now = x_clock.wall();
  bool full = false;
  x_store.transact([&](records::Transaction& tx) {
    full = tx.inbox().count_pending("finding") >= kMaxPendingFindings;
    if (full) {
      return;
    }
    tx.agents().seen(agent.id, now, batch->tier);
    for (abuse::Finding finding : batch->findings) {
      finding.server = agent.server;
      finding.origin = abuse::Origin::Host;
      finding.observation_point = "agent " + agent.id.value.substr(0, 16);
      const std::string payload = abuse::to_json(finding).dump();
      tx.inbox().add({.id = 0, .kind = "finding", .dedup_key = agent.id.value + "/" + sha256_hex(payload), .payload = payload, .received = now});
    }
  });
  if (full) {
    return problem(503, "Busy", "too many findings wait; keep yours and try again");
  }
  x_arrived();
  return json_answer(202, {{"accepted", batch->findings.size()}});
}

Response AgentApi::keep_evidence(const Request& request) const {
  const std::string_view name = request.path().substr(kEvidencePath.size());
  if (!is_sha256(name) || request.body.size() > wire::kMaxEvidence) {
    return problem(request.body.size() > wire::kMaxEvidence ? 413 : 404, "Not taken", "evidence is put under its SHA-256 and is at most 4 MiB");
  }
  if (sha256_hex(request.body) != name) {
    return problem(422, "Hash differs", "the body is not what the address says");
  }
  static_cast<void>(x_evidence.put(request.body));
  return json_answer(201, {{"sha256", name}});
}

}  // namespace pinfold::http
