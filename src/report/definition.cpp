#include "report/definition.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/csv.hpp"
#include "report/definition_file.hpp"
#include "report/event_time.hpp"

namespace pinfold::report {
namespace {

constexpr std::size_t kMaxHaystack = std::size_t{1024} * 1024;
constexpr std::size_t kMaxMatchedDocument = std::size_t{64} * 1024;

/// What the groups of a pattern captured, by name.
using Captures = std::map<std::string, std::string, std::less<>>;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

/// The first match at or after `from`; its named groups are added to `captures` (which keep what they have). Returns where it ends.
std::optional<std::size_t> capture(const re2::RE2& pattern, std::string_view text, std::size_t from, Captures& captures) {
  std::array<re2::StringPiece, 17> groups;
  const int count = pattern.NumberOfCapturingGroups() + 1;
  if (!pattern.Match(piece(text), from, text.size(), re2::RE2::UNANCHORED, groups.data(), count)) {
    return std::nullopt;
  }
  for (const auto& [name, index] : pattern.NamedCapturingGroups()) {
    const re2::StringPiece& group = groups.at(static_cast<std::size_t>(index));
    if (group.data() != nullptr && !group.empty()) {
      captures.emplace(name, std::string(trim({group.data(), group.size()})));
    }
  }
  return static_cast<std::size_t>(groups[0].data() + groups[0].size() - text.data());
}

std::string_view get(const Captures& captures, std::string_view name) {
  const auto found = captures.find(name);
  return found == captures.end() ? std::string_view{} : std::string_view(found->second);
}

bool sent_from(const Input& input, const std::vector<std::string>& domains) {
  return domains.empty() || std::any_of(input.senders.begin(), input.senders.end(), [&](std::string_view sender) {
           const std::string_view host = sender.substr(sender.rfind('@') + 1);
           return std::any_of(domains.begin(), domains.end(), [&](std::string_view domain) {
             return host == domain || (host.size() > domain.size() && host.substr(host.size() - domain.size()) == domain &&
                                       host[host.size() - domain.size() - 1] == '.');
           });
         });
}

/// Subject, own text and attached texts, one below the other: where a definition's patterns look.
std::string haystack_of(const Input& input) {
  std::string text = "Subject: " + input.subject + "\n\n" + input.text;
  for (const Document& document : input.documents) {
    if (text.size() < kMaxHaystack && document.type != "text/csv") {
      text += "\n" + document.text.substr(0, kMaxOwnText);
    }
  }
  return text;
}

/// Makes statements of captures.
class Maker {
public:
  Maker(const Definition& definition, const Input& input, std::string_view haystack, Captures common, Report& report)
      : x_definition(definition), x_common(std::move(common)), x_times(input.times), x_input(input), x_report(report) {
    if (!definition.zone.empty()) {
      static_cast<void>(set_zone(x_times, definition.zone));
    }
    static_cast<void>(read_zone_note(input.text, x_times));
    static_cast<void>(set_zone(x_times, get(x_common, "zone")));
    x_beside = EventTimes(haystack, x_times);
    x_labelled = EventTimes(input.text, x_times);
  }

