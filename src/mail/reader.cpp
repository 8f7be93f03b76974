#include "mail/reader.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "mail/warm_reader.hpp"
#include "message/mail_json.hpp"
#include "message/raw_check.hpp"
#include "report/report_json.hpp"

namespace pinfold::mail {
namespace {

constexpr std::size_t kChunk = std::size_t{64} * 1024;

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

std::string too_long() { return fmt::format("its reader's answer is longer than {} bytes", message::kMaxJsonBytes); }
std::string too_slow(Millis deadline) { return fmt::format("its reader was stopped after {} ms", deadline.count()); }

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

Reader::Reader(std::filesystem::path program, const Clock& clock, Millis deadline, std::vector<std::filesystem::path> definitions, Start start)
    : x_program(std::move(program)), x_clock(clock), x_deadline(deadline), x_warm(start == Start::Warm ? std::make_unique<WarmReaders>() : nullptr) {
  for (const std::filesystem::path& folder : definitions) {
    x_arguments.push_back(folder.string());
  }
}

Reader::~Reader() = default;

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
  return x_warm ? open_warm(raw) : open_cold(raw);
}

/// Feeds the mail and takes the answer; nullopt when the time is over.
std::optional<std::string> Reader::exchange(int socket, std::string_view raw, MonoTime until) const {
  Exchange exchange(socket, raw);
  while (exchange.step(std::max(left(until), Millis{0}))) {
    if (left(until) <= Millis{0}) {
      return std::nullopt;
    }
  }
  return exchange.answer();
}

Millis Reader::left(MonoTime until) const { return std::chrono::duration_cast<Millis>(until - x_clock.mono()); }

Expected<Opened, ReaderFailure> Reader::open_cold(std::string_view raw) const {
  auto child = ReaderProcess::start(x_program, x_arguments, SOCK_STREAM);
  if (!child) {
    return Unexpected(ReaderFailure{child.error()});
  }
  const MonoTime until = x_clock.mono() + x_deadline;
  const auto answer = exchange(child->socket(), raw, until);
  if (!answer || answer->size() > message::kMaxJsonBytes) {
    child->end();
    return unreadable(answer ? too_long() : too_slow(x_deadline));
  }
  return judge(*answer, child->wait(left(until)));
}

Expected<Opened, ReaderFailure> Reader::open_warm(std::string_view raw) const {
  auto warm = x_warm->take(x_program, x_arguments);
  auto sockets = warm ? make_socket_pair(SOCK_STREAM) : Expected<SocketPair, std::string>(Unexpected(warm.error()));
  if (!sockets) {
    return Unexpected(ReaderFailure{sockets.error()});
  }
  if (!(*warm)->begin(std::move(sockets->theirs))) {
    return Unexpected(ReaderFailure{"pinfold-reader could not be made ready (its standard error says why)"});
  }
  const MonoTime until = x_clock.mono() + x_deadline;
  const auto answer = exchange(sockets->ours.get(), raw, until);
  if (!answer || answer->size() > message::kMaxJsonBytes) {
    return unreadable(answer ? too_long() : too_slow(x_deadline));  // dropping the warm reader ends it and its child
  }
  const auto status = (*warm)->finish(std::max(left(until), Millis{0}));
  if (!status) {
    if ((*warm)->is_gone()) {
      return Unexpected(ReaderFailure{"pinfold-reader has ended, or could not be made ready (its standard error says why)"});
    }
    return unreadable("its reader did not end");
  }
  x_warm->give_back(*std::move(warm));
  return judge(*answer, *status);
}

}  // namespace pinfold::mail
