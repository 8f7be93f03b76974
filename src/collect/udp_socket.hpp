/// A bound UDP socket that receives in batches, and says who sent and how much the kernel had to throw away.
/// Threads: none; the owner serialises. Never blocks. Source: recvmmsg(2), socket(7) SO_RXQ_OVFL (Linux).
/// Errors:  std::system_error at construction; `receive` gives nothing and counts.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"
#include "net/ip_address.hpp"

namespace pinfold::collect {

/// Buffers for one batch of datagrams, shared by the sockets of one thread.
class ReceiveBuffers {
public:
  static constexpr std::size_t kMaxDatagram = 65'536;
  explicit ReceiveBuffers(unsigned count) : x_bytes(count * kMaxDatagram), x_count(count) {}
  [[nodiscard]] unsigned count() const { return x_count; }
  [[nodiscard]] std::uint8_t* at(unsigned i) { return x_bytes.data() + i * kMaxDatagram; }

private:
  std::vector<std::uint8_t> x_bytes;
  unsigned x_count;
};

struct Received {
  net::IpAddress from;  ///< IPv4-mapped addresses of a dual-stack socket as IPv4
  ByteSpan bytes;
};

class UdpSocket {
public:
  UdpSocket(const net::IpAddress& address, std::uint16_t port, int receive_buffer_bytes);
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  [[nodiscard]] int descriptor() const { return x_descriptor; }
  [[nodiscard]] std::uint16_t port() const { return x_port; }
  /// One batch; the spans hold until the next call that uses the same buffers.
  [[nodiscard]] std::vector<Received> receive(ReceiveBuffers& buffers);
  [[nodiscard]] std::uint64_t kernel_drops() const { return x_kernel_drops; }
  [[nodiscard]] std::uint64_t errors() const { return x_errors; }

private:
  int x_descriptor = -1;
  std::uint16_t x_port = 0;
  std::uint32_t x_drop_counter = 0;  ///< the kernel's, as last seen; wraps
  std::uint64_t x_kernel_drops = 0;
  std::uint64_t x_errors = 0;
};

}  // namespace pinfold::collect
