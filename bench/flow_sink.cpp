// The floor under every collector: recvmmsg and nothing else. flow_sink PORT, until SIGTERM.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  constexpr unsigned kBatch = 64;
  constexpr std::size_t kDatagram = 2048;
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int buffer = 16 * 1024 * 1024;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (argc != 2 || descriptor < 0 || ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0) {
    std::perror("flow_sink PORT");
    return 3;
  }
  std::vector<std::array<std::uint8_t, kDatagram>> buffers(kBatch);
  std::array<iovec, kBatch> vectors{};
  std::array<mmsghdr, kBatch> messages{};
  for (unsigned i = 0; i < kBatch; ++i) {
    vectors[i] = {buffers[i].data(), kDatagram};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    static_cast<void>(::recvmmsg(descriptor, messages.data(), kBatch, MSG_WAITFORONE, nullptr));
  }
}
