/// Reads one TOML table key by key, keeps the first fault with its line and full key, and refuses whatever key nobody asked for.
/// Used by: config.cpp and policy_file.cpp only.
///   Faults faults(file);  TableReader mail(table, "mail", faults);  mail.boolean("starttls", starttls);  mail.finish();
/// A reader leaves its target alone when the key is absent: the target's value is the default. Look at the faults once, at the end.
/// Bounds:  the caller limits the text. Threads: none. The table must outlive the reader.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "base/toml_parser.hpp"
#include "config/config.hpp"

namespace pinfold::config {

/// The first fault found; later ones are ignored.
class Faults {
public:
  explicit Faults(std::string file) : x_file(std::move(file)) {}
  void add(std::size_t line, std::string key, std::string what) {
    if (!x_first) {
      x_first = ConfigError{x_file, line, std::move(key), std::move(what)};
    }
  }
  void add(ConfigError error) {
    if (!x_first) {
      x_first = std::move(error);
    }
  }
  [[nodiscard]] const std::optional<ConfigError>& first() const { return x_first; }

private:
  std::string x_file;
  std::optional<ConfigError> x_first;
};

struct DurationBounds {
  Micros least{0};
  Micros most = std::chrono::days{3650};
};

class TableReader {
public:
  /// `path` is the table's full key, empty for the root.
  TableReader(const toml::table& table, std::string path, Faults& faults) : x_table(table), x_path(std::move(path)), x_faults(faults) {}

  [[nodiscard]] bool has(std::string_view key) const { return x_table.contains(key); }
  /// Text that is not empty and has no control characters.
  void text(std::string_view key, std::string& target);
  void boolean(std::string_view key, bool& target);
  template <typename T>
  void number(std::string_view key, T& target, std::int64_t least, std::int64_t most) {
    if (const auto value = integer(key, least, most)) {
      target = static_cast<T>(*value);
    }
  }
  void duration(std::string_view key, Micros& target, const DurationBounds& bounds);
  /// `words` names every allowed value in the order of the results 0, 1, …
  [[nodiscard]] std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& words);
  /// Port 0 (the system chooses) makes sense for what we listen on, not for what we call.
  void listen_endpoint(std::string_view key, std::optional<Endpoint>& target);
  void remote_endpoint(std::string_view key, Endpoint& target);
  /// A text through `std::optional<T> parse(std::string_view)`.
  template <typename T, typename Parse>
  void parsed(std::string_view key, T& target, Parse&& parse, std::string_view expected) {
    std::string raw;
    text(key, raw);
    if (raw.empty()) {
      return;
    }
    if (auto value = parse(std::string_view{raw})) {
      target = *std::move(value);
    } else {
      fail(key, "\"" + raw + "\" is not " + std::string(expected));
    }
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key, std::size_t most);
  /// A list of at most `most_elements` whole numbers within the bounds.
  [[nodiscard]] std::vector<std::int64_t> numbers(std::string_view key, std::size_t most_elements, std::int64_t least, std::int64_t most);
  void table(std::string_view key, const std::function<void(TableReader&)>& read);
  /// `[[key]]`: each element, with its index from 0.
  void tables(std::string_view key, std::size_t most, const std::function<void(TableReader&, std::size_t)>& read);

  /// A fault when the key is absent; `why` it is needed.
  void require(std::string_view key, std::string_view why = "missing");
  /// A fault of that key's value, at its line (the table's when the key is absent).
  void fail(std::string_view key, std::string what);
  /// The key with its table's path: "mail.domain".
  [[nodiscard]] std::string full(std::string_view key) const;
  /// To be called last: refuses the keys that nobody asked for.
  void finish();

private:
  [[nodiscard]] const toml::node* find(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<Endpoint> endpoint(std::string_view key);

  const toml::table& x_table;
  std::string x_path;
  Faults& x_faults;
  std::vector<std::string> x_known;
};

/// The whole text as TOML; nullopt and a fault when it is not.
[[nodiscard]] std::optional<toml::table> parse_toml(std::string_view text, Faults& faults);

}  // namespace pinfold::config
