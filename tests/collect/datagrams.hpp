/// Exports made by hand for the collector's tests: NetFlow v5 and sFlow v5, as their specifications lay them out (flow/protocols.hpp).
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/time.hpp"
#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::collect::testing {

using Bytes8 = std::vector<std::uint8_t>;

inline void put(Bytes8& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) {
    out.push_back(i < sizeof(value) ? static_cast<std::uint8_t>(value >> (8 * i)) : std::uint8_t{0});  // more bytes than it has: padding
  }
}

struct Syn {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint16_t port = 0;
};

/// One record of one SYN for each; all ended at `at`.
inline Bytes8 netflow5(const std::vector<Syn>& syns, std::uint32_t sequence, WallTime at) {
  const auto micros = static_cast<std::uint64_t>(at.since_epoch.count());
  Bytes8 out;
  put(out, 5, 2);
  put(out, syns.size(), 2);
  put(out, 1'000'000, 4);  // uptime, ms
  put(out, micros / 1'000'000, 4);
  put(out, micros % 1'000'000 * 1000, 4);
  put(out, sequence, 4);
  put(out, 0, 4);  // engine, sampling
  for (const Syn& syn : syns) {
    put(out, syn.from, 4);
    put(out, syn.to, 4);
    put(out, 0, 8);  // next hop, interfaces
    put(out, 1, 4);
    put(out, 60, 4);
    put(out, 1'000'000, 4);  // first and last: now
    put(out, 1'000'000, 4);
    put(out, 40'000, 2);
    put(out, syn.port, 2);
    put(out, 0, 1);
    put(out, flow::kSyn, 1);
    put(out, flow::kTcp, 1);
    put(out, 0, 9);
  }
  return out;
}

/// One flow sample with the head of an Ethernet frame, at a rate of one in one.
inline Bytes8 sflow5(const Syn& syn, std::uint32_t sequence) {
  Bytes8 frame;
  put(frame, 0x020000000001, 6);
  put(frame, 0x020000000002, 6);
  put(frame, 0x0800, 2);
  put(frame, 0x4500, 2);
  put(frame, 40, 2);
  put(frame, 0, 4);
  put(frame, 64, 1);
  put(frame, flow::kTcp, 1);
  put(frame, 0, 2);
  put(frame, syn.from, 4);
  put(frame, syn.to, 4);
  put(frame, 40'000, 2);
  put(frame, syn.port, 2);
  put(frame, 0, 8);
  put(frame, 0x5000U | flow::kSyn, 2);
  put(frame, 0, 6);

  Bytes8 raw;
  put(raw, 1, 4);  // Ethernet
  put(raw, frame.size() + 4, 4);
  put(raw, 4, 4);  // stripped: the checksum
  put(raw, frame.size(), 4);
  raw.insert(raw.end(), frame.begin(), frame.end());
  put(raw, 0, static_cast<unsigned>((4 - raw.size() % 4) % 4));

  Bytes8 sample;
  put(sample, sequence, 4);
  put(sample, 3, 4);  // source: ifIndex 3
  put(sample, 1, 4);  // rate
  put(sample, sequence, 4);
  put(sample, 0, 4);
  put(sample, 3, 4);
  put(sample, 4, 4);
  put(sample, 1, 4);  // one record
  put(sample, 1, 4);  // raw packet header
  put(sample, raw.size(), 4);
  sample.insert(sample.end(), raw.begin(), raw.end());

  Bytes8 out;
  put(out, 5, 4);
  put(out, 1, 4);
  put(out, 0x7F000001, 4);
  put(out, 0, 4);
  put(out, sequence, 4);
  put(out, 1'000'000, 4);
  put(out, 1, 4);  // one sample
  put(out, 1, 4);  // flow sample
  put(out, sample.size(), 4);
  out.insert(out.end(), sample.begin(), sample.end());
  return out;
}

/// Sends from a loopback address of its own choice, so that a test can be several exporters.
class Sender {
public:
  explicit Sender(std::uint32_t loopback_address = INADDR_LOOPBACK) : x_descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in from = address_of(loopback_address, 0);
    x_works = x_descriptor >= 0 && ::bind(x_descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) == 0;
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender() { ::close(x_descriptor); }

  [[nodiscard]] bool send(const Bytes8& datagram, std::uint16_t port) const {
    const sockaddr_in to = address_of(INADDR_LOOPBACK, port);
    return x_works && ::sendto(x_descriptor, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) ==
                          static_cast<ssize_t>(datagram.size());
  }

private:
  static sockaddr_in address_of(std::uint32_t address, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_addr.s_addr = htonl(address);
    made.sin_port = htons(port);
    return made;
  }
  int x_descriptor;
  bool x_works = false;
};

}  // namespace pinfold::collect::testing
