/// Runs the machine's OpenSSH client against one switch: the only place that starts it.
/// Security: no shell on our side (the arguments are a vector); the host key is pinned in a file of the operator's and nothing else is asked;
///          only public-key login with the one key; no agent, no forwarding, no configuration files of whoever runs the desk.
///          What is typed is the caller's, who lets only checked port names into it (see is_safe_port_name).
/// Bounds:  the client is killed after `within`; output beyond `most` is read and thrown away, and the result says so.
/// Threads: any; blocks. Leaves no process behind.
/// Errors:  Unreachable: nothing was asked (no connection, no client program). Refused: host key or login. Timeout: it may have been carried out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "enforce/driver.hpp"
#include "net/ip_address.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxSshOutput = std::size_t{256} * 1024;

struct SshAccess {
  net::IpAddress host;
  std::uint16_t port = 22;
  std::string user;
  std::filesystem::path key_file;
  std::filesystem::path known_hosts;
  std::string client = "/usr/bin/ssh";
  Micros within = std::chrono::seconds{20};
  std::size_t most = kMaxSshOutput;  ///< bytes of output that are kept
};

struct SshResult {
  int status = 0;
  std::string output;  ///< standard output and error, as they came
  bool is_cut = false;
};

/// `command` is carried out by the switch's shell or command line; empty: `input` is typed into a session with a terminal.
[[nodiscard]] Expected<SshResult, DriverError> run_ssh(const SshAccess& access, const std::string& command, std::string_view input);

/// Letters, digits and . _ : / - as vendors name ports, at most 64, no dash in front: safe in any command line.
[[nodiscard]] bool is_safe_port_name(std::string_view name);

}  // namespace pinfold::enforce::drivers
