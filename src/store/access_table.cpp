#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "records/store.hpp"
#include "store/api_tables.hpp"

namespace pinfold::store {
namespace {

using records::SessionRow;
using records::TokenRow;
using records::UserRow;

constexpr Micros kKeepAnswers = std::chrono::hours{24};
constexpr Micros kKeepActs = std::chrono::hours{24} * 400;

Nullable<long long> nullable(std::optional<WallTime> t) { return Nullable<long long>(t ? std::optional(to_column(*t)) : std::nullopt); }
std::optional<WallTime> wall(const Nullable<long long>& column) {
  const auto value = column.get();
  return value ? std::optional(to_wall_time(*value)) : std::nullopt;
}
long long yes_no(bool value) { return value ? 1 : 0; }

template <typename... In>
std::vector<UserRow> user_rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<UserRow> found;
  UserRow row;
  std::string role;
  long long last_step = 0;
  long long closed = 0;
  long long must_change = 0;
  long long version = 0;
  long long created = 0;
  Nullable<long long> last_login;
  for_each_row(session,
               "SELECT id, login, name, role, customer, language, password_hash, totp_secret, totp_pending, totp_last_step, is_closed, must_change, "
               "version, created_at, last_login_at FROM users " +
                   where,
               std::tie(in...),
               std::tie(row.id, row.login, row.name, role, row.customer.value, row.language, row.password_hash, row.totp_secret, row.totp_pending,
                        last_step, closed, must_change, version, created, last_login),
               [&] {
                 const auto known = records::parse_role(role);
                 if (!known) {
                   throw records::StoreError(fmt::format("user {}: its role is damaged", printable(row.login)));
                 }
                 row.role = *known;
                 row.totp_last_step = last_step;
                 row.is_closed = closed != 0;
                 row.must_change = must_change != 0;
                 row.version = version;
                 row.created = to_wall_time(created);
                 row.last_login = wall(last_login);
                 found.push_back(row);
               });
  return found;
}

template <typename... In>
std::vector<SessionRow> session_rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<SessionRow> found;
  SessionRow row;
  long long created = 0;
  long long seen = 0;
  long long expires = 0;
  for_each_row(session, "SELECT id, key_sha256, user_id, csrf, address, agent, created_at, seen_at, expires_at FROM sessions " + where,
               std::tie(in...), std::tie(row.id, row.key_sha256, row.user, row.csrf, row.address, row.agent, created, seen, expires), [&] {
                 row.created = to_wall_time(created);
                 row.last_seen = to_wall_time(seen);
                 row.expires = to_wall_time(expires);
                 found.push_back(row);
               });
  return found;
}

template <typename... In>
std::vector<TokenRow> token_rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<TokenRow> found;
  TokenRow row;
  long long created = 0;
  long long expires = 0;
  Nullable<long long> used;
  for_each_row(session, "SELECT id, prefix, key_sha256, user_id, name, scopes, created_at, expires_at, used_at FROM api_tokens " + where,
               std::tie(in...), std::tie(row.id, row.prefix, row.key_sha256, row.user, row.name, row.scopes, created, expires, used), [&] {
                 row.created = to_wall_time(created);
                 row.expires = to_wall_time(expires);
                 row.last_used = wall(used);
                 found.push_back(row);
               });
  return found;
}

template <typename T>
std::optional<T> only(std::vector<T> found) {
  return found.empty() ? std::nullopt : std::optional<T>(std::move(found.front()));
}

}  // namespace

bool AccessTable::add_user(const UserRow& row) {
  return execute(x_session,
                 "INSERT INTO users (id, login, name, role, customer, language, password_hash, totp_secret, totp_pending, totp_last_step, is_closed, "
                 "must_change, version, created_at, last_login_at) VALUES (:id, :login, :name, :role, :customer, :language, :hash, :secret, "
                 ":pending, :step, :closed, :change, :version, :created, :last) ON CONFLICT DO NOTHING",
                 row.id, row.login, row.name, std::string(to_string(row.role)), row.customer.value, row.language, row.password_hash, row.totp_secret,
                 row.totp_pending, static_cast<long long>(row.totp_last_step), yes_no(row.is_closed), yes_no(row.must_change),
                 static_cast<long long>(row.version), to_column(row.created), nullable(row.last_login)) == 1;
}

