#include "store/dialect.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "store/sql.hpp"

namespace pinfold::store {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// The end of the first part of `text` that can be kept as it is.
std::size_t good_prefix(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '\0') {
    const std::size_t length = utf8_length(text.substr(end));
    if (length == 0) {
      break;
    }
    end += length;
  }
  return end;
}

}  // namespace

Dialect dialect_of(const soci::session& session) { return session.get_backend_name() == "postgresql" ? Dialect::Postgres : Dialect::Sqlite; }

std::string_view like_operator(const soci::session& session) { return dialect_of(session) == Dialect::Postgres ? "ILIKE" : "LIKE"; }

std::string like_anywhere(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') {
      pattern += '\\';
    }
    pattern += c;
  }
  return pattern + "%";
}

std::string_view skip_locked(const soci::session& session) { return dialect_of(session) == Dialect::Postgres ? " FOR UPDATE SKIP LOCKED" : ""; }

std::string for_dialect(std::string_view statement, Dialect dialect) {
  if (dialect == Dialect::Sqlite) {
    return std::string(statement);
  }
  // TEXT as a word of its own, outside quotes, is a column's type.
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  constexpr std::string_view kType = "TEXT";
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < statement.size();) {
    quoted ^= statement[i] == '\'';
    const bool begins = i == 0 || !is_word(statement[i - 1]);
    const std::size_t end = i + kType.size();
    if (!quoted && begins && statement.substr(i, kType.size()) == kType && (end >= statement.size() || !is_word(statement[end]))) {
      out += "TEXT COLLATE \"C\"";
      i = end;
    } else {
      out += statement[i++];
    }
  }
  return out;
}

std::optional<std::string> replaced_for_postgres(std::string_view text) {
  std::size_t good = good_prefix(text);
  if (good == text.size()) {
    return std::nullopt;
  }
  std::string out;
  while (good < text.size()) {
    out += text.substr(0, good);
    out += kReplacement;
    text.remove_prefix(good + 1);
    good = good_prefix(text);
  }
  out += text;
  return out;
}

void announce(soci::session& session) {
  if (dialect_of(session) == Dialect::Postgres) {
    execute(session, fmt::format("NOTIFY {}", kChangedChannel));
  }
}

}  // namespace pinfold::store
