#include "report/addresses.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

/// RFC 1918: somebody's inside; accused only where nobody else is named.
bool is_private(const net::IpAddress& address) {
  if (!address.is_v4()) {
    return false;
  }
  const std::uint32_t number = address.v4_number();
  return number >> 24U == 10 || number >> 20U == 0xAC1 || number >> 16U == 0xC0A8;
}

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

std::size_t prefix_length(std::string_view text) {
  std::size_t digits = 0;
  while (digits + 1 < text.size() && digits < 3 && text.front() == '/' && is_digit(text[digits + 1])) {
    ++digits;
  }
  return digits > 0 ? digits + 1 : 0;
}

/// How much the words on the same line before an address accuse it: the nearest of them counts.
int label_score(std::string_view before) {
  struct Label {
    std::string_view word;
    int score;
  };
  static constexpr auto kLabels = std::to_array<Label>({
      {"victim", -9},
      {"target", -7},
      {"destination", -8},
      {"dst", -8},
      {"our ip", -7},
      {"our server", -7},
      {"our network", -6},
      {"our block", -6},
      {"our ipv4", -6},
      {"to host", -4},
      {"reporter", -6},
      {"honeypot", -4},
      {"sinkhole", -6},
      {"c2 ", -2},
      {"source", 7},
      {"src", 7},
      {"attacker", 8},
      {"attacking", 8},
      {"offending", 8},
      {"offender", 8},
      {"abus", 5},
      {"infring", 7},
      {"ip address", 4},
      {"ip:", 5},
      {"your ", 4},
      {"from", 4},
      {"ip ", 3},
      {"host", 2},
      {"address", 3},
      {"against", -6},
      {"hosted on", 5},
      {"adresse", 4},
      {"adresy", 4},
      {"client:", 6},
      {"rhost=", 7},
      {"remote ", 4},
      {"my server", -7},
      {"my ip", -7},
      {"our host", -7},
      {"our mail", -7},
      {"our game", -7},
      {"your host", 6},
      {"your server", 6},
      {"your customer", 6},
      {"your network", 6},
      {"your ip", 7},
      {"hacker", 8},
      {"spammer", 8},
      {"scanner", 7},
      {"intruder", 8},
      {"bot ", 5},
      {"local ip", -7},
      {"received by", -6},
      {"resolve", 8},
      // German
      {"opfer", -9},
      {"ziel", -7},
      {"unser", -7},
      {"meinem server", -7},
      {"angreifer", 8},
      {"quelle", 7},
      {"quell-ip", 8},
      {"ihr server", 6},
      {"ihrem server", 6},
      {"ihrem netz", 6},
      {"ihrer ip", 7},
      {"ihre ip", 7},
      // French, Spanish, Italian, Portuguese
      {"victime", -9},
      {"cible", -7},
      {"notre serveur", -7},
      {"nos serveurs", -7},
      {"attaquant", 8},
      {"votre", 6},
      {"atacante", 8},
      {"origen", 7},
      {"nuestr", -7},
      {"destino", -8},
      {"su servidor", 6},
      {"su red", 6},
      {"attaccante", 8},
      {"origine", 7},
      {"nostr", -7},
      {"vostr", 6},
      {"noss", -7},
      {"origem", 7},
      // Polish, Czech, Dutch
      {"atakuj", 8},
      {"źródł", 7},
      {"nasz", -7},
      {"útočník", 8},
      {"zdroj", 7},
      {"naš", -7},
      {"aanvaller", 8},
      {"bron", 7},
      {"onze", -7},
      {"doel", -7},
  });
  const std::string near = to_lower(before.substr(before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1));
  // What an address is called ("IP address:") says less than whose it is ("Target IP address:"), if that stands right before it.
  static constexpr auto kNames = std::to_array<std::string_view>({"ip address", "ip:", "ip ", "host", "address", "adresse", "adresy"});
  constexpr std::size_t kRightBefore = 24;
  int score = 0;
  int name_score = 0;
  std::size_t best = 0;
  std::size_t name_at = 0;
  for (const Label& label : kLabels) {
    const bool is_name = std::find(kNames.begin(), kNames.end(), label.word) != kNames.end();
    int& value = is_name ? name_score : score;
    std::size_t& place = is_name ? name_at : best;
    auto at = near.rfind(label.word);
    while (at != std::string::npos && at > 0 && near[at - 1] >= 'a' && near[at - 1] <= 'z') {  // "our host" does not stand in "your host"
      at = near.rfind(label.word, at - 1);
    }
    if (at != std::string::npos && (value == 0 || at > place)) {
      place = at;
      value = label.score;
    }
  }
  const bool apart = name_score != 0 && name_at > best && (score == 0 || name_at - best > kRightBefore || near.find_first_of(".,;", best) < name_at);
  score = apart ? name_score : score;
  std::string_view tail = near;
  while (!tail.empty() && std::string_view(" \t[(*\"'").find(tail.back()) != std::string_view::npos) {
    tail.remove_suffix(1);
  }
  const std::string_view end = tail.substr(tail.size() < 3 ? 0 : tail.size() - 3);
  const bool to = end == " to" || end == " on" || end == " ->" || end.substr(end.size() < 2 ? 0 : 1) == " >";
  return to && score < 7 ? -4 : score;
}

