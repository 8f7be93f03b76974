// The third tier, without BPF: the kernel's process connector tells of every exec by number alone, and /proc tells the rest if the process
// still lives. What is run out of a watched directory is seen by the responder too, however short it lives.
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <system_error>

#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/process_event.hpp"

namespace pinfold::agent {
namespace {

constexpr int kReceiveBuffer = 1 << 20;
constexpr int kAckWait = 500;  // ms
constexpr std::size_t kMessage = NLMSG_LENGTH(sizeof(cn_msg) + sizeof(proc_event));
constexpr std::size_t kWhatAt = NLMSG_HDRLEN + sizeof(cn_msg) + offsetof(proc_event, what);

std::string error_text(int error) { return std::generic_category().message(error); }

/// Only execs, and the answer to the subscription: everything else would wake the agent for nothing.
bool filter(int socket) {
  const auto network_order = [](std::uint32_t value) { return __builtin_bswap32(value); };
  std::array<sock_filter, 5> code{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(kWhatAt)),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, network_order(proc_event::PROC_EVENT_EXEC), 1, 0),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, network_order(proc_event::PROC_EVENT_NONE), 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, UINT32_MAX), BPF_STMT(BPF_RET | BPF_K, 0)}};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

bool subscribe(int socket) {
  alignas(nlmsghdr) std::array<char, NLMSG_SPACE(sizeof(cn_msg) + sizeof(proc_cn_mcast_op))> buffer{};
  auto* header = reinterpret_cast<nlmsghdr*>(buffer.data());
  header->nlmsg_len = NLMSG_LENGTH(sizeof(cn_msg) + sizeof(proc_cn_mcast_op));
  header->nlmsg_type = NLMSG_DONE;
  auto* message = reinterpret_cast<cn_msg*>(buffer.data() + NLMSG_HDRLEN);
  message->id = {CN_IDX_PROC, CN_VAL_PROC};
  message->len = sizeof(proc_cn_mcast_op);
  const proc_cn_mcast_op listen = PROC_CN_MCAST_LISTEN;
  std::memcpy(message->data, &listen, sizeof(listen));
  return send(socket, buffer.data(), header->nlmsg_len, 0) > 0;
}

std::optional<proc_event> event_of(const char* bytes, ssize_t length) {
  if (length < static_cast<ssize_t>(kMessage)) {
    return std::nullopt;
  }
  proc_event event{};
  std::memcpy(&event, bytes + NLMSG_HDRLEN + sizeof(cn_msg), sizeof(event));
  return event;
}

class ConnectorSensor final : public ExecSensor {
public:
  ConnectorSensor(int socket, WatchedPaths watched, const Clock& clock) : x_socket(socket), x_watched(std::move(watched)), x_clock(clock) {}
  ~ConnectorSensor() override { close(x_socket); }

  [[nodiscard]] int wait_fd() const override { return x_socket; }
  [[nodiscard]] std::uint64_t lost() const override { return x_lost; }
  [[nodiscard]] std::uint64_t execs() const override { return x_execs; }
  [[nodiscard]] std::string tier() const override {
    return "degraded: no BPF, execs by the process connector, short-lived processes outside the watched directories may be missed";
  }

  void drain(const ExecHandler& handler) override {
    std::array<char, 512> buffer{};
    for (;;) {
      const ssize_t length = recv(x_socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (length < 0 && errno == ENOBUFS) {
        ++x_lost;  // at least one: the kernel does not say how many
        continue;
      }
      if (length <= 0) {
        return;
      }
      const auto told = event_of(buffer.data(), length);
      if (told && told->what == proc_event::PROC_EVENT_EXEC) {
        ++x_execs;
        look(static_cast<std::uint32_t>(told->event_data.exec.process_tgid), handler);
      }
    }
  }

private:
  void look(std::uint32_t pid, const ExecHandler& handler) const {
    const std::string exe = x_proc.link(pid, "exe");
    const bool of_interest = below(x_watched, exe) || !interpreter_name(exe).empty() || exe.ends_with(" (deleted)");
    if (exe.empty() || !of_interest) {
      return;
    }
    if (auto event = process_event(x_proc, pid, x_own_mounts, x_clock.mono())) {
      handler(*std::move(event));
    }
  }

  int x_socket;
  WatchedPaths x_watched;
  const Clock& x_clock;
  ProcReader x_proc;
  std::string x_own_mounts = x_proc.link(1, "ns/mnt");
  std::uint64_t x_lost = 0;
  std::uint64_t x_execs = 0;
};

}  // namespace

Expected<std::unique_ptr<ExecSensor>, std::string> open_connector_sensor(const WatchedPaths& watched, const Clock& clock) {
  const int fd = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
  if (fd < 0) {
    return Unexpected("process connector: " + error_text(errno));
  }
  auto sensor = std::make_unique<ConnectorSensor>(fd, watched, clock);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer)));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || !filter(fd) || !subscribe(fd)) {
    return Unexpected("process connector: " + error_text(errno));
  }
  pollfd waiting{fd, POLLIN, 0};
  if (poll(&waiting, 1, kAckWait) <= 0) {
    return Unexpected(std::string("process connector: no answer; it speaks to the host's own namespaces only"));
  }
  return std::unique_ptr<ExecSensor>(std::move(sensor));
}

}  // namespace pinfold::agent
