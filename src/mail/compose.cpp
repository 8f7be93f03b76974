#include "mail/compose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <kainjow/mustache.hpp>

#include "base/text.hpp"
#include "base/text_file.hpp"
#include "message/format.hpp"

namespace pinfold::mail {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::size_t kMaxTemplate = std::size_t{64} * 1024;
constexpr std::size_t kMaxFact = 200;
constexpr std::size_t kMaxShownFacts = 24;
constexpr std::size_t kMaxLines = 200;
constexpr std::array<std::string_view, 8> kLetters = {"warning",  "second_notice",        "disabled", "enabled",
                                                      "reminder", "contact_verification", "ticket",   "aup_changed"};
constexpr std::array<std::string_view, 3> kForms = {"subject", "txt", "html"};

std::string_view name_of(Letter letter) { return kLetters.at(static_cast<std::size_t>(letter)); }

/// Facts that hold a piece of the abuse itself.
bool is_sample(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kWords = {"sample", "subject", "body", "payload", "content", "message", "text"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return icontains(name, word); });
}

std::string harmless(std::string_view text, std::size_t max_bytes) {
  std::string result = printable(text, max_bytes);
  for (auto at = result.find("http"); at != std::string::npos; at = result.find("http", at + 4)) {
    result.replace(at, 4, "hxxp");
  }
  return result;
}

/// Name and value, aligned for the plain text.
data fact_list(const NoticeText& text) {
  data list{data::type::list};
  std::size_t width = 0;
  std::size_t shown = 0;
  for (const auto& [name, value] : text.facts) {
    width = is_sample(name) ? width : std::min<std::size_t>(std::max(width, name.size()), 24);
  }
  for (const auto& [name, value] : text.facts) {
    if (is_sample(name) || shown == kMaxShownFacts) {
      continue;
    }
    data fact;
    fact.set("name", harmless(name, 80));
    fact.set("padded", fmt::format("{:<{}}", harmless(name, 80), width));
    fact.set("value", harmless(value, kMaxFact));
    list.push_back(fact);
    ++shown;
  }
  return list;
}

data line_list(const NoticeText& text) {
  data list{data::type::list};
  std::size_t shown = 0;
  for (const std::string& words : text.lines.empty() ? std::vector<std::string>{text.summary} : text.lines) {
    if (++shown > kMaxLines) {
      break;
    }
    data line;
    line.set("line", harmless(words, 500));
    list.push_back(line);
  }
  return list;
}

data file_list(const NoticeText& text) {
  data list{data::type::list};
  for (const abuse::EvidenceFile& evidence : text.files) {
    data file;
    file.set("path", printable(evidence.path, kMaxFact));
    file.set("sha256", printable(evidence.sha256, 64));
    file.set("size", std::to_string(evidence.size));
    list.push_back(file);
  }
  return list;
}

/// Sets `name` and, for a section around it, `has_name`.
void set_optional(data& view, const std::string& name, const std::string& value) {
  view.set(name, value);
  view.set("has_" + name, value.empty() ? data::type::bool_false : data::type::bool_true);
}

data make_view(const NoticeText& text, const Templates& templates, const OurAddresses& ours) {
  data view;
  view.set("case", text.route ? printable(text.route->about, 80) : to_string(text.case_id));
  view.set("lines", line_list(text));
  view.set("aup_version", std::to_string(text.aup_version));
  view.set("first_day", printable(text.first_day, 40));
  view.set("brand", printable(text.brand, kMaxFact));
  view.set("server", printable(text.server.value, kMaxFact));
  std::string addresses;
  for (const std::string& address : text.addresses) {
    addresses += (addresses.empty() ? "" : ", ") + address;
  }
  set_optional(view, "addresses", printable(addresses, kMaxFact));
  view.set("class", templates.class_title(text.language, text.abuse_class));
  view.set("summary", harmless(text.summary, 500));
  view.set("first_seen", to_people(text.first_seen));
  view.set("last_seen", to_people(text.last_seen));
  view.set("facts", fact_list(text));
  view.set("files", file_list(text));
  view.set("has_files", text.files.empty() ? data::type::bool_false : data::type::bool_true);
  set_optional(view, "process", harmless(text.process, kMaxFact));
  set_optional(view, "way_in", harmless(text.way_in, 500));
  set_optional(view, "aup_clause", printable(text.aup_clause, kMaxFact));
  set_optional(view, "deadline", text.deadline ? to_people(*text.deadline) : std::string{});
  set_optional(view, "link", printable(text.link, 1000));
  set_optional(view, "console", printable(text.console, 500));
  view.set("on_the_ladder", !text.decision || text.decision == Decision::Automatic || text.decision == Decision::ApprovedByPerson);
  view.set("facts_reported", text.is_reported);
  view.set("decided_automatically", text.decision == Decision::Automatic);
  view.set("decided_on_proof", text.decision == Decision::ApprovedByPerson);
  view.set("decided_by_person", text.decision == Decision::Person);
  view.set("in_quarantine", text.in_quarantine);
  view.set("decided_in_emergency", text.decision == Decision::Emergency);
  view.set("domain", ours.domain);
  view.set("reply_address", text.route ? text.route->reply_to : reply_address(ours, text.case_id, text.token));
  return view;
}

