#include "evaluate/traffic/conversation.hpp"

#include <algorithm>
#include <cmath>

namespace pinfold::evaluate {
namespace {

using flow::kAck;
using flow::kFin;
using flow::kPsh;
using flow::kRst;
using flow::kSyn;

constexpr double kSegment = 1448;
constexpr double kHeaders = 52;   ///< IP and TCP with time stamps
constexpr double kSynBytes = 60;  ///< with the usual options

std::uint64_t whole(double value) { return static_cast<std::uint64_t>(std::max(value, 0.0)); }

/// SYN or SYN-ACK, data and acknowledgements of the other side's data, FIN.
Leg tcp_leg(std::uint8_t opening, double bytes, double bytes_other_way, double turns) {
  const double data = std::max(std::ceil(bytes / kSegment), turns);
  const double acks = std::ceil(bytes_other_way / kSegment / 2);
  Leg leg;
  leg.packets = 2 + whole(std::max(data, 1.0)) + whole(acks);
  leg.bytes = whole(kSynBytes + static_cast<double>(leg.packets - 1) * kHeaders + bytes);
  leg.first = opening;
  leg.middle = kAck | kPsh;
  leg.last = kFin | kAck;
  return leg;
}

}  // namespace

Conversation Talk::session(End from, End to, WallTime at, Micros length, double bytes_there, double bytes_back, double turns) {
  Conversation talk{
      opened(from), to, flow::kTcp, at, length, tcp_leg(kSyn, bytes_there, bytes_back, turns), tcp_leg(kSyn | kAck, bytes_back, bytes_there, turns)};
  return talk;
}

Conversation Talk::unanswered(End from, End to, WallTime at, unsigned resends) {
  const std::uint64_t sent = 1 + x_random.below(resends + 1);
  const Micros length = seconds(std::exp2(static_cast<double>(sent - 1)) - 1);
  return {opened(from), to, flow::kTcp, at, length, {sent, sent * 60, kSyn, kSyn, kSyn}, {}};
}

Conversation Talk::refused(End from, End to, WallTime at) {
  return {opened(from),
          to,
          flow::kTcp,
          at,
          seconds(x_random.uniform(0.005, 0.2)),
          {1, 60, kSyn, kSyn, kSyn},
          {1, 40, kRst | kAck, kRst | kAck, kRst | kAck}};
}

Conversation Talk::half_open(End from, End to, WallTime at) {
  return {opened(from),
          to,
          flow::kTcp,
          at,
          seconds(x_random.uniform(0.005, 0.2)),
          {2, 84, kSyn, kSyn, kRst},
          {1, 44, kSyn | kAck, kSyn | kAck, kSyn | kAck}};
}

Conversation Talk::exchange(End from, End to, WallTime at, double bytes_there, double bytes_back) {
  const auto packets = [](double bytes) { return std::max<std::uint64_t>(1, whole(std::ceil(bytes / 1472))); };
  return {opened(from),
          to,
          flow::kUdp,
          at,
          seconds(x_random.uniform(0.002, 0.15)),
          {packets(bytes_there), whole(bytes_there) + 28 * packets(bytes_there)},
          {packets(bytes_back), whole(bytes_back) + 28 * packets(bytes_back)}};
}

Conversation Talk::question(End from, End to, WallTime at, double bytes, unsigned resends) {
  const std::uint64_t sent = 1 + x_random.below(resends + 1);
  return {opened(from), to, flow::kUdp, at, seconds(1.5 * static_cast<double>(sent - 1)), {sent, sent * whole(bytes + 28)}, {}};
}

Conversation Talk::stream(End from, End to, WallTime at, Micros length, double pps_there, double size_there, double pps_back, double size_back) {
  const double time = static_cast<double>(length.count()) / 1e6;
  Conversation talk{opened(from), to, flow::kUdp, at, length, {}, {}};
  talk.there.packets = std::max<std::uint64_t>(1, whole(pps_there * time));
  talk.there.bytes = whole(static_cast<double>(talk.there.packets) * size_there);
  talk.back.packets = whole(pps_back * time);
  talk.back.bytes = whole(static_cast<double>(talk.back.packets) * size_back);
  return talk;
}

Conversation Talk::ping(net::IpAddress from, net::IpAddress to, WallTime at, bool answered) {
  // Echo request is type 8, its answer type 0; each leg's type stands in the receiving end's port.
  Conversation talk{{from, 0}, {to, 8U << 8U}, flow::kIcmp, at, seconds(0.03), {1, 84}, {}};
  talk.back = {answered ? 1U : 0U, answered ? 84U : 0U};
  return talk;
}

Conversation Talk::packet(End from, End to, std::uint8_t protocol, WallTime at, double bytes, std::uint8_t flags) {
  return {from, to, protocol, at, Micros{0}, {1, whole(bytes), flags, flags, flags}, {}};
}

}  // namespace pinfold::evaluate
