#include "report/addresses.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Never a customer's: this host, loopback, multicast, broadcast, netmasks.
bool is_nobodys(const net::IpAddress& address) {
  if (address.is_v4()) {
    const std::uint32_t first = address.v4_number() >> 24U;
    return first == 0 || first == 127 || first >= 224;
  }
  const auto& bytes = address.bytes();
  const bool empty_but_last = std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t b) { return b == 0; });
  return bytes[0] == 0xFF || (empty_but_last && bytes[15] <= 1);
}

/// How long the run of characters is that an address of either family may consist of.
std::size_t run_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && (is_hex(text[length]) || text[length] == '.' || text[length] == ':')) {
    ++length;
  }
  return length;
}

/// The longest address that the run begins with, at the end of which no further part of a number stands.
std::optional<std::pair<net::IpAddress, std::size_t>> take_address(std::string_view run) {
  const std::size_t longest = std::min<std::size_t>(run.size(), 45);
  const bool v4 = run.substr(0, 4).find('.') != std::string_view::npos;
  for (std::size_t length = longest; length >= (v4 ? 7U : 3U); --length) {
    const bool at_end = length == run.size() || (v4 ? !is_hex(run[length]) : !is_hex(run[length]) && !is_hex(run[length - 1]));
    if (!at_end && !(v4 && run[length] == ':')) {
      continue;
    }
    if (const auto address = net::IpAddress::parse(run.substr(0, length))) {
      return std::pair{*address, length};
    }
  }
  return std::nullopt;
}

bool is_time_of_day(std::string_view run) { return run.find("::") == std::string_view::npos && std::count(run.begin(), run.end(), ':') < 7; }

/// Of "/24"; a longer number behind the slash is a port.
std::size_t prefix_length(std::string_view text) {
  std::size_t digits = 0;
  while (digits + 1 < text.size() && text.front() == '/' && is_digit(text[digits + 1])) {
    ++digits;
  }
  return digits > 0 && digits <= 3 && parse_number(text.substr(1, digits)).value_or(999) <= 128 ? digits + 1 : 0;
}

/// tcpdump's "192.0.2.1.53 >" and "192.0.2.1.53:".
bool is_port_behind(std::string_view text) {
  std::size_t digits = 0;
  while (digits + 1 < text.size() && text.front() == '.' && is_digit(text[digits + 1])) {
    ++digits;
  }
  const std::string_view rest = text.substr(std::min(digits + 1, text.size()));
  return digits > 0 && digits <= 5 && (rest.empty() || std::string_view(" :,>\r\n\t").find(rest.front()) != std::string_view::npos);
}

/// "IP:192.0.2.1", "outside:192.0.2.1": what stands before the colon is no part of an IPv6 address.
bool is_behind_label(std::string_view text, std::size_t at) {
  if (at < 2 || text[at - 1] != ':' || !is_digit(text[at])) {
    return false;
  }
  std::size_t begin = at - 1;
  while (begin > 0 && at - begin < 32 && is_word(text[begin - 1])) {
    --begin;
  }
  const std::string_view label = text.substr(begin, at - 1 - begin);
  return std::any_of(label.begin(), label.end(), [](char c) { return !is_hex(c); });
}

/// "1.2.3.4.example.net", "10.0.0.1-static" and "1.2.3.4x" are names, not addresses.
bool is_in_a_name(std::string_view behind, const net::IpAddress& address) {
  const bool more = behind.size() > 1 && is_word(behind[1]);
  return !behind.empty() && (is_word(behind.front()) || (behind.front() == '-' && more && !is_digit(behind[1])) ||
                             (behind.front() == '.' && more && !(address.is_v4() && is_port_behind(behind))));
}

bool may_begin(std::string_view text, std::size_t at) {
  const char before = at == 0 ? ' ' : text[at - 1];
  return (is_hex(text[at]) || text[at] == ':') && ((!is_word(before) && before != '.' && before != ':') || is_behind_label(text, at));
}

}  // namespace

