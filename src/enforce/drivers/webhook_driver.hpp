/// Whatever else an operator has: a program of theirs that is asked by signed HTTP requests and answers with the port's state.
/// Used by: the executor, for switches with driver = "webhook".
///   POST {"action":"inspect"|"state"|"set"|"ports"|"save","switch":…,"port":…,"alias":…,"wish":"down"|"up","identity":…}
///   200  {"state":{"name":…,"alias":…,"type":6,"admin":"up"|"down"|"testing","oper":"up"|"down",…,"identity":…,
///                  "macs":[…],"macs_elsewhere":[…],"bridge_neighbours":0,"own_path":false,"ports_up":24,"tagged_vlans":0,"stp_root":false,
///                  "in_octets":…}}   (received by the port, as it counts now)
///   "ports": {"ports":[{"port":…,"admin":…}]}   "save": {"saved":true}   404 no such port, 403 refused, 409 identity changed
/// The requests are signed as Standard Webhooks asks (HMAC-SHA-256 over id, time and body); `webhook-id` is new for every request. The answer is
/// trusted for what it says, so the address is https or loopback (the configuration refuses others). What the answer leaves out is unreadable,
/// which holds. "identity" is a text that the operator's program changes whenever a name may mean another port than before; it comes back
/// with "set", and the program refuses (409) when it no longer fits.
/// Errors:  not connected Unreachable; 403, 409 Refused; 404 NotFound; no answer Timeout; anything else Malformed.
/// Bounds:  kMaxWebhookAnswer; kWebhookWithin (a save: kSaveWithin). Threads: one. One driver object for one action.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.hpp"
#include "enforce/driver.hpp"
#include "fetch/fetch.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxWebhookAnswer = std::size_t{1} << 20;
inline constexpr Micros kWebhookWithin = std::chrono::seconds{10};

struct WebhookOptions {
  SwitchId switch_id;
  fetch::Url url;
  std::string secret;   ///< the key itself, not its base 64
  std::string ca_file;  ///< of the program's certificate; empty: the machine's authorities
  bool can_save = false;
};

class WebhookDriver final : public Driver {
public:
  WebhookDriver(WebhookOptions options, const Clock& clock) : x_options(std::move(options)), x_clock(clock) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override;
  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override;
  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override;
  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override;
  [[nodiscard]] std::optional<PortTraffic> traffic(const guard::PortFacts& facts) override;
  [[nodiscard]] std::optional<AdminStates> admin_states() override;
  [[nodiscard]] bool can_save() const override { return x_options.can_save; }
  [[nodiscard]] Expected<void, DriverError> save() override;

private:
  [[nodiscard]] Expected<nlohmann::json, DriverError> ask(const nlohmann::json& question, Micros within = kWebhookWithin) const;
  [[nodiscard]] Expected<guard::PortFacts, DriverError> state(const inventory::AccessPort& port, const char* action);

  WebhookOptions x_options;
  const Clock& x_clock;
  inventory::AccessPort x_port;  ///< as last asked about
};

}  // namespace pinfold::enforce::drivers