  void add(Captures captures, const Definition::Section* section) {
    captures.insert(x_common.begin(), x_common.end());
    Statement statement;
    statement.address = parse_address(get(captures, "address"));
    const std::string_view url = get(captures, "url");
    const std::string host = host_of(url.empty() ? get(captures, "host") : url);
    if (!statement.address) {
      statement.address = parse_address(host);
    }
    if (!statement.address && !get(captures, "address").empty()) {
      return;  // the heading of a table
    }
    statement.host = statement.address ? "" : host;
    if (!statement.address && host.empty()) {
      return;
    }
    classify(captures, section, statement);
    set_times(captures, statement);
    add_facts(captures, statement);
    add_statement(x_report, std::move(statement));
  }

private:
  [[nodiscard]] std::optional<WallTime> time_of(std::string_view text) const {
    if (text.empty()) {
      return std::nullopt;
    }
    if (!x_definition.time_format.empty()) {
      if (const auto time = parse_time(text, x_definition.time_format, x_times)) {
        return time;
      }
    }
    return parse_time(text, x_times);
  }
  void set_times(const Captures& captures, Statement& statement) {
    // An event's own times tell more than the range of the whole report.
    for (const FoundTime& found : find_times(get(captures, "times"), x_times)) {
      statement.first = !statement.first || found.time < *statement.first ? found.time : *statement.first;
      statement.last = !statement.last || found.time > *statement.last ? found.time : *statement.last;
    }
    const auto at = time_of(get(captures, "time"));
    if (!statement.first) {
      statement.first = time_of(get(captures, "first"));
      statement.first = statement.first ? statement.first : at;
      statement.last = time_of(get(captures, "last"));
      statement.last = statement.last ? statement.last : at ? at : statement.first;
    }
    if (!statement.first && statement.address) {
      const Span span = x_beside.beside(*statement.address);
      statement.first = span.first;
      statement.last = span.last;
    }
    if (!statement.first) {
      statement.first = x_labelled.labelled();
      statement.last = statement.first;
    }
  }
  void classify(const Captures& captures, const Definition::Section* section, Statement& statement) const {
    const std::string_view type = get(captures, "type");
    const std::string lower = to_lower(type);
    const auto rule = std::find_if(x_definition.rules.begin(), x_definition.rules.end(),
                                   [&](const Definition::ClassRule& r) { return lower.find(r.word) != std::string::npos && !lower.empty(); });
    statement.kind = kind_word(type.empty() ? get(captures, "service") : type);
    if (section != nullptr && section->abuse_class) {
      statement.abuse_class = *section->abuse_class;
      statement.kind = section->kind.empty() ? statement.kind : section->kind;
    } else if (rule != x_definition.rules.end()) {
      statement.abuse_class = rule->abuse_class;
      statement.kind = rule->kind.empty() ? statement.kind : rule->kind;
    } else if (x_definition.abuse_class) {
      statement.abuse_class = *x_definition.abuse_class;
    } else {
      const auto by_type = class_of_word(type);
      statement.abuse_class = by_type ? *by_type : class_of_text(x_input.subject, x_input.text).value_or(abuse::AbuseClass::Other);
    }
    if (statement.kind.empty()) {
      statement.kind = x_definition.kind;
    }
  }
  static void add_facts(const Captures& captures, Statement& statement) {
    static constexpr std::array<std::string_view, 8> kUsed = {"address", "time", "times", "first", "last", "zone", "id", "host"};
    for (const auto& [name, value] : captures) {
      if (std::find(kUsed.begin(), kUsed.end(), name) == kUsed.end()) {
        add_fact(statement, name, value);
      }
    }
  }

