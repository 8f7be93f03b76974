#include "report/class_words.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/assert.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& report_words_files();  // src/report/words/*.txt: a "[class]" and its words, one a line
}

namespace pinfold::report {
namespace {

using abuse::AbuseClass;

constexpr std::size_t kLooked = 65536;   // bytes of a text
constexpr std::size_t kMostCounted = 3;  // of one word: a log repeats itself
constexpr std::size_t kClasses = 16;
using Scores = std::array<std::size_t, kClasses>;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0; }

struct Word {
  std::string word;
  AbuseClass meaning;
  bool begins = false;  ///< stands at the beginning of a word
  bool ends = false;
};

/// Words in the order of their file, found in a text in one pass.
class Words {
public:
  Words(std::initializer_list<std::string_view> files) {
    for (const std::string_view name : files) {
      for (const EmbeddedFile& file : report_words_files()) {
        if (file.name == name) {
          read(file.text);
        }
      }
    }
    for (std::size_t i = 0; i < x_words.size(); ++i) {
      x_by_beginning[key(x_words[i].word)].push_back(i);
    }
  }

  /// How often each word stands in the text (small letters), at most `most` times each.
  [[nodiscard]] std::vector<std::size_t> count(std::string_view text, std::size_t most) const {
    std::vector<std::size_t> counts(x_words.size());
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      const auto known = x_by_beginning.find(key(text.substr(at, 2)));
      if (known == x_by_beginning.end()) {
        continue;
      }
      for (const std::size_t i : known->second) {
        counts[i] += counts[i] < most && stands_at(x_words[i], text, at) ? 1U : 0U;
      }
    }
    return counts;
  }
  /// The first of the list that stands in the text.
  [[nodiscard]] std::optional<AbuseClass> first_in(std::string_view text) const {
    const auto counts = count(text, 1);
    const auto found = std::find_if(counts.begin(), counts.end(), [](std::size_t n) { return n > 0; });
    return found == counts.end() ? std::nullopt : std::optional(x_words[static_cast<std::size_t>(found - counts.begin())].meaning);
  }
  [[nodiscard]] std::optional<AbuseClass> exactly(std::string_view text) const {
    const auto found = std::find_if(x_words.begin(), x_words.end(), [&](const Word& w) { return w.word == text; });
    return found == x_words.end() ? std::nullopt : std::optional(found->meaning);
  }
  [[nodiscard]] const std::vector<Word>& list() const { return x_words; }

private:
  static std::uint16_t key(std::string_view text) {
    return static_cast<std::uint16_t>((static_cast<std::uint8_t>(text[0]) << 8U) | static_cast<std::uint8_t>(text[1]));
  }
  static bool stands_at(const Word& word, std::string_view text, std::size_t at) {
    const std::size_t end = at + word.word.size();
    return text.substr(at, word.word.size()) == word.word && (!word.begins || at == 0 || !is_letter(text[at - 1])) &&
           (!word.ends || end == text.size() || !is_letter(text[end]));
  }
  void read(std::string_view text) {
    std::optional<AbuseClass> meaning;
    for (std::string_view line : split(text, '\n')) {
      line = trim(line);
      if (line.empty() || line.front() == '#') {
        continue;
      }
      if (line.front() == '[') {
        meaning = abuse::parse_abuse_class(line.substr(1, line.size() - 2));
        PINFOLD_ASSERT(meaning && static_cast<std::size_t>(*meaning) < kClasses);
        continue;
      }
      const bool begins = line.front() == '^';
      const bool ends = line.back() == '$';
      line.remove_prefix(begins ? 1 : 0);
      line.remove_suffix(ends ? 1 : 0);
      PINFOLD_ASSERT(meaning && line.size() >= 2);
      x_words.push_back({std::string(line), *meaning, begins, ends});
    }
  }

  std::vector<Word> x_words;
  std::unordered_map<std::uint16_t, std::vector<std::size_t>> x_by_beginning;
};

const Words& types() {
  static const Words known({"0-types.txt"});
  return known;
}
const Words& sure() {
  static const Words known({"1-english.txt", "2-other-languages.txt"});
  return known;
}
const Words& weak() {
  static const Words known({"3-weak.txt"});
  return known;
}

/// Short names of services and jails stand for guessing passwords there; they are too short to be searched in running text.
constexpr std::array<std::string_view, 22> kServices = {"ssh",      "sshd", "imap",    "pop3",   "smtp",      "sasl",   "ftp",       "sip",
                                                        "asterisk", "rdp",  "telnet",  "mysql",  "vnc",       "mail",   "wordpress", "postfix",
                                                        "dovecot",  "exim", "proftpd", "webmin", "roundcube", "courier"};

/// What answers small questions over UDP with long answers (US-CERT TA14-017A), and what should not be open to everybody.
constexpr auto kAmplifiers = std::to_array<std::string_view>({"dns", "resolver", "ntp", "snmp", "ssdp", "memcached", "portmap", "rpcbind", "netbios",
                                                              "mdns", "chargen", "cldap", "qotd", "coap", "tftp", "ws-discovery", "upnp"});
