/// Logging in, and knowing who calls: sessions (cookie) and API tokens (bearer).
///   cookie  "__Host-pinfold" over TLS, "pinfold" without; its value is 200 random bits, kept as SHA-256. HttpOnly, SameSite=Strict, Path=/.
///   token   "pf_" and 200 random bits, kept the same way.
/// Cost:    a request is one SHA-256 and one look into a cache that lives kBelieved; a miss reads the store. Ending a session or token in this
/// process
///          counts at once, in another one within kBelieved. log_in takes 0.1 s on purpose (base/password.hpp).
/// Bounds:  kMaxCached callers; kMaxFailures log-ins a minute for one account, kMaxFailuresFrom from one address, then 429. An unknown login costs
/// the
///          same time as a wrong password.
/// Clock:   given. Threads: any. Errors: Refusal (401, 403, 429) from log_in; StoreError.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/lock_guarded.hpp"
#include "http/api/access.hpp"
#include "http/client.hpp"
#include "http/rate_limit.hpp"
#include "records/store.hpp"

namespace pinfold::http {

inline constexpr Micros kSessionLasts = std::chrono::hours{12};
inline constexpr Micros kBelieved = std::chrono::seconds{2};
inline constexpr Micros kTouchEvery = std::chrono::minutes{1};
inline constexpr std::size_t kMaxCached = 20'000;
inline constexpr unsigned kMaxFailures = 5;
inline constexpr unsigned kMaxFailuresFrom = 30;

class Sessions {
public:
  explicit Sessions(records::Store& store) : x_store(store) {}

  struct Opened {
    std::shared_ptr<const api::Caller> caller;
    std::string cookie_value;
    WallTime expires;
  };
  /// Throws api::Refusal: wrong_password, totp_required, account_closed, throttled.
  [[nodiscard]] Opened log_in(const std::string& login, const std::string& password, const std::string& totp, const Client& client,
                              std::string_view agent, WallTime now);
  /// By bearer token or cookie; null: nobody that is known. A request that bears a token is judged by it alone.
  [[nodiscard]] std::shared_ptr<const api::Caller> caller_of(const Request& request, WallTime now);
  /// Something about users, sessions or tokens was changed.
  void forget();
  [[nodiscard]] bool has_users();

  [[nodiscard]] static std::string set_cookie(const std::string& value, bool is_secure);
  [[nodiscard]] static std::string clear_cookie(bool is_secure);

private:
  struct Cached {
    std::shared_ptr<const api::Caller> caller;
    WallTime until;
    WallTime touched;
  };
  [[nodiscard]] std::shared_ptr<const api::Caller> look_up(const std::string& key_sha256, bool is_token, WallTime now);
  [[nodiscard]] std::optional<records::UserRow> check_password(const std::string& login, const std::string& password);

  records::Store& x_store;
  RateLimit x_account{kMaxFailures};
  RateLimit x_address{kMaxFailuresFrom};
  LockGuarded<std::unordered_map<std::string, Cached>> x_cache;
  std::atomic<bool> x_has_users{false};
};

}  // namespace pinfold::http
