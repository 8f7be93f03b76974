/// The canary: a mail from the desk to itself, by the same roads that answers take (our mail server, its LMTP delivery, the inbox). While one does
/// not come back, answers might not come back either, and silence of an owner counts for nothing (engine/ears.hpp).
///   send ──▶ on its way ──(back within kCanaryWithin)──▶ round, good for `every` + kCanaryWithin ──▶ send …
///                   └──(not back)──▶ lost: ears shut, a person is called once; another goes out after kCanaryAgain
/// Kept in settings, so that a restart neither forgets a round that was made nor claims one. Clock: the caller's. Threads: `send` one worker's,
/// `came_back` the mail worker's. Bounds: four settings; of the canaries under way the latest kMaxCanaries are known again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "mail/submitter.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

inline constexpr Micros kCanaryWithin = std::chrono::minutes{5};
inline constexpr Micros kCanaryAgain = std::chrono::seconds{15};
inline constexpr std::size_t kMaxCanaries = 40;

struct CanaryState {
  std::optional<WallTime> sent;   ///< the latest
  std::optional<WallTime> round;  ///< when the latest that came back came back
  /// The roads of answers are known to be open.
  [[nodiscard]] bool is_well(Micros every, WallTime now) const;
  /// Time for another.
  [[nodiscard]] bool is_due(Micros every, WallTime now) const;
};
[[nodiscard]] CanaryState canary_state(records::Transaction& tx);

/// Notes a canary that goes out now; its token.
[[nodiscard]] std::string canary_leaves(records::Transaction& tx, WallTime now);
/// A mail has arrived at a canary's address. False: we sent no such canary.
bool canary_came_back(records::Transaction& tx, std::string_view token, WallTime now);
[[nodiscard]] bool is_canary(records::Transaction& tx, std::string_view token);

class CanaryWorker {
public:
  CanaryWorker(records::Store& store, const config::Config& config, const mail::Submitter& submitter, const Clock& clock)
      : x_store(store), x_config(config), x_submitter(submitter), x_clock(clock) {}
  /// Sends one if it is due, and calls a person when the canary has been lost. Cheap otherwise.
  void look();

private:
  void call_if_lost(records::Transaction& tx, WallTime now) const;
  records::Store& x_store;
  const config::Config& x_config;
  const mail::Submitter& x_submitter;
  const Clock& x_clock;
};

}  // namespace pinfold::engine
