/// Reads a JSON object field by field and remembers the first thing that was wrong, with its path ("evidence.facts[3].name: missing").
/// Used by: every parser of JSON that came from outside or from the store. A faulty field reads as an empty value; look at error() once,
/// at the end.
/// Bounds:  no recursion of its own; the caller limits the text's size and depth before parsing (see parse_json).
/// Threads: none. The JSON must outlive the reader.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/expected.hpp"

namespace pinfold {

/// Strict JSON text → value; refuses more than `max_bytes`, nesting deeper than `max_depth`, trailing text and invalid UTF-8.
[[nodiscard]] Expected<nlohmann::json, std::string> parse_json(std::string_view text, std::size_t max_bytes, unsigned max_depth = 32);

class JsonReader {
public:
  explicit JsonReader(const nlohmann::json& json, std::string path = {});

  [[nodiscard]] bool has(std::string_view field) const;
  [[nodiscard]] std::string text(std::string_view field);
  [[nodiscard]] bool boolean(std::string_view field);
  /// A non-negative integer up to `max`.
  [[nodiscard]] std::uint64_t number(std::string_view field, std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
  [[nodiscard]] std::int64_t signed_number(std::string_view field);

  /// A text field through a `std::optional<T> parse(std::string_view)`.
  template <typename Parse>
  [[nodiscard]] auto parsed(std::string_view field, Parse&& parse) {
    using Optional = decltype(parse(std::string_view{}));
    const std::string raw = text(field);
    Optional value = x_error ? Optional{} : parse(std::string_view{raw});
    if (!value) {
      fail(field, "not a valid value");
      return typename Optional::value_type{};
    }
    return *std::move(value);
  }

  template <typename F>
  void object(std::string_view field, F&& f) {
    if (const nlohmann::json* inner = find(field, nlohmann::json::value_t::object)) {
      JsonReader reader(*inner, path_of(field) + ".");
      f(reader);
      take_error(reader);
    }
  }
  /// Each element of an array of objects.
  template <typename F>
  void each(std::string_view field, F&& f) {
    if (const nlohmann::json* inner = find(field, nlohmann::json::value_t::array)) {
      for (std::size_t i = 0; i < inner->size() && !x_error; ++i) {
        JsonReader reader((*inner)[i], path_of(field) + "[" + std::to_string(i) + "].");
        f(reader);
        take_error(reader);
      }
    }
  }

  void fail(std::string_view field, std::string_view what);
  [[nodiscard]] const std::optional<std::string>& error() const { return x_error; }

private:
  [[nodiscard]] std::string path_of(std::string_view field) const { return x_path + std::string(field); }
  [[nodiscard]] const nlohmann::json* find(std::string_view field, nlohmann::json::value_t type);
  void take_error(const JsonReader& inner) {
    if (!x_error) {
      x_error = inner.x_error;
    }
  }

  const nlohmann::json& x_json;
  std::string x_path;
  std::optional<std::string> x_error;
};

}  // namespace pinfold
