#include "http/answer_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/crypto.hpp"
#include "base/expected.hpp"
#include "base/text.hpp"
#include "desk/words.hpp"
#include "http/case_words.hpp"
#include "http/client.hpp"
#include "http/page.hpp"

namespace pinfold::http {
namespace {

using kainjow::mustache::data;

constexpr std::size_t kMaxShownFacts = 12;
constexpr std::array kStatements{desk::Statement::Looking, desk::Statement::Fixed, desk::Statement::Intended, desk::Statement::NotMine};

data flag(bool value) { return value ? data{data::type::bool_true} : data{data::type::bool_false}; }

std::string_view tone_of(std::string_view stand) { return stand == "off" ? "stop" : stand == "waiting" ? "warn" : "calm"; }

/// The network says what others suffer, so it leads; else whoever is surest.
const abuse::Finding* leading_finding(const desk::Case& c, const std::vector<desk::Event>& events) {
  const abuse::Finding* best = nullptr;
  const auto rank = [](const abuse::Finding& f) { return std::pair{f.origin == abuse::Origin::Network, f.confidence.percent}; };
  for (const desk::Event& event : events) {
    const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body);
    const auto latest = recorded == nullptr ? c.findings.end() : c.findings.find(recorded->finding.id);
    if (latest != c.findings.end() && latest->second.seq == event.seq && (best == nullptr || rank(*best) <= rank(recorded->finding))) {
      best = &recorded->finding;
    }
  }
  return best;
}

void add_evidence(data& values, const desk::Case& c, const std::vector<desk::Event>& events) {
  const abuse::Finding* lead = leading_finding(c, events);
  values.set("has_finding", flag(lead != nullptr));
  if (lead == nullptr) {
    return;
  }
  values.set("summary", lead->summary);
  values.set("first_seen", to_people(lead->first_seen));
  values.set("last_seen", to_people(lead->last_seen));
  data facts{data::type::list};
  for (const auto& [name, value] : lead->evidence.facts) {
    if (facts.list_value().size() < kMaxShownFacts) {
      data fact;
      fact.set("name", name);
      fact.set("value", value);
      facts.push_back(fact);
    }
  }
  values.set("has_facts", flag(!facts.list_value().empty()));
  values.set("facts", facts);
}

void add_answers(data& values, const std::vector<desk::Event>& events, const Words& words) {
  data answers{data::type::list};
  for (const desk::Event& event : events) {
    const auto* response = std::get_if<desk::ResponseRecorded>(&event.body);
    if (response == nullptr) {
      continue;
    }
    data answer;
    answer.set("when", to_people(event.at));
    answer.set("what", words.at("answer." + std::string(desk::to_string(response->statement))));
    answer.set("text", response->text);
    answers.push_back(answer);
  }
  values.set("has_answers", flag(!answers.list_value().empty()));
  values.set("answers", answers);
}

/// "26 h 40 min", "3 d 4 h": two units are enough to act on.
std::string span_text(Micros span) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(span).count();
  const auto hours = minutes / 60;
  return hours >= 72 ? fmt::format("{} d {} h", hours / 24, hours % 24) : fmt::format("{} h {} min", hours, minutes % 60);
}

/// The end of a day, UTC: "2026-12-01" is kept when it is done on that day.
std::optional<WallTime> parse_day(std::string_view text) { return parse_wall_time(std::string(text) + "T23:59:59Z"); }

/// What was posted, or the key of the words that say what is wrong with it.
Expected<desk::ResponseRecorded, std::string> read_answer(const Form& form, const desk::Notice& notice, WallTime now) {
  const auto field = [&](const char* name) { return form.contains(name) ? std::string(trim(form.at(name))) : std::string{}; };
  const auto statement = desk::parse_statement(field("answer"));
  if (!statement || *statement == desk::Statement::Unstated) {
    return Unexpected(std::string("fault.answer"));
  }
  desk::ResponseRecorded answer;
  answer.channel = desk::ResponseChannel::SignedLink;
  answer.from = notice.contact.value;
  answer.statement = *statement;
  answer.text = printable(field("note"), kMaxNote);
  if (const std::string until = field("until"); !until.empty()) {
    answer.promised = parse_day(until);
    if (!answer.promised || *answer.promised < now || *answer.promised > now + kLongestPromise) {
      return Unexpected(std::string("fault.until"));
    }
  }
  return answer;
}

bool is_recorded(const std::vector<desk::Event>& events, const desk::ResponseRecorded& answer) {
  return std::any_of(events.begin(), events.end(), [&](const desk::Event& event) {
    const auto* given = std::get_if<desk::ResponseRecorded>(&event.body);
    return given != nullptr && given->channel == answer.channel && given->from == answer.from && given->statement == answer.statement &&
           given->promised == answer.promised && given->text == answer.text;
  });
}

}  // namespace

