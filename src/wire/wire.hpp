/// What crosses between a host agent and the desk, over HTTP: JSON bodies, signed.
///
///   POST /agent/v1/enrol     {"token", "public_key", "hostname"}                     -> 200 {"server"} | 403
///   POST /agent/v1/findings  {"findings": [...], "tier"}          signed              -> 202 {"accepted": n} | 401 | 429 | 503
///   PUT  /agent/v1/evidence/{sha256}   raw bytes                  signed              -> 201 | 200 (had it) | 401 | 413 | 422 (hash differs)
///
/// Signed: header `Pinfold-Agent: <hex public key>`, `Pinfold-Time: <RFC 3339>`, `Pinfold-Signature: <hex Ed25519>` over
/// "METHOD\nTARGET\nTIME\nHEX(SHA-256(body))". The desk refuses a time more than kMaxClockSkew from its own and a revoked key.
/// 2xx is an acknowledgement: what was sent is durable. Anything else: the agent keeps it and tries again.
/// The desk attributes everything to the server the key is enrolled for; an agent may accuse, never acquit, and only its own server.
/// Bounds:  the limits below; a body over them is 413. Used by: agent, http.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/finding.hpp"
#include "base/crypto.hpp"
#include "base/expected.hpp"

namespace pinfold::wire {

inline constexpr std::size_t kMaxFindingsBody = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxFindings = 100;
inline constexpr std::size_t kMaxEvidence = std::size_t{4} << 20U;  ///< bytes of one kept file
inline constexpr Micros kMaxClockSkew = std::chrono::minutes{10};

struct Enrolment {
  std::string token;
  std::string public_key;  ///< hex, 64 digits
  std::string hostname;
};
[[nodiscard]] nlohmann::json to_json(const Enrolment&);
[[nodiscard]] Expected<Enrolment, std::string> parse_enrolment(std::string_view body);

struct FindingBatch {
  std::vector<abuse::Finding> findings;
  std::string tier;  ///< the active sensor tier; "degraded: …" in plain words when it is not the first
};
[[nodiscard]] nlohmann::json to_json(const FindingBatch&);
[[nodiscard]] Expected<FindingBatch, std::string> parse_findings(std::string_view body);

[[nodiscard]] std::string text_to_sign(std::string_view method, std::string_view target, std::string_view time, std::string_view body);

}  // namespace pinfold::wire
