/// What two hosts said to each other on one 5-tuple, before anybody looked: the generator's unit. An Exporter (exporter.hpp) turns it into
/// flow records as a router would.
/// Packets of a leg stand evenly between `start` and `start + length`; a leg's first and last packet carry their own TCP flags, the others
/// `middle`. What is not modelled: window sizes, loss and retransmission inside a connection, jitter, path changes.
/// Units: bytes on the wire of IP packets. Threads: none.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "evaluate/traffic/random.hpp"
#include "flow/record.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::evaluate {

struct End {
  net::IpAddress address;
  std::uint16_t port = 0;  ///< ICMP: type * 256 + code on the receiving end
};

struct Leg {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint8_t first = 0;
  std::uint8_t middle = 0;
  std::uint8_t last = 0;
};

struct Conversation {
  End from;  ///< who spoke first
  End to;
  std::uint8_t protocol = flow::kTcp;
  WallTime start;
  Micros length{0};
  Leg there;
  Leg back;
};

/// The usual ways in which a conversation goes. `at` is the first packet; port 0 of `from` means a random ephemeral one.
class Talk {
public:
  explicit Talk(Random& random) : x_random(random) {}

  /// Handshake, data, FIN on both sides. Data beyond one packet's worth is cut to 1,448 bytes a packet, acknowledged every second one.
  /// `turns`: how often both sides speak; each turn is a packet of its own, however small (commands and their answers, key exchanges).
  [[nodiscard]] Conversation session(End from, End to, WallTime at, Micros length, double bytes_there, double bytes_back, double turns = 1);
  /// SYN, resent after 1, 3 and 7 s by a patient client (`resends` at most); nobody answers.
  [[nodiscard]] Conversation unanswered(End from, End to, WallTime at, unsigned resends = 2);
  /// SYN, RST.
  [[nodiscard]] Conversation refused(End from, End to, WallTime at);
  /// A half-open probe: SYN, SYN-ACK, RST.
  [[nodiscard]] Conversation half_open(End from, End to, WallTime at);
  /// A question and its answer, or none: `resends` repeats of the question then.
  [[nodiscard]] Conversation exchange(End from, End to, WallTime at, double bytes_there, double bytes_back);
  [[nodiscard]] Conversation question(End from, End to, WallTime at, double bytes, unsigned resends);
  /// Packets both ways for a long time: media, tunnels, games.
  [[nodiscard]] Conversation stream(End from, End to, WallTime at, Micros length, double pps_there, double size_there, double pps_back,
                                    double size_back);
  [[nodiscard]] Conversation ping(net::IpAddress from, net::IpAddress to, WallTime at, bool answered);
  /// One packet, no answer: `flags` for TCP, type * 256 + code in to.port for ICMP.
  [[nodiscard]] Conversation packet(End from, End to, std::uint8_t protocol, WallTime at, double bytes, std::uint8_t flags = 0);
  [[nodiscard]] std::uint16_t ephemeral() { return static_cast<std::uint16_t>(x_random.between(32'768, 60'999)); }

private:
  [[nodiscard]] End opened(End from) {
    from.port = from.port == 0 ? ephemeral() : from.port;
    return from;
  }
  Random& x_random;
};

[[nodiscard]] inline Micros seconds(double s) { return Micros{static_cast<std::int64_t>(s * 1e6)}; }

}  // namespace pinfold::evaluate
