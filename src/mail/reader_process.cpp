#include "mail/reader_process.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace pinfold::mail {
namespace {

std::string error_text(int error) { return std::generic_category().message(error); }

class SpawnActions {
public:
  SpawnActions() { posix_spawn_file_actions_init(&x_actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&x_actions); }
  [[nodiscard]] posix_spawn_file_actions_t* get() { return &x_actions; }

private:
  posix_spawn_file_actions_t x_actions{};
};

}  // namespace

/// A socket in place of pipes: a pipe would raise SIGPIPE here when the child dies early.
Expected<SocketPair, std::string> make_socket_pair(int type) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Unexpected("no socket for the reader: " + error_text(errno));
  }
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Expected<ReaderProcess, std::string> ReaderProcess::start(const std::filesystem::path& program, std::vector<std::string> arguments, int type) {
  auto sockets = make_socket_pair(type);
  if (!sockets) {
    return Unexpected(sockets.error());
  }
  SpawnActions actions;
  posix_spawn_file_actions_adddup2(actions.get(), sockets->theirs.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), sockets->theirs.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1);
  std::string name = program.string();
  std::string locale = "LC_ALL=C.UTF-8";
  std::vector<char*> words = {name.data()};
  for (std::string& argument : arguments) {
    words.push_back(argument.data());
  }
  words.push_back(nullptr);
  std::array<char*, 2> environment = {locale.data(), nullptr};
  pid_t pid = -1;
  if (const int error = posix_spawn(&pid, name.c_str(), actions.get(), nullptr, words.data(), environment.data()); error != 0) {
    return Unexpected(fmt::format("{} does not start: {}", name, error_text(error)));
  }
  return ReaderProcess(pid, std::move(sockets->ours));
}

ReaderProcess::ReaderProcess(ReaderProcess&& other) noexcept : x_pid(std::exchange(other.x_pid, -1)), x_socket(std::move(other.x_socket)) {}

int ReaderProcess::end() {
  int status = 0;
  if (x_pid > 0) {
    kill(x_pid, SIGKILL);
    while (waitpid(x_pid, &status, 0) < 0 && errno == EINTR) {
    }
    x_pid = -1;
  }
  return status;
}

int ReaderProcess::wait(Millis at_most) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, x_pid, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  if (process) {
    poll(&ended, 1, static_cast<int>(std::max<Millis::rep>(at_most.count(), 0)));
  }
  return end();
}

}  // namespace pinfold::mail
