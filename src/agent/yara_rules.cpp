#include "agent/yara_rules.hpp"

#include <fmt/format.h>
#include <yara.h>

#include <algorithm>
#include <system_error>

#include "base/assert.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& yara_rules_files();
}  // namespace pinfold

namespace pinfold::agent {
namespace {

/// The library wants to be started once a process; it is never stopped.
bool start_library() {
  static const bool is_started = yr_initialize() == ERROR_SUCCESS;
  return is_started;
}

std::string meta_of(YR_RULE* rule, std::string_view name) {
  YR_META* meta = nullptr;
  yr_rule_metas_foreach(rule, meta) {
    if (meta->type == META_TYPE_STRING && name == meta->identifier) {
      return meta->string;
    }
  }
  return {};
}

/// Every `gate` line of the rule is a group of words.
WordGate::Groups gate_of(YR_RULE* rule) {
  WordGate::Groups groups;
  YR_META* meta = nullptr;
  yr_rule_metas_foreach(rule, meta) {
    if (meta->type == META_TYPE_STRING && std::string_view("gate") == meta->identifier) {
      groups.emplace_back(meta->string);
    }
  }
  return groups;
}

bool is_private(const YR_RULE* rule) { return (static_cast<unsigned>(rule->flags) & RULE_FLAGS_PRIVATE) != 0; }

struct Complaints {
  std::string first;
};

void on_complaint(int level, const char*, int line, const YR_RULE*, const char* message, void* data) {
  auto* complaints = static_cast<Complaints*>(data);
  if (level == YARA_ERROR_LEVEL_ERROR && complaints->first.empty()) {
    complaints->first = fmt::format("line {}: {}", line, printable(message));
  }
}

struct Written {
  std::string bytes;
  std::size_t read = 0;
};

std::size_t write_rules(const void* from, std::size_t size, std::size_t count, void* to) {
  static_cast<Written*>(to)->bytes.append(static_cast<const char*>(from), size * count);
  return count;
}

std::size_t read_rules(void* to, std::size_t size, std::size_t count, void* from) {
  auto& written = *static_cast<Written*>(from);
  if (size * count > written.bytes.size() - written.read) {
    return 0;
  }
  written.bytes.copy(static_cast<char*>(to), size * count, written.read);
  written.read += size * count;
  return count;
}

/// The compiler's buffers are of a megabyte each, most of it empty. The same rules, written out and read in again, take what they need.
YR_RULES* fitted(YR_RULES* roomy) {
  Written written;
  YR_STREAM stream{&written, read_rules, write_rules};
  YR_RULES* rules = nullptr;
  if (yr_rules_save_stream(roomy, &stream) != ERROR_SUCCESS || yr_rules_load_stream(&stream, &rules) != ERROR_SUCCESS) {
    return roomy;
  }
  yr_rules_destroy(roomy);
  return rules;
}

/// One set of rules out of many texts; nullptr and a complaint when a text does not compile.
YR_RULES* compile(const std::vector<std::pair<std::string, std::string_view>>& texts, std::string& complaint) {
  YR_COMPILER* compiler = nullptr;
  if (!start_library() || yr_compiler_create(&compiler) != ERROR_SUCCESS) {
    complaint = "the YARA library does not start";
    return nullptr;
  }
  Complaints complaints;
  yr_compiler_set_callback(compiler, on_complaint, &complaints);
  yr_compiler_set_include_callback(compiler, nullptr, nullptr, nullptr);
  YR_RULES* rules = nullptr;
  for (const auto& [name, text] : texts) {
    // A namespace a file: private rules of the same name do not collide.
    if (yr_compiler_add_string(compiler, std::string(text).c_str(), name.c_str()) != 0) {
      complaint = name + ": " + complaints.first;
      yr_compiler_destroy(compiler);
      return nullptr;
    }
  }
  if (yr_compiler_get_rules(compiler, &rules) != ERROR_SUCCESS) {
    complaint = "the YARA library has no memory";
    rules = nullptr;
  }
  yr_compiler_destroy(compiler);
  return rules == nullptr ? nullptr : fitted(rules);
}

std::size_t count_of(YR_RULES* rules) {
  std::size_t count = 0;
  YR_RULE* rule = nullptr;
  yr_rules_foreach(rules, rule) { count += is_private(rule) ? 0U : 1U; }
  return count;
}

struct Collector {
  std::vector<RuleMatch>* matches = nullptr;
};

int on_message(YR_SCAN_CONTEXT*, int message, void* data, void* user) {
  if (message != CALLBACK_MSG_RULE_MATCHING) {
    return CALLBACK_CONTINUE;
  }
  auto& matches = *static_cast<Collector*>(user)->matches;
  auto* rule = static_cast<YR_RULE*>(data);
  RuleMatch match;
  match.rule = printable(rule->identifier, 100);
  match.family = printable(meta_of(rule, "family"), 40);
  match.says = printable(meta_of(rule, "says"), 200);
  match.severity = meta_of(rule, "severity") == "medium" ? abuse::Severity::Medium : abuse::Severity::High;
  matches.push_back(std::move(match));
  return matches.size() >= kMaxMatches ? CALLBACK_ABORT : CALLBACK_CONTINUE;
}

}  // namespace

std::unique_ptr<YaraRules> YaraRules::create(const std::vector<std::filesystem::path>& operator_folders, int seconds) {
  std::unique_ptr<YaraRules> rules(new YaraRules);
  rules->x_seconds = seconds;
  rules->load_own();
  std::vector<std::string> names;
  for (const auto& folder : operator_folders) {
    rules->load_folder(folder, names);
  }
  // Each file is tried alone first, so that one that does not compile costs only itself.
  std::vector<std::string> texts;
  std::vector<std::pair<std::string, std::string_view>> good;
  texts.reserve(names.size());
  for (const std::string& name : names) {
    auto text = read_text_file(name, kMaxRuleFileBytes);
    std::string complaint = text ? "" : name + ": " + text.error();
    if (text) {
      if (YR_RULES* alone = compile({{name, *text}}, complaint)) {
        yr_rules_destroy(alone);
        texts.push_back(std::move(*text));
        good.emplace_back(name, texts.back());
        continue;
      }
    }
    rules->x_problems.push_back(complaint);
  }
  if (!good.empty()) {
    std::string complaint;
    rules->x_operator = compile(good, complaint);
    if (rules->x_operator == nullptr) {
      rules->x_problems.push_back("the operator's files do not compile together: " + complaint);
    } else {
      rules->x_operator_rules = count_of(rules->x_operator);
    }
  }
  return rules;
}

YaraRules::~YaraRules() {
  for (YR_RULES* rules : {x_own, x_operator}) {
    if (rules != nullptr) {
      yr_rules_destroy(rules);
    }
  }
}

void YaraRules::load_own() {
  // They lie in the program with every bit turned over: a scanner would take the program for what its rules describe.
  std::vector<std::string> plain;
  std::vector<std::pair<std::string, std::string_view>> texts;
  plain.reserve(yara_rules_files().size());
  for (const EmbeddedFile& file : yara_rules_files()) {
    std::string& text = plain.emplace_back(file.text);
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return static_cast<char>(~static_cast<unsigned char>(c)); });
    texts.emplace_back(file.name, text);
  }
  std::string complaint;
  x_own = compile(texts, complaint);
  PINFOLD_ASSERT(x_own != nullptr && "Pinfold's own YARA rules compile");
  std::vector<WordGate::Groups> gates;
  YR_RULE* rule = nullptr;
  yr_rules_foreach(x_own, rule) {
    if (!is_private(rule)) {
      gates.push_back(gate_of(rule));
      x_own_rules.emplace_back(rule->identifier);
    }
  }
  x_gate = std::make_unique<WordGate>(gates);
}

