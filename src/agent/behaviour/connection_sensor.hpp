/// The connections of every process, counted in the kernel (bpf/connect.bpf.c), and the sockets that read or forge packets.
///   bpf       cgroup hooks; needs ≥ 5.8 with BTF and a version 2 hierarchy of control groups.
///   sock_diag the floor: /proc/net/{tcp,udp} and their owners every kSocketPoll; sees what is open at that moment.
/// Used by: the agent's loop, on its one thread.
/// Errors:  open says why it was refused; the floor cannot fail once /proc is there.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/behaviour/connections.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "base/clock.hpp"
#include "base/expected.hpp"

namespace pinfold::agent {

inline constexpr Seconds kSocketPoll{5};

using ConnectionHandler = std::function<void(Connections)>;

class ConnectionSensor {
public:
  ConnectionSensor() = default;
  ConnectionSensor(const ConnectionSensor&) = delete;
  ConnectionSensor& operator=(const ConnectionSensor&) = delete;
  virtual ~ConnectionSensor() = default;

  [[nodiscard]] virtual int wait_fd() const = 0;  ///< -1 if drain() must simply be called every kSocketPoll
  virtual void drain(const ConnectionHandler& handler) = 0;
  [[nodiscard]] virtual std::uint64_t lost() const = 0;
  [[nodiscard]] virtual std::uint64_t calls() const = 0;
  [[nodiscard]] virtual std::string tier() const = 0;  ///< empty when it is the first
};

[[nodiscard]] Expected<std::unique_ptr<ConnectionSensor>, std::string> open_bpf_connections();
[[nodiscard]] std::unique_ptr<ConnectionSensor> open_proc_connections(const Clock& clock);

/// The inode numbers of the packet sockets in the text of /proc/net/packet.
[[nodiscard]] std::vector<std::uint64_t> packet_socket_inodes(std::string_view text);

/// Processes that hold a packet socket and did not before. Cost: one small file; /proc/*/fd only when there is a new one.
class PacketSockets {
public:
  [[nodiscard]] std::vector<std::uint32_t> news();

private:
  ProcReader x_proc;
  std::vector<std::uint64_t> x_known;
};

}  // namespace pinfold::agent
