#include "pinfold/demo/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace pinfold::app {
namespace {

constexpr int kPollsBeforeKill = 100;  // of 50 ms

/// The demo waits for interrupts itself; its children take them as anybody does.
void take_signals_again() {
  sigset_t none{};
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

std::vector<char*> to_argv(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): execvp's old signature
  }
  argv.push_back(nullptr);
  return argv;
}

int status_of(int wait_status) { return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status); }

struct Pipe {
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe to be had");
    }
  }
  std::array<int, 2> ends{};
};

void write_all(int descriptor, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = write(descriptor, text.data() + at, text.size() - at);
    if (n <= 0) {
      return;  // the child has enough
    }
    at += static_cast<std::size_t>(n);
  }
}

}  // namespace

Finished run(const std::vector<std::string>& command, const std::string& input) {
  const Pipe in;
  const Pipe out;
  std::vector<char*> argv = to_argv(command);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(in.ends[0], STDIN_FILENO);
    dup2(out.ends[1], STDOUT_FILENO);
    dup2(out.ends[1], STDERR_FILENO);
    take_signals_again();
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(in.ends[0]);
  close(out.ends[1]);
  if (pid < 0) {
    throw std::runtime_error("cannot start " + command.front());
  }
  write_all(in.ends[1], input);
  close(in.ends[1]);
  Finished finished;
  std::array<char, 4096> chunk{};
  for (ssize_t n = 0; (n = read(out.ends[0], chunk.data(), chunk.size())) > 0;) {
    if (finished.output.size() < kMaxOutput) {
      finished.output.append(chunk.data(), static_cast<std::size_t>(n));
    }
  }
  close(out.ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  finished.exit_status = status_of(status);
  return finished;
}

Child::Child(Setup setup) : x_setup(std::move(setup)) {
  const Pipe lines;
  std::vector<char*> argv = to_argv(x_setup.command);
  x_pid = fork();
  if (x_pid == 0) {
    dup2(lines.ends[1], STDERR_FILENO);
    take_signals_again();
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(lines.ends[1]);
  if (x_pid < 0) {
    throw std::runtime_error("cannot start " + x_setup.command.front());
  }
  x_reader = std::thread([this, descriptor = lines.ends[0]] { read_lines(descriptor); });
}

Child::~Child() {
  if (!ended()) {
    kill(x_pid, SIGTERM);
    for (int i = 0; i < kPollsBeforeKill && !ended(); ++i) {
      poll(nullptr, 0, 50);
    }
    kill_now();
  }
  x_reader.join();
}

void Child::read_lines(int descriptor) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t n = 0; (n = read(descriptor, chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(n));
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      if (x_setup.line) {
        x_setup.line(x_pid, text.substr(0, end));
      }
    }
  }
  close(descriptor);
}

std::optional<int> Child::ended() {
  int status = 0;
  if (!x_status && waitpid(x_pid, &status, WNOHANG) == x_pid) {
    x_status = status_of(status);
  }
  return x_status;
}

void Child::kill_now() {
  if (!ended()) {
    kill(x_pid, SIGKILL);
    int status = 0;
    if (waitpid(x_pid, &status, 0) == x_pid) {
      x_status = status_of(status);
    }
  }
}

}  // namespace pinfold::app