/// Logs without words name the source first: "A:6000 -> B:1433", and a filter's "DROP TCP A B" (two addresses on the line).
template <typename HasWord>
int flow_score(std::string_view text, const FoundAddress& found, const HasWord& has_word) {
  std::string_view rest = text.substr(found.at + found.size, 40);
  if (!rest.empty() && (rest.front() == ':' || rest.front() == '.' || rest.front() == '/')) {
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789"), rest.size()));
  }
  rest = trim(rest.substr(0, rest.find('\n')));
  if (rest.substr(0, 2) == "->" || rest.substr(0, 2) == "=>" || rest.substr(0, 2) == "> " || rest.substr(0, 3) == "\xE2\x86\x92") {
    return 6;
  }
  const auto line_end = text.find('\n', found.at);
  const auto line_begin = text.rfind('\n', found.at);
  const std::size_t begin = line_begin == std::string_view::npos ? 0 : line_begin + 1;
  const std::string_view line = text.substr(begin, std::min(line_end, begin + 300) - begin);
  const auto all = find_addresses(line);
  if (all.size() != 2 || all[0].address == all[1].address || !has_word(line)) {
    return 0;
  }
  return all[0].address == found.address ? 3 : -3;
}

}  // namespace

std::vector<FoundAddress> find_addresses(std::string_view text) {
  std::vector<FoundAddress> found;
  for (std::size_t i = 0; i < text.size() && found.size() < kMaxFound;) {
    const bool starts = (is_hex(text[i]) || text[i] == ':') && (i == 0 || (!is_word(text[i - 1]) && text[i - 1] != '.' && text[i - 1] != ':'));
    const std::size_t run = starts ? run_length(text.substr(i)) : 0;
    if (run < 3) {
      i += std::max<std::size_t>(run, 1);
      continue;
    }
    const std::string_view candidate = text.substr(i, run);
    const bool worth = candidate.find('.') != std::string_view::npos || !is_time_of_day(candidate);
    const auto taken = worth ? take_address(candidate) : std::nullopt;
    const std::size_t end = i + (taken ? taken->second : 0);
    // "1.2.3.4.example.net", "10.0.0.1-static" and "1.2.3.4x" are names, not addresses.
    const bool in_a_name = taken && end < text.size() &&
                           (is_word(text[end]) || (text[end] == '-' && end + 1 < text.size() && is_word(text[end + 1]) && !is_digit(text[end + 1])) ||
                            (text[end] == '.' && end + 1 < text.size() && is_word(text[end + 1])));
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

std::vector<net::IpAddress> accused_addresses(std::string_view subject, std::string_view text) {
  const auto has_word = [](std::string_view line) {
    return icontains(line, "drop") || icontains(line, "deny") || icontains(line, "block") || icontains(line, "reject") || icontains(line, "tcp") ||
           icontains(line, "udp");
  };
  struct Count {
    int label = 0;
    int times = 0;
    std::size_t first = 0;
  };
  std::unordered_map<net::IpAddress, Count> counts;
  const auto look = [&](std::string_view in, int bonus, std::size_t base) {
    for (const FoundAddress& found : find_addresses(in)) {
      const std::size_t from = found.at < 60 ? 0 : found.at - 60;
      const int said = label_score(in.substr(from, found.at - from));
      const int flow = said == 0 ? flow_score(in, found, has_word) : 0;
      const int score = said + flow + bonus - (found.is_range ? 9 : 0);
      auto [place, is_new] = counts.try_emplace(found.address);
      Count& count = place->second;
      count.first = is_new ? base + found.at : count.first;
      count.label = is_new ? score : (score < 0 && count.label <= 0) ? std::min(score, count.label) : std::max(score, count.label);
      ++count.times;
    }
  };
  look(subject, 10, 0);
  look(text, 0, subject.size());
  std::vector<std::pair<net::IpAddress, Count>> ranked(counts.begin(), counts.end());
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.second.label != b.second.label ? a.second.label > b.second.label : a.second.first < b.second.first;
  });
  std::vector<net::IpAddress> accused;
  for (const auto& [address, count] : ranked) {
    const bool alone = ranked.size() == 1 && count.label > -4;  // "C2 address: …" of the only one is the server's own
    const bool subject_named = ranked.front().second.label >= 10;
    if (alone || (count.label > 0 && (subject_named ? count.label >= 10 : count.label * 2 > ranked.front().second.label))) {
      accused.push_back(address);
    }
  }
  if (std::any_of(accused.begin(), accused.end(), [](const auto& address) { return !is_private(address); })) {
    std::erase_if(accused, is_private);
  }
  // Nobody is labelled: an address that stands there far more often than any other (log lines of one attacker).
  if (accused.empty() && !ranked.empty()) {
    const auto most = std::max_element(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second.times < b.second.times; });
    const bool clear = most->second.label >= 0 && std::all_of(ranked.begin(), ranked.end(), [&](const auto& r) {
                         return r.first == most->first || r.second.times * 2 <= most->second.times;
                       });
    if (clear) {
      accused.push_back(most->first);
    }
  }
  return accused;
}

}  // namespace pinfold::report
