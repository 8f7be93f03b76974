#include "config/toml_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/text.hpp"

namespace pinfold::config {
namespace {

constexpr std::size_t kMaxText = 1024;

/// Levenshtein distance: how many letters one must change to get from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// The known word that was probably meant; empty when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t d = word.size() > kMaxText ? best_distance : distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

std::optional<toml::table> parse_toml(std::string_view text, Faults& faults) {
  toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::parse_error& error = result.error();
    faults.add(error.source().begin.line, "", printable(error.description()));
    return std::nullopt;
  }
  return std::move(result).table();
}

std::string TableReader::full(std::string_view key) const { return x_path.empty() ? std::string(key) : x_path + "." + std::string(key); }

void TableReader::fail(std::string_view key, std::string what) {
  const toml::node* node = x_table.get(key);
  const toml::source_region& source = node != nullptr ? node->source() : x_table.source();
  // The root table has no place of its own.
  const std::size_t line = node == nullptr && x_path.empty() ? 0 : source.begin.line;
  x_faults.add(line, full(key), std::move(what));
}

void TableReader::require(std::string_view key, std::string_view why) {
  if (!has(key)) {
    fail(key, std::string(why));
  }
}

const toml::node* TableReader::find(std::string_view key) {
  x_known.emplace_back(key);
  return x_table.get(key);
}

void TableReader::text(std::string_view key, std::string& target) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return;
  }
  const auto* value = node->as_string();
  if (value == nullptr) {
    fail(key, "must be a text in quotes");
  } else if (value->get().empty()) {
    fail(key, "must not be empty");
  } else if (value->get().size() > kMaxText || printable(value->get(), kMaxText) != value->get()) {
    fail(key, fmt::format("has control characters or more than {} bytes", kMaxText));
  } else {
    target = value->get();
  }
}

void TableReader::boolean(std::string_view key, bool& target) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return;
  }
  if (const auto* value = node->as_boolean()) {
    target = value->get();
  } else {
    fail(key, "must be true or false");
  }
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < least || value->get() > most) {
    fail(key, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
  }
  return value->get();
}

void TableReader::duration(std::string_view key, Micros& target, const DurationBounds& bounds) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return;
  }
  const auto* value = node->as_string();
  const auto parsed = value == nullptr ? std::nullopt : parse_duration(value->get());
  if (!parsed) {
    fail(key, "must be a duration with its unit in quotes, like \"90 s\", \"15 min\", \"24 h\" or \"7 d\"");
  } else if (*parsed < bounds.least) {
    fail(key, fmt::format("must be at least {}", pinfold::to_string(bounds.least)));
  } else if (*parsed > bounds.most) {
    fail(key, fmt::format("must be at most {}", pinfold::to_string(bounds.most)));
  } else {
    target = *parsed;
  }
}

std::optional<std::size_t> TableReader::choice(std::string_view key, const std::vector<std::string_view>& words) {
  std::string word;
  text(key, word);
  if (word.empty()) {
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    fail(key, fmt::format("\"{}\" is not one of: {}", word, fmt::join(words, ", ")));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - words.begin());
}

std::optional<Endpoint> TableReader::endpoint(std::string_view key) {
  std::optional<Endpoint> value;
  parsed(
      key, value,
      [](std::string_view raw) {
        auto one = parse_endpoint(raw);
        return one ? std::optional(one) : std::nullopt;
      },
      "an address and port, like \"192.0.2.1:25\" or \"[2001:db8::1]:25\"");
  return value;
}

void TableReader::listen_endpoint(std::string_view key, std::optional<Endpoint>& target) {
  if (auto value = endpoint(key)) {
    target = value;
  }
}

void TableReader::remote_endpoint(std::string_view key, Endpoint& target) {
  const auto value = endpoint(key);
  if (value && value->port == 0) {
    fail(key, "port 0 cannot be called");
  } else if (value) {
    target = *value;
  }
}

std::vector<std::string> TableReader::texts(std::string_view key, std::size_t most) {
  std::vector<std::string> values;
  const toml::node* node = find(key);
  if (node == nullptr) {
    return values;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || array->size() > most || !std::all_of(array->begin(), array->end(), [](const toml::node& n) { return n.is_string(); })) {
    fail(key, fmt::format("must be a list of at most {} texts", most));
    return values;
  }
  for (const toml::node& element : *array) {
    values.push_back(element.as_string()->get());
  }
  return values;
}

std::vector<std::int64_t> TableReader::numbers(std::string_view key, std::size_t most_elements, std::int64_t least, std::int64_t most) {
  std::vector<std::int64_t> values;
  const toml::node* node = find(key);
  if (node == nullptr) {
    return values;
  }
  const auto is_good = [least, most](const toml::node& element) {
    const auto* number = element.as_integer();
    return number != nullptr && number->get() >= least && number->get() <= most;
  };
  const toml::array* array = node->as_array();
  if (array == nullptr || array->size() > most_elements || !std::all_of(array->begin(), array->end(), is_good)) {
    fail(key, fmt::format("must be a list of at most {} whole numbers from {} to {}", most_elements, least, most));
    return values;
  }
  for (const toml::node& element : *array) {
    values.push_back(element.as_integer()->get());
  }
  return values;
}

void TableReader::table(std::string_view key, const std::function<void(TableReader&)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return;
  }
  const toml::table* inner = node->as_table();
  if (inner == nullptr) {
    fail(key, fmt::format("must be a section: [{}]", full(key)));
    return;
  }
  TableReader reader(*inner, full(key), x_faults);
  read(reader);
  reader.finish();
}

void TableReader::tables(std::string_view key, std::size_t most, const std::function<void(TableReader&, std::size_t)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || !std::all_of(array->begin(), array->end(), [](const toml::node& n) { return n.is_table(); })) {
    fail(key, fmt::format("must be a list of sections: [[{}]]", full(key)));
    return;
  }
  if (array->size() > most) {
    fail(key, fmt::format("more than {}", most));
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    TableReader reader(*(*array)[i].as_table(), fmt::format("{}[{}]", full(key), i + 1), x_faults);
    read(reader, i);
    reader.finish();
  }
}

void TableReader::finish() {
  for (const auto& [key, node] : x_table) {
    if (std::find(x_known.begin(), x_known.end(), key.str()) == x_known.end()) {
      const std::string_view meant = nearest(key.str(), x_known);
      const std::string suggestion = meant.empty() ? "" : fmt::format("; did you mean {}?", meant);
      x_faults.add(key.source().begin.line, full(printable(key.str())), "unknown key" + suggestion);
    }
  }
}

}  // namespace pinfold::config