void YaraRules::load_folder(const std::filesystem::path& folder, std::vector<std::string>& texts) {
  std::error_code error;
  std::vector<std::string> found;
  for (std::filesystem::recursive_directory_iterator it(folder, error); !error && it != std::filesystem::recursive_directory_iterator{};
       it.increment(error)) {
    const auto extension = it->path().extension();
    if (it->is_regular_file(error) && (extension == ".yar" || extension == ".yara")) {
      if (texts.size() + found.size() >= kMaxRuleFiles) {
        x_problems.push_back(fmt::format("{}: more than {} rule files; the rest is left out", folder.string(), kMaxRuleFiles));
        break;
      }
      found.push_back(it->path().string());
    }
  }
  if (error) {
    x_problems.push_back(folder.string() + ": " + error.message());
  }
  std::sort(found.begin(), found.end());
  texts.insert(texts.end(), found.begin(), found.end());
}

void YaraRules::ask(YR_RULES* rules, std::string_view text, std::vector<RuleMatch>& matches) const {
  Collector collector{&matches};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast): the C interface
  const int result = yr_rules_scan_mem(rules, bytes, text.size(), SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING,
                                       on_message, &collector, x_seconds);
  ++x_scanned;
  if (result == ERROR_SCAN_TIMEOUT) {
    ++x_timeouts;
  }
}

std::vector<RuleMatch> YaraRules::matches_of(std::string_view text, bool own) const {
  std::vector<RuleMatch> matches;
  if (own) {
    ask(x_own, text, matches);
  }
  if (x_operator != nullptr) {
    const std::size_t before = matches.size();
    ask(x_operator, text, matches);
    for (std::size_t i = before; i < matches.size(); ++i) {
      matches[i].is_own = false;
      matches[i].family = matches[i].family.empty() ? "operator" : matches[i].family;
      matches[i].says = matches[i].says.empty() ? "matches the operator's rule " + matches[i].rule : matches[i].says;
    }
  }
  std::stable_sort(matches.begin(), matches.end(), [](const RuleMatch& a, const RuleMatch& b) { return a.severity > b.severity; });
  return matches;
}

std::vector<RuleMatch> YaraRules::scan(std::string_view text) const {
  const bool may_match = x_gate->lets_through(text);
  return may_match || x_operator != nullptr ? matches_of(text, may_match) : std::vector<RuleMatch>{};
}

std::vector<std::string> YaraRules::open_gates(std::string_view text) const {
  const WordGate::Words words = x_gate->words_in(text);
  std::vector<std::string> open;
  for (std::size_t i = 0; i < x_own_rules.size(); ++i) {
    if (x_gate->is_open(i, words)) {
      open.push_back(x_own_rules[i]);
    }
  }
  return open;
}

std::vector<RuleMatch> YaraRules::scan_all(std::string_view text) const { return matches_of(text, true); }

}  // namespace pinfold::agent
