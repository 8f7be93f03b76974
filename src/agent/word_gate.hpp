/// Says in one pass which rules a text could match at all, so that a regular-expression engine looks at few texts only.
/// A rule's gate is a list of groups of words; the text passes if it has at least one word of every group: {"eval( assert(", "$_post $_get"}.
/// Used by: YaraRules (the gates stand in the rules' own `gate` lines), PHP applications.
/// Folding: ASCII letters in any case; ' and " are one; blanks and line ends are not there. A gate lets through more than it must, never less.
/// Cost:    one table step a byte (about 1.5 ns), whatever the number of words. Memory: states × byte classes × 2 bytes (100 KB for 200 words).
/// Bounds:  kMaxWords words, 65,535 states; what is beyond makes a gate that is always open.
/// Threads: const after building. Source: Aho and Corasick, "Efficient string matching", 1975.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinfold::agent {

class WordGate {
public:
  static constexpr std::size_t kMaxWords = 1024;
  using Words = std::bitset<kMaxWords>;

  using Groups = std::vector<std::string>;  ///< of words with blanks between them

  /// One gate a rule, in the order of the rules; a gate without groups is always open.
  explicit WordGate(const std::vector<Groups>& gates);

  [[nodiscard]] Words words_in(std::string_view text) const;
  [[nodiscard]] bool is_open(std::size_t rule, const Words& words) const;
  /// Is any of the gates open?
  [[nodiscard]] bool lets_through(std::string_view text) const;

private:
  struct Gate {
    std::vector<Words> groups;
  };
  [[nodiscard]] std::size_t add_word(std::string_view word);
  void add_to_tree(const std::string& word, std::size_t number);
  void close_tree();

  std::vector<Gate> x_gates;
  std::vector<std::string> x_words;
  std::array<std::uint8_t, 256> x_class{};  ///< of a byte; 0: in no word; kBlank is handled apart
  std::size_t x_classes = 1;
  std::vector<std::uint16_t> x_next;  ///< state × class
  std::vector<Words> x_found;         ///< by state
  std::vector<std::uint8_t> x_finds;  ///< by state: has x_found any?
};

}  // namespace pinfold::agent
