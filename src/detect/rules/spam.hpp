/// Finds servers that deliver mail to far more mail servers than they should: a mailing program on a machine that is no mail server.
/// Rule, over distinct hosts contacted on tcp/25:
///   `min_servers_per_minute` in a minute or `min_servers_per_ten_minutes` in ten, by a server that receives no mail itself;
///   `min_servers_mail_host` in ten minutes by one that does (somebody connects to its mail ports and is answered);
///   and in both cases `times_usual` its own usual number, once that is known. Newsletters are declared (inventory/roles.hpp).
/// Most hosts must have been reached: a sweep for open port 25 is a scan.
/// Left alone: mail servers and relays; web shops that send through one relay (one host); bounces to a few.
/// Source:     Schatzmann et al., Inferring Spammers in the Network Core, PAM 2009; Ehrlich et al., Detection of Spam Hosts and Spam Bots Using
///             Network Flow Traffic Modeling, LEET 2010. Sessions: size and number from the session table.
/// Memory:     none of its own. Pure.
#pragma once

#include <optional>

#include "detect/client_tracker.hpp"
#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

struct MailPast {
  bool receives_mail = false;
  std::optional<std::uint32_t> usual_servers;  ///< in ten minutes
};

[[nodiscard]] std::optional<Sighting> judge_spam(const ClientView& view, const SpamThresholds& thresholds, const MailPast& past);

}  // namespace pinfold::detect
