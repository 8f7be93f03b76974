// The floor: /proc is read every kPollInterval, and a process that was not there before is an event. It cannot tell an exec from a fork,
// so a number is looked at again when its program has changed.
#include <unistd.h>

#include <unordered_map>

#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/process_event.hpp"

namespace pinfold::agent {
namespace {

struct Seen {
  std::uint64_t start_ticks = 0;
  std::string comm;
  friend bool operator==(const Seen&, const Seen&) = default;
};

class ProcSensor final : public ExecSensor {
public:
  explicit ProcSensor(const Clock& clock) : x_clock(clock) {
    drain([](const ExecEvent&) {});  // what already runs is no event
  }

  [[nodiscard]] int wait_fd() const override { return -1; }
  void drain(const ExecHandler& handler) override {
    std::unordered_map<std::uint32_t, Seen> now;
    for (const std::uint32_t pid : x_proc.pids()) {
      const auto status = x_proc.status(pid);
      if (!status) {
        continue;
      }
      Seen seen{status->start_ticks, status->comm};
      const auto before = x_seen.find(pid);
      if (before == x_seen.end() || !(before->second == seen)) {
        if (auto event = process_event(x_proc, pid, x_own_mounts, x_clock.mono())) {
          handler(*std::move(event));
        }
      }
      now.emplace(pid, std::move(seen));
    }
    x_seen = std::move(now);
  }
  [[nodiscard]] std::uint64_t lost() const override { return 0; }
  [[nodiscard]] std::uint64_t execs() const override { return 0; }
  [[nodiscard]] std::string tier() const override { return "degraded: /proc is polled every 250 ms, short-lived processes may be missed"; }

private:
  const Clock& x_clock;
  ProcReader x_proc;
  std::string x_own_mounts = x_proc.link(1, "ns/mnt");
  std::unordered_map<std::uint32_t, Seen> x_seen;
};

}  // namespace

std::unique_ptr<ExecSensor> open_proc_sensor(const Clock& clock) { return std::make_unique<ProcSensor>(clock); }

}  // namespace pinfold::agent