constexpr auto kOpenable = std::to_array<std::string_view>({"mongodb",   "elasticsearch", "redis", "vnc",   "telnet", "docker",   "kubernetes",
                                                            "kibana",    "jenkins",       "rsync", "mysql", "mssql",  "postgres", "couchdb",
                                                            "cassandra", "hadoop",        "ipmi",  "mqtt",  "smb",    "nfs",      "x11",
                                                            "proxy",     "zookeeper",     "etcd",  "rdp",   "ftp",    "ldap",     "database"});
/// "open", in whatever language and gender.
constexpr auto kOpen = std::to_array<std::string_view>({"open", "offen", "abiert", "abert", "apert", "ouvert", "otevřen", "otvoren", "otwart",
                                                        "открыт", "öppen", "öppn", "åben", "åpen", "avoin", "nyitott", "exponiert", "exposed"});

/// "open SNMP service", "servidor DNS abierto": a service's name with "open" near it on its line.
template <typename Services>
std::size_t count_open(std::string_view text, const Services& services) {
  constexpr std::size_t kNear = 28;
  const auto is_open_near = [&](std::size_t from, std::size_t end) {
    const std::string_view near = text.substr(from, end - from);
    return std::any_of(kOpen.begin(), kOpen.end(), [&](std::string_view word) {
      const auto at = near.find(word);
      return at != std::string_view::npos && (from + at == 0 || !is_letter(text[from + at - 1])) &&
             !(word == "open" && near.substr(at, 7) == "openssh");
    });
  };
  std::size_t found = 0;
  for (const std::string_view service : services) {
    std::size_t looked = 0;
    for (auto at = text.find(service); at != std::string_view::npos && looked < 20 && found < kMostCounted;
         at = text.find(service, at + 1), ++looked) {
      if (at > 0 && is_letter(text[at - 1])) {
        continue;
      }
      const auto line = text.rfind('\n', at);
      const std::size_t from = std::max(line == std::string_view::npos ? 0 : line + 1, at - std::min(at, kNear));
      const std::size_t end = std::min({text.find('\n', at), at + service.size() + kNear, text.size()});
      found += is_open_near(from, end) ? 1U : 0U;
    }
  }
  return found;
}

}  // namespace

std::optional<AbuseClass> class_of_word(std::string_view name) {
  const std::string lower = to_lower(trim(name).substr(0, 400));
  std::string whole = lower;
  std::replace_if(
      whole.begin(), whole.end(), [](char c) { return c == '_' || c == ' '; }, '-');
  if (const auto type = types().exactly(whole)) {
    return type;
  }
  if (const auto known = sure().first_in(lower)) {
    return known;
  }
  if (count_open(lower, kAmplifiers) > 0) {
    return AbuseClass::Reflector;
  }
  if (count_open(lower, kOpenable) > 0) {
    return AbuseClass::OpenService;
  }
  if (const auto known = weak().first_in(lower)) {
    return known;
  }
  return service_in(lower).empty() ? std::nullopt : std::optional(AbuseClass::BruteForce);
}

std::optional<AbuseClass> class_of_text(std::string_view subject, std::string_view text) {
  const std::string head = to_lower(subject.substr(0, 1000));
  const std::string body = to_lower(text.substr(0, kLooked));
  Scores scores{};
  const auto at = [&](AbuseClass meaning) -> std::size_t& { return scores.at(static_cast<std::size_t>(meaning)); };
  const auto most_said = [&](const Words& words) {
    std::size_t best = 0;
    std::optional<AbuseClass> chosen;
    const auto in_head = words.count(head, 1);
    const auto in_body = words.count(body, kMostCounted);
    for (std::size_t i = 0; i < in_head.size(); ++i) {
      at(words.list()[i].meaning) += 4 * in_head[i] + in_body[i];
    }
    for (const Word& word : words.list()) {  // of two with the same score the one that stands first in the list
      if (at(word.meaning) > best) {
        best = at(word.meaning);
        chosen = word.meaning;
      }
    }
    return chosen;
  };
  at(AbuseClass::Reflector) = 4 * std::min<std::size_t>(count_open(head, kAmplifiers), 1) + count_open(body, kAmplifiers);
  at(AbuseClass::OpenService) = 4 * std::min<std::size_t>(count_open(head, kOpenable), 1) + count_open(body, kOpenable);
  const auto known = most_said(sure());
  if (known) {
    return known;
  }
  scores = {};
  return most_said(weak());
}

std::string_view service_in(std::string_view text) {
  const std::string lower = to_lower(text.substr(0, 4096));
  const auto is_small = [&](std::size_t at) { return at < lower.size() && lower[at] >= 'a' && lower[at] <= 'z'; };
  for (const std::string_view service : kServices) {
    for (auto at = lower.find(service); at != std::string::npos; at = lower.find(service, at + 1)) {
      if ((at == 0 || !is_small(at - 1)) && !is_small(at + service.size())) {
        return service;
      }
    }
  }
  return {};
}

}  // namespace pinfold::report