void AccessTable::put_user(const UserRow& row) {
  if (execute(x_session,
              "UPDATE users SET name = :name, role = :role, customer = :customer, language = :language, password_hash = :hash, "
              "totp_secret = :secret, totp_pending = :pending, totp_last_step = :step, is_closed = :closed, must_change = :change, "
              "version = version + 1, last_login_at = :last WHERE id = :id AND version = :version",
              row.name, std::string(to_string(row.role)), row.customer.value, row.language, row.password_hash, row.totp_secret, row.totp_pending,
              static_cast<long long>(row.totp_last_step), yes_no(row.is_closed), yes_no(row.must_change), nullable(row.last_login), row.id,
              static_cast<long long>(row.version)) == 0) {
    throw records::Conflict(fmt::format("user {}: changed meanwhile", printable(row.login)));
  }
}

std::optional<UserRow> AccessTable::user(std::string_view id) const { return only(user_rows(x_session, "WHERE id = :id", std::string(id))); }
std::optional<UserRow> AccessTable::user_by_login(std::string_view login) const {
  return only(user_rows(x_session, "WHERE login = :login", std::string(login)));
}

std::vector<UserRow> AccessTable::users(const std::optional<CustomerId>& customer, std::string_view search, std::string_view after,
                                        std::size_t limit) const {
  const auto at_most = static_cast<long long>(limit);
  const std::string pattern = like_anywhere(search);
  const std::string behind(after);
  const std::string tail =
      fmt::format(" AND (login {0} :s1 ESCAPE '\\' OR name {0} :s2 ESCAPE '\\') ORDER BY login LIMIT :most", like_operator(x_session));
  if (customer) {
    return user_rows(x_session, "WHERE customer = :customer AND login > :after" + tail, customer->value, behind, pattern, pattern, at_most);
  }
  return user_rows(x_session, "WHERE login > :after" + tail, behind, pattern, pattern, at_most);
}

bool AccessTable::has_users() const {
  long long one = 0;
  return first_row(x_session, "SELECT 1 FROM users LIMIT 1", std::tie(), std::tie(one));
}

void AccessTable::add_session(const SessionRow& row) {
  execute(x_session,
          "INSERT INTO sessions (id, key_sha256, user_id, csrf, address, agent, created_at, seen_at, expires_at) VALUES (:id, :key, :user, :csrf, "
          ":address, :agent, :created, :seen, :expires)",
          row.id, row.key_sha256, row.user, row.csrf, row.address, row.agent, to_column(row.created), to_column(row.last_seen),
          to_column(row.expires));
}

std::optional<SessionRow> AccessTable::session(std::string_view key_sha256) const {
  return only(session_rows(x_session, "WHERE key_sha256 = :key", std::string(key_sha256)));
}

void AccessTable::touch_session(std::string_view id, WallTime now) {
  execute(x_session, "UPDATE sessions SET seen_at = :now WHERE id = :id", to_column(now), std::string(id));
}

bool AccessTable::end_session(std::string_view id, std::string_view user) {
  return execute(x_session, "DELETE FROM sessions WHERE id = :id AND user_id = :user", std::string(id), std::string(user)) == 1;
}

void AccessTable::end_sessions(std::string_view user, std::string_view except_id) {
  execute(x_session, "DELETE FROM sessions WHERE user_id = :user AND id <> :except", std::string(user), std::string(except_id));
}

std::vector<SessionRow> AccessTable::sessions(std::string_view user) const {
  return session_rows(x_session, "WHERE user_id = :user ORDER BY created_at DESC, id", std::string(user));
}

void AccessTable::add_token(const TokenRow& row) {
  execute(x_session,
          "INSERT INTO api_tokens (id, prefix, key_sha256, user_id, name, scopes, created_at, expires_at, used_at) VALUES (:id, :prefix, :key, "
          ":user, :name, :scopes, :created, :expires, :used)",
          row.id, row.prefix, row.key_sha256, row.user, row.name, row.scopes, to_column(row.created), to_column(row.expires),
          nullable(row.last_used));
}

std::optional<TokenRow> AccessTable::token(std::string_view key_sha256) const {
  return only(token_rows(x_session, "WHERE key_sha256 = :key", std::string(key_sha256)));
}

void AccessTable::use_token(std::string_view id, WallTime now) {
  execute(x_session, "UPDATE api_tokens SET used_at = :now WHERE id = :id", to_column(now), std::string(id));
}

bool AccessTable::revoke_token(std::string_view id, std::string_view user) {
  return execute(x_session, "DELETE FROM api_tokens WHERE id = :id AND user_id = :user", std::string(id), std::string(user)) == 1;
}

std::vector<TokenRow> AccessTable::tokens(std::string_view user) const {
  return token_rows(x_session, "WHERE user_id = :user ORDER BY created_at DESC, id", std::string(user));
}