std::string render(const std::string& source, const data& view, bool as_html) {
  mustache compiled(source);
  if (!as_html) {
    compiled.set_custom_escape([](const std::string& plain) { return plain; });
  }
  return compiled.render(view);
}

/// "warning.txt" and the like: one file of each language's folder.
std::vector<std::string> template_names() {
  std::vector<std::string> names;
  names.reserve(kLetters.size() * kForms.size());
  for (const std::string_view letter : kLetters) {
    for (const std::string_view form : kForms) {
      names.push_back(fmt::format("{}.{}", letter, form));
    }
  }
  return names;
}

/// Why this text is no template; empty if it is one.
std::string fault_of(const std::string& source) {
  const mustache compiled(source);
  return compiled.is_valid() ? "" : compiled.error_message();
}

}  // namespace

Letter letter_of(desk::NoticeKind kind) {
  switch (kind) {
    case desk::NoticeKind::Warning: return Letter::Warning;
    case desk::NoticeKind::SecondNotice: return Letter::SecondNotice;
    case desk::NoticeKind::Reminder: return Letter::Reminder;
    case desk::NoticeKind::Disabled: return Letter::Disabled;
    case desk::NoticeKind::Enabled: return Letter::Enabled;
  }
  return Letter::Warning;
}

std::optional<Letter> parse_letter(std::string_view name) {
  const auto found = std::find(kLetters.begin(), kLetters.end(), name);
  return found == kLetters.end() ? std::nullopt : std::optional(static_cast<Letter>(found - kLetters.begin()));
}

Expected<void, std::string> Templates::add(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string language = entry.path().filename().string();
    for (const std::string& name : template_names()) {
      const auto path = entry.path() / (name + ".mustache");
      if (!std::filesystem::exists(path, error)) {
        continue;
      }
      auto text = read_text_file(path, kMaxTemplate);
      if (!text) {
        return Unexpected(fmt::format("{} {}", path.string(), text.error()));
      }
      if (const std::string fault = fault_of(*text); !fault.empty()) {
        return Unexpected(fmt::format("{}: {}", path.string(), fault));
      }
      x_texts[fmt::format("{}/{}", language, name)] = *std::move(text);
    }
    const auto list = read_text_file(entry.path() / "classes.txt", kMaxTemplate);
    const std::string titles = list ? *list : std::string{};
    for (const std::string_view line : split(titles, '\n')) {
      if (const auto equals = line.find('='); equals != std::string_view::npos) {
        x_titles[fmt::format("{}/{}", language, trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
      }
    }
  }
  return error ? Expected<void, std::string>(Unexpected(folder.string() + ": " + error.message())) : Expected<void, std::string>{};
}

Expected<Templates, std::string> Templates::with(const std::filesystem::path& folder) const {
  Templates both = *this;
  if (auto added = both.add(folder); !added) {
    return Unexpected(added.error());
  }
  return both;
}

Expected<Templates, std::string> Templates::load(const std::filesystem::path& folder) {
  Templates templates;
  if (auto added = templates.add(folder); !added) {
    return Unexpected(added.error());
  }
  for (const std::string& name : template_names()) {
    if (!templates.x_texts.contains("en/" + name)) {
      return Unexpected(fmt::format("{}/en/{}.mustache: missing", folder.string(), name));
    }
  }
  return templates;
}

const std::string& Templates::find(std::string_view language, const std::string& name) const {
  const std::string primary = to_lower(language.substr(0, language.find_first_of("-_")));
  const auto found = x_texts.find(primary + "/" + name);
  return found != x_texts.end() ? found->second : x_texts.at("en/" + name);
}

std::string Templates::class_title(std::string_view language, abuse::AbuseClass abuse_class) const {
  const std::string primary = to_lower(language.substr(0, language.find_first_of("-_")));
  const auto found = x_titles.find(primary + "/" + std::string(abuse::to_string(abuse_class)));
  return found != x_titles.end() ? found->second : std::string(abuse::title(abuse_class));
}

Notice compose(const NoticeText& text, const Templates& templates, const OurAddresses& ours) {
  const data view = make_view(text, templates, ours);
  const auto rendered = [&](std::string_view form) {
    return render(templates.find(text.language, fmt::format("{}.{}", name_of(text.letter.value_or(letter_of(text.kind))), form)), view,
                  form == "html");
  };
  message::Outgoing mail;
  mail.from = {text.brand, desk_address(ours)};
  mail.to = {text.to};
  mail.reply_to = text.route ? message::Mailbox{text.brand, text.route->reply_to}
                             : message::Mailbox{to_string(text.case_id), reply_address(ours, text.case_id, text.token)};
  mail.subject = trim(rendered("subject"));
  mail.date = text.now;
  mail.message_id = text.route ? text.route->message_id : message_id(ours, text.case_id, text.notice, text.token);
  mail.references = text.earlier_message_ids;
  mail.extra = {{"Auto-Submitted", "auto-generated"}, {"X-Auto-Response-Suppress", "OOF, AutoReply"}};
  mail.text = rendered("txt");
  mail.html = rendered("html");

  Notice notice;
  notice.mail = message::format_mail(mail);
  notice.message_id = mail.message_id;
  notice.envelope_from = text.route ? text.route->envelope_from : bounce_address(ours, text.case_id, text.notice, text.token);
  notice.envelope_id = mail.message_id.substr(0, mail.message_id.find('@'));
  return notice;
}

}  // namespace pinfold::mail
