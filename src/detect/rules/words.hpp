/// The words and numbers that all findings' texts are made of. Pure text.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "base/units.hpp"

namespace pinfold::detect {

[[nodiscard]] std::string with_commas(std::uint64_t number);  ///< "4,812"
[[nodiscard]] std::string protocol_name(std::uint8_t protocol);
[[nodiscard]] bool is_icmp(std::uint8_t protocol);
/// "tcp/22", "icmp type 8" (ICMP: port = type * 256)
[[nodiscard]] std::string service_name(std::uint8_t protocol, std::uint16_t port);
/// Rounded up, at least 1.
[[nodiscard]] std::int64_t whole_seconds(Micros span);
/// "45 s", "10 min", "2 h"
[[nodiscard]] std::string span_text(Micros span);
[[nodiscard]] std::string rate_text(Bps rate);  ///< "812 Mbit/s"
/// "about " when the figure is an estimate from samples, else nothing.
[[nodiscard]] std::string about(SamplingRate rate);
/// ", for only one packet in 1,000 was looked at", or nothing.
[[nodiscard]] std::string sampled_clause(SamplingRate rate);
[[nodiscard]] std::uint32_t percent_of(std::uint64_t part, std::uint64_t whole);

}  // namespace pinfold::detect
