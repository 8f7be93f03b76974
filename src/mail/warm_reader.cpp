#include "mail/warm_reader.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace pinfold::mail {

bool WarmReader::begin(UniqueFd socket) {
  char nothing = 0;
  iovec data{&nothing, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = socket.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ++x_mails;
  return sendmsg(x_process.socket(), &message, MSG_NOSIGNAL) == 1;
}

std::optional<int> WarmReader::finish(Millis at_most) {
  pollfd ready{x_process.socket(), POLLIN, 0};
  int status = 0;
  if (poll(&ready, 1, static_cast<int>(at_most.count())) != 1) {
    return std::nullopt;
  }
  const ssize_t got = recv(x_process.socket(), &status, sizeof status, MSG_DONTWAIT);
  x_gone = got != sizeof status;
  return x_gone ? std::nullopt : std::optional(status);
}

Expected<std::unique_ptr<WarmReader>, std::string> WarmReaders::take(const std::filesystem::path& program,
                                                                     const std::vector<std::string>& arguments) {
  auto idle = x_idle.with([](auto& readers) {
    std::unique_ptr<WarmReader> last;
    if (!readers.empty()) {
      last = std::move(readers.back());
      readers.pop_back();
    }
    return last;
  });
  if (idle) {
    return idle;
  }
  std::vector<std::string> words = {"--serve"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto process = ReaderProcess::start(program, std::move(words), SOCK_SEQPACKET);
  if (!process) {
    return Unexpected(process.error());
  }
  return std::make_unique<WarmReader>(*std::move(process));
}

void WarmReaders::give_back(std::unique_ptr<WarmReader> reader) {
  if (reader->mails() < kMaxMails) {
    x_idle.with([&](auto& readers) {
      if (readers.size() < kMaxIdle) {
        readers.push_back(std::move(reader));
      }
    });
  }
}

}  // namespace pinfold::mail
