#include "enforce/drivers/ssh_session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace pinfold::enforce::drivers {

namespace {

constexpr int kClientFailed = 255;  ///< ssh(1): its own exit status when an error occurred
constexpr std::size_t kMaxPortName = 64;
constexpr std::size_t kShown = 200;

[[nodiscard]] std::vector<std::string> arguments(const SshAccess& access, const std::string& command) {
  std::vector<std::string> all{access.client,           "-F", "/dev/null", "-p", std::to_string(access.port), "-l", access.user, "-i",
                               access.key_file.string()};
  for (const std::string& option :
       {std::string("BatchMode=yes"), std::string("StrictHostKeyChecking=yes"), "UserKnownHostsFile=" + access.known_hosts.string(),
        std::string("GlobalKnownHostsFile=/dev/null"), std::string("IdentitiesOnly=yes"), std::string("IdentityAgent=none"),
        std::string("PreferredAuthentications=publickey"), std::string("ForwardAgent=no"), std::string("ForwardX11=no"),
        std::string("PermitLocalCommand=no"), std::string("UpdateHostKeys=no"), std::string("ConnectTimeout=5"), std::string("LogLevel=ERROR")}) {
    all.emplace_back("-o");
    all.push_back(option);
  }
  all.emplace_back(command.empty() ? "-tt" : "-T");
  all.push_back(net::to_string(access.host));
  if (!command.empty()) {
    all.push_back(command);
  }
  return all;
}

[[nodiscard]] pid_t spawn(const std::vector<std::string>& words, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_adddup2(&actions, socket, fd);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::vector<std::string> owned = words;
  std::vector<char*> argv;
  std::transform(owned.begin(), owned.end(), std::back_inserter(argv), [](std::string& word) { return word.data(); });
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/bin:/bin";
  std::string locale = "LC_ALL=C";
  std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  errno = error;
  return error == 0 ? pid : -1;
}

/// Types the input and collects the output until the client ends or the time is up.
[[nodiscard]] bool converse(int socket, std::string_view input, std::size_t most, MonoTime deadline, SshResult& result) {
  std::array<char, 16 * 1024> chunk{};
  bool is_typed = false;
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - system_clock().mono());
    if (left.count() <= 0) {
      return false;
    }
    if (input.empty() && !is_typed) {
      is_typed = true;
      ::shutdown(socket, SHUT_WR);
    }
    pollfd ready{socket, static_cast<short>(is_typed ? POLLIN : POLLIN | POLLOUT), 0};
    if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      continue;
    }
    if ((ready.revents & POLLOUT) != 0) {
      const ssize_t sent = ::send(socket, input.data(), input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      input.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : (errno == EAGAIN ? 0 : input.size()));
    }
    if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        return true;
      }
      const std::size_t bytes = got > 0 ? static_cast<std::size_t>(got) : 0;
      const std::size_t kept = std::min(bytes, most - result.output.size());
      result.output.append(chunk.data(), kept);
      result.is_cut = result.is_cut || kept < bytes;
    }
  }
}

/// What the client says when it never got as far as the command.
[[nodiscard]] DriverError::Kind kind_of(std::string_view output) {
  for (const char* text :
       {"Host key verification failed", "Permission denied", "REMOTE HOST IDENTIFICATION", "Load key", "Too many authentication"}) {
    if (icontains(output, text)) {
      return DriverError::Kind::Refused;
    }
  }
  for (const char* text : {"connect to host", "Could not resolve", "kex_exchange_identification", "Connection refused", "No route to host"}) {
    if (icontains(output, text)) {
      return DriverError::Kind::Unreachable;
    }
  }
  return DriverError::Kind::Timeout;
}

}  // namespace

Expected<SshResult, DriverError> run_ssh(const SshAccess& access, const std::string& command, std::string_view input) {
  const std::string peer = fmt::format("ssh {} port {}", net::to_string(access.host), access.port);
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Unexpected(DriverError{DriverError::Kind::Unreachable, peer + ": " + std::generic_category().message(errno)});
  }
  const pid_t client = spawn(arguments(access, command), ends[1]);
  const int error = errno;
  ::close(ends[1]);
  if (client < 0) {
    ::close(ends[0]);
    return Unexpected(
        DriverError{DriverError::Kind::Unreachable, fmt::format("{} does not start: {}", access.client, std::generic_category().message(error))});
  }
  SshResult result;
  const bool has_ended = converse(ends[0], input, access.most, system_clock().mono() + access.within, result);
  ::close(ends[0]);
  if (!has_ended) {
    ::kill(client, SIGKILL);
  }
  int status = 0;
  while (::waitpid(client, &status, 0) < 0 && errno == EINTR) {
  }
  if (!has_ended) {
    return Unexpected(DriverError{DriverError::Kind::Timeout, peer + ": no end in time"});
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : kClientFailed;
  if (result.status == kClientFailed) {
    return Unexpected(DriverError{kind_of(result.output), fmt::format("{}: {}", peer, printable(trim(result.output), kShown))});
  }
  return result;
}

bool is_safe_port_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '/' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxPortName && name.front() != '-' && std::all_of(name.begin(), name.end(), is_plain);
}

}  // namespace pinfold::enforce::drivers
