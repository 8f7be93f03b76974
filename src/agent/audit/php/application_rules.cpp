#include "agent/audit/php/application_rules.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& php_applications_files();
}  // namespace pinfold

namespace pinfold::agent::audit {
namespace {

constexpr int kMaxGroups = 4;

std::shared_ptr<re2::RE2> compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // old applications are in any encoding
  return std::make_shared<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }  // npos + 1 is 0

bool fits(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return pattern == name;
  }
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

/// Does the path end with the mark, at a folder's boundary?
bool ends_with(std::string_view path, std::string_view mark) {
  const std::size_t star = mark.find('*');
  if (star != std::string_view::npos) {
    const std::string_view folders = mark.substr(0, mark.size() - last_part(mark).size());
    const std::string_view name = last_part(path);
    return fits(last_part(mark), name) && path.substr(0, path.size() - name.size()).ends_with(folders.empty() ? "/" : "/" + std::string(folders));
  }
  return path.size() > mark.size() && path.ends_with(mark) && path[path.size() - mark.size() - 1] == '/';
}

/// "2.0.21" → "2.0.22"
std::string next_version(const std::string& version) {
  const std::size_t dot = version.rfind('.');
  const auto number = parse_number(std::string_view(version).substr(dot + 1));
  return number && *number < 100000 ? version.substr(0, dot + 1) + std::to_string(*number + 1) : version;
}

/// The first group that took part; nullopt when the expression is not found.
std::optional<std::string> piece_of(const re2::RE2& regex, std::string_view text, bool last) {
  const int groups = std::min(regex.NumberOfCapturingGroups(), kMaxGroups) + 1;
  std::array<re2::StringPiece, kMaxGroups + 1> found;
  std::optional<std::string> piece;
  std::size_t at = 0;
  while (at <= text.size() && regex.Match(re2::StringPiece(text.data(), text.size()), at, text.size(), re2::RE2::UNANCHORED, found.data(), groups)) {
    piece = "";
    for (int i = 1; i < groups; ++i) {
      const auto& group = found.at(static_cast<std::size_t>(i));
      if (!group.empty()) {
        piece = std::string(group.data(), group.size());
        break;
      }
    }
    if (!last) {
      break;
    }
    at = static_cast<std::size_t>(found[0].data() - text.data()) + std::max<std::size_t>(found[0].size(), 1);
  }
  return piece;
}

bool is_found(const std::shared_ptr<re2::RE2>& regex, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
}

std::string tidy(std::string_view version) {
  std::string text{trim(version)};
  while (!text.empty() && (text.back() == '.' || text.back() == '-')) {
    text.pop_back();
  }
  return text.substr(0, kMaxVersion);
}

std::string joined(const Mark& mark, const std::vector<std::string>& pieces) {
  if (mark.as.empty()) {
    std::string text;
    for (const std::string& piece : pieces) {
      text += (text.empty() || piece.empty() ? "" : ".") + piece;
    }
    return text;
  }
  std::string text;
  for (std::size_t i = 0; i < mark.as.size(); ++i) {
    if (mark.as[i] == '\\' && i + 1 < mark.as.size() && mark.as[i + 1] >= '1' && mark.as[i + 1] <= '9') {
      const auto number = static_cast<std::size_t>(mark.as[++i] - '1');
      text += number < pieces.size() ? pieces[number] : "";
    } else {
      text += mark.as[i];
    }
  }
  return text;
}

/// Reads the lines of the rules one by one.
class Parser {
public:
  /// nullopt, or what is wrong with the line.
  std::optional<std::string> take(std::string_view line) {
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view rest = blank == std::string_view::npos ? std::string_view{} : trim(line.substr(blank));
    if (word == "app") {
      x_app = rest;
      x_kind.clear();
      x_rank = 0;
      ++applications;
      return rest.empty() ? std::optional<std::string>("app has no name") : std::nullopt;
    }
    if (word == "kind") {
      x_kind = rest;
      return {};
    }
    if (word == "mark") {
      marks.push_back(std::make_unique<Mark>());
      marks.back()->app = x_app;
      marks.back()->kind = x_kind;
      marks.back()->path = rest;
      marks.back()->rank = x_rank++;
      return x_app.empty() || rest.empty() ? std::optional<std::string>("a mark belongs to an app and names a file") : std::nullopt;
    }
    return marks.empty() || x_rank == 0 ? std::optional<std::string>("before the first mark") : take_detail(*marks.back(), word, rest);
  }
  std::vector<std::unique_ptr<Mark>> marks;
  std::size_t applications = 0;

private:
  static std::optional<std::string> take_detail(Mark& mark, std::string_view word, std::string_view rest) {
    if (word == "beside") {
      mark.beside.emplace_back(rest);
    } else if (word == "as") {
      mark.as = rest;
    } else if (word == "next" || word == "last") {
      (word == "next" ? mark.is_next : mark.is_last) = true;
    } else if (word == "find" || word == "may" || word == "need" || word == "not") {
      auto regex = compile(rest);
      if (!regex->ok()) {
        return "no regular expression: " + regex->error();
      }
      if (word == "find" || word == "may") {
        mark.pieces.push_back({std::move(regex), word == "may"});
      } else {
        (word == "need" ? mark.needed : mark.forbidden).push_back(std::move(regex));
      }
    } else {
      return "unknown word " + printable(word, 40);
    }
    return {};
  }

