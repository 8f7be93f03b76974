#include "store/dialect.hpp"

#include <fmt/format.h>

#include "store/sql.hpp"

namespace pinfold::store {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes the character at `text` takes: 0 if no UTF-8 stands there (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) { return byte(i) >= low && byte(i) <= high; };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

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
