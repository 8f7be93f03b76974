#include "agent/watch/capture.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <system_error>

#include "agent/sensor/proc_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr int kResponderSocket = 3;
constexpr int kFirstWord = 10'000;  // ms
constexpr int kForget = 1000;       // ms; where there are no copies there is nothing to forget

std::string error_text(int error) { return std::generic_category().message(error); }

void raise(int event) {
  const std::uint64_t one = 1;
  static_cast<void>(write(event, &one, sizeof(one)) == sizeof(one));
}

std::vector<std::string> command_line(const ResponderSettings& settings) {
  std::vector<std::string> words{
      "pinfold-agent", "answer", "--socket", std::to_string(kResponderSocket), "--deny", std::string(to_string(settings.denial))};
  if (!settings.permission) {
    words.emplace_back("--afterwards");
  }
  if (!settings.fanotify) {
    words.emplace_back("--inotify");
  }
  words.emplace_back("--watch");
  words.insert(words.end(), settings.watched.begin(), settings.watched.end());
  return words;
}

Expected<pid_t, std::string> spawn(const std::string& program, std::vector<std::string> words, int socket) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, kResponderSocket);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);  // ours are blocked for the signal descriptor
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::array<char*, 1> environment{nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? Expected<pid_t, std::string>(child) : Unexpected(program + ": " + error_text(error));
}

}  // namespace

void CaptureStore::add(Captured captured) {
  x_state.with([&](State& state) {
    state.bytes += captured.bytes.size();
    state.captures.push_back(std::move(captured));
    while (state.captures.size() > kMaxCaptures || state.bytes > kMaxCapturedBytes) {
      state.bytes -= state.captures.front().bytes.size();
      state.captures.pop_front();
    }
  });
}

std::optional<Captured> CaptureStore::find(const std::string& path, std::uint32_t pid, MonoTime now) const {
  return x_state.with([&](const State& state) -> std::optional<Captured> {
    const Captured* best = nullptr;
    for (const Captured& captured : state.captures) {
      if (captured.path == path && now - captured.at <= kCaptureAge && (best == nullptr || captured.pid == pid || best->pid != pid)) {
        best = &captured;
      }
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  });
}

std::optional<Captured> CaptureStore::find(const FileId& id, MonoTime now) const {
  return x_state.with([&](const State& state) -> std::optional<Captured> {
    for (auto it = state.captures.rbegin(); it != state.captures.rend(); ++it) {
      if (it->id == id && now - it->at <= kCaptureAge) {
        return *it;
      }
    }
    return std::nullopt;
  });
}

std::string CaptureStore::passed_into(const std::string& pipe, MonoTime now) const {
  return x_state.with([&](const State& state) {
    for (auto it = state.captures.rbegin(); it != state.captures.rend(); ++it) {
      if (it->pipe == pipe && now - it->at <= kCaptureAge) {
        return it->path;
      }
    }
    return std::string{};
  });
}

void CaptureStore::forget_before(MonoTime time) {
  x_state.with([&](State& state) {
    while (!state.captures.empty() && state.captures.front().at < time) {
      state.bytes -= state.captures.front().bytes.size();
      state.captures.pop_front();
    }
  });
}

std::size_t CaptureStore::bytes() const {
  return x_state.with([](const State& state) { return state.bytes; });
}

Expected<std::unique_ptr<Capture>, std::string> Capture::open(const ResponderSettings& settings, const std::string& program, const Clock& clock) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Unexpected("socket: " + error_text(errno));
  }
  const auto keeper = spawn(program, command_line(settings), ends[1]);
  close(ends[1]);
  if (!keeper) {
    close(ends[0]);
    return Unexpected(keeper.error());
  }
  auto capture = std::make_unique<Capture>(ends[0], *keeper, clock);
  if (!capture->receive(kFirstWord)) {
    return Unexpected(std::string("the responder does not answer"));
  }
  const Health health = capture->health();
  if (!health.drops && !health.permission && !health.words.empty() && health.words.find("drops:") != std::string::npos) {
    return Unexpected(health.words);
  }
  return capture;
}

