#include "http/api/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/form.hpp"

namespace pinfold::http::api {
namespace {

constexpr unsigned kIdBits = 80;
constexpr std::size_t kMaxKey = 200;
constexpr std::string_view kPrefix = "/v1/";
/// What who has to change his password first may still do.
constexpr std::string_view kBeforePasswordChange[] = {"getSession", "getMe", "changePassword", "logOut", "listSessions", "endSession"};

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> path;
  std::string allow;  ///< methods of the path, when the asked one is not among them
};

constexpr std::size_t kMostPieces = 8;  ///< of a path; none of the table has more
using Pieces = std::vector<std::string_view>;

/// "/v1/cases/PF-7" → v1, cases, PF-7; empty: more pieces than any route has.
Pieces pieces_of(std::string_view path) {
  Pieces pieces = split(path.substr(1), '/');
  return pieces.size() > kMostPieces ? Pieces{} : pieces;
}

struct Pattern {
  const Route* route = nullptr;
  Pieces pieces;
};
/// The table by number of pieces, in its own order (a literal goes before a parameter), taken apart once for all requests.
const std::vector<Pattern>& patterns_of(std::size_t pieces) {
  static const auto by_count = [] {
    std::array<std::vector<Pattern>, kMostPieces + 1> table;
    for (const Route& route : routes()) {
      const Pieces of_route = pieces_of(route.path);
      table.at(of_route.size()).push_back({&route, of_route});
    }
    return table;
  }();
  return by_count.at(pieces);
}

bool is_parameter(std::string_view piece) { return !piece.empty() && piece.front() == '{'; }

bool fits(const Pieces& pattern, const Pieces& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](std::string_view want, std::string_view is) { return is_parameter(want) ? !is.empty() : want == is; });
}

Found find(const Request& request) {
  Found found;
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  const Pieces path = pieces_of(request.path());
  for (const Pattern& pattern : patterns_of(path.size())) {
    if (!fits(pattern.pieces, path)) {
      continue;
    }
    if (pattern.route->method == method) {
      found.route = pattern.route;
      for (std::size_t i = 0; i < path.size(); ++i) {
        if (is_parameter(pattern.pieces[i])) {
          found.path.push_back(url_decode_path(path[i]));
        }
      }
      return found;
    }
    found.allow += (found.allow.empty() ? "" : ", ") + std::string(pattern.route->method);
  }
  return found;
}

std::map<std::string, std::string> read_query(std::string_view target) {
  std::map<std::string, std::string> query;
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) {
    return query;
  }
  const auto pieces = split(target.substr(mark + 1), '&');
  if (pieces.size() > kMaxQuery) {
    throw Refusal(400, "invalid", "too many parameters");
  }
  for (const std::string_view piece : pieces) {
    const std::size_t equals = piece.find('=');
    query.emplace(url_decode(piece.substr(0, equals)), equals == std::string_view::npos ? "" : url_decode(piece.substr(equals + 1)));
  }
  return query;
}

std::optional<std::int64_t> read_if_match(std::string_view text) {
  const std::string_view bare = trim(text);
  if (bare.size() < 3 || bare.front() != '"' || bare.back() != '"') {
    return std::nullopt;
  }
  return whole(bare.substr(1, bare.size() - 2));
}

Refusal throttled() {
  Refusal refusal(429, "throttled", "too many requests; try again in a minute");
  refusal.headers = {{"Retry-After", "60"}, {"RateLimit", "\"calls\";r=0;t=60"}};
  return refusal;
}

std::string header_lines(const Response& response) {
  std::string lines;
  for (const auto& [name, value] : response.headers) {
    lines.append(name).append(": ").append(value).append("\n");
  }
  return lines;
}

