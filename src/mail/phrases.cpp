#include "mail/phrases.hpp"

#include <algorithm>
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

}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const auto next = static_cast<std::uint8_t>(i + 1 < text.size() ? text[i + 1] : 0);
    const auto put = [&](unsigned first, unsigned second) {
      out += static_cast<char>(first);
      out += static_cast<char>(second);
      ++i;
    };
    if (byte >= 'A' && byte <= 'Z') {
      out += static_cast<char>(byte + 32);
    } else if (byte == 0xC3 && next >= 0x80 && next <= 0x9E && next != 0x97) {  // À to Þ
      put(byte, next + 0x20U);
    } else if ((byte == 0xC4 || byte == 0xC5) && ((byte == 0xC4 && next <= 0xB7 && next % 2 == 0 && next != 0xB0) ||
                                                  (byte == 0xC5 && next >= 0x8A && next <= 0xB7 && next % 2 == 0))) {  // Latin Extended-A, in pairs
      put(byte, next + 1U);
    } else if (byte == 0xC5 && (next == 0xB9 || next == 0xBB || next == 0xBD)) {  // Ź Ż Ž
      put(byte, next + 1U);
    } else if (byte == 0xC4 && next == 0xB0) {  // İ
      out += 'i';
      ++i;
    } else if (byte == 0xCE && next >= 0x91 && next <= 0x9F) {  // Α to Ο
      put(byte, next + 0x20U);
    } else if (byte == 0xCE && next >= 0xA0 && next <= 0xA9) {  // Π to Ω
      put(0xCF, next - 0x20U);
    } else if (byte == 0xCE && next == 0x86) {  // Ά
      put(0xCE, 0xAC);
    } else if (byte == 0xD0 && next >= 0x90 && next <= 0x9F) {  // А to П
      put(byte, next + 0x20U);
    } else if (byte == 0xD0 && next >= 0xA0 && next <= 0xAF) {  // Р to Я
      put(0xD1, next - 0x20U);
    } else if (byte == 0xC2 && next == 0xA0) {  // a blank that does not break
      out += ' ';
      ++i;
    } else if (byte == 0xE2 && next == 0x80 && i + 2 < text.size() && (text[i + 2] == '\x99' || text[i + 2] == '\x98')) {  // ’ ‘
      out += '\'';
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_absence_subject(std::string_view subject) {
  static const Phrases kPhrases = read_phrases("absence_subject");
  static const Phrases kBeginnings = {"auto:", "auto :", "auto ["};
  return contains_any(subject, kPhrases) || starts_with_any(subject, kBeginnings);
}

bool says_absent(std::string_view text) {
  static const Phrases kPhrases = read_phrases("absent");
  return contains_any(text, kPhrases);
}

bool says_automatic(std::string_view text) {
  static const Phrases kPhrases = read_phrases("automatic");
  return contains_any(text, kPhrases);
}

bool is_robot_subject(std::string_view subject) {
  static const Phrases kPhrases = read_phrases("robot_subject");
  return contains_any(subject, kPhrases);
}

bool is_receipt(std::string_view subject, std::string_view text) {
  static const Phrases kSubjects = read_phrases("receipt_subject");
  static const Phrases kPhrases = read_phrases("receipt");
  return starts_with_any(subject, kSubjects) && contains_any(text, kPhrases);
}

bool is_bounce_subject(std::string_view subject) {
  static const Phrases kPhrases = read_phrases("bounce_subject");
  return !has_answer_prefix(subject) && contains_any(subject, kPhrases);
}

bool says_failed(std::string_view text) {
  static const Phrases kPhrases = read_phrases("failed");
  return contains_any(text, kPhrases);
}

bool says_delayed(std::string_view text) {
  static const Phrases kPhrases = read_phrases("delayed");
  return contains_any(text, kPhrases);
}

bool has_answer_prefix(std::string_view subject) {
  static const Phrases kPhrases = read_phrases("answer_prefix");
  return starts_with_any(subject, kPhrases);
}

}  // namespace pinfold::mail
