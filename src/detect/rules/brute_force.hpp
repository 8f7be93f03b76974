/// Finds servers that try passwords: repeated, short, similar sessions to a login port, each as big as a login that fails.
///
/// A session is login-sized when both sides spoke (where both are visible) and neither sent more than a failed login of its service needs
/// (rules/login_sessions.hpp): an SSH session that got in goes on to open a channel and answers more. A banner check is too small.
/// Rules, all over sessions whose sizes are alike (`min_similar_percent` near the median):
///   one host     `min_logins_one_host` in a minute; mail boxes and databases, where programs log in all the time, `..._busy`
///   many hosts   `min_logins_many_hosts` in a minute, three a host within ten (mail boxes, databases: the busy number, ten a host and minute); or
///                `min_hosts_one_try` hosts with a try each over half a minute, if the port is not being scanned anyway: then the scan is the story
///   patient      `min_logins_ten_minutes`, `min_logins_hour` on one host
///   odd port     `min_logins_odd_port` in a minute on one host, of ten packets and half a second at least: what a key exchange and a password
///                take; ports of web, DNS, monitoring and the like are left alone (detect/services.hpp)
///   sampled      sizes cannot be seen. Of each failed login some dozen packets are sent, so that many sessions of which one or two small packets
///                were caught are many logins: the estimate must reach the numbers above, five times those of the patient rules, for mail boxes
///                and databases more (least_sampled_sessions). Packets of a failed login are small on average, those of work are not.
/// Confidence grows with the number: six sessions may be a script, thirty are not.
/// Left alone:  a person who mistypes; configuration management (its sessions are longer); cron jobs once a minute; connection pools; FTP clients
///              that go on to open data connections; mail servers (port 25 is judged when few hosts are tried); webmail (its logins succeed at once,
///              a refused one is made to wait: half a second at least).
/// Not found:   databases over TLS (a refused login is as large as a small query); web forms.
/// Source:      Hellemans et al., SSHCure, AIMS 2012 (11 to 51 packets a session in the brute-force phase); Vizváry & Vykopal, IMC 2013 (RDP).
/// Memory:      the session table (1,024 a server). Floor: stated in each finding. Pure.
#pragma once

#include <vector>

#include "detect/client_tracker.hpp"
#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

struct BruteForceExemptions {
  bool several_hosts = false;  ///< configuration management, monitoring
};

inline constexpr std::size_t kLoginWindows = 3;  ///< a minute, ten, an hour
/// Under sampling: distinct sessions of that port that must really have been seen within a window.
[[nodiscard]] std::uint64_t least_sampled_sessions(std::uint16_t port, std::size_t window, SamplingRate rate, const BruteForceThresholds& thresholds);

/// At most one a service.
[[nodiscard]] std::vector<Sighting> judge_brute_force(const ClientView& view, const BruteForceThresholds& thresholds, BruteForceExemptions exempt);

}  // namespace pinfold::detect
