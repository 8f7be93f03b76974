/// The small process that answers fanotify's permission events, so that no open below a watched directory waits for the agent.
///
///   agent ──fork, exec──▶ keeper ──fork──▶ responder ══ fanotify group
///     ▲                     │ forks again, when it ends, after a pause
///     └──── sightings, copies (one socket) ──┘
///
/// Every open below a watched directory waits for the answer, which is always "go on", unless denial was ordered. Before it, the
/// responder copies what is executed, what an interpreter was given as its script, and what a shell opens for another program; it looks at
/// /proc only then. Nothing else is read: uploads, sessions and data pass by.
///
/// Never in the way. The responder blocks on nothing but its own wait; a full socket loses the sighting and counts it. It holds a dead
/// man's switch: a kernel timer that kills it kMaxAnswer after it last came round, however it was held up. SIGSTOP does not stop the
/// kernel's timers, and SIGKILL ends a stopped process; with it the group closes, and the kernel lets everyone through. The agent never
/// holds the group itself. The one thing that outlives it is a frozen cgroup of version 1, where no signal arrives.
/// Opens no regular file below a watched directory, since it would wait for itself.
/// Capabilities: keeps CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; the keeper keeps what fanotify_init takes, and touches nothing from outside.
/// Bounds:  copies of kMaxCapture bytes; kMaxWaiting messages in the socket; writers.hpp has its own.
/// Source:  fanotify(7), timer_create(2), signal(7).
#pragma once

#include <cstdint>

#include "agent/sensor/exec_sensor.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxCapture = std::size_t{1} << 20U;
inline constexpr Millis kMaxAnswer{1000};

/// Optional, off by default: what may not be run out of a watched directory.
enum class Denial : std::uint8_t {
  Off,
  Services,  ///< by users below 1000 other than root: what a web server starts
  Everyone,
};
[[nodiscard]] std::optional<Denial> parse_denial(std::string_view text);  ///< "off", "services", "everyone"
[[nodiscard]] std::string_view to_string(Denial denial);

struct ResponderSettings {
  WatchedPaths watched;
  Denial denial = Denial::Off;
  bool permission = true;  ///< false: only afterwards, by notification (for tests, and as kernels without permission events do)
  bool fanotify = true;    ///< false: neither opens nor names by fanotify; drops by inotify
};

/// The keeper's life, in its own process; `socket` is its end. Returns the exit status when the agent has gone.
[[nodiscard]] int run_responder(int socket, const ResponderSettings& settings);

}  // namespace pinfold::agent