AnswerPage::AnswerPage(AnswerPageOptions options, AnswerDesk desk, const Clock& clock)
    : x_options(std::move(options)), x_desk(std::move(desk)), x_clock(clock) {}

Response AnswerPage::handle(const Request& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && request.method != "POST") {
    return plain(405, "This page is read with GET and answered with POST.\n");
  }
  if (reads && request.path() == "/assets/pinfold.css") {
    return style_sheet();
  }
  const auto found = visit(request);
  if (!found) {
    const bool may_guess = x_wrong.take(client_of(request, x_options.trusted_proxies).address, x_clock.wall());
    return may_guess ? plain(404, "This link leads nowhere, or it has ended. Reply to the mail instead, please.\n")
                     : plain(429, "Too many wrong links from your address; try again in a minute.\n");
  }
  return reads ? show(*found, 200, {}) : post(*found, request);
}

std::optional<AnswerPage::Visit> AnswerPage::visit(const Request& request) const {
  const auto path = parse_answer_path(request.path());
  auto file = path ? x_desk.find(path->case_id) : std::nullopt;
  if (!file) {
    return std::nullopt;
  }
  const desk::Notice* notice = file->c.find_notice(path->notice);
  const bool is_ours = notice != nullptr && equal_secrets(answer_signature(x_options.key, path->case_id, *notice), path->signature);
  const bool has_ended = desk::is_final(file->c.state) && x_clock.wall() > file->c.changed + kLinkOutlivesCase;
  if (!is_ours || has_ended) {
    return std::nullopt;
  }
  Visit visit{*std::move(file), nullptr, {}, std::string(request.path())};
  visit.notice = visit.file.c.find_notice(path->notice);
  visit.words = words_of("answer", x_desk.language(visit.file.c, visit.notice->contact));
  return visit;
}

Response AnswerPage::post(const Visit& visit, const Request& request) {
  if (!x_answers.take(to_string(visit.file.c.id), x_clock.wall())) {
    return plain(429, "Too many answers at once; try again in a minute.\n");
  }
  const auto form = parse_form(request);
  if (!form) {
    return plain(415, "The answer was not a form, or it was too long.\n");
  }
  const auto answer = read_answer(*form, *visit.notice, x_clock.wall());
  if (!answer) {
    return show(visit, 422, visit.words.at(answer.error()));
  }
  if (!is_recorded(visit.file.events, *answer)) {
    if (const auto refused = x_desk.record(visit.file.c.id, *answer)) {
      return show(visit, 409, visit.words.at("fault.refused") + " " + *refused);
    }
  }
  Response response = plain(303, "Thank you.\n");
  response.headers = {{"Location", visit.path + "#answers"}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  return response;
}

Response AnswerPage::show(const Visit& visit, unsigned status, const std::string& fault) const {
  const desk::Case& c = visit.file.c;
  data values;
  for (const auto& [key, text] : visit.words) {
    std::string name = "t." + key;
    std::replace(name.begin(), name.end(), '.', '_');
    values.set(name, text);
  }
  const std::string_view stand = stand_of(c);
  values.set("id", to_string(c.id));
  values.set("server", c.server.value);
  values.set("brand", x_options.brand);
  values.set("path", visit.path);
  values.set("stand", visit.words.at("stand." + std::string(stand)));
  values.set("next", visit.words.at("next." + std::string(stand)));
  values.set("tone", std::string(tone_of(stand)));
  values.set("fault", fault);
  values.set("has_fault", flag(!fault.empty()));
  values.set("help_line", x_options.help_line);
  values.set("has_help", flag(!x_options.help_line.empty()));
  values.set("may_answer", flag(!desk::is_final(c.state)));
  const desk::Notice* warning = c.first_warning();
  const bool has_deadline = stand == "waiting" && warning != nullptr && warning->delivered.has_value();
  values.set("has_deadline", flag(has_deadline));
  if (has_deadline) {
    const WallTime deadline = *warning->delivered + warning->window.value_or(x_options.response_window);
    const Micros left = deadline - x_clock.wall();
    values.set("deadline", to_people(deadline));
    values.set("left", left > Micros{0} ? visit.words.at("left") + " " + span_text(left) : visit.words.at("passed"));
  }
  add_evidence(values, c, visit.file.events);
  add_answers(values, visit.file.events, visit.words);
  data choices{data::type::list};
  for (const desk::Statement statement : kStatements) {
    const std::string name(desk::to_string(statement));
    data choice;
    choice.set("value", name);
    choice.set("label", visit.words.at("choose." + name));
    choices.push_back(choice);
  }
  values.set("choices", choices);
  return html(status, render("answer.html.mustache", values), true);
}

}  // namespace pinfold::http
