#include "collect/udp_socket.hpp"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace pinfold::collect {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress to_socket_address(const net::IpAddress& address, std::uint16_t port) {
  SocketAddress made;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.v4_number());
    std::memcpy(&made.storage, &v4, sizeof(v4));
    made.length = sizeof(v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes().data(), address.bytes().size());
    std::memcpy(&made.storage, &v6, sizeof(v6));
    made.length = sizeof(v6);
  }
  return made;
}

std::pair<net::IpAddress, std::uint16_t> from_socket_address(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    return {net::IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof(v6));
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data() + 12, sizeof(number));
    return {net::IpAddress::v4(ntohl(number)), ntohs(v6.sin6_port)};
  }
  return {net::IpAddress::v6(bytes), ntohs(v6.sin6_port)};
}

[[noreturn]] void fail(int descriptor, const std::string& what) {
  const int error = errno;
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  throw std::system_error(error, std::generic_category(), what);
}

/// The kernel's count of datagrams that this socket had no room for; sent along once there are any.
std::optional<std::uint32_t> drop_counter(msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
      std::uint32_t count = 0;
      std::memcpy(&count, CMSG_DATA(control), sizeof(count));
      return count;
    }
  }
  return std::nullopt;
}

/// Spreads neighbouring addresses: the golden ratio in 32 bits (Knuth, The Art of Computer Programming, volume 3, section 6.4).
constexpr std::uint32_t kSpread = 0x9E37'79B1;

std::uint32_t word(const net::IpAddress& address, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = (value << 8U) | address.bytes().at(at + i);
  }
  return value;
}

}  // namespace

unsigned place_in_group(const net::IpAddress& sender, unsigned size) {
  const std::uint32_t key = sender.is_v4() ? sender.v4_number() : word(sender, 0) ^ word(sender, 4) ^ word(sender, 8) ^ word(sender, 12);
  return ((key * kSpread) >> 16U) % size;
}

/// The kernel asks this program for each datagram which socket of the group gets it. It reads the source address of the IP header.
void UdpSocket::join_group(unsigned size, const std::string& where) const {
  const auto load_word = [](int at) { return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_NET_OFF + at)); };
  const sock_filter keep = BPF_STMT(BPF_MISC | BPF_TAX, 0);
  const sock_filter fold = BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0);
  std::array<sock_filter, 20> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(SKF_NET_OFF)),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 2),
      load_word(12),
      BPF_STMT(BPF_JMP | BPF_JA, 10),
      load_word(8),
      keep,
      load_word(12),
      fold,
      keep,
      load_word(16),
      fold,
      keep,
      load_word(20),
      fold,
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, kSpread),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, size),
      BPF_STMT(BPF_RET | BPF_A, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog attached{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(x_descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &attached, sizeof(attached)) != 0) {
    fail(x_descriptor, where + " in a group");
  }
}

UdpSocket::UdpSocket(const net::IpAddress& address, std::uint16_t port, int receive_buffer_bytes, unsigned group) {
  const std::string where = "cannot listen on UDP " + to_string(address) + " port " + std::to_string(port);
  x_descriptor = ::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (x_descriptor < 0) {
    fail(x_descriptor, where);
  }
  const int on = 1;
  const bool is_forced = ::setsockopt(x_descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof(receive_buffer_bytes)) == 0;
  int granted = 0;
  socklen_t granted_length = sizeof(granted);
  // A smaller buffer than asked for is no error: what it loses is counted.
  if ((!is_forced && ::setsockopt(x_descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes)) != 0) ||
      ::getsockopt(x_descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &granted_length) != 0 ||
      ::setsockopt(x_descriptor, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) != 0) {
    fail(x_descriptor, where);
  }
  x_buffer_bytes = static_cast<std::uint64_t>(granted);
  if (group > 1 && ::setsockopt(x_descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    fail(x_descriptor, where);
  }
  SocketAddress bound = to_socket_address(address, port);
  if (::bind(x_descriptor, reinterpret_cast<const sockaddr*>(&bound.storage), bound.length) != 0 ||
      ::getsockname(x_descriptor, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length) != 0) {
    fail(x_descriptor, where);
  }
  x_port = from_socket_address(bound.storage).second;
  if (group > 1) {
    join_group(group, where);
  }
}

UdpSocket::~UdpSocket() { ::close(x_descriptor); }

ReceiveBuffers::ReceiveBuffers(unsigned count)
    : x_bytes(count * kStride), x_messages(count), x_vectors(count), x_senders(count), x_controls(count), x_received(count) {
  for (unsigned i = 0; i < count; ++i) {
    x_vectors[i] = {x_bytes.data() + i * kStride, kMaxDatagram};
    msghdr& header = x_messages[i].msg_hdr;
    header.msg_name = &x_senders[i];
    header.msg_iov = &x_vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = x_controls[i].bytes.data();
  }
}

std::span<const Received> UdpSocket::receive(ReceiveBuffers& buffers) {
  for (mmsghdr& message : buffers.x_messages) {  // the kernel wrote what it used
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = sizeof(ReceiveBuffers::Control);
  }
  const int count = ::recvmmsg(x_descriptor, buffers.x_messages.data(), static_cast<unsigned>(buffers.x_messages.size()), 0, nullptr);
  if (count < 0) {
    x_errors += errno == EAGAIN || errno == EINTR ? 0U : 1U;
    return {};
  }
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    mmsghdr& message = buffers.x_messages[i];
    buffers.x_received[i] = {from_socket_address(buffers.x_senders[i]).first,
                             ByteSpan{static_cast<const std::uint8_t*>(buffers.x_vectors[i].iov_base), message.msg_len}};
    if (const auto drops = drop_counter(message.msg_hdr)) {
      note_drops(*drops);
    }
  }
  if (static_cast<std::size_t>(count) < buffers.x_messages.size()) {
    note_drops_so_far();
  }
  return std::span{buffers.x_received}.first(static_cast<std::size_t>(count));
}

/// A datagram brings the count of the time when it was queued, which may be before what note_drops_so_far saw.
void UdpSocket::note_drops(std::uint32_t counter) {
  if (static_cast<std::int32_t>(counter - x_drop_counter) > 0) {
    x_kernel_drops += counter - x_drop_counter;
    x_drop_counter = counter;
  }
}

/// What was dropped behind the last datagram that had room comes with no datagram: once the buffer is empty, the socket itself is asked.
void UdpSocket::note_drops_so_far() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> about{};
  socklen_t size = sizeof(about);
  if (::getsockopt(x_descriptor, SOL_SOCKET, SO_MEMINFO, about.data(), &size) == 0 && size > SK_MEMINFO_DROPS * sizeof(std::uint32_t)) {
    note_drops(about[SK_MEMINFO_DROPS]);
  }
}

}  // namespace pinfold::collect
