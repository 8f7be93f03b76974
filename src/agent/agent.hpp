/// The host agent's loop: what the sensors see in, findings into the spool. See judge.hpp for what is reported and uplink.hpp for how it is
/// told.
///
///   kernel ──ring buffer──▶ ExecSensor ─▶ find_subject ─▶ judge ─▶ content ─▶ Reporter ─▶ Spool ─▶ Uplink ─▶ desk
///   fanotify ─▶ responder (a process) ─▶ Capture ──────────────────┘  ▲
///   cgroup hooks ─▶ ConnectionSensor ─▶ judge_connections ────────────┘
///
/// Threads: the loop (the caller's), the capture thread, the uplink thread. The loop owns everything but the spool and the captures.
/// Clock:   a Clock&; waits end by poll(2).
/// Bounds:  kMaxPending events wait for their content, for at most kContentWait each; a finding without content is still a finding.
///          kLookedAtPerSecond events a second are looked at closely (/proc, content); beyond, they are judged by what the kernel said
///          and counted into a summary.
/// Errors:  create() says what the environment lacks. A sensor that is refused is a degraded tier, said at once and at every beat.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/behaviour/connection_sensor.hpp"
#include "agent/config.hpp"
#include "agent/identity.hpp"
#include "agent/reporter.hpp"
#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "agent/status.hpp"
#include "agent/uplink.hpp"
#include "agent/watch/capture.hpp"
#include "base/clock.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxPending = 256;
inline constexpr std::size_t kMaxReady = 2048;
inline constexpr std::size_t kMaxReadyBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxKnown = 1024;
inline constexpr std::size_t kMaxBuilt = 4096;
inline constexpr std::uint64_t kLookedAtPerSecond = 500;
inline constexpr Millis kContentWait{300};
inline constexpr Millis kTwinWait{150};  ///< how long fanotify's sighting waits for the exec event of the same run

class Agent {
public:
  [[nodiscard]] static Expected<std::unique_ptr<Agent>, std::string> create(Config config, const Clock& clock);

  /// Until `stop_fd` is readable (a signalfd, an eventfd).
  void run(int stop_fd);

private:
  /// A process that ran something from a watched place.
  struct Known {
    ExecEvent event;
    Subject subject;
    MonoTime at;
    bool suspicious = false;
    std::optional<FindingId> finding;
  };
  /// The last thing that a process was seen to run, so that two sensors do not tell it twice.
  struct Seen {
    std::string path;
    FileId id;
    MonoTime at;
  };
  /// An interpreter that reads a pipe, until it is known who feeds it.
  struct Piped {
    ExecEvent event;
    Subject subject;
    MonoTime deadline;
  };
  struct Waiting {
    Sighting sighting;
    MonoTime deadline;
  };

  Agent(Config config, const Clock& clock) : x_config(std::move(config)), x_clock(clock) {}
  void open_sensors();
  void open_connections();
  [[nodiscard]] int wait_time() const;
  void drain_sensors();

  void on_exec(ExecEvent event);
  void on_subject(ExecEvent event, Subject subject);
  void on_sighting(Sighting sighting);
  void on_opened(Sighting sighting);
  void on_drop(const Sighting& sighting);
  void on_connections(Connections connections);
  void on_packet_sockets();
  [[nodiscard]] bool seen_before(std::uint32_t pid, const std::string& path, const FileId& id) const;
  [[nodiscard]] bool is_built(const FileId& id) const;
  [[nodiscard]] bool may_look_closely();
  void remember(const ExecEvent& event, const Subject& subject, bool suspicious);

  void retry_pending();
  void enqueue(Case item);
  void report_some(std::size_t most);
  [[nodiscard]] Content content_of(const ExecEvent& event, const Subject& subject) const;
  [[nodiscard]] RunFacts facts_of(const Connections& connections, bool& reported, std::optional<FindingId>& cause);
  [[nodiscard]] Reporter::View view() const;

  [[nodiscard]] std::string tier() const;
  void housekeeping();

  Config x_config;
  const Clock& x_clock;
  ProcReader x_proc;
  std::string x_own_mounts;
  std::unique_ptr<Spool> x_spool;
  std::unique_ptr<ExecSensor> x_sensor;
  std::unique_ptr<Capture> x_capture;
  std::unique_ptr<ConnectionSensor> x_connections;
  PacketSockets x_packet_sockets;
  std::unique_ptr<Reporter> x_reporter;
  std::deque<Case> x_pending;
  std::deque<Case> x_ready;
  std::size_t x_ready_bytes = 0;
  std::deque<Waiting> x_twins;
  std::deque<Piped> x_pipes;
  std::unordered_map<std::uint32_t, Seen> x_seen;
  std::unordered_map<std::uint32_t, Known> x_known;
  std::deque<FileId> x_built;  ///< by compilers and package builds
  MonoTime x_second;
  std::uint64_t x_looked_at = 0;
  MonoTime x_next_packets;
  LockGuarded<std::string> x_tier;
  Status x_status;
  Status x_written;  ///< as it lies on the disk
  MonoTime x_next_status;
  MonoTime x_next_housekeeping;
  MonoTime x_quiet_from;             ///< unless something is seen before
  std::unique_ptr<Uplink> x_uplink;  ///< last: its thread uses the spool and the tier
};

}  // namespace pinfold::agent
