/// The host agent's loop: exec events in, findings into the spool. See judge.hpp for what is reported and uplink.hpp for how it is told.
///
///   kernel ──ring buffer──▶ ExecSensor ─▶ find_subject ─▶ judge ─▶ content ─▶ RunTable ─▶ Spool ─▶ Uplink ─▶ desk
///   fanotify ─▶ Capture ──────────────────────────────────────────────┘
///
/// Threads: the loop (the caller's), the capture thread, the uplink thread. The loop owns everything but the spool and the captures.
/// Clock:   a Clock&; waits end by poll(2).
/// Bounds:  kMaxPending events wait for their content, for at most kContentWait each; a finding without content is still a finding.
/// Errors:  create() says what the environment lacks. A sensor that is refused is a degraded tier, said at once and with every batch.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>

#include "agent/finding.hpp"
#include "agent/identity.hpp"
#include "agent/sensor/capture.hpp"
#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "agent/spool.hpp"
#include "agent/uplink.hpp"
#include "base/clock.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxPending = 256;
inline constexpr Millis kContentWait{300};

struct Config {
  std::filesystem::path state = "/var/lib/pinfold-agent";
  WatchedPaths watched = default_watched_paths();
  Micros quiet = Seconds{60};   ///< repeats of a run within this of one another are one finding
  Micros retell = Seconds{10};  ///< how often a growing finding is told
  bool poll_only = false;       ///< never ask for BPF: for tests and for kernels where it misbehaves
  Spool::Limits spool;
};

/// The tier and what else an operator wants to know, as `pinfold-agent status` prints it; written to DIR/status.json.
struct Status {
  std::int64_t pid = 0;
  WallTime started;
  WallTime written;
  std::string tier;
  std::string server;
  std::uint64_t execs = 0;
  std::uint64_t events = 0;
  std::uint64_t findings = 0;
  std::uint64_t without_content = 0;
  std::uint64_t events_lost = 0;
  std::uint64_t findings_sent = 0;
  std::uint64_t findings_waiting = 0;
  std::uint64_t findings_lost = 0;
  std::string last_error;
};
[[nodiscard]] std::string to_json_text(const Status& status);
[[nodiscard]] Expected<Status, std::string> load_status(const std::filesystem::path& state);

class Agent {
public:
  [[nodiscard]] static Expected<std::unique_ptr<Agent>, std::string> create(Config config, const Clock& clock);

  /// Until `stop_fd` is readable (a signalfd, an eventfd).
  void run(int stop_fd);

private:
  struct Pending {
    ExecEvent event;
    Subject subject;
    Judgement judgement;
    MonoTime deadline;
  };

  Agent(Config config, const Clock& clock) : x_config(std::move(config)), x_clock(clock) {}
  void open_sensors();
  void on_exec(ExecEvent event);
  void retry_pending();
  [[nodiscard]] Content content_of(const ExecEvent& event, const Subject& subject) const;
  void report(const Pending& pending, const Content& content);
  void keep(const abuse::Finding& finding, std::string_view content);
  void housekeeping();
  [[nodiscard]] std::string tier() const;
  [[nodiscard]] int wait_time() const;

  Config x_config;
  const Clock& x_clock;
  ProcReader x_proc;
  Speaker x_speaker;
  std::unique_ptr<Spool> x_spool;
  std::unique_ptr<ExecSensor> x_sensor;
  std::unique_ptr<Capture> x_capture;
  std::optional<RunTable> x_runs;
  std::deque<Pending> x_pending;
  LockGuarded<std::string> x_tier;
  Status x_status;
  MonoTime x_next_housekeeping;
  std::unique_ptr<Uplink> x_uplink;  ///< last: its thread uses the spool and the tier
};

}  // namespace pinfold::agent
