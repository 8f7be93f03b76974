#include "detect/rules/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flow/record.hpp"

namespace pinfold::detect {

std::string with_commas(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) {
      text += ',';
    }
    text += digits[i];
  }
  return text;
}

std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case flow::kTcp: return "tcp";
    case flow::kUdp: return "udp";
    case flow::kIcmp: return "icmp";
    case flow::kIcmpV6: return "icmp6";
    default: return std::to_string(protocol);
  }
}

bool is_icmp(std::uint8_t protocol) { return protocol == flow::kIcmp || protocol == flow::kIcmpV6; }

std::string service_name(std::uint8_t protocol, std::uint16_t port) {
  return is_icmp(protocol) ? fmt::format("{} type {}", protocol_name(protocol), port >> 8U) : fmt::format("{}/{}", protocol_name(protocol), port);
}

std::int64_t whole_seconds(Micros span) { return std::max<std::int64_t>((span + std::chrono::seconds{1} - Micros{1}) / std::chrono::seconds{1}, 1); }

std::string span_text(Micros span) {
  const std::int64_t seconds = whole_seconds(span);
  if (seconds < 120) {
    return fmt::format("{} s", seconds);
  }
  const std::int64_t minutes = (seconds + 30) / 60;
  return minutes < 120 ? fmt::format("{} min", minutes) : fmt::format("{} h", (minutes + 30) / 60);
}

std::string rate_text(Bps rate) {
  const auto bits = static_cast<double>(rate.value);
  return bits >= 1e9   ? fmt::format("{:.1f} Gbit/s", bits / 1e9)
         : bits >= 1e6 ? fmt::format("{:.0f} Mbit/s", bits / 1e6)
                       : fmt::format("{:.0f} kbit/s", bits / 1e3);
}

std::string about(SamplingRate rate) { return rate.one_in() > 1 ? "about " : ""; }

std::string sampled_clause(SamplingRate rate) {
  return rate.one_in() > 1 ? fmt::format(", for only one packet in {} was looked at", with_commas(rate.one_in())) : "";
}

std::uint32_t percent_of(std::uint64_t part, std::uint64_t whole) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(saturating_multiply(part, 100) / std::max<std::uint64_t>(whole, 1), 100));
}

}  // namespace pinfold::detect
