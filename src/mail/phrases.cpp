#include "mail/phrases.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/embedded.hpp"
#include "base/text.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& mail_phrases_files();  // src/mail/phrases/*.txt, one phrase a line
}

namespace pinfold::mail {
namespace {

using Phrases = std::vector<std::string>;

/// The lines of phrases/NAME.txt, folded; "#" begins a remark.
Phrases read_phrases(std::string_view name) {
  Phrases phrases;
  for (const EmbeddedFile& file : mail_phrases_files()) {
    if (file.name != std::string(name) + ".txt") {
      continue;
    }
    for (const std::string_view line : split(file.text, '\n')) {
      if (const std::string_view phrase = trim(line); !phrase.empty() && phrase.front() != '#') {
        phrases.push_back(fold(phrase));
      }
    }
  }
  return phrases;
}

bool contains_any(std::string_view text, const Phrases& phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](const std::string& phrase) { return text.find(phrase) != std::string_view::npos; });
}
bool starts_with_any(std::string_view text, const Phrases& phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](const std::string& phrase) { return text.substr(0, phrase.size()) == phrase; });
}

/// Capital letters that UTF-8 writes in two bytes, and their small ones.
struct Capitals {
  unsigned first;
  unsigned last;
  unsigned distance;
  unsigned step;  ///< 2: capitals and small letters alternate
};
constexpr std::array<Capitals, 7> kCapitals{{{0xC0, 0xD6, 32, 1},      // À to Ö
                                             {0xD8, 0xDE, 32, 1},      // Ø to Þ
                                             {0x100, 0x136, 1, 2},     // Latin Extended-A
                                             {0x14A, 0x176, 1, 2},     // Ŋ to Ŷ
                                             {0x179, 0x17D, 1, 2},     // Ź Ż Ž
                                             {0x391, 0x3A9, 32, 1},    // Α to Ω
                                             {0x410, 0x42F, 32, 1}}};  // А to Я

unsigned small_letter(unsigned letter) {
  const auto range = std::find_if(kCapitals.begin(), kCapitals.end(), [&](const Capitals& c) { return letter >= c.first && letter <= c.last; });
  const bool capital = range != kCapitals.end() && (letter - range->first) % range->step == 0;
  return letter == 0x386 ? 0x3AC : capital ? letter + range->distance : letter;  // Ά stands apart
}

void add_blank(std::string& out) {
  if (out.empty() || out.back() != ' ') {
    out += ' ';
  }
}

/// A letter of two bytes; false when the text does not begin with one.
bool fold_pair(std::string_view text, std::string& out) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<std::uint8_t>(text[at])); };
  if (text.size() < 2 || (byte(0) & 0xE0U) != 0xC0 || (byte(1) & 0xC0U) != 0x80) {
    return false;
  }
  const unsigned letter = ((byte(0) & 0x1FU) << 6U) | (byte(1) & 0x3FU);
  if (letter == 0xA0) {  // a blank that does not break
    add_blank(out);
  } else if (letter == 0x130) {  // İ
    out += 'i';
  } else {
    const unsigned small = small_letter(letter);
    out += static_cast<char>(0xC0U | (small >> 6U));
    out += static_cast<char>(0x80U | (small & 0x3FU));
  }
  return true;
}

}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    std::size_t read = 1;
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c + 32);
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {  // a phrase may be broken over two lines
      add_blank(out);
    } else if (fold_pair(text, out)) {
      read = 2;
    } else if (text.substr(0, 3) == "\xE2\x80\x99" || text.substr(0, 3) == "\xE2\x80\x98") {  // ’ ‘
      out += '\'';
      read = 3;
    } else {
      out += c;
    }
    text.remove_prefix(read);
  }
  return out;
}

bool is_absence_subject(std::string_view subject) {
  static const Phrases phrases = read_phrases("absence_subject");
  static const Phrases beginnings = {"auto:", "auto :", "auto ["};
  return contains_any(subject, phrases) || starts_with_any(subject, beginnings);
}

bool says_absent(std::string_view text) {
  static const Phrases phrases = read_phrases("absent");
  return contains_any(text, phrases);
}

bool says_automatic(std::string_view text) {
  static const Phrases phrases = read_phrases("automatic");
  return contains_any(text, phrases);
}

std::size_t count_acknowledgements(std::string_view text) {
  static const Phrases phrases = read_phrases("acknowledges");
  const auto stands = [&](const std::string& phrase) { return text.find(phrase) != std::string_view::npos; };
  return static_cast<std::size_t>(std::count_if(phrases.begin(), phrases.end(), stands));
}

bool is_robot_subject(std::string_view subject) {
  static const Phrases phrases = read_phrases("robot_subject");
  return contains_any(subject, phrases);
}

bool is_receipt(std::string_view subject, std::string_view text) {
  static const Phrases subjects = read_phrases("receipt_subject");
  static const Phrases phrases = read_phrases("receipt");
  return starts_with_any(subject, subjects) && contains_any(text, phrases);
}

bool is_bounce_subject(std::string_view subject) {
  static const Phrases phrases = read_phrases("bounce_subject");
  return !has_answer_prefix(subject) && contains_any(subject, phrases);
}

bool says_failed(std::string_view text) {
  static const Phrases phrases = read_phrases("failed");
  return contains_any(text, phrases);
}

bool says_delayed(std::string_view text) {
  static const Phrases phrases = read_phrases("delayed");
  return contains_any(text, phrases);
}

bool has_answer_prefix(std::string_view subject) {
  static const Phrases phrases = read_phrases("answer_prefix");
  return starts_with_any(subject, phrases);
}

}  // namespace pinfold::mail
