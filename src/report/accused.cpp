// Which of a text's addresses it accuses.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.hpp"
#include "report/accusing_words.hpp"
#include "report/addresses.hpp"
#include "report/times.hpp"

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

struct Nearest {
  int score = 0;
  std::size_t at = 0;
};

/// Of the names ("IP address:") or of the other words, the one that stands nearest to the text's end.
Nearest nearest(const std::string& near, bool names) {
  Nearest found;
  for (const AccusingWord& label : kAccusingWords) {
    if (label.is_name != names) {
      continue;
    }
    auto at = near.rfind(label.word);
    while (at != std::string::npos && at > 0 && near[at - 1] >= 'a' && near[at - 1] <= 'z') {  // "our host" does not stand in "your host"
      at = near.rfind(label.word, at - 1);
    }
    if (at != std::string::npos && (found.score == 0 || at > found.at)) {
      found = {label.score, at};
    }
  }
  return found;
}

/// "from a ([…]) by b ([…])": the second takes the mail in.
bool takes_in(std::string_view near, std::size_t nearest_word) {
  const auto by = near.rfind(" by ");
  return istarts_with(trim(near), "by ") || (by != std::string_view::npos && by > nearest_word && near.rfind("from", by) != std::string_view::npos);
}

bool ends_with_any(std::string_view near, std::initializer_list<std::string_view> ends) {
  const auto last = near.find_last_not_of(" \t[(*\"'");
  const std::string_view tail = near.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view end) { return tail.size() >= end.size() && tail.substr(tail.size() - end.size()) == end; });
}

/// "… to 192.0.2.1", "-> 192.0.2.1"
bool is_aimed_at(std::string_view near) { return ends_with_any(near, {" to", " to:", " on", " ->", " >", " dst:", " auf"}); }
/// "a scan of our network by 192.0.2.1"
bool is_done_by(std::string_view near) { return ends_with_any(near, {" by", " durch", " door", " par", " por", " przez"}); }

/// How much the words on the same line before an address accuse it: the nearest of them counts.
int label_score(std::string_view before) {
  const auto line = before.rfind('\n');
  const std::string near = to_lower(before.substr(line == std::string_view::npos ? 0 : line + 1));
  // What an address is called ("IP address:") says less than whose it is ("Target IP address:"), if that stands right before it.
  constexpr std::size_t kRightBefore = 24;
  const Nearest whose = nearest(near, false);
  const Nearest called = nearest(near, true);
  if (takes_in(near, whose.at)) {
    return -4;
  }
  if (is_done_by(near)) {
    return std::max(whose.score, 5);
  }
  const bool apart = called.score != 0 && called.at > whose.at &&
                     (whose.score == 0 || called.at - whose.at > kRightBefore || near.find_first_of(".,;", whose.at) < called.at);
  const int score = apart ? called.score : whose.score;
  return is_aimed_at(near) && score < 7 ? -4 : score;
}

/// "192.0.2.1 scanned …", "192.0.2.1 versucht …": what is said to do it.
bool acts(std::string_view behind) {
  static constexpr auto kVerbs = std::to_array<std::string_view>(
      {"scan",     "attack",   "is attack", "tried",     "tries",   "try to",   "attempt",  "sent ",      "sends",     "send ",    "spam",
       "prob",     "flood",    "brute",     "hammer",    "hosts ",  "is host",  "is send",  "is scan",    "is try",    "has been", "has attack",
       "has sent", "keeps",    "was seen",  "took part", "greift",  "versucht", "sendet",   "verschickt", "portscan",  "skanuje",  "skenuje",
       "envoie",   "attaque",  "tente",     "ataca",     "intenta", "envía",    "probeert", "scant",      "verstuurt", "attacca",  "invia",
       "skickar",  "angriper", "tenta",     "сканиру",   "атаку",   "рассыла",  "atakuje",  "wysyła"});
  behind = trim(behind);
  return std::any_of(kVerbs.begin(), kVerbs.end(), [&](std::string_view verb) { return istarts_with(behind, verb); });
}

/// A list of addresses, one a line, whatever bullet stands before each.
bool is_alone_on_line(std::string_view text, const FoundAddress& found) {
  constexpr std::string_view kBullets = " \t\r-*>#.;,)(";
  const auto line = text.rfind('\n', found.at);
  const std::string_view before =
      text.substr(line == std::string_view::npos ? 0 : line + 1, found.at - (line == std::string_view::npos ? 0 : line + 1));
  std::string_view after = text.substr(found.at + found.size, 200);
  after = after.substr(0, after.find('\n'));
  return before.find_first_not_of(kBullets) == std::string_view::npos && after.find_first_not_of(kBullets) == std::string_view::npos;
}

