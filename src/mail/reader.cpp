#include "mail/reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "mail/unique_fd.hpp"
#include "message/mail_json.hpp"
#include "message/raw_check.hpp"
#include "report/report_json.hpp"

namespace pinfold::mail {
namespace {

constexpr std::size_t kChunk = std::size_t{64} * 1024;

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

/// A running pinfold-reader. However it is left, the process is gone and reaped afterwards.
class Child {
public:
  /// The child's standard input and output are one socket: a pipe would raise SIGPIPE here when the child dies early.
  [[nodiscard]] static Expected<Child, ReaderFailure> start(const std::filesystem::path& program,
                                                            const std::vector<std::filesystem::path>& definitions) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      return Unexpected(ReaderFailure{"no socket for the reader: " + error_text(errno)});
    }
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    SpawnActions actions;
    posix_spawn_file_actions_adddup2(actions.get(), theirs.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(actions.get(), theirs.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1);
    std::string name = program.string();
    std::string locale = "LC_ALL=C.UTF-8";
    std::vector<std::string> folders;
    for (const std::filesystem::path& folder : definitions) {
      folders.push_back(folder.string());
    }
    std::vector<char*> arguments = {name.data()};
    for (std::string& folder : folders) {
      arguments.push_back(folder.data());
    }
    arguments.push_back(nullptr);
    std::array<char*, 2> environment = {locale.data(), nullptr};
    pid_t pid = -1;
    if (const int error = posix_spawn(&pid, name.c_str(), actions.get(), nullptr, arguments.data(), environment.data()); error != 0) {
      return Unexpected(ReaderFailure{fmt::format("{} does not start: {}", name, error_text(error))});
    }
    return Child(pid, std::move(ours));
  }

  Child(Child&& other) noexcept : x_pid(std::exchange(other.x_pid, -1)), x_socket(std::move(other.x_socket)) {}
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { static_cast<void>(end()); }

  [[nodiscard]] int socket() const { return x_socket.get(); }

  /// Kills what still runs; the wait status.
  int end() {
    int status = 0;
    if (x_pid > 0) {
      kill(x_pid, SIGKILL);
      while (waitpid(x_pid, &status, 0) < 0 && errno == EINTR) {
      }
      x_pid = -1;
    }
    return status;
  }
  /// The wait status if the process ends by itself within the time, else it is killed.
  int wait(Millis at_most) {
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, x_pid, 0)));
    pollfd ended{process.get(), POLLIN, 0};
    if (process) {
      poll(&ended, 1, static_cast<int>(std::max<Millis::rep>(at_most.count(), 0)));
    }
    return end();
  }

private:
  Child(pid_t pid, UniqueFd socket) : x_pid(pid), x_socket(std::move(socket)) {}

  pid_t x_pid = -1;
  UniqueFd x_socket;
};

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("its reader was ended by signal {}", WTERMSIG(status));
  }
  return fmt::format("its reader ended with status {} and no answer", WEXITSTATUS(status));
}

/// Feeds the mail and collects the answer until the child closes its end.
class Exchange {
public:
  Exchange(int socket, std::string_view raw) : x_socket(socket), x_raw(raw) {}

  /// False when there is nothing more to do.
  [[nodiscard]] bool step(Millis wait) {
    pollfd ready{x_socket, static_cast<short>(x_shut ? POLLIN : POLLIN | POLLOUT), 0};
    if (poll(&ready, 1, static_cast<int>(wait.count())) < 0) {
      return errno == EINTR;
    }
    if ((ready.revents & POLLOUT) != 0) {
      send_some();
    }
    return (ready.revents & (POLLIN | POLLHUP | POLLERR)) == 0 || receive_some();
  }
  [[nodiscard]] const std::string& answer() const { return x_answer; }

private:
  void send_some() {
    const ssize_t sent = send(x_socket, x_raw.data(), std::min(x_raw.size(), kChunk), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      x_raw.remove_prefix(static_cast<std::size_t>(sent));
    }
    const bool broken = sent < 0 && errno != EAGAIN && errno != EINTR;
    if (!x_shut && (x_raw.empty() || broken)) {
      shutdown(x_socket, SHUT_WR);
      x_shut = true;
    }
  }
  [[nodiscard]] bool receive_some() {
    std::array<char, kChunk> buffer{};
    const ssize_t got = recv(x_socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      x_answer.append(buffer.data(), static_cast<std::size_t>(got));
      return x_answer.size() <= message::kMaxJsonBytes;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
  }

  int x_socket;
  std::string_view x_raw;
  std::string x_answer;
  bool x_shut = false;
};

/// pinfold-reader's own trouble, before it has looked at the mail.
constexpr int kNotSealed = 3;

Opened unreadable(std::string why) { return {Unreadable{std::move(why)}, {}}; }

Expected<Opened, ReaderFailure> judge(const std::string& answer, int status) {
  if (answer.empty() && WIFEXITED(status) && WEXITSTATUS(status) == kNotSealed) {
    return Unexpected(ReaderFailure{"pinfold-reader could not be made ready (its standard error says why)"});
  }
  if (answer.empty()) {
    return unreadable(describe_end(status));
  }
  const auto json = parse_json(answer, message::kMaxJsonBytes);
  if (!json || !json->is_object()) {
    return unreadable("its reader's answer is not whole; " + describe_end(status));
  }
  if (const auto refused = json->find("refused"); refused != json->end() && refused->is_string()) {
    return unreadable(printable(refused->get_ref<const std::string&>()));
  }
  const auto mail = json->find("mail");
  const auto report = json->find("report");
  if (mail != json->end() && report != json->end()) {
    auto parsed = message::parse_mail_json(*mail);
    auto reported = report::parse_report_json(*report);
    if (parsed && reported) {
      return Opened{*std::move(parsed), *std::move(reported)};
    }
  }
  return unreadable("its reader gave a wrong answer");
}

}  // namespace

Reader::Reader(std::filesystem::path program, const Clock& clock, Millis deadline, std::vector<std::filesystem::path> definitions)
    : x_program(std::move(program)), x_clock(clock), x_deadline(deadline), x_definitions(std::move(definitions)) {}

Expected<ReadVerdict, ReaderFailure> Reader::read(std::string_view raw) const {
  auto opened = open(raw);
  if (!opened) {
    return Unexpected(opened.error());
  }
  return std::move(opened->mail);
}

Expected<Opened, ReaderFailure> Reader::open(std::string_view raw) const {
  if (raw.size() > message::kMaxRawBytes) {
    return unreadable(fmt::format("{} bytes; at most {} are read", raw.size(), message::kMaxRawBytes));
  }
  auto child = Child::start(x_program, x_definitions);
  if (!child) {
    return Unexpected(child.error());
  }
  const MonoTime until = x_clock.mono() + x_deadline;
  const auto left = [&] { return std::chrono::duration_cast<Millis>(until - x_clock.mono()); };
  Exchange exchange(child->socket(), raw);
  while (exchange.step(std::max(left(), Millis{0}))) {
    if (left() <= Millis{0}) {
      child->end();
      return unreadable(fmt::format("its reader was stopped after {} ms", x_deadline.count()));
    }
  }
  if (exchange.answer().size() > message::kMaxJsonBytes) {
    child->end();
    return unreadable(fmt::format("its reader's answer is longer than {} bytes", message::kMaxJsonBytes));
  }
  return judge(exchange.answer(), child->wait(left()));
}

}  // namespace pinfold::mail
