#include "http/portal.hpp"

#include <fmt/format.h>

#include "http/form.hpp"
#include "http/page.hpp"
#include "http/ui_assets.hpp"

namespace pinfold::http {
namespace {

using kainjow::mustache::data;

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

Response go_to(const std::string& where) {
  return {.status = 303,
          .content_type = "text/plain; charset=utf-8",
          .body = "Go on at " + where + "\n",
          .headers = {{"Location", where}, {"Cache-Control", "no-store"}}};
}

Response login_page(unsigned status, const std::string& fault, const std::string& next, bool wants_code) {
  data values;
  values.set("fault", fault);
  values.set("has_fault", fault.empty() ? data{data::type::bool_false} : data{data::type::bool_true});
  values.set("wants_code", wants_code ? data{data::type::bool_true} : data{data::type::bool_false});
  values.set("next", next);
  return html(status, render("login.html.mustache", values), true);
}

/// A path of ours: "/cases/PF-7", never another host.
std::string safe_next(std::string_view text) {
  const bool ours = !text.empty() && text[0] == '/' && (text.size() == 1 || (text[1] != '/' && text[1] != '\\'));
  return ours ? printable(text, 200) : "/";
}

std::string next_of(const Request& request) {
  constexpr std::string_view kNext = "?next=";
  const std::size_t at = request.target.find(kNext);
  return safe_next(at == std::string::npos ? std::string{} : url_decode(std::string_view(request.target).substr(at + kNext.size())));
}

/// Browsers say where a form comes from; what says nothing is no browser and has no cookie of ours either.
bool is_own_form(const Request& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty()) {
    return site == "same-origin" || site == "none";
  }
  const std::string_view origin = request.header("origin");
  return origin.empty() || (origin.find("://") != std::string_view::npos && origin.substr(origin.find("://") + 3) == request.header("host"));
}

}  // namespace

bool Portal::is_slow(const Request& request) { return api::Api::is_slow(request) || (request.method == "POST" && request.path() == "/login"); }

Response Portal::handle(const Request& request) {
  const Client client = client_of(request, x_api.options().trusted_proxies);
  if (client.is_exposed) {
    return plain(403, "Only over TLS: this address is for the proxy in front of it.\n");
  }
  Response response = serve(request, client);
  if (client.is_secure) {
    response.headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  }
  return response;
}

Response Portal::serve(const Request& request, const Client& client) {
  const std::string_view path = request.path();
  if (begins(path, "/v1/")) {
    return x_api.handle(request);
  }
  if (begins(path, kUiPath) || path == "/app") {
    return ui_asset(request);
  }
  if (path == "/assets/pinfold.css") {
    return style_sheet();
  }
  if (path == "/assets/logo" && !x_api.options().site.logo.empty()) {
    return {.status = 200,
            .content_type = x_api.options().site.logo_type,
            .body = x_api.options().site.logo,
            .headers = {{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Cache-Control", "max-age=3600"}}};
  }
  if (path == "/login") {
    return request.method == "POST" ? log_in(request, client) : login_page(200, {}, next_of(request), false);
  }
  if (path == "/logout") {
    return log_out(request, client);
  }
  if (path == "/" && has_ui() && (x_api.sessions().has_users() || !client.is_local)) {
    return go_to(std::string(kUiPath));
  }
  if (auto refused = refusal(request, client)) {
    return *std::move(refused);
  }
  return x_pages.handle(request, x_api.sessions().has_users());
}

std::optional<Response> Portal::refusal(const Request& request, const Client& client) {
  const std::string_view path = request.path();
  if (path == "/readyz") {
    return std::nullopt;  // says nothing but yes or no, and a balancer has no token
  }
  const bool is_machine = path == "/healthz" || path == "/metrics";
  if (client.is_local && (is_machine || !x_api.sessions().has_users())) {
    return std::nullopt;
  }
  if (!x_api.sessions().has_users()) {
    return plain(403, "Nobody may log in here yet: pinfold user add\n");
  }
  const auto caller = x_api.sessions().caller_of(request, x_api.clock().wall());
  const bool allowed =
      caller && caller->is_staff() && !caller->user.must_change && (caller->by_session() || (is_machine && caller->has_scope("desk:read")));
  if (allowed) {
    return std::nullopt;
  }
  if (is_machine) {
    return plain(401, "For this machine, for staff, or with a token that has desk:read.\n");
  }
  if (caller && caller->user.must_change) {
    return plain(403, "Choose a password of your own first, in the portal.\n");
  }
  return caller ? plain(403, "These pages are for the provider's staff; the portal is yours.\n") : go_to("/login?next=" + safe_next(request.target));
}

Response Portal::log_in(const Request& request, const Client& client) {
  const auto form = parse_form(request);
  if (!form || !is_own_form(request)) {
    return plain(403, "This form did not come from our own page.\n");
  }
  const auto field = [&](const char* name) { return form->contains(name) ? form->at(name) : std::string{}; };
  const std::string next = safe_next(field("next"));
  try {
    const auto opened = x_api.sessions().log_in(field("login"), field("password"), std::string(trim(field("totp"))), client,
                                                request.header("user-agent"), x_api.clock().wall());
    Response response = go_to(next);
    response.headers.emplace_back("Set-Cookie", Sessions::set_cookie(opened.cookie_value, client.is_secure));
    return response;
  } catch (const api::Refusal& refusal) {
    return login_page(refusal.status, refusal.what(), next, refusal.code == "totp_required" || refusal.code == "wrong_totp");
  }
}

Response Portal::log_out(const Request& request, const Client& client) {
  if (request.method != "POST" || !is_own_form(request)) {
    return plain(405, "One logs out with a form of ours.\n");
  }
  if (const auto caller = x_api.sessions().caller_of(request, x_api.clock().wall()); caller && caller->by_session()) {
    x_api.store().transact([&](records::Transaction& tx) { tx.access().end_session(caller->session_id, caller->user.id); });
    x_api.sessions().forget();
  }
  Response response = go_to("/login");
  response.headers.emplace_back("Set-Cookie", Sessions::clear_cookie(client.is_secure));
  return response;
}

}  // namespace pinfold::http