Capture::Capture(int socket, pid_t keeper, const Clock& clock)
    : x_socket(socket), x_keeper(keeper), x_arrived(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), x_stop(eventfd(0, EFD_CLOEXEC)), x_clock(clock) {}

Capture::~Capture() {
  raise(x_stop);
  if (x_thread.joinable()) {
    x_thread.join();
  }
  kill(x_keeper, SIGKILL);  // the responder goes with it, and the kernel lets everyone through
  waitpid(x_keeper, nullptr, 0);
  close(x_socket);
  close(x_arrived);
  close(x_stop);
}

void Capture::start() {
  x_thread = std::thread([this] { read_all(); });
}

void Capture::read_all() {
  for (;;) {
    std::array<pollfd, 2> waiting{{{x_socket, POLLIN, 0}, {x_stop, POLLIN, 0}}};
    const int wait = x_store.bytes() > 0 ? kForget : -1;
    if ((poll(waiting.data(), waiting.size(), wait) < 0 && errno != EINTR) || waiting[1].revents != 0) {
      return;
    }
    x_store.forget_before(MonoTime{x_clock.mono().since_start - kCaptureAge});
    if ((waiting[0].revents & POLLIN) != 0) {
      static_cast<void>(receive(0));
    } else if ((waiting[0].revents & (POLLHUP | POLLERR)) != 0) {
      x_state.with([](State& state) { state.health = {false, false, "the responder has gone. ", state.health.restarts, state.health.lost}; });
      return;
    }
  }
}

bool Capture::receive(int timeout_ms) {
  pollfd waiting{x_socket, POLLIN, 0};
  if (timeout_ms > 0 && poll(&waiting, 1, timeout_ms) <= 0) {
    return false;
  }
  std::vector<std::uint8_t> bytes(kMaxSighting);
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = recvmsg(x_socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length <= 0) {
    return false;
  }
  int copy = -1;
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    std::memcpy(&copy, CMSG_DATA(header), sizeof(copy));
  }
  auto sighting = decode_sighting({bytes.data(), static_cast<std::size_t>(length)});
  if (sighting) {
    accept(*std::move(sighting), copy);
  }
  if (copy >= 0) {
    close(copy);
  }
  return sighting.has_value();
}

void Capture::accept(Sighting sighting, int copy) {
  auto content = copy >= 0 ? read_start(copy, kMaxCapture) : std::nullopt;
  if (content && !content->bytes.empty()) {
    x_store.add({x_clock.mono(), sighting.event.pid, sighting.path, sighting.id, std::move(content->bytes), sighting.complete, sighting.pipe});
  }
  x_state.with([&](State& state) {
    if (sighting.restarts != state.health.restarts) {
      state.lost_before += std::exchange(state.lost_last, 0);
    }
    state.lost_last = sighting.lost;
    state.health.restarts = sighting.restarts;
    state.health.lost = state.lost_before + state.lost_last + state.dropped;
    if (sighting.what == Sighting::What::Health) {
      state.health.permission = sighting.permission;
      state.health.drops = sighting.drops;
      state.health.words = sighting.path;
    } else if (sighting.what == Sighting::What::Redirected) {
      return;  // only its copy may be asked for
    } else if (state.waiting.size() < kMaxSightings) {
      state.waiting.push_back(std::move(sighting));
    } else {
      ++state.dropped;
    }
  });
  raise(x_arrived);
}

std::vector<Sighting> Capture::take() {
  std::uint64_t count = 0;
  static_cast<void>(read(x_arrived, &count, sizeof(count)) == sizeof(count));
  return x_state.with([](State& state) { return std::exchange(state.waiting, {}); });
}

Capture::Health Capture::health() const {
  return x_state.with([](const State& state) { return state.health; });
}

}  // namespace pinfold::agent