std::vector<FoundAddress> find_addresses(std::string_view text) {
  std::vector<FoundAddress> found;
  for (std::size_t i = 0; i < text.size() && found.size() < kMaxFound;) {
    const bool starts = may_begin(text, i);
    const std::size_t run = starts ? run_length(text.substr(i)) : 0;
    if (run < 3) {
      i += std::max<std::size_t>(run, 1);
      continue;
    }
    const std::string_view candidate = text.substr(i, run);
    const bool worth = candidate.find('.') != std::string_view::npos || !is_time_of_day(candidate);
    const auto taken = worth ? take_address(candidate) : std::nullopt;
    const std::size_t end = i + (taken ? taken->second : 0);
    const bool in_a_name = taken && is_in_a_name(text.substr(end), taken->first);
    if (taken && !in_a_name && !is_nobodys(taken->first)) {
      const std::size_t prefix = prefix_length(text.substr(end));
      const std::string_view length = prefix > 1 ? text.substr(end + 1, prefix - 1) : "";
      found.push_back({taken->first, i, taken->second, prefix > 0 && length != "32" && length != "128"});
    }
    i += run;
  }
  return found;
}

std::optional<net::IpAddress> parse_address(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\n[]()<>*\"'";
  const auto begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  text = text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
  if (const auto address = net::IpAddress::parse(text)) {
    return address;
  }
  if (const auto closed = text.find(']'); closed != std::string_view::npos) {
    return net::IpAddress::parse(text.substr(0, closed));
  }
  if (const auto slash = text.rfind('/'); slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    return length == "32" || length == "128" ? net::IpAddress::parse(text.substr(0, slash)) : std::nullopt;
  }
  const auto colon = text.rfind(':');
  return colon == std::string_view::npos ? std::nullopt : net::IpAddress::parse(text.substr(0, colon));
}

std::string refang(std::string_view text) {
  struct Form {
    std::string_view written;
    std::string_view meant;
  };
  static constexpr std::array<Form, 9> kForms{{{"[.]", "."},
                                               {"(.)", "."},
                                               {"{.}", "."},
                                               {"[dot]", "."},
                                               {"(dot)", "."},
                                               {"[:]", ":"},
                                               {"hxxps:", "https:"},
                                               {"hxxp:", "http:"},
                                               {"[://]", "://"}}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto next = text.find_first_of("[({hH");
    out += text.substr(0, next);
    text.remove_prefix(std::min(next, text.size()));
    const auto form = std::find_if(kForms.begin(), kForms.end(), [&](const Form& f) { return istarts_with(text, f.written); });
    if (form != kForms.end()) {
      out += form->meant;
      text.remove_prefix(form->written.size());
    } else if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string host_of(std::string_view url) {
  url = trim(url);
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find_first_of("/?#\\ \t"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) {
    url.remove_prefix(user + 1);
  }
  if (!url.empty() && url.front() == '[') {
    url = url.substr(1, url.find(']') - 1);
  } else if (!net::IpAddress::parse(url)) {
    url = url.substr(0, url.rfind(':'));  // a port; after an IPv6 address without brackets as well
  }
  const auto odd = std::find_if(url.begin(), url.end(), [](char c) { return !is_word(c) && c != '.' && c != '-' && c != ':' && (c & 0x80) == 0; });
  const bool is_name = odd == url.end() && url.size() <= 253 && url.find_first_of(".:") != std::string_view::npos;
  return is_name ? to_lower(url) : std::string{};
}

std::string_view find_url(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kSchemes = {"http://", "https://", "ftp://"};
  for (auto at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    for (const std::string_view scheme : kSchemes) {
      const std::size_t name = scheme.size() - 3;
      if (at >= name && istarts_with(text.substr(at - name), scheme)) {
        const std::string_view url = text.substr(at - name, 2000);
        std::string_view whole = url.substr(0, url.find_first_of(" \t\r\n<>\"'"));
        while (!whole.empty() && (std::string_view(".,;:)]}*").find(whole.back()) != std::string_view::npos)) {
          whole.remove_suffix(1);
        }
        return whole;
      }
    }
  }
  return {};
}

}  // namespace pinfold::report
