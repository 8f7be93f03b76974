#include "http/api/refusal.hpp"

#include <nlohmann/json.hpp>

namespace pinfold::http::api {
namespace {

std::string_view title_of(unsigned status) {
  switch (status) {
    case 400: return "Bad request";
    case 401: return "Not authenticated";
    case 403: return "Not allowed";
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 409: return "Refused";
    case 410: return "Gone";
    case 412: return "Overtaken";
    case 413: return "Too large";
    case 415: return "Unsupported media type";
    case 422: return "Invalid";
    case 428: return "Precondition required";
    case 429: return "Too many requests";
    case 503: return "Unavailable";
    default: return "Something failed here";
  }
}

}  // namespace

Refusal not_found(const std::string& what) { return {404, "not_found", what}; }
Refusal forbidden(const std::string& why) { return {403, "forbidden", why}; }
Refusal invalid(std::string field, std::string what) {
  Refusal refusal(422, "invalid", field + ": " + what);
  refusal.errors = {{std::move(field), std::move(what)}};
  return refusal;
}
Refusal refused(const std::string& why) { return {409, "refused", why}; }
Refusal overtaken(const std::string& what) { return {412, "overtaken", what}; }

Response to_response(const Refusal& refusal, const std::string& request_id) {
  nlohmann::json body{{"type", "about:blank"}, {"title", title_of(refusal.status)}, {"status", refusal.status}, {"detail", refusal.what()},
                      {"code", refusal.code},  {"request_id", request_id}};
  if (!refusal.errors.empty()) {
    body["errors"] = nlohmann::json::array();
    for (const auto& [field, message] : refusal.errors) {
      body["errors"].push_back({{"field", field}, {"message", message}});
    }
  }
  return {.status = refusal.status,
          .content_type = "application/problem+json",
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
          .headers = refusal.headers};
}

}  // namespace pinfold::http::api
