#include "agent/watch/responder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/self_limits.hpp"
#include "agent/watch/drop_events.hpp"
#include "agent/watch/opens.hpp"
#include "agent/watch/reach.hpp"
#include "agent/watch/writers.hpp"
#include "base/clock.hpp"

namespace pinfold::agent {
namespace {

constexpr Millis kRound{400};     // the longest wait, so that the switch is always set again in time; each round costs 50 us
constexpr Millis kSetAgain{100};  // and the shortest time between two settings
constexpr Seconds kFirstPause{1};
constexpr Seconds kLongestPause{60};
constexpr Seconds kLongLife{10};
constexpr int kSocketBuffer = 128 * 1024;
constexpr std::uint64_t kOpened = FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM;
constexpr std::uint64_t kExecuted = FAN_OPEN_EXEC_PERM | FAN_OPEN_EXEC;

/// One message, and the descriptor that goes with it. False if there is no room or nobody listens.
bool send_sighting(int socket, const Sighting& sighting, int copy) {
  std::vector<std::uint8_t> bytes = encode(sighting);
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (copy >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &copy, sizeof(copy));
  }
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

/// A memory file with the beginning of `fd`; -1 if there is nothing to copy.
int copy_of(int fd, bool& complete) {
  auto start = read_start(fd, kMaxCapture);
  if (!start || start->bytes.empty()) {
    return -1;
  }
  complete = !start->cut;
  const int copy = memfd_create("pinfold-copy", MFD_CLOEXEC);
  if (copy >= 0 && pwrite(copy, start->bytes.data(), start->bytes.size(), 0) != static_cast<ssize_t>(start->bytes.size())) {
    close(copy);
    return -1;
  }
  return copy;
}

/// SIGKILL to this process, kMaxAnswer after it was last set.
class DeadMansSwitch {
public:
  [[nodiscard]] bool arm() {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    return timer_create(CLOCK_MONOTONIC, &event, &x_timer) == 0 && set();
  }
  void still_here(MonoTime now) {
    if (now - x_set >= kSetAgain) {
      x_set = now;
      static_cast<void>(set());
    }
  }

private:
  [[nodiscard]] bool set() {
    itimerspec spec{};
    spec.it_value.tv_sec = kMaxAnswer.count() / 1000;
    spec.it_value.tv_nsec = kMaxAnswer.count() % 1000 * 1'000'000;
    return timer_settime(x_timer, 0, &spec, nullptr) == 0;
  }
  timer_t x_timer{};
  MonoTime x_set;
};

class Responder {
public:
  Responder(int socket, const ResponderSettings& settings, std::uint32_t agent, std::uint32_t restarts)
      : x_socket(socket), x_settings(settings), x_agent(agent), x_restarts(restarts) {}

  int run() {
    if (!x_switch.arm()) {
      return 1;
    }
    const std::string why = open_opens() + open_drops();
    set_own_priority(-5);
    if (!drop_capabilities({kCapSysPtrace, kCapDacReadSearch})) {
      return 1;
    }
    Sighting health;
    health.path = why;
    health.permission = x_permission;
    health.drops = x_drops != nullptr;
    tell(std::move(health), -1);
    if (x_group < 0 && !x_drops) {
      return 1;
    }
    while (serve()) {
    }
    return 0;
  }

private:
  [[nodiscard]] std::string open_opens() {
    struct Way {
      unsigned flags;
      std::uint64_t mask;
      bool permission;
    };
    if (!x_settings.fanotify) {
      return "opens are not seen. ";
    }
    constexpr std::array<Way, 4> kWays{{{FAN_CLASS_CONTENT, FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM, true},
                                        {FAN_CLASS_CONTENT, FAN_OPEN_PERM, true},  // before 5.0
                                        {FAN_CLASS_NOTIF, FAN_OPEN | FAN_OPEN_EXEC, false},
                                        {FAN_CLASS_NOTIF, FAN_OPEN, false}}};
    std::string refused;
    for (const Way& way : kWays) {
      if (way.permission && !x_settings.permission) {
        continue;
      }
      const int group = fanotify_init(way.flags | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME);
      if (group >= 0 && mark_opens(group, way.mask)) {
        x_group = group;
        x_permission = way.permission;
        return {};
      }
      refused = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): this process has one thread
      if (group >= 0) {
        close(group);
      }
    }
    return "opens: " + refused + ". ";
  }