std::optional<records::KeptAnswer> AccessTable::begin_request(const records::KeptAnswer& request) {
  records::KeptAnswer row;
  long long status = 0;
  long long at = 0;
  if (first_row(x_session,
                "SELECT user_id, request_key, request_sha256, status, content_type, headers, body, at FROM kept_answers WHERE user_id = :user AND "
                "request_key = :key",
                std::tie(request.user, request.key),
                std::tie(row.user, row.key, row.request_sha256, status, row.content_type, row.headers, row.body, at))) {
    row.status = static_cast<unsigned>(status);
    row.at = to_wall_time(at);
    return row;
  }
  execute(x_session,
          "INSERT INTO kept_answers (user_id, request_key, request_sha256, status, content_type, headers, body, at) VALUES (:user, :key, :sha, 0, "
          "'', '', '', :at)",
          request.user, request.key, request.request_sha256, to_column(request.at));
  return std::nullopt;
}

void AccessTable::keep_answer(const records::KeptAnswer& answer) {
  execute(x_session,
          "UPDATE kept_answers SET status = :status, content_type = :type, headers = :headers, body = :body WHERE user_id = :user AND "
          "request_key = :key",
          static_cast<long long>(answer.status), answer.content_type, answer.headers, answer.body, answer.user, answer.key);
}

void AccessTable::drop_request(std::string_view user, std::string_view key) {
  execute(x_session, "DELETE FROM kept_answers WHERE user_id = :user AND request_key = :key", std::string(user), std::string(key));
}

void AccessTable::add_act(const records::ActRow& row) {
  long long last = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MAX(id), 0) FROM acts", std::tie(), std::tie(last)));
  execute(x_session, "INSERT INTO acts (id, at, who, what, subject, text, status) VALUES (:id, :at, :who, :what, :subject, :text, :status)", last + 1,
          to_column(row.at), row.who, row.what, row.subject, row.text, static_cast<long long>(row.status));
}

std::vector<records::ActRow> AccessTable::acts(std::string_view who, std::int64_t before, std::size_t limit) const {
  std::vector<records::ActRow> found;
  records::ActRow row;
  long long id = 0;
  long long at = 0;
  long long status = 0;
  const std::string person(who);
  const long long until = before > 0 ? before : INT64_MAX;
  const auto at_most = static_cast<long long>(limit);
  const auto take = [&] {
    row.id = id;
    row.at = to_wall_time(at);
    row.status = static_cast<unsigned>(status);
    found.push_back(row);
  };
  const auto out = std::tie(id, at, row.who, row.what, row.subject, row.text, status);
  const std::string columns = "SELECT id, at, who, what, subject, text, status FROM acts WHERE ";
  if (person.empty()) {
    for_each_row(x_session, columns + "id < :before ORDER BY id DESC LIMIT :most", std::tie(until, at_most), out, take);
  } else {
    for_each_row(x_session, columns + "who = :who AND id < :before ORDER BY id DESC LIMIT :most", std::tie(person, until, at_most), out, take);
  }
  return found;
}

void AccessTable::add_view(const records::ViewRow& row) {
  execute(x_session, "INSERT INTO saved_views (id, user_id, name, query, is_shared) VALUES (:id, :user, :name, :query, :shared)", row.id, row.user,
          row.name, row.query, yes_no(row.is_shared));
}

std::vector<records::ViewRow> AccessTable::views(std::string_view user) const {
  std::vector<records::ViewRow> found;
  records::ViewRow row;
  long long shared = 0;
  const std::string person(user);
  for_each_row(x_session, "SELECT id, user_id, name, query, is_shared FROM saved_views WHERE user_id = :user OR is_shared = 1 ORDER BY name, id",
               std::tie(person), std::tie(row.id, row.user, row.name, row.query, shared), [&] {
                 row.is_shared = shared != 0;
                 found.push_back(row);
               });
  return found;
}

bool AccessTable::remove_view(std::string_view id, std::string_view user) {
  return execute(x_session, "DELETE FROM saved_views WHERE id = :id AND user_id = :user", std::string(id), std::string(user)) == 1;
}

void AccessTable::prune_access(WallTime now) {
  execute(x_session, "DELETE FROM sessions WHERE expires_at < :now", to_column(now));
  execute(x_session, "DELETE FROM api_tokens WHERE expires_at < :before", to_column(now - kKeepAnswers));
  execute(x_session, "DELETE FROM kept_answers WHERE at < :before", to_column(now - kKeepAnswers));
  execute(x_session, "DELETE FROM acts WHERE at < :before", to_column(now - kKeepActs));
}

}  // namespace pinfold::store