  const Definition& x_definition;
  Captures x_common;
  TimeContext x_times;
  EventTimes x_beside{{}, {}};    ///< in the whole haystack
  EventTimes x_labelled{{}, {}};  ///< in the mail's own text
  const Input& x_input;
  Report& x_report;
};

/// Where each section begins, in order.
std::vector<std::pair<std::size_t, const Definition::Section*>> find_sections(const Definition& definition, std::string_view text) {
  std::vector<std::pair<std::size_t, const Definition::Section*>> found;
  for (const Definition::Section& section : definition.sections) {
    Captures ignored;
    std::size_t from = 0;
    while (found.size() < kMaxStatements) {
      const auto end = capture(*section.heading, text, from, ignored);
      if (!end) {
        break;
      }
      found.emplace_back(*end, &section);
      from = std::max(*end, from + 1);
      if (from > text.size()) {
        break;
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void run_each(const Definition& definition, std::string_view text, const Definition::Section* section, Maker& maker) {
  for (std::size_t from = 0, events = 0; from <= text.size() && events < kMaxStatements; ++events) {
    Captures captures;
    const auto end = capture(*definition.each, text, from, captures);
    if (!end) {
      return;
    }
    maker.add(std::move(captures), section);
    from = std::max(*end, from + 1);
  }
}

bool read_lists(const Definition& definition, const Input& input, Report& report) {
  bool any = false;
  for (const Document& document : input.documents) {
    if (definition.list && document.type == "text/csv" && icontains(document.name, definition.list->file)) {
      ListHints hints;
      hints.abuse_class = definition.abuse_class;
      hints.times.now = input.times.now;
      static_cast<void>(set_zone(hints.times, definition.list->zone));
      any = read_list(document.text, hints, report) || any;
    }
  }
  return any && !report.statements.empty();
}

}  // namespace

Definitions::Definitions() = default;
Definitions::Definitions(Definitions&&) noexcept = default;
Definitions& Definitions::operator=(Definitions&&) noexcept = default;
Definitions::~Definitions() = default;

Expected<Definitions, std::string> Definitions::load(const std::vector<std::filesystem::path>& folders) {
  Definitions all;
  for (const std::filesystem::path& folder : folders) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".toml") {
        files.push_back(entry.path());
      }
    }
    if (error) {
      return Unexpected(folder.string() + ": " + error.message());
    }
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& file : files) {
      auto definition = read_definition(file);
      if (!definition) {
        return Unexpected(definition.error());
      }
      auto& list = all.x_definitions;
      list.erase(std::remove_if(list.begin(), list.end(), [&](const auto& d) { return d->name == (*definition)->name; }), list.end());
      list.push_back(*std::move(definition));
      if (list.size() > kMaxDefinitions) {
        return Unexpected(folder.string() + ": more than 500 definitions");
      }
    }
  }
  // What names its senders is asked before what goes by words alone.
  std::stable_partition(all.x_definitions.begin(), all.x_definitions.end(), [](const auto& d) { return !d->senders.empty(); });
  return all;
}

std::vector<Definitions::Listed> Definitions::list() const {
  std::vector<Listed> listed;
  for (const auto& definition : x_definitions) {
    listed.push_back({definition->name, definition->title, definition->samples});
  }
  return listed;
}

const Definition* Definitions::match(const Input& input) const {
  const auto holds = [](const Pattern& pattern, std::string_view text) { return !pattern || re2::RE2::PartialMatch(piece(text), *pattern); };
  const auto found = std::find_if(x_definitions.begin(), x_definitions.end(), [&](const auto& definition) {
    return sent_from(input, definition->senders) && holds(definition->subject, input.subject) &&
           (holds(definition->text, input.text) || std::any_of(input.documents.begin(), input.documents.end(), [&](const Document& document) {
              return document.type != "text/csv" && holds(definition->text, std::string_view(document.text).substr(0, kMaxMatchedDocument));
            }));
  });
  return found == x_definitions.end() ? nullptr : found->get();
}

bool Definitions::read(const Definition& definition, const Input& input, Report& report) {
  report.format = definition.name;
  report.definition = definition.name;
  report.why = "the definition '" + definition.name + "'";
  report.reporter = definition.reporter.empty() && !definition.senders.empty() ? definition.senders.front() : definition.reporter;
  if (read_lists(definition, input, report)) {
    return true;
  }
  const std::string haystack = haystack_of(input);
  Captures common;
  for (const Pattern& pattern : definition.fields) {
    static_cast<void>(capture(*pattern, haystack, 0, common));
  }
  report.report_id = printable(get(common, "id"), 200);
  Maker maker(definition, input, haystack, common, report);
  const auto sections = find_sections(definition, haystack);
  if (definition.each && definition.sections.empty()) {
    run_each(definition, haystack, nullptr, maker);
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t end = i + 1 < sections.size() ? sections[i + 1].first : haystack.size();
    const auto& [begin, section] = sections[i];
    if (section->abuse_class && definition.each && end > begin) {
      run_each(definition, std::string_view(haystack).substr(begin, end - begin), section, maker);
    }
  }
  if (report.statements.empty()) {
    maker.add({}, nullptr);
  }
  if (report.statements.empty()) {
    report.format.clear();
    return false;
  }
  return true;
}

void Definitions::refine(const Definition& definition, Report& report) {
  report.definition = definition.name;
  for (Statement& statement : report.statements) {
    const auto rule = std::find_if(definition.rules.begin(), definition.rules.end(), [&](const Definition::ClassRule& r) {
      return icontains(statement.kind, r.word) || std::any_of(statement.facts.begin(), statement.facts.end(), [&](const auto& fact) {
               return fact.first == "report-type" && icontains(fact.second, r.word);
             });
    });
    if (rule != definition.rules.end()) {
      statement.abuse_class = rule->abuse_class;
      statement.kind = rule->kind.empty() ? statement.kind : rule->kind;
    }
  }
}

}  // namespace pinfold::report
