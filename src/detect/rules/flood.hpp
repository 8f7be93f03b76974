/// Finds servers that flood one destination, or one network.
/// Rule, per destination and ten-second slot. A rate is the packets of the slot over the time that they took, two seconds at least, so that a short
/// burst counts and a single crowded instant does not:
///   syn    `min_syn_pps` SYNs, at least `min_syn_percent` of all TCP to it; spread over hundreds of ports it is a scan, unless ten times as fast
///   udp    `min_udp_pps`, and no more than `max_answer_percent` of it comes back; where answers are not visible, `blind_factor` times that
///   icmp   `min_icmp_pps` echo requests
///   other  `min_other_pps` packets, one-sided, TCP ones small (200 bytes on average): an upload is acknowledged and its packets are large.
///          Judged only where answers are visible.
///   ack    `min_ack_pps` bare acknowledgements from a hundred source ports and more, one-sided; kind "other". A download's come from one port.
///          Judged only where answers are visible.
/// Carpet:  the same rates in sum over one network (/24, IPv6 /64), spread over `min_network_hosts` of its hosts, ten packets and more to each of
///          them (SYN: to each host and port): who asks everybody once is a scanner.
/// When:    what is judged by its answers waits for them: two seconds if the destination is new, ten after a record of a flow that lasted so long.
/// One-sided: neither in the slot and its two neighbours nor since the destination is known did more than that share come back. RSTs and ICMP errors
///          are no answers: they are what a flooded host says.
/// Connections: `min_connections_per_second` opened to one host and port is information (severity info, little confidence): an HTTP flood looks like
///          that, and so does a proxy in front of one backend.
/// Spoofed: packets whose source address is not the server's, charged to it by MAC address or port; said in the evidence.
/// Left alone: downloads and uploads, streams, tunnels, voice and games (answered), victims: what they send are answers, RSTs and ICMP errors, as
///          many as came in.
/// Not found: floods that stay below these rates in every network; bare acknowledgements from few ports below `min_other_pps`. Slow attacks on web
///          servers: rules/slow_connections.hpp.
/// Floor:   the rates above for two seconds; sampled, `min_sampled_packets` really seen besides (other: ten times as many). A server whose packets
///          are 625 bare acknowledgements a second or fewer is not followed.
/// Source:  SYN:ACK asymmetry after Wang, Zhang, Shin, Detecting SYN Flooding Attacks, INFOCOM 2002; carpet bombing: Heinrich, Obelheiro,
///          Maziero, New Kids on the DRDoS Block, PAM 2021. Memory: detect/volume_tracker.hpp. Pure.
#pragma once

#include <optional>

#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"
#include "detect/volume_tracker.hpp"

namespace pinfold::detect {

struct FloodExemptions {
  bool udp = false;  ///< declared game, voice and speed-test servers
};

/// The strongest flood of the server; nullopt when nothing passes.
[[nodiscard]] std::optional<Sighting> judge_flood(const VolumeTracker::View& view, const FloodThresholds& thresholds, FloodExemptions exempt);

/// Information only.
[[nodiscard]] std::optional<Sighting> judge_connections(const VolumeTracker::View& view, const FloodThresholds& thresholds);

}  // namespace pinfold::detect
