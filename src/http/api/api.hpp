/// The API of docs/api/openapi.yaml: one route table, and one way that every call takes.
///
///   path ─▶ route ─▶ who calls (cookie, token) ─▶ may he (x-access, scope) ─▶ CSRF ─▶ rate ─▶ body ─▶ If-Match ─▶ Idempotency-Key ─▶ operation
///
/// What belongs to another customer does not exist (404); the operations see to it with Caller::sees and Call::customer_param, and a test walks every
/// route with every role and foreign ids. Every change by a person or a token is written down (records::ActRow).
/// Security: no CORS: other origins get nothing. Answers are never cached.
/// Bounds:  ApiOptions, api/call.hpp. Clock: injected. Threads: any; `is_slow` names the calls that belong on a thread of their own.
/// Errors:  RFC 9457 problem details (api/refusal.hpp); what is thrown beyond that is the server's to answer with 500.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "http/api/call.hpp"
#include "http/api/desk.hpp"
#include "http/live/actions.hpp"
#include "http/live/hub.hpp"
#include "http/session/sessions.hpp"

namespace pinfold::http::api {

struct Site {
  std::string name = "Pinfold";
  std::string logo;  ///< an SVG or PNG as it is sent; empty: none
  std::string logo_type;
  std::vector<std::pair<std::string, std::string>> colours;
  std::string language = "en";
  std::string help_line;
  std::string console;  ///< how to reach the console when the port is off
};

struct ApiOptions {
  Site site;
  std::vector<net::IpAddress> trusted_proxies;
  unsigned calls_per_minute = 1200;          ///< of one user; 0: no limit
  std::vector<std::string> sealed_officers;  ///< logins that alone may decide about sealed reports
  unsigned strangers_per_minute = 120;       ///< calls without a known caller, by address
};

class Api;
using Operation = Response (*)(Api&, Call&);

/// Bits of Route::flags.
inline constexpr unsigned kBody = 1;           ///< an object in JSON
inline constexpr unsigned kBytes = 2;          ///< a body of any type
inline constexpr unsigned kIfMatch = 4;        ///< If-Match names the version that the caller has seen
inline constexpr unsigned kSlow = 8;           ///< may wait for a password's hash, a switch or a large reading
inline constexpr unsigned kOptionalBody = 16;  ///< an object in JSON, or none

struct Route {
  std::string_view method;
  std::string_view path;  ///< "/v1/cases/{case}"
  std::string_view operation;
  Access access = Access::Admins;
  std::string_view scope;
  unsigned flags = 0;
  Operation run = nullptr;
};
[[nodiscard]] const std::vector<Route>& routes();

class Api {
public:
  Api(ApiOptions options, Desk& desk, Sessions& sessions, const Clock& clock);

  [[nodiscard]] Response handle(const Request& request);
  [[nodiscard]] static bool is_slow(const Request& request);

  [[nodiscard]] const ApiOptions& options() const { return x_options; }
  [[nodiscard]] Desk& desk() { return x_desk; }
  [[nodiscard]] records::Store& store() { return x_desk.store(); }
  [[nodiscard]] Sessions& sessions() { return x_sessions; }
  [[nodiscard]] const Clock& clock() const { return x_clock; }
  [[nodiscard]] Hub& hub() { return x_hub; }
  [[nodiscard]] Actions& actions() { return x_actions; }

private:
  [[nodiscard]] Response serve(const Request& request, const std::string& request_id);
  void admit(Call& call);
  void read_body(Call& call) const;
  [[nodiscard]] Response run(Call& call);
  [[nodiscard]] Response run_once(Call& call, const std::string& key);
  void write_down(const Call& call, const Response& response);

  ApiOptions x_options;
  Desk& x_desk;
  Sessions& x_sessions;
  const Clock& x_clock;
  RateLimit x_calls;
  RateLimit x_strangers;
  Hub x_hub;
  Actions x_actions;
};

}  // namespace pinfold::http::api
