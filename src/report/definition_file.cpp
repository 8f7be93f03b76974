#include "report/definition_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "base/toml_parser.hpp"

namespace pinfold::report {
namespace {

using namespace std::string_view_literals;

/// Reads one table and keeps the first fault.
class Keys {
public:
  Keys(const toml::table& table, std::string path, std::string& fault) : x_table(table), x_path(std::move(path)), x_fault(fault) {}

  std::string text(std::string_view key) {
    const toml::node* node = x_table.get(key);
    if (node == nullptr) {
      return {};
    }
    const auto value = node->value<std::string>();
    if (!value || value->size() > kMaxPattern) {
      fail(key, value ? "too long" : "not a text");
      return {};
    }
    return *value;
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> values;
    const toml::node* node = x_table.get(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && (array == nullptr || array->size() > 64)) {
      fail(key, "not a list of at most 64 texts");
    }
    for (std::size_t i = 0; array != nullptr && i < std::min<std::size_t>(array->size(), 64); ++i) {
      const auto value = array->get(i)->value<std::string>();
      if (!value || value->empty() || value->size() > kMaxPattern) {
        fail(key, "not a list of texts");
        break;
      }
      values.push_back(*value);
    }
    return values;
  }
  Pattern pattern(std::string_view key) { return compile(key, text(key)); }
  std::vector<Pattern> patterns(std::string_view key) {
    std::vector<Pattern> compiled;
    for (const std::string& one : texts(key)) {
      compiled.push_back(compile(key, one));
    }
    return compiled;
  }
  std::optional<abuse::AbuseClass> abuse_class(std::string_view key) {
    const std::string name = text(key);
    const auto known = abuse::parse_abuse_class(name);
    if (!name.empty() && !known) {
      fail(key, "no class is called '" + printable(name, 40) + "'");
    }
    return known;
  }
  template <typename F>
  void tables(std::string_view key, F&& f) {
    const toml::node* node = x_table.get(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && (array == nullptr || array->size() > 64)) {
      fail(key, "not a list of at most 64 tables");
      return;
    }
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const toml::table* inner = array->get(i)->as_table();
      if (inner == nullptr) {
        fail(key, "not a list of tables");
        return;
      }
      Keys keys(*inner, x_path + std::string(key) + "[" + std::to_string(i) + "].", x_fault);
      f(keys);
    }
  }
  template <typename F>
  void table(std::string_view key, F&& f) {
    if (const toml::node* node = x_table.get(key)) {
      const toml::table* inner = node->as_table();
      if (inner == nullptr) {
        fail(key, "not a table");
        return;
      }
      Keys keys(*inner, x_path + std::string(key) + ".", x_fault);
      f(keys);
    }
  }
  void known(std::initializer_list<std::string_view> names) {
    for (const auto& [key, node] : x_table) {
      static_cast<void>(node);
      if (std::find(names.begin(), names.end(), key.str()) == names.end()) {
        fail(key.str(), "unknown key");
      }
    }
  }
  void fail(std::string_view key, std::string_view what) {
    if (x_fault.empty()) {
      x_fault = fmt::format("{}{}: {}", x_path, printable(key, 60), what);
    }
  }

private:
  Pattern compile(std::string_view key, const std::string& pattern) {
    if (pattern.empty()) {
      return nullptr;
    }
    re2::RE2::Options options;
    options.set_max_mem(kMaxPatternMemory);
    options.set_log_errors(false);
    auto compiled = std::make_unique<re2::RE2>(pattern, options);
    if (!compiled->ok()) {
      fail(key, printable(compiled->error(), 200));
    } else if (compiled->NumberOfCapturingGroups() > 16) {
      fail(key, "more than 16 groups");
    }
    return compiled;
  }

  const toml::table& x_table;
  std::string x_path;
  std::string& x_fault;
};

DefinitionSample read_sample(Keys& keys, const std::filesystem::path& folder) {
  keys.known({"file", "expect"});
  DefinitionSample sample;
  sample.file = folder / std::filesystem::path(keys.text("file")).filename();
  keys.tables("expect", [&](Keys& expect) {
    expect.known({"address", "first", "class"});
    sample.expect.push_back({expect.text("address"), expect.text("first"), expect.text("class")});
  });
  return sample;
}

void read_match(Keys& match, Definition& definition) {
  match.known({"senders", "subject", "text"});
  for (const std::string& domain : match.texts("senders")) {
    definition.senders.push_back(to_lower(domain));
  }
  definition.subject = match.pattern("subject");
  definition.text = match.pattern("text");
  if (definition.senders.empty() && !definition.subject && !definition.text) {
    match.fail("senders", "a definition must say whose mails it is for: senders, subject or text");
  }
}

void read_rules(Keys& keys, Definition& definition) {
  keys.tables("section", [&](Keys& section) {
    section.known({"heading", "class", "kind"});
    definition.sections.push_back({section.pattern("heading"), section.abuse_class("class"), section.text("kind")});
    if (!definition.sections.back().heading) {
      section.fail("heading", "missing");
    }
  });
  keys.tables("class_by", [&](Keys& rule) {
    rule.known({"word", "class", "kind"});
    definition.rules.push_back({to_lower(rule.text("word")), rule.abuse_class("class").value_or(abuse::AbuseClass::Other), rule.text("kind")});
  });
  keys.table("list", [&](Keys& list) {
    list.known({"file", "zone"});
    definition.list = Definition::List{to_lower(list.text("file")), list.text("zone")};
  });
}

}  // namespace

Expected<std::unique_ptr<Definition>, std::string> read_definition(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in || text.size() > kMaxDefinitionFile) {
    return Unexpected(file.string() + ": cannot be read, or longer than 64 KiB");
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Unexpected(fmt::format("{}:{}: {}", file.string(), parsed.error().source().begin.line, printable(parsed.error().description())));
  }
  std::string fault;
  Keys keys(parsed.table(), "", fault);
  keys.known(
      {"name", "title", "match", "class", "kind", "reporter", "fields", "each", "section", "class_by", "list", "time_format", "zone", "sample"});
  auto definition = std::make_unique<Definition>();
  definition->name = kind_word(keys.text("name"));
  definition->title = keys.text("title");
  keys.table("match", [&](Keys& match) { read_match(match, *definition); });
  definition->abuse_class = keys.abuse_class("class");
  definition->kind = keys.text("kind");
  definition->reporter = keys.text("reporter");
  definition->fields = keys.patterns("fields");
  definition->each = keys.pattern("each");
  definition->time_format = keys.text("time_format");
  definition->zone = keys.text("zone");
  read_rules(keys, *definition);
  keys.tables("sample", [&](Keys& sample) { definition->samples.push_back(read_sample(sample, file.parent_path())); });
  if (definition->name.empty()) {
    keys.fail("name", "missing");
  }
  TimeContext zone;
  if (!definition->zone.empty() && !set_zone(zone, definition->zone)) {
    keys.fail("zone", "unknown zone");
  }
  if (definition->senders.empty() && !definition->subject && !definition->text) {
    keys.fail("match", "missing");
  }
  if (!fault.empty()) {
    return Unexpected(file.string() + ": " + fault);
  }
  return definition;
}

}  // namespace pinfold::report
