/// Recognises installed PHP applications and the version they state, by rules that are data (rules/php-apps/applications.rules says how they read).
/// Used by: the audit's walk (web_tree), which offers every file whose name a mark knows.
/// Pure but for the caller's `exists`. Regular expressions are RE2: linear in the text whatever a hostile file holds.
/// Bounds:  kMaxMarkBytes of a file are looked at; a version is at most kMaxVersion characters.
/// Errors:  parse() names the line. Threads: const after parsing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/expected.hpp"

namespace re2 {
class RE2;
}

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxMarkBytes = std::size_t{512} * 1024;
inline constexpr std::size_t kMaxVersion = 40;

/// One `mark` of one application.
struct Mark {
  std::string app;
  std::string kind;
  std::string path;   ///< "wp-includes/version.php"
  unsigned rank = 0;  ///< of this application's marks: the lower one is believed
  struct Piece {
    std::shared_ptr<re2::RE2> regex;
    bool is_optional = false;
  };
  std::vector<Piece> pieces;
  std::vector<std::shared_ptr<re2::RE2>> needed;
  std::vector<std::shared_ptr<re2::RE2>> forbidden;
  std::vector<std::string> beside;
  std::string as;
  bool is_next = false;
  bool is_last = false;
};

/// What a file says of itself.
struct Recognised {
  const Mark* mark = nullptr;
  std::string version;  ///< empty: the application is there but names no version
};

class ApplicationRules {
public:
  [[nodiscard]] static Expected<ApplicationRules, std::string> parse(std::string_view text);
  /// Those that come with the program; a fault in them is a bug.
  [[nodiscard]] static const ApplicationRules& own();

  /// The marks whose path this one ends with; empty for nearly every file. Cost: one hash look-up.
  [[nodiscard]] std::vector<const Mark*> marks_for(std::string_view path) const;
  /// `exists` is asked about paths from where the application is installed.
  [[nodiscard]] static std::optional<Recognised> recognise(const Mark& mark, std::string_view text,
                                                           const std::function<bool(const std::string&)>& exists);
  /// "/var/www/blog" of "/var/www/blog/wp-includes/version.php".
  [[nodiscard]] static std::string home_of(const Mark& mark, std::string_view path);

  [[nodiscard]] std::size_t applications() const { return x_applications; }
  [[nodiscard]] const std::vector<std::unique_ptr<Mark>>& marks() const { return x_marks; }

private:
  std::vector<std::unique_ptr<Mark>> x_marks;
  std::unordered_map<std::string, std::vector<const Mark*>> x_by_name;  ///< the last part of the path
  std::vector<const Mark*> x_by_pattern;                                ///< whose last part has a *
  std::size_t x_applications = 0;
};

}  // namespace pinfold::agent::audit
