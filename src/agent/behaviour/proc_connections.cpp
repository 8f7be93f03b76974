// The floor: what /proc/net shows to be open, by owner. A process's destinations are those of one look; nothing is summed up.
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <unordered_map>

#include "agent/behaviour/connection_sensor.hpp"
#include "agent/bpf/connect_record.h"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxTable = std::size_t{4} << 20U;
constexpr std::string_view kListening = "0A";
constexpr std::size_t kDescriptors = 4096;  ///< looked at, of one process

struct Socket {
  net::IpAddress remote;
  std::uint16_t port = 0;
  bool udp = false;
};
using Sockets = std::unordered_map<std::uint64_t, Socket>;  ///< by inode

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) {
      words.push_back(word);
    }
  }
  return words;
}

std::optional<std::uint32_t> hex32(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// "0100007F:0016": words of the machine's byte order (this program's own).
std::optional<std::pair<net::IpAddress, std::uint16_t>> remote_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : hex32(text.substr(colon + 1));
  if (!port || (colon != 8 && colon != 32)) {
    return std::nullopt;
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < colon / 8; ++i) {
    const auto word = hex32(text.substr(i * 8, 8));
    if (!word) {
      return std::nullopt;
    }
    for (std::size_t b = 0; b < 4; ++b) {
      bytes.at(i * 4 + b) = static_cast<std::uint8_t>(*word >> (8U * b));  // little-endian machines only; others see addresses reversed
    }
  }
  if (colon == 8) {
    return std::pair(net::IpAddress::v4(std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U | bytes[3]),
                     static_cast<std::uint16_t>(*port));
  }
  return std::pair(net::IpAddress::v6(bytes), static_cast<std::uint16_t>(*port));
}

bool is_outside(const net::IpAddress& address) {
  if (address.is_v4()) {
    return address.v4_number() != 0 && (address.v4_number() >> 24U) != 127;
  }
  return std::any_of(address.bytes().begin(), address.bytes().end() - 1, [](std::uint8_t b) { return b != 0; });
}

void read_table(const char* name, bool udp, Sockets& sockets) {
  const auto text = read_start(std::string("/proc/net/") + name, kMaxTable);
  for (const std::string_view line : split(text ? std::string_view(text->bytes) : std::string_view{}, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 10 || words[3] == kListening) {
      continue;
    }
    const auto remote = remote_of(words[2]);
    const auto inode = parse_number(words[9]);
    if (remote && inode && *inode != 0 && is_outside(remote->first)) {
      sockets.emplace(*inode, Socket{remote->first, remote->second, udp});
    }
  }
}

std::optional<std::uint64_t> socket_inode(const std::string& link) {
  constexpr std::string_view kSocket = "socket:[";
  return link.starts_with(kSocket) && link.ends_with(']')
             ? parse_number(std::string_view(link).substr(kSocket.size(), link.size() - kSocket.size() - 1))
             : std::nullopt;
}

template <typename Visit>
void for_each_socket(const ProcReader& proc, std::uint32_t pid, Visit visit) {
  std::error_code error;
  std::size_t looked_at = 0;
  for (std::filesystem::directory_iterator it(proc.path(pid, "fd"), error);
       !error && it != std::filesystem::directory_iterator{} && ++looked_at < kDescriptors; it.increment(error)) {
    std::error_code ignored;
    if (const auto inode = socket_inode(std::filesystem::read_symlink(it->path(), ignored).string())) {
      visit(*inode);
    }
  }
}

class ProcConnections final : public ConnectionSensor {
public:
  explicit ProcConnections(const Clock& clock) : x_clock(clock) {}
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::uint64_t lost() const override { return 0; }
  [[nodiscard]] std::uint64_t calls() const override { return 0; }
  [[nodiscard]] std::string tier() const override { return "degraded: connections are looked at every 5 s, short ones are missed"; }

  void drain(const ConnectionHandler& handler) override {
    const MonoTime now = x_clock.mono();
    if (x_next > now) {
      return;
    }
    x_next = now + kSocketPoll;
    Sockets sockets;
    read_table("tcp", false, sockets);
    read_table("tcp6", false, sockets);
    read_table("udp", true, sockets);
    read_table("udp6", true, sockets);
    if (sockets.size() < PINFOLD_CONNECT_FIRST) {
      return;  // nobody can have too many
    }
    for (const std::uint32_t pid : x_proc.pids()) {
      tell(pid, sockets, now, handler);
    }
  }

private:
  void tell(std::uint32_t pid, const Sockets& sockets, MonoTime now, const ConnectionHandler& handler) const {
    std::set<std::string> destinations;
    std::set<std::uint16_t> ports;
    Connections c;
    for_each_socket(x_proc, pid, [&](std::uint64_t inode) {
      if (const auto found = sockets.find(inode); found != sockets.end()) {
        destinations.insert(net::to_string(found->second.remote));
        ports.insert(found->second.port);
        ++(found->second.udp ? c.udp_calls : c.tcp_calls);
        c.example = found->second.remote;
      }
    });
    if (destinations.size() < PINFOLD_CONNECT_FIRST) {
      return;
    }
    const auto status = x_proc.status(pid);
    c.first = now;
    c.last = now;
    c.pid = pid;
    c.uid = x_proc.uid(pid).value_or(0);
    c.destinations = static_cast<std::uint32_t>(destinations.size());
    c.ports = static_cast<std::uint32_t>(ports.size());
    c.port_list.assign(ports.begin(), ports.end());
    c.port_list.resize(std::min<std::size_t>(c.port_list.size(), PINFOLD_CONNECT_PORTS));
    c.comm = status ? status->comm : std::string{};
    handler(std::move(c));
  }

  const Clock& x_clock;
  ProcReader x_proc;
  MonoTime x_next;
};

}  // namespace

std::unique_ptr<ConnectionSensor> open_proc_connections(const Clock& clock) { return std::make_unique<ProcConnections>(clock); }

std::vector<std::uint64_t> packet_socket_inodes(std::string_view text) {
  std::vector<std::uint64_t> inodes;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = words_of(line);  // "sk RefCnt Type Proto Iface R Rmem User Inode"
    if (words.size() >= 9) {
      if (const auto inode = parse_number(words[8]); inode && *inode != 0) {
        inodes.push_back(*inode);
      }
    }
  }
  std::sort(inodes.begin(), inodes.end());
  return inodes;
}

std::vector<std::uint32_t> PacketSockets::news() {
  const auto text = read_start("/proc/net/packet", kMaxTable);
  std::vector<std::uint64_t> now = packet_socket_inodes(text ? std::string_view(text->bytes) : std::string_view{});
  std::vector<std::uint64_t> fresh;
  std::set_difference(now.begin(), now.end(), x_known.begin(), x_known.end(), std::back_inserter(fresh));
  x_known = std::move(now);
  std::vector<std::uint32_t> holders;
  if (fresh.empty()) {
    return holders;
  }
  for (const std::uint32_t pid : x_proc.pids()) {
    bool holds = false;
    for_each_socket(x_proc, pid, [&](std::uint64_t inode) { holds = holds || std::binary_search(fresh.begin(), fresh.end(), inode); });
    if (holds) {
      holders.push_back(pid);
    }
  }
  return holders;
}

}  // namespace pinfold::agent
