#include "http/session/sessions.hpp"

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/password.hpp"
#include "http/api/refusal.hpp"
#include "http/session/totp.hpp"

namespace pinfold::http {
namespace {

using api::Caller;
using api::Refusal;

constexpr unsigned kKeyBits = 200;
constexpr unsigned kIdBits = 80;
constexpr std::string_view kSecureCookie = "__Host-pinfold";
constexpr std::string_view kPlainCookie = "pinfold";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kTokenStart = "pf_";
constexpr std::size_t kMaxKey = 200;

std::string_view cookie_of(const Request& request) {
  for (const std::string_view raw : split(request.header("cookie"), ';')) {
    const std::string_view one = trim(raw);
    for (const std::string_view name : {kSecureCookie, kPlainCookie}) {
      if (one.size() > name.size() && one.substr(0, name.size()) == name && one[name.size()] == '=') {
        return one.substr(name.size() + 1);
      }
    }
  }
  return {};
}

/// Something to compare with when there is no such account.
const std::string& decoy_hash() {
  static const std::string hash = hash_password(random_token(kKeyBits));
  return hash;
}

Refusal wrong() { return {401, "wrong_password", "login or password is wrong"}; }

}  // namespace

std::optional<records::UserRow> Sessions::check_password(const std::string& login, const std::string& password) {
  std::optional<records::UserRow> user;
  x_store.read([&](records::Transaction& tx) { user = tx.access().user_by_login(login); });
  const bool right = verify_password(user ? user->password_hash : decoy_hash(), password);
  return right ? user : std::nullopt;
}

Sessions::Opened Sessions::log_in(const std::string& login_text, const std::string& password, const std::string& totp, const Client& client,
                                  std::string_view agent, WallTime now) {
  const std::string login = to_lower(trim(login_text));
  if (!x_account.take(login, now) || !x_address.take(client.address, now)) {
    log_warning("LOGIN_THROTTLED", "{} from {}", printable(login, 60), client.address);
    Refusal refusal(429, "throttled", "too many attempts; try again in a minute");
    refusal.headers = {{"Retry-After", "60"}};
    throw refusal;
  }
  const auto user = check_password(login, password);
  if (!user) {
    log_warning("LOGIN_FAILED", "{} from {}", printable(login, 60), client.address);
    throw wrong();
  }
  if (user->is_closed) {
    throw Refusal(403, "account_closed", "this account is closed");
  }
  std::optional<std::int64_t> step;
  if (!user->totp_secret.empty()) {
    if (totp.empty()) {
      throw Refusal(401, "totp_required", "the code of your authenticator is needed too");
    }
    step = check_totp(user->totp_secret, totp, now, user->totp_last_step);
    if (!step) {
      log_warning("LOGIN_FAILED", "{} from {}: wrong code", printable(login, 60), client.address);
      throw Refusal(401, "wrong_totp", "the code is wrong, or it was used already");
    }
  }
  const std::string key = random_token(kKeyBits);
  records::SessionRow session{
      random_token(kIdBits), sha256_hex(key), user->id, random_token(kKeyBits), client.address, printable(agent, 200), now, now, now + kSessionLasts};
  auto caller = std::make_shared<Caller>();
  x_store.transact([&](records::Transaction& tx) {
    tx.access().prune_access(now);
    auto row = tx.access().user(user->id);
    if (!row || row->password_hash != user->password_hash || (step && *step <= row->totp_last_step)) {
      throw wrong();  // changed, or the code was used, in this very moment
    }
    row->last_login = now;
    row->totp_last_step = step.value_or(row->totp_last_step);
    tx.access().put_user(*row);
    ++row->version;
    tx.access().add_session(session);
    caller->user = *row;
  });
  caller->session_id = session.id;
  caller->csrf = session.csrf;
  log_info("LOGGED_IN", "{} from {}", login, client.address);
  return {caller, key, session.expires};
}

std::shared_ptr<const Caller> Sessions::caller_of(const Request& request, WallTime now) {
  const std::string_view authorization = request.header("authorization");
  const bool bears = istarts_with(authorization, kBearer);
  const std::string_view key = bears ? trim(authorization.substr(kBearer.size())) : cookie_of(request);
  if (key.empty() || key.size() > kMaxKey || (!authorization.empty() && !bears) || (bears && key.substr(0, kTokenStart.size()) != kTokenStart)) {
    return nullptr;
  }
  return look_up(sha256_hex(key), bears, now);
}

std::shared_ptr<const Caller> Sessions::look_up(const std::string& key_sha256, bool is_token, WallTime now) {
  bool touch = true;
  auto known = x_cache.with([&](auto& cache) -> std::shared_ptr<const Caller> {
    const auto found = cache.find(key_sha256);
    if (found == cache.end()) {
      return nullptr;
    }
    touch = now - found->second.touched >= kTouchEvery;
    return now < found->second.until && found->second.caller->by_session() != is_token ? found->second.caller : nullptr;
  });
  if (known) {
    return known;
  }
  auto caller = std::make_shared<Caller>();
  bool valid = false;
  x_store.read([&](records::Transaction& tx) {
    std::string user;
    if (is_token) {
      if (const auto token = tx.access().token(key_sha256); token && now < token->expires) {
        user = token->user;
        caller->token_id = token->id;
        for (const std::string_view scope : split(token->scopes, ' ')) {
          caller->scopes.emplace_back(scope);
        }
      }
    } else if (const auto session = tx.access().session(key_sha256); session && now < session->expires) {
      user = session->user;
      caller->session_id = session->id;
      caller->csrf = session->csrf;
    }
    const auto row = user.empty() ? std::nullopt : tx.access().user(user);
    valid = row && !row->is_closed;
    caller->user = row.value_or(records::UserRow{});
  });
  if (!valid) {
    return nullptr;
  }
  if (touch) {
    x_store.transact([&](records::Transaction& tx) {
      is_token ? tx.access().use_token(caller->token_id, now) : tx.access().touch_session(caller->session_id, now);
    });
  }
  x_cache.with([&](auto& cache) {
    if (cache.size() >= kMaxCached) {
      cache.clear();
    }
    Cached& entry = cache[key_sha256];
    entry = {caller, now + kBelieved, touch ? now : entry.touched};
  });
  return caller;
}

void Sessions::forget() {
  x_cache.with([](auto& cache) { cache.clear(); });
}

bool Sessions::has_users() {
  if (!x_has_users.load()) {
    x_store.read([&](records::Transaction& tx) { x_has_users = tx.access().has_users(); });
  }
  return x_has_users.load();
}

std::string Sessions::set_cookie(const std::string& value, bool is_secure) {
  return std::string(is_secure ? kSecureCookie : kPlainCookie) + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" + (is_secure ? "; Secure" : "");
}

std::string Sessions::clear_cookie(bool is_secure) { return set_cookie("", is_secure) + "; Max-Age=0"; }

}  // namespace pinfold::http