  [[nodiscard]] bool mark_opens(int group, std::uint64_t mask) {
    const std::string mountinfo = read_mountinfo();
    bool any = false;
    for (const std::string& path : x_settings.watched) {
      const Reach reach = reach_of(mountinfo, path);
      if (reach == Reach::FileSystem) {
        any = pinfold::agent::mark(group, reach, mask, path) || any;
        continue;
      }
      walk_directories(path, [&](const std::string& directory) {
        any = pinfold::agent::mark(group, reach, mask, directory) || any;
        x_switch.still_here(system_clock().mono());
        return ++x_marked < kMaxMarked;
      });
      x_part_of_root.push_back(path);
    }
    x_mask = mask;
    return any;
  }

  [[nodiscard]] std::string open_drops() {
    auto drops = x_settings.fanotify ? open_fanotify_drops(x_settings.watched)
                                     : Expected<std::unique_ptr<DropEvents>, std::string>(Unexpected(std::string("switched off")));
    std::string why;
    if (!drops) {
      why = "drops by inotify: " + drops.error() + ". ";
      drops = open_inotify_drops(x_settings.watched);
    }
    if (!drops) {
      return why + "drops: " + drops.error() + ". ";
    }
    x_drops = std::move(*drops);
    return why;
  }

  /// One round. False when the agent has gone.
  [[nodiscard]] bool serve() {
    std::array<pollfd, 3> waiting{{{x_group, POLLIN, 0}, {x_drops ? x_drops->wait_fd() : -1, POLLIN, 0}, {x_socket, 0, 0}}};
    const int ready = poll(waiting.data(), waiting.size(), static_cast<int>(kRound.count()));
    x_switch.still_here(system_clock().mono());
    if (ready < 0 && errno != EINTR) {
      return false;
    }
    if ((waiting[2].revents & (POLLHUP | POLLERR)) != 0) {
      return false;
    }
    if ((waiting[0].revents & POLLIN) != 0) {
      answer_batch();  // before anything else: somebody waits
    } else if ((waiting[1].revents & POLLIN) != 0) {
      x_drops->drain([this](const DropEvent& event) { on_drop(event); });
      if (x_drops->incomplete() && !std::exchange(x_told_incomplete, true)) {
        Sighting health;
        health.path = "more directories than can be watched. ";
        health.permission = x_permission;
        health.drops = true;
        tell(std::move(health), -1);
      }
    }
    return true;
  }