  std::string x_app;
  std::string x_kind;
  unsigned x_rank = 0;
};

}  // namespace

Expected<ApplicationRules, std::string> ApplicationRules::parse(std::string_view text) {
  Parser parser;
  std::size_t number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (const auto fault = parser.take(line)) {
      return Unexpected(fmt::format("line {}: {}", number, *fault));
    }
  }
  ApplicationRules rules;
  rules.x_marks = std::move(parser.marks);
  rules.x_applications = parser.applications;
  for (const auto& mark : rules.x_marks) {
    if (mark->pieces.empty()) {
      return Unexpected(fmt::format("{}: the mark {} finds nothing", mark->app, mark->path));
    }
    const std::string name{last_part(mark->path)};
    if (name.find('*') == std::string::npos) {
      rules.x_by_name[name].push_back(mark.get());
    } else {
      rules.x_by_pattern.push_back(mark.get());
    }
  }
  return rules;
}

const ApplicationRules& ApplicationRules::own() {
  static const ApplicationRules rules = [] {
    for (const EmbeddedFile& file : php_applications_files()) {
      if (file.name == "applications.rules") {
        auto parsed = parse(file.text);
        PINFOLD_ASSERT(parsed && "the rules of PHP applications are well formed");
        return std::move(*parsed);
      }
    }
    PINFOLD_ASSERT(false && "the rules of PHP applications are compiled in");
    return ApplicationRules{};
  }();
  return rules;
}

std::vector<const Mark*> ApplicationRules::marks_for(std::string_view path) const {
  std::vector<const Mark*> found;
  const std::string name{last_part(path)};
  const auto named = x_by_name.find(name);
  if (named != x_by_name.end()) {
    std::copy_if(named->second.begin(), named->second.end(), std::back_inserter(found),
                 [&](const Mark* mark) { return ends_with(path, mark->path); });
  }
  std::copy_if(x_by_pattern.begin(), x_by_pattern.end(), std::back_inserter(found),
               [&](const Mark* mark) { return fits(last_part(mark->path), name) && ends_with(path, mark->path); });
  return found;
}

std::optional<Recognised> ApplicationRules::recognise(const Mark& mark, std::string_view text,
                                                      const std::function<bool(const std::string&)>& exists) {
  text = text.substr(0, kMaxMarkBytes);
  const auto found = [&](const auto& regex) { return is_found(regex, text); };
  if (!std::all_of(mark.needed.begin(), mark.needed.end(), found) || std::any_of(mark.forbidden.begin(), mark.forbidden.end(), found)) {
    return std::nullopt;
  }
  std::vector<std::string> pieces;
  for (const Mark::Piece& piece : mark.pieces) {
    auto value = piece_of(*piece.regex, text, mark.is_last);
    if (!value && !piece.is_optional) {
      return std::nullopt;
    }
    pieces.push_back(std::move(value).value_or(""));
  }
  if (!std::all_of(mark.beside.begin(), mark.beside.end(), exists)) {
    return std::nullopt;
  }
  std::string version = tidy(joined(mark, pieces));
  return Recognised{&mark, mark.is_next ? next_version(version) : version};
}

std::string ApplicationRules::home_of(const Mark& mark, std::string_view path) {
  const auto parts = static_cast<std::size_t>(std::count(mark.path.begin(), mark.path.end(), '/')) + 1;
  for (std::size_t i = 0; i < parts && !path.empty(); ++i) {
    path = path.substr(0, path.rfind('/'));
  }
  return path.empty() ? "/" : std::string(path);
}

}  // namespace pinfold::agent::audit