Response again(const records::KeptAnswer& kept) {
  Response response{.status = kept.status, .content_type = kept.content_type, .body = kept.body, .headers = {}};
  for (const std::string_view line : split(kept.headers, '\n')) {
    if (const std::size_t colon = line.find(": "); colon != std::string_view::npos) {
      response.headers.emplace_back(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
    }
  }
  response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

}  // namespace

Api::Api(ApiOptions options, Desk& desk, Sessions& sessions, const Clock& clock)
    : x_options(std::move(options)),
      x_desk(desk),
      x_sessions(sessions),
      x_clock(clock),
      x_calls(x_options.calls_per_minute),
      x_strangers(x_options.strangers_per_minute),
      x_hub(desk.store(), clock),
      x_actions(clock) {}

bool Api::is_slow(const Request& request) {
  if (request.path().substr(0, kPrefix.size()) != kPrefix) {
    return false;
  }
  const Found found = find(request);
  return found.route != nullptr && (found.route->flags & kSlow) != 0;
}

Response Api::handle(const Request& request) {
  const std::string request_id = random_token(kIdBits);
  Response response;
  try {
    response = serve(request, request_id);
  } catch (const Refusal& refusal) {
    response = to_response(refusal, request_id);
  } catch (const records::Conflict& conflict) {
    response = to_response(overtaken(conflict.what()), request_id);
  }
  response.headers.emplace_back("X-Request-Id", request_id);
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

Response Api::serve(const Request& request, const std::string& request_id) {
  Found found = find(request);
  if (found.route == nullptr) {
    if (found.allow.empty()) {
      throw not_found("there is no such resource; /v1/openapi.yaml lists them");
    }
    Refusal refusal(405, "method_not_allowed", "allowed here: " + found.allow);
    refusal.headers = {{"Allow", found.allow}};
    throw refusal;
  }
  Call call{.request = request,
            .route = *found.route,
            .now = x_clock.wall(),
            .request_id = request_id,
            .client = client_of(request, x_options.trusted_proxies),
            .caller = nullptr,
            .path = std::move(found.path),
            .query = read_query(request.target),
            .body = json::object(),
            .if_match = std::nullopt,
            .subject = {}};
  admit(call);
  read_body(call);
  Response response = run(call);
  if (call.caller) {
    response.headers.emplace_back("RateLimit-Policy", fmt::format("\"calls\";q={};w=60", x_options.calls_per_minute));
  }
  return response;
}

void Api::admit(Call& call) {
  call.caller = x_sessions.caller_of(call.request, call.now);
  const bool needed = call.route.access != Access::Public;
  if (!call.caller) {
    if (x_options.strangers_per_minute > 0 && !x_strangers.take(call.client.address, call.now)) {
      throw throttled();
    }
    if (needed) {
      Refusal refusal(401, "not_authenticated", "log in, or send a token that is valid");
      refusal.headers = {{"WWW-Authenticate", "Bearer"}};
      throw refusal;
    }
    return;
  }
  if (x_options.calls_per_minute > 0 && !x_calls.take(call.caller->user.id, call.now)) {
    throw throttled();
  }
  const bool reads = call.request.method == "GET" || call.request.method == "HEAD";
  if (call.caller->by_session() && !reads && needed && !equal_secrets(call.request.header("x-csrf-token"), call.caller->csrf)) {
    throw Refusal(403, "csrf", "X-CSRF-Token is missing or not this session's");
  }
  if (!needed) {
    return;
  }
  if (!may(call.route.access, call.caller->user.role)) {
    throw forbidden(fmt::format("{} may not do this", records::to_string(call.caller->user.role)));
  }
  if (!call.caller->has_scope(call.route.scope)) {
    throw forbidden(call.route.scope == kSessionOnly ? "only who has logged in may do this, no token"
                                                     : fmt::format("the token lacks the scope {}", call.route.scope));
  }
  if (call.caller->user.must_change && call.caller->by_session() &&
      std::find(std::begin(kBeforePasswordChange), std::end(kBeforePasswordChange), call.route.operation) == std::end(kBeforePasswordChange)) {
    throw Refusal(403, "password_must_change", "choose a password of your own first");
  }
}

void Api::read_body(Call& call) const {
  if ((call.route.flags & (kBody | kOptionalBody)) != 0 && !(call.request.body.empty() && (call.route.flags & kOptionalBody) != 0)) {
    const std::string_view type = call.request.header("content-type");
    if (!istarts_with(type, "application/json")) {
      throw Refusal(415, "invalid", "the body is JSON: Content-Type: application/json");
    }
    if (call.request.body.size() > kMaxBody) {
      throw Refusal(413, "too_large", fmt::format("at most {} bytes", kMaxBody));
    }
    auto body = parse_json(call.request.body, kMaxBody);
    if (!body || !body->is_object()) {
      throw Refusal(400, "invalid", body ? "the body is not an object" : body.error());
    }
    call.body = *std::move(body);
  }
  if ((call.route.flags & kIfMatch) != 0) {
    const std::string_view tag = call.request.header("if-match");
    if (tag.empty()) {
      throw Refusal(428, "precondition_required", "send If-Match with the ETag that the decision was made on");
    }
    call.if_match = read_if_match(tag);
    if (!call.if_match) {
      throw overtaken("If-Match is not an ETag of this resource");
    }
  }
}

Response Api::run(Call& call) {
  const std::string key(call.request.header("idempotency-key"));
  if (call.route.method == "POST" && !key.empty() && call.caller) {
    if (key.size() > kMaxKey) {
      throw invalid("Idempotency-Key", fmt::format("at most {} bytes", kMaxKey));
    }
    return run_once(call, key);
  }
  Response response = call.route.run(*this, call);
  write_down(call, response);
  return response;
}

/// The first request with a key is carried out, and its answer is kept; the same again gets that answer.
Response Api::run_once(Call& call, const std::string& key) {
  const std::string digest = sha256_hex(call.request.method + "\n" + call.request.target + "\n" + call.request.body);
  records::KeptAnswer kept{call.who().user.id, key, digest, 0, {}, {}, {}, call.now};
  std::optional<records::KeptAnswer> before;
  store().transact([&](records::Transaction& tx) { before = tx.access().begin_request(kept); });
  if (before) {
    if (before->request_sha256 != digest) {
      throw Refusal(422, "idempotency_key_reused", "this Idempotency-Key was sent with another request");
    }
    if (before->status == 0) {
      throw Refusal(409, "in_progress", "the first request with this Idempotency-Key is still at work, or was cut off in it: look before repeating");
    }
    return again(*before);
  }
  try {
    Response response = call.route.run(*this, call);
    write_down(call, response);
    kept.status = response.status;
    kept.content_type = response.content_type;
    kept.headers = header_lines(response);
    kept.body = call.route.operation == "addToken" || call.route.operation == "addWebhook" ? "{}" : response.body;  // secrets are shown once
    store().transact([&](records::Transaction& tx) { tx.access().keep_answer(kept); });
    return response;
  } catch (const Refusal&) {  // nothing was done: it may be repeated
    store().transact([&](records::Transaction& tx) { tx.access().drop_request(kept.user, kept.key); });
    throw;
  }
}

void Api::write_down(const Call& call, const Response& response) {
  if (call.route.method == "GET" || !call.caller || response.status >= 300) {
    return;
  }
  std::string subject = call.subject;
  if (subject.empty()) {
    subject = fmt::format("{}", fmt::join(call.path, " "));
  }
  const std::string reason = call.body.contains("reason") && call.body["reason"].is_string() ? call.body["reason"].get<std::string>() : "";
  store().transact([&](records::Transaction& tx) {
    tx.access().add_act(
        {0, call.now, call.caller->user.login, std::string(call.route.operation), printable(subject, 300), printable(reason, 1000), response.status});
  });
}

}  // namespace pinfold::http::api
