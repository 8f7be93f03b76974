// pinfold-reader [FOLDER...]: one raw mail on standard input → one JSON object on standard output: {"mail": {…}, "report": {…}} or
// {"refused": "why"}. The folders hold the reports' parser definitions; they are the operator's and read before the cage is closed.
// pinfold-reader --serve [FOLDER...]: prepared once; standard input is a socket from which descriptors come, one a mail. Each mail is read by a
// forked child of its own, which closes its cage first; its wait status goes back over the socket. Started by mail::Reader for each mail (or forked
// for it), so that a mail which takes over, hangs or kills its parser gets nothing but this process. Exit status: 0 an answer was printed; 3 a
// definition is faulty, the cage could not be closed or the pipes failed. Anything else, and any signal, means that the mail did it: the desk then
// keeps the mail as unreadable.
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGKILL for prctl
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "message/mail_json.hpp"
#include "message/parse.hpp"
#include "message/raw_check.hpp"
#include "report/parse.hpp"
#include "report/report_json.hpp"
#include "report/sealed.hpp"
#include "seal.hpp"

namespace {

constexpr std::size_t kMemory = std::size_t{768} * 1024 * 1024;  // 26 MiB of mail in a few forms at once, and converters
constexpr unsigned kCpuSeconds = 10;

/// Everything up to the end of input, or one byte more than may be parsed.
std::string read_input() {
  std::string raw;
  std::array<char, 65536> buffer{};
  while (raw.size() <= pinfold::message::kMaxRawBytes) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got > 0) {
      raw.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  return raw;
}

bool write_output(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return true;
}

pinfold::report::Definitions load_definitions(const std::vector<std::filesystem::path>& folders) {
  auto definitions = pinfold::report::Definitions::load(folders);
  if (!definitions) {
    throw std::runtime_error(definitions.error());
  }
  return *std::move(definitions);
}

nlohmann::json answer_to(const std::string& raw, const pinfold::report::Definitions& definitions) {
  pinfold::report::Attachments attachments;
  auto mail = pinfold::message::parse_mail(raw, [&](const auto& part, std::string_view bytes) { attachments.visit(part, bytes); });
  if (!mail) {
    return {{"refused", mail.error()}};
  }
  auto report = pinfold::report::parse_report(*mail, attachments.documents(), definitions);
  report.dropped += attachments.dropped();
  return {{"mail", pinfold::message::to_json(report.sealed ? pinfold::report::redacted(*std::move(mail)) : *mail)},
          {"report", pinfold::report::to_json(report)}};
}

/// One mail on standard input, in a closed cage.
int answer_one(const pinfold::report::Definitions& definitions) {
  pinfold::reader::seal();
  return write_output(answer_to(read_input(), definitions).dump() + "\n") ? 0 : 3;
}

/// The next descriptor from the desk; -1 when it has gone.
int receive_descriptor() {
  char nothing = 0;
  iovec data{&nothing, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = -1;
  do {
    got = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  int fd = -1;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  }
  return fd;
}

/// In the forked child: the mail's socket becomes standard input and output, and it dies with its parent.
int serve_one(int fd, pid_t parent, const pinfold::report::Definitions& definitions) {
  const bool ready = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent && dup2(fd, STDIN_FILENO) >= 0 &&
                     dup2(fd, STDOUT_FILENO) >= 0 && close(fd) == 0;
  if (!ready) {
    return 3;
  }
  pinfold::reader::set_limits(kMemory, kCpuSeconds);
  return answer_one(definitions);
}

int serve(const pinfold::report::Definitions& definitions) {
  const pid_t self = getpid();
  for (int fd = receive_descriptor(); fd >= 0; fd = receive_descriptor()) {
    const pid_t child = fork();
    if (child == 0) {
      int status = 3;
      try {
        status = serve_one(fd, self, definitions);
      } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "pinfold-reader: %s\n", error.what()));
      }
      _exit(status);
    }
    close(fd);
    int status = 3 << 8;  // as if it had ended with 3: there is no process for this mail
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (send(STDIN_FILENO, &status, sizeof status, MSG_NOSIGNAL) != sizeof status) {
      break;
    }
  }
  return 0;
}

int run(std::vector<std::filesystem::path> folders) {
  const bool serves = !folders.empty() && folders.front() == "--serve";
  if (serves) {
    folders.erase(folders.begin());
  } else {
    pinfold::reader::set_limits(kMemory, kCpuSeconds);
  }
  pinfold::message::start_parser();
  const auto definitions = load_definitions(folders);
  return serves ? serve(definitions) : answer_one(definitions);
}

}  // namespace

int main(int count, char** arguments) {
  int status = 3;
  try {
    status = run({arguments + std::min(count, 1), arguments + count});
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "pinfold-reader: %s\n", error.what()));
  }
  _exit(status);  // nothing of the mail's making runs on the way out
}
