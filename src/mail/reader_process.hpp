/// A running pinfold-reader with one end of a socket as its standard input and output. However it is left, the process is gone and reaped.
/// Used by: mail::Reader and WarmReader only. Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "mail/unique_fd.hpp"

namespace pinfold::mail {

struct SocketPair {
  UniqueFd ours;
  UniqueFd theirs;
};
/// `type` is SOCK_STREAM or SOCK_SEQPACKET. The error says why there is none.
[[nodiscard]] Expected<SocketPair, std::string> make_socket_pair(int type);

class ReaderProcess {
public:
  [[nodiscard]] static Expected<ReaderProcess, std::string> start(const std::filesystem::path& program, std::vector<std::string> arguments, int type);

  ReaderProcess(ReaderProcess&& other) noexcept;
  ReaderProcess& operator=(ReaderProcess&&) = delete;
  ReaderProcess(const ReaderProcess&) = delete;
  ReaderProcess& operator=(const ReaderProcess&) = delete;
  ~ReaderProcess() { static_cast<void>(end()); }

  [[nodiscard]] int socket() const { return x_socket.get(); }
  /// Kills what still runs; the wait status.
  int end();
  /// The wait status if the process ends by itself within the time, else it is killed.
  int wait(Millis at_most);

private:
  ReaderProcess(pid_t pid, UniqueFd socket) : x_pid(pid), x_socket(std::move(socket)) {}

  pid_t x_pid = -1;
  UniqueFd x_socket;
};

}  // namespace pinfold::mail
