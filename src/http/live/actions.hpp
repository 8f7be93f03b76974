/// Slow work that a call has begun (202): its progress and its result, asked for at /v1/actions/{id} by whoever began it.
/// Bounds:  kMaxActions at once, kThreads at work; what has ended is kept kKeepEnded. In memory: a restart forgets them, and nothing depends on them.
/// Clock:   injected. Threads: any; the work runs on threads of this object, which the destructor joins.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "base/lock_guarded.hpp"

namespace pinfold::http {

inline constexpr std::size_t kMaxActions = 100;
inline constexpr Micros kKeepEnded = std::chrono::hours{1};

class Actions {
public:
  using Progress = std::function<void(unsigned percent)>;
  using Work = std::function<Expected<nlohmann::json, std::string>(const Progress&)>;

  explicit Actions(const Clock& clock);
  ~Actions();
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  /// Its id; nullopt: too many are at work.
  [[nodiscard]] std::optional<std::string> begin(const std::string& kind, const std::string& user, Work work);
  /// As the contract's Action; nullopt: unknown, or another user's.
  [[nodiscard]] std::optional<nlohmann::json> show(const std::string& id, const std::string& user) const;

private:
  struct Pool;
  struct Row {
    std::string kind;
    std::string user;
    unsigned progress = 0;
    WallTime begun;
    std::optional<WallTime> ended;
    nlohmann::json result;
    std::string problem;
  };
  void run(const std::string& id, const Work& work);

  const Clock& x_clock;
  LockGuarded<std::map<std::string, Row>> x_rows;
  std::unique_ptr<Pool> x_pool;
};

}  // namespace pinfold::http
