/// Who may use the pages and the API, and what they did there: users, sessions, tokens, kept answers to repeated requests, acts, saved views.
/// Part of records/store.hpp, whose rules hold here too (transactions, durability, errors, threads). Used by http and `pinfold user`.
/// Secrets: passwords are kept as Argon2id hashes; sessions and tokens as the SHA-256 of 200 random bits; the seed of one-time codes in clear,
/// because codes are computed from it: whoever reads the database file could make them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace pinfold::records {

/// Owner and Member belong to one customer; the others are the provider's.
enum class Role : std::uint8_t { Owner, Member, Support, Abuse, Sysadmin, Admin };
[[nodiscard]] std::string_view to_string(Role role);  ///< "sysadmin"
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);
[[nodiscard]] constexpr bool is_staff(Role role) { return role != Role::Owner && role != Role::Member; }

struct UserRow {
  std::string id;
  std::string login;  ///< lower case; what stands in records as StaffId
  std::string name;
  Role role = Role::Member;
  CustomerId customer;  ///< empty for staff
  std::string language = "en";
  std::string password_hash;
  std::string totp_secret;          ///< base 32; empty: no one-time codes
  std::string totp_pending;         ///< shown, not confirmed yet
  std::int64_t totp_last_step = 0;  ///< a code is taken once
  bool is_closed = false;
  bool must_change = false;
  std::int64_t version = 1;
  WallTime created;
  std::optional<WallTime> last_login;
};

struct SessionRow {
  std::string id;  ///< for lists; the cookie's value is another
  std::string key_sha256;
  std::string user;
  std::string csrf;
  std::string address;
  std::string agent;
  WallTime created;
  WallTime last_seen;
  WallTime expires;
};

struct TokenRow {
  std::string id;
  std::string prefix;  ///< the part that may be shown: "pf_3k9x"
  std::string key_sha256;
  std::string user;
  std::string name;
  std::string scopes;  ///< with spaces between
  WallTime created;
  WallTime expires;
  std::optional<WallTime> last_used;
};

/// The answer to a request with an Idempotency-Key. status 0: the first one is still at work.
struct KeptAnswer {
  std::string user;
  std::string key;
  std::string request_sha256;
  unsigned status = 0;
  std::string content_type;
  std::string headers;  ///< "Name: value" lines
  std::string body;
  WallTime at;
};

/// What a person did through the API or at the log-in; the cases' own chain is beside this.
struct ActRow {
  std::int64_t id = 0;
  WallTime at;
  std::string who;   ///< login
  std::string what;  ///< operationId
  std::string subject;
  std::string text;
  unsigned status = 0;
};

struct ViewRow {
  std::string id;
  std::string user;
  std::string name;
  std::string query;
  bool is_shared = false;
};

class Access {
public:
  virtual ~Access() = default;

  virtual bool add_user(const UserRow&) = 0;  ///< false: the login is taken
  /// Writes the whole row with a version one higher; throws Conflict unless it stands at `row.version`.
  virtual void put_user(const UserRow& row) = 0;
  [[nodiscard]] virtual std::optional<UserRow> user(std::string_view id) const = 0;
  [[nodiscard]] virtual std::optional<UserRow> user_by_login(std::string_view login) const = 0;
  /// By login, behind `after`; `search` in login or name; of one customer if it is named.
  [[nodiscard]] virtual std::vector<UserRow> users(const std::optional<CustomerId>& customer, std::string_view search, std::string_view after,
                                                   std::size_t limit) const = 0;
  [[nodiscard]] virtual bool has_users() const = 0;

  virtual void add_session(const SessionRow&) = 0;
  [[nodiscard]] virtual std::optional<SessionRow> session(std::string_view key_sha256) const = 0;
  virtual void touch_session(std::string_view id, WallTime now) = 0;
  virtual bool end_session(std::string_view id, std::string_view user) = 0;
  virtual void end_sessions(std::string_view user, std::string_view except_id) = 0;
  [[nodiscard]] virtual std::vector<SessionRow> sessions(std::string_view user) const = 0;  ///< newest first

  virtual void add_token(const TokenRow&) = 0;
  [[nodiscard]] virtual std::optional<TokenRow> token(std::string_view key_sha256) const = 0;
  virtual void use_token(std::string_view id, WallTime now) = 0;
  virtual bool revoke_token(std::string_view id, std::string_view user) = 0;
  [[nodiscard]] virtual std::vector<TokenRow> tokens(std::string_view user) const = 0;  ///< newest first

  /// The answer kept under that key, or nullopt after a row with status 0 was written in its place.
  [[nodiscard]] virtual std::optional<KeptAnswer> begin_request(const KeptAnswer& request) = 0;
  virtual void keep_answer(const KeptAnswer& answer) = 0;
  virtual void drop_request(std::string_view user, std::string_view key) = 0;  ///< it failed before it did anything

  virtual void add_act(const ActRow&) = 0;                                                                                 ///< its id is given here
  [[nodiscard]] virtual std::vector<ActRow> acts(std::string_view who, std::int64_t before, std::size_t limit) const = 0;  ///< newest first

  virtual void add_view(const ViewRow&) = 0;
  [[nodiscard]] virtual std::vector<ViewRow> views(std::string_view user) const = 0;  ///< own and shared
  virtual bool remove_view(std::string_view id, std::string_view user) = 0;

  /// Ended sessions, expired tokens and kept answers older than a day.
  virtual void prune_access(WallTime now) = 0;
};

}  // namespace pinfold::records
