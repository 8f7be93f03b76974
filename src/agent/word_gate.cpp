#include "agent/word_gate.hpp"

#include <algorithm>
#include <queue>

#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::uint8_t kBlank = 255;
constexpr std::size_t kMaxStates = 65535;

constexpr bool is_blank(unsigned char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

constexpr unsigned char fold(unsigned char c) {
  if (c >= 'A' && c <= 'Z') {
    return static_cast<unsigned char>(c + ('a' - 'A'));
  }
  return c == '\'' ? static_cast<unsigned char>('"') : c;
}

std::string folded(std::string_view word) {
  std::string text;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (!is_blank(byte)) {
      text.push_back(static_cast<char>(fold(byte)));
    }
  }
  return text;
}

}  // namespace

WordGate::WordGate(const std::vector<Groups>& gates) {
  for (const Groups& groups : gates) {
    Gate gate;
    for (const std::string& group : groups) {
      Words words;
      bool is_always_open = false;
      for (const std::string_view word : split(group, ' ')) {
        const std::size_t number = add_word(word);
        is_always_open = is_always_open || number >= kMaxWords;
        if (number < kMaxWords) {
          words.set(number);
        }
      }
      if (!is_always_open) {
        gate.groups.push_back(words);
      }
    }
    x_gates.push_back(std::move(gate));
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (is_blank(static_cast<unsigned char>(byte))) {
      x_class[byte] = kBlank;
    } else if (byte != fold(static_cast<unsigned char>(byte))) {
      x_class[byte] = x_class[fold(static_cast<unsigned char>(byte))];
    }
  }
  // A second tree, now that the number of classes is known.
  x_next.assign(x_classes, 0);
  x_found.assign(1, {});
  for (std::size_t i = 0; i < x_words.size(); ++i) {
    add_to_tree(x_words[i], i);
  }
  close_tree();
}

/// The word's number; kMaxWords when it is empty or there is no room.
std::size_t WordGate::add_word(std::string_view word) {
  std::string text = folded(word);
  const auto known = std::find(x_words.begin(), x_words.end(), text);
  if (known != x_words.end()) {
    return static_cast<std::size_t>(known - x_words.begin());
  }
  if (text.empty() || x_words.size() == kMaxWords) {
    return kMaxWords;
  }
  for (const char c : text) {
    std::uint8_t& number = x_class[static_cast<unsigned char>(c)];
    if (number == 0) {
      number = static_cast<std::uint8_t>(x_classes++);
    }
  }
  x_words.push_back(std::move(text));
  return x_words.size() - 1;
}

void WordGate::add_to_tree(const std::string& word, std::size_t number) {
  std::size_t state = 0;
  for (const char c : word) {
    std::uint16_t& next = x_next[state * x_classes + x_class[static_cast<unsigned char>(c)]];
    if (next == 0) {
      if (x_found.size() >= kMaxStates) {
        x_found[state].set(number);  // a shorter word is found instead: the gate opens more often
        return;
      }
      const std::size_t fresh = x_found.size();
      next = static_cast<std::uint16_t>(fresh);
      x_found.emplace_back();
      x_next.resize(x_next.size() + x_classes, 0);
      state = fresh;
    } else {
      state = next;
    }
  }
  x_found[state].set(number);
}

/// Breadth first: where a state has no son for a byte, it goes where its longest proper suffix goes.
void WordGate::close_tree() {
  std::vector<std::uint16_t> suffix(x_found.size(), 0);
  std::queue<std::uint16_t> open;
  for (std::size_t c = 0; c < x_classes; ++c) {
    if (x_next[c] != 0) {
      open.push(x_next[c]);
    }
  }
  while (!open.empty()) {
    const std::size_t state = open.front();
    open.pop();
    x_found[state] |= x_found[suffix[state]];
    for (std::size_t c = 0; c < x_classes; ++c) {
      std::uint16_t& next = x_next[state * x_classes + c];
      const std::uint16_t otherwise = x_next[suffix[state] * x_classes + c];
      if (next == 0) {
        next = otherwise;
      } else {
        suffix[next] = otherwise;
        open.push(next);
      }
    }
  }
  x_finds.reserve(x_found.size());
  std::transform(x_found.begin(), x_found.end(), std::back_inserter(x_finds),
                 [](const Words& words) { return static_cast<std::uint8_t>(words.any()); });
}

WordGate::Words WordGate::words_in(std::string_view text) const {
  Words words;
  std::size_t state = 0;
  for (const char c : text) {
    const std::uint8_t number = x_class[static_cast<unsigned char>(c)];
    if (number == kBlank) {
      continue;
    }
    state = x_next[state * x_classes + number];
    if (x_finds[state] != 0) {
      words |= x_found[state];
    }
  }
  return words;
}

bool WordGate::is_open(std::size_t rule, const Words& words) const {
  const Gate& gate = x_gates[rule];
  return std::all_of(gate.groups.begin(), gate.groups.end(), [&](const Words& group) { return (group & words).any(); });
}

bool WordGate::lets_through(std::string_view text) const {
  const Words words = words_in(text);
  for (std::size_t rule = 0; rule < x_gates.size(); ++rule) {
    if (is_open(rule, words)) {
      return true;
    }
  }
  return false;
}

}  // namespace pinfold::agent
