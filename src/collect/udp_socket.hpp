/// A bound UDP socket that receives in batches, and says who sent and how much the kernel had to throw away. Several of one port may be a group, of
/// which each gets the datagrams of its own senders.
/// Threads: none; the owner serialises. Never blocks. No allocation after construction.
/// Source:  recvmmsg(2), socket(7) SO_RXQ_OVFL, SO_MEMINFO, SO_RCVBUFFORCE, SO_REUSEPORT, SO_ATTACH_REUSEPORT_CBPF (Linux).
/// Errors:  std::system_error at construction; `receive` gives nothing and counts.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "net/ip_address.hpp"

namespace pinfold::collect {

struct Received {
  net::IpAddress from;  ///< IPv4-mapped addresses of a dual-stack socket as IPv4
  ByteSpan bytes;
};

/// Buffers and headers for one batch of datagrams, shared by the sockets of one thread. Memory that no datagram reached is never touched.
class ReceiveBuffers {
public:
  static constexpr std::size_t kMaxDatagram = 65'536;
  explicit ReceiveBuffers(unsigned count);

private:
  friend class UdpSocket;
  /// Datagrams that begin at the same place of a page would push one another out of the cache.
  static constexpr std::size_t kStride = kMaxDatagram + 1600;
  struct Control {
    alignas(cmsghdr) std::array<std::uint8_t, 64> bytes;
  };
  std::vector<std::uint8_t> x_bytes;
  std::vector<mmsghdr> x_messages;
  std::vector<iovec> x_vectors;
  std::vector<sockaddr_storage> x_senders;
  std::vector<Control> x_controls;
  std::vector<Received> x_received;
};

/// Which socket of a group of `size` gets what comes from `sender`: by address alone, so that an exporter stays on one socket whatever port it sends
/// from. The kernel's filter computes the same.
[[nodiscard]] unsigned place_in_group(const net::IpAddress& sender, unsigned size);

class UdpSocket {
public:
  /// More than the kernel's net.core.rmem_max is only granted to CAP_NET_ADMIN; less is no error, see buffer_bytes.
  /// `group`: so many sockets will be bound to this address and port, one after the other; each gets the senders whose place_in_group is its number.
  UdpSocket(const net::IpAddress& address, std::uint16_t port, int receive_buffer_bytes, unsigned group = 1);
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  [[nodiscard]] int descriptor() const { return x_descriptor; }
  [[nodiscard]] std::uint16_t port() const { return x_port; }
  /// One batch; the spans hold until the next call that uses the same buffers.
  [[nodiscard]] std::span<const Received> receive(ReceiveBuffers& buffers);
  [[nodiscard]] std::uint64_t kernel_drops() const { return x_kernel_drops; }
  [[nodiscard]] std::uint64_t errors() const { return x_errors; }
  [[nodiscard]] std::uint64_t buffer_bytes() const { return x_buffer_bytes; }

private:
  void join_group(unsigned size, const std::string& where) const;
  void note_drops(std::uint32_t counter);
  void note_drops_so_far();

  int x_descriptor = -1;
  std::uint16_t x_port = 0;
  std::uint32_t x_drop_counter = 0;  ///< the kernel's, as last seen; wraps
  std::uint64_t x_kernel_drops = 0;
  std::uint64_t x_errors = 0;
  std::uint64_t x_buffer_bytes = 0;
};

}  // namespace pinfold::collect
