// Logging in and one's own account: session, sessions, password, one-time codes; the site; the contract itself.
#include <algorithm>

#include "base/crypto.hpp"
#include "base/password.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "http/page.hpp"
#include "http/session/totp.hpp"

namespace pinfold::http::api {
namespace {

json me_json(const Caller& who) {
  json permissions = json::array();
  for (const Route& route : routes()) {
    if (route.access != Access::Public && may(route.access, who.user.role) && who.has_scope(route.scope)) {
      permissions.push_back(route.operation);
    }
  }
  return {{"id", who.user.id},
          {"login", who.user.login},
          {"name", who.user.name},
          {"role", records::to_string(who.user.role)},
          {"customer", nullable(who.user.customer.value)},
          {"language", who.user.language},
          {"totp", !who.user.totp_secret.empty()},
          {"password_must_change", who.user.must_change},
          {"permissions", permissions}};
}

json session_json(const Caller& who, WallTime expires) {
  return {{"id", who.session_id}, {"csrf", who.csrf}, {"expires", to_string(expires)}, {"user", me_json(who)}};
}

/// The caller's own row, changed and written; what is thrown inside leaves it as it was.
records::UserRow change_own(Api& api, const Call& call, const std::function<void(records::UserRow&)>& change) {
  records::UserRow after;
  api.store().transact([&](records::Transaction& tx) {
    auto row = tx.access().user(call.who().user.id);
    if (!row) {
      throw not_found("there is no such account any more");
    }
    change(*row);
    tx.access().put_user(*row);
    after = *row;
  });
  api.sessions().forget();
  return after;
}

void require_password(const records::UserRow& row, const std::string& password) {
  if (!verify_password(row.password_hash, password)) {
    throw Refusal(403, "wrong_password", "the password is wrong");
  }
}

/// A password as it was typed: not made printable.
std::string password_field(const Call& call, const std::string& field) {
  if (!call.has(field) || !call.body[field].is_string() || call.body[field].get_ref<const std::string&>().size() > kMostPassword) {
    throw invalid(field, "missing, or too long");
  }
  return call.body[field].get<std::string>();
}

}  // namespace

Response get_site(Api& api, Call&) {
  const Site& site = api.options().site;
  json colours = json::object();
  for (const auto& [name, value] : site.colours) {
    colours[name] = value;
  }
  return ok({{"name", site.name},
             {"logo", site.logo.empty() ? json(nullptr) : json("/assets/logo")},
             {"colours", colours},
             {"languages", {"en", "de"}},
             {"default_language", site.language},
             {"help_line", site.help_line},
             {"version", api.desk().info().version}});
}

Response get_contract(Api&, Call&) {
  return {.status = 200, .content_type = "application/yaml", .body = std::string(embedded("openapi.yaml")), .headers = {}};
}

Response log_in(Api& api, Call& call) {
  const auto opened = api.sessions().log_in(call.text("login", 254), password_field(call, "password"), call.text_or("totp", 10, ""), call.client,
                                            call.request.header("user-agent"), call.now);
  Response response = ok(session_json(*opened.caller, opened.expires));
  response.headers.emplace_back("Set-Cookie", Sessions::set_cookie(opened.cookie_value, call.client.is_secure));
  api.store().transact([&](records::Transaction& tx) {
    tx.access().add_act({0, call.now, opened.caller->user.login, "logIn", call.client.address, "", response.status});
  });
  return response;
}

Response get_session(Api& api, Call& call) {
  WallTime expires = call.now;
  api.store().read([&](records::Transaction& tx) {
    for (const records::SessionRow& row : tx.access().sessions(call.who().user.id)) {
      expires = row.id == call.who().session_id ? row.expires : expires;
    }
  });
  return ok(session_json(call.who(), expires));
}

Response log_out(Api& api, Call& call) {
  api.store().transact([&](records::Transaction& tx) { tx.access().end_session(call.who().session_id, call.who().user.id); });
  api.sessions().forget();
  Response response = done();
  response.headers.emplace_back("Set-Cookie", Sessions::clear_cookie(call.client.is_secure));
  response.headers.emplace_back("Clear-Site-Data", "\"storage\"");
  return response;
}

Response list_sessions(Api& api, Call& call) {
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::SessionRow& row : tx.access().sessions(call.who().user.id)) {
      if (call.now < row.expires) {
        items.push_back({{"id", row.id},
                         {"created", to_string(row.created)},
                         {"last_seen", to_string(row.last_seen)},
                         {"expires", to_string(row.expires)},
                         {"address", row.address},
                         {"agent", row.agent},
                         {"current", row.id == call.who().session_id}});
      }
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response end_session(Api& api, Call& call) {
  bool ended = false;
  api.store().transact([&](records::Transaction& tx) { ended = tx.access().end_session(call.path.at(0), call.who().user.id); });
  if (!ended) {
    throw not_found("there is no such session of yours");
  }
  api.sessions().forget();
  return done();
}

Response get_me(Api&, Call& call) { return ok(me_json(call.who())); }

Response change_me(Api& api, Call& call) {
  Caller who = call.who();
  who.user = change_own(api, call, [&](records::UserRow& row) {
    row.name = call.text_or("name", 100, row.name);
    row.language = call.text_or("language", 20, row.language);
  });
  return ok(me_json(who));
}

Response change_password(Api& api, Call& call) {
  const std::string current = password_field(call, "current");
  const std::string fresh = password_field(call, "new");
  if (const auto why = why_not_password(fresh, call.who().user.login)) {
    throw invalid("new", *why);
  }
  require_password(call.who().user, current);
  const std::string hash = hash_password(fresh);
  change_own(api, call, [&](records::UserRow& row) {
    row.password_hash = hash;
    row.must_change = false;
  });
  api.store().transact([&](records::Transaction& tx) { tx.access().end_sessions(call.who().user.id, call.who().session_id); });
  api.sessions().forget();
  return done();
}

Response start_totp(Api& api, Call& call) {
  const std::string secret = make_totp_secret();
  const records::UserRow row = change_own(api, call, [&](records::UserRow& user) {
    if (!user.totp_secret.empty()) {
      throw refused("one-time codes are asked for already; remove them first");
    }
    user.totp_pending = secret;
  });
  return ok({{"secret", secret}, {"uri", totp_uri(api.options().site.name, row.login, secret)}});
}

Response confirm_totp(Api& api, Call& call) {
  const std::string code = call.text("code", 10);
  change_own(api, call, [&](records::UserRow& row) {
    const auto step = row.totp_pending.empty() ? std::nullopt : check_totp(row.totp_pending, code, call.now, 0);
    if (!step) {
      throw invalid("code", "the code is wrong; is the clock of your device right?");
    }
    row.totp_secret = std::exchange(row.totp_pending, {});
    row.totp_last_step = *step;
  });
  return done();
}

Response remove_totp(Api& api, Call& call) {
  require_password(call.who().user, password_field(call, "password"));
  change_own(api, call, [](records::UserRow& row) { row.totp_secret = row.totp_pending = {}; });
  return done();
}

}  // namespace pinfold::http::api
