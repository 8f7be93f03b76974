#include "enforce/state_words.hpp"

namespace pinfold::enforce {

namespace {

template <typename E>
[[nodiscard]] std::optional<E> find_word(std::string_view word, E last) {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    if (guard::to_string(std::optional(static_cast<E>(value))) == word) {
      return static_cast<E>(value);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<guard::AdminState> parse_admin(std::string_view word) { return find_word(word, guard::AdminState::Testing); }
std::optional<guard::OperState> parse_oper(std::string_view word) { return find_word(word, guard::OperState::LowerLayerDown); }

}  // namespace pinfold::enforce
