/// The ways to see execs, behind one interface, and what they watch.
///   bpf    tp_btf programs, filtered in the kernel; sees processes of any length. Needs ≥ 5.8 with BTF and the capabilities.
///   connector  the kernel's process connector: every exec's number, the rest from /proc. In the host's own namespaces only.
///   proc   reads /proc every kPollInterval: the floor. Catches a process about as often as lifetime / interval.
/// Used by: the agent's loop, on one thread. Events are handed over inside drain().
/// Errors:  opening the first tells why it was refused, in words for the operator; the last cannot fail once /proc is there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sensor/exec_event.hpp"
#include "base/clock.hpp"
#include "base/expected.hpp"

namespace pinfold::agent {

inline constexpr Millis kPollInterval{250};

/// Directories from which nothing should be run. Absolute, without a trailing slash.
using WatchedPaths = std::vector<std::string>;
[[nodiscard]] WatchedPaths default_watched_paths();
/// What else everybody may write to on this machine, of a list of usual suspects (/run/lock, PHP's sessions, …).
[[nodiscard]] WatchedPaths other_writable_places();
/// Is `path` (normalised) one of them or below one?
[[nodiscard]] bool below(const WatchedPaths& watched, std::string_view path);

/// Names of programs that run scripts, without version: "python" also stands for python3.11.
[[nodiscard]] const std::vector<std::string_view>& interpreter_names();
/// "/usr/bin/python3.11" → "python"; empty if it is no interpreter.
[[nodiscard]] std::string_view interpreter_name(std::string_view exe);

using ExecHandler = std::function<void(ExecEvent)>;

class ExecSensor {
public:
  ExecSensor() = default;
  ExecSensor(const ExecSensor&) = delete;
  ExecSensor& operator=(const ExecSensor&) = delete;
  virtual ~ExecSensor() = default;

  /// To wait on for reading; -1 if drain() must simply be called every kPollInterval.
  [[nodiscard]] virtual int wait_fd() const = 0;
  /// Hands over what has been seen since the last call.
  virtual void drain(const ExecHandler& handler) = 0;
  /// Events known to be lost since the start.
  [[nodiscard]] virtual std::uint64_t lost() const = 0;
  /// Execs seen in all, matching or not; 0 where unknown.
  [[nodiscard]] virtual std::uint64_t execs() const = 0;
  /// What a finding and the desk say about this sensor: "exec: bpf", "degraded: …".
  [[nodiscard]] virtual std::string tier() const = 0;
};

[[nodiscard]] Expected<std::unique_ptr<ExecSensor>, std::string> open_bpf_sensor(const WatchedPaths& watched);
[[nodiscard]] Expected<std::unique_ptr<ExecSensor>, std::string> open_connector_sensor(const WatchedPaths& watched, const Clock& clock);
[[nodiscard]] std::unique_ptr<ExecSensor> open_proc_sensor(const Clock& clock);

}  // namespace pinfold::agent