/// Logs without words name the source first: "A:6000 -> B:1433", and a filter's "DROP TCP A B" or "TIME A B" (two addresses on the line).
int flow_score(std::string_view text, const FoundAddress& found) {
  static constexpr std::array<std::string_view, 6> kWords = {"drop", "deny", "block", "reject", "tcp", "udp"};
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
  auto all = find_addresses(line);
  std::erase_if(all, [](const FoundAddress& each) { return each.is_range; });
  if (all.size() != 2 || all[0].address == all[1].address ||
      (std::none_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return icontains(line, word); }) && find_times(line, {}).empty())) {
    return 0;
  }
  // A web server's log of W3C's form begins with its own address: "TIME OURS GET /page … THEIRS".
  const std::string_view between = line.substr(all[0].at, all[1].at - all[0].at);
  static constexpr std::array<std::string_view, 4> kMethods = {" GET ", " POST ", " HEAD ", " PUT "};
  const bool ours_first =
      std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view method) { return between.find(method) != std::string_view::npos; });
  return (all[0].address == found.address) != ours_first ? 2 : -2;
}

/// What a text says of one address.
struct Count {
  int label = 0;
  int times = 0;
  std::size_t first = 0;
  bool alone_on_line = false;
  bool is_range = false;
};
using Ranked = std::vector<std::pair<net::IpAddress, Count>>;

/// No word accuses anybody: the only one that no word excuses; a list of them, one a line; or one that stands there far more often than any other
/// (log lines of one attacker).
void add_unlabelled(const Ranked& ranked, std::vector<net::IpAddress>& accused) {
  const auto open = [](const auto& r) { return r.second.label >= 0 && !is_private(r.first); };
  const auto listed = [&](const auto& r) { return open(r) && r.second.alone_on_line; };
  if (std::count_if(ranked.begin(), ranked.end(), open) == 1) {
    accused.push_back(std::find_if(ranked.begin(), ranked.end(), open)->first);
    return;
  }
  if (std::count_if(ranked.begin(), ranked.end(), listed) > 1) {
    for (const auto& each : ranked) {
      if (listed(each)) {
        accused.push_back(each.first);
      }
    }
    return;
  }
  const auto most = std::max_element(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second.times < b.second.times; });
  const bool clear = most->second.label >= 0 && std::all_of(ranked.begin(), ranked.end(), [&](const auto& r) {
                       return r.first == most->first || r.second.times * 2 <= most->second.times;
                     });
  if (clear) {
    accused.push_back(most->first);
  }
}

/// Everything that is said of each address, the most accused first.
class Tally {
public:
  void look(std::string_view text, int bonus, std::size_t base) {
    constexpr std::size_t kBefore = 60;
    constexpr std::size_t kBehind = 24;
    for (const FoundAddress& found : find_addresses(text)) {
      const std::size_t from = found.at - std::min(found.at, kBefore);
      const int said = label_score(text.substr(from, found.at - from));
      const int flow = said == 0 ? flow_score(text, found) : 0;
      const bool does = said >= 0 && acts(text.substr(found.at + found.size, kBehind));
      add(found, (does ? std::max(said, 7) : said + flow) + bonus - (found.is_range ? 9 : 0), base + found.at, is_alone_on_line(text, found));
    }
  }
  [[nodiscard]] Ranked ranked() const {
    Ranked ranked(x_counts.begin(), x_counts.end());
    // "reports for 192.0.2.0/24": a network is meant only where nobody in it is named.
    if (std::any_of(ranked.begin(), ranked.end(), [](const auto& r) { return !r.second.is_range && r.second.label >= 0; })) {
      std::erase_if(ranked, [](const auto& r) { return r.second.is_range; });
    }
    std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
      return a.second.label != b.second.label ? a.second.label > b.second.label : a.second.first < b.second.first;
    });
    return ranked;
  }

private:
  void add(const FoundAddress& found, int score, std::size_t at, bool alone) {
    auto [place, is_new] = x_counts.try_emplace(found.address);
    Count& count = place->second;
    count.first = is_new ? at : count.first;
    count.label = is_new ? score : (score < 0 && count.label <= 0) ? std::min(score, count.label) : std::max(score, count.label);
    ++count.times;
    count.alone_on_line = count.alone_on_line || alone;
    count.is_range = is_new ? found.is_range : count.is_range && found.is_range;
  }

  std::unordered_map<net::IpAddress, Count> x_counts;
};

}  // namespace

std::vector<net::IpAddress> accused_addresses(std::string_view subject, std::string_view text) {
  constexpr int kInSubject = 10;
  Tally tally;
  tally.look(subject, kInSubject, 0);
  tally.look(text, 0, subject.size());
  const Ranked ranked = tally.ranked();
  std::vector<net::IpAddress> accused;
  for (const auto& [address, count] : ranked) {
    const bool alone = ranked.size() == 1 && count.label > -4;  // "C2 address: …" of the only one is the server's own
    const int most = ranked.front().second.label;
    const bool clearly = most >= kInSubject ? count.label >= kInSubject : count.label * 2 > most;
    if (alone || (count.label > 0 && clearly)) {
      accused.push_back(address);
    }
  }
  if (std::any_of(accused.begin(), accused.end(), [](const auto& address) { return !is_private(address); })) {
    std::erase_if(accused, is_private);
  }
  if (accused.empty() && !ranked.empty()) {
    add_unlabelled(ranked, accused);
  }
  return accused;
}

}  // namespace pinfold::report