  void answer_batch() {
    alignas(fanotify_event_metadata) std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
    ssize_t length = read(x_group, buffer.data(), buffer.size());
    auto* event = reinterpret_cast<fanotify_event_metadata*>(buffer.data());
    for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length)) {
      if (event->fd < 0) {
        ++x_lost;  // the queue overflowed: those opens were let through
        continue;
      }
      const MonoTime now = system_clock().mono();
      x_switch.still_here(now);
      answer(*event, now);
      close(event->fd);
    }
  }

  void answer(const fanotify_event_metadata& event, MonoTime now) {
    const auto pid = static_cast<std::uint32_t>(event.pid);
    auto sighting = event.pid <= 0 || pid == x_agent ? std::nullopt : x_judge.look(event.fd, pid, (event.mask & kExecuted) != 0, now);
    if (event.pid > 0 && pid != x_agent && (event.mask & kExecuted) == 0) {
      x_writers.on_open(event.fd, pid, now);
    }
    bool complete = true;
    const int copy = sighting && !x_judge.copied_before(event.fd, now) ? copy_of(event.fd, complete) : -1;
    const bool denied = sighting && denies(*sighting);
    if ((event.mask & kOpened) != 0) {
      const fanotify_response response{event.fd, denied ? std::uint32_t{FAN_DENY} : std::uint32_t{FAN_ALLOW}};
      static_cast<void>(write(x_group, &response, sizeof(response)) == sizeof(response));
    }
    if (sighting) {
      sighting->complete = complete;
      sighting->denied = denied;
      tell(*std::move(sighting), copy);
    }
    if (copy >= 0) {
      close(copy);
    }
  }

  [[nodiscard]] bool denies(const Sighting& sighting) const {
    constexpr std::uint32_t kFirstPerson = 1000;
    if (!x_permission || sighting.what == Sighting::What::Redirected) {
      return false;
    }
    const std::uint32_t uid = sighting.event.uid;
    return x_settings.denial == Denial::Everyone || (x_settings.denial == Denial::Services && uid > 0 && uid < kFirstPerson);
  }

  void on_drop(const DropEvent& event) {
    const MonoTime now = system_clock().mono();
    x_switch.still_here(now);
    if (event.pid == x_agent) {
      return;
    }
    struct stat status {};
    if (lstat(event.path.c_str(), &status) != 0) {
      return;
    }
    if (event.directory && S_ISDIR(status.st_mode)) {
      const bool part_of_root =
          std::any_of(x_part_of_root.begin(), x_part_of_root.end(), [&](const std::string& path) { return below({path}, event.path); });
      if (part_of_root && x_group >= 0 && x_marked < kMaxMarked && pinfold::agent::mark(x_group, Reach::Directories, x_mask, event.path)) {
        ++x_marked;
      }
      return;
    }
    if (!S_ISREG(status.st_mode) || status.st_size == 0) {
      return;
    }
    Sighting sighting;
    sighting.what = Sighting::What::Dropped;
    sighting.path = event.path;
    sighting.event.at = now;
    sighting.event.uid = status.st_uid;
    const FileId id{status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)};
    if (const auto writer = x_writers.of(id, event.pid, now)) {
      sighting.event = *writer;
      sighting.event.at = now;
    }
    tell(std::move(sighting), -1);
  }

  void tell(Sighting sighting, int copy) {
    sighting.has_copy = copy >= 0;
    sighting.restarts = x_restarts;
    sighting.lost = x_lost;
    x_lost += send_sighting(x_socket, sighting, copy) ? 0U : 1U;
  }

  int x_socket;
  const ResponderSettings& x_settings;
  std::uint32_t x_agent;
  std::uint32_t x_restarts;
  DeadMansSwitch x_switch;
  OpenJudge x_judge;
  Writers x_writers;
  int x_group = -1;
  std::uint64_t x_mask = 0;
  bool x_permission = false;
  std::unique_ptr<DropEvents> x_drops;
  std::vector<std::string> x_part_of_root;
  std::size_t x_marked = 0;
  bool x_told_incomplete = false;
  std::uint64_t x_lost = 0;
};

/// Waits for the child; true if it ended by itself because the agent has gone.
bool ended_well(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool agent_has_gone(int socket, Seconds pause) {
  pollfd waiting{socket, 0, 0};
  return poll(&waiting, 1, static_cast<int>(Millis{pause}.count())) > 0;
}

}  // namespace

std::optional<Denial> parse_denial(std::string_view text) {
  for (const Denial denial : {Denial::Off, Denial::Services, Denial::Everyone}) {
    if (text == to_string(denial)) {
      return denial;
    }
  }
  return std::nullopt;
}

std::string_view to_string(Denial denial) {
  switch (denial) {
    case Denial::Services: return "services";
    case Denial::Everyone: return "everyone";
    default: return "off";
  }
}

int run_responder(int socket, const ResponderSettings& settings) {
  const auto agent = static_cast<std::uint32_t>(getppid());
  prctl(PR_SET_NAME, "pinfold-keeper");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();  // a signal to the agent's group is not for these two
  static_cast<void>(setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof(kSocketBuffer)));
  Seconds pause = kFirstPause;
  for (std::uint32_t restarts = 0;; ++restarts) {
    const MonoTime born = system_clock().mono();
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      prctl(PR_SET_NAME, "pinfold-answer");
      _exit(Responder(socket, settings, agent, restarts).run());
    }
    if (child < 0 || ended_well(child)) {
      return child < 0 ? 1 : 0;
    }
    Sighting health;
    health.path = "the responder was late and was ended; everyone was let through. ";
    health.restarts = restarts + 1;
    static_cast<void>(send_sighting(socket, health, -1));
    pause = system_clock().mono() - born > kLongLife ? kFirstPause : std::min(pause * 2, kLongestPause);
    if (agent_has_gone(socket, pause)) {
      return 0;
    }
  }
}

}  // namespace pinfold::agent
