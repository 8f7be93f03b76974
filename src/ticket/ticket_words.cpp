#include "ticket/ticket_words.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& ticket_words_files();  // src/ticket/words/*.txt
}

namespace pinfold::ticket {
namespace {

std::string paths_of(const std::vector<std::string>& paths) { return fmt::format("{}", fmt::join(paths, ", ")); }

}  // namespace

TicketWords::TicketWords(std::string_view language) : x_words(read_words(ticket_words_files(), "ticket", language)) {}

const std::string& TicketWords::word(const std::string& key) const {
  const auto found = x_words.find(key);
  PINFOLD_ASSERT(found != x_words.end());
  return found->second;
}

std::string by_of(const EventBody& body) {
  return std::visit(
      [](const auto& entry) -> std::string {
        if constexpr (requires { entry.by; }) {
          return entry.by;
        } else {
          return {};
        }
      },
      body);
}

std::string TicketWords::line(const EventBody& body) const { return line(body, by_of(body)); }

std::string TicketWords::line(const EventBody& body, const std::string& by) const {
  struct Line {
    const TicketWords& words;
    const std::string& by;
    [[nodiscard]] const std::string& side(Side value) const { return words.word(fmt::format("side.{}", to_string(value))); }

    std::string operator()(const Opened& e) const {
      return fill(words.word("event.opened"), {{"by", by}, {"kind", words.word(fmt::format("kind.{}", to_string(e.kind)))}, {"what", e.subject}});
    }
    std::string operator()(const Message& e) const {
      std::string said = fill(words.word("event.message"), {{"by", by}, {"side", side(e.side)}, {"what", e.text}});
      for (const Attachment& a : e.attachments) {
        said += fill(words.word("event.attached"), {{"name", a.name}, {"size", std::to_string(a.size)}, {"sha256", a.sha256.substr(0, 12)}});
      }
      return said;
    }
    std::string operator()(const AuditOrdered& e) const {
      return fill(words.word("event.audit_ordered"), {{"paths", paths_of(e.paths)}, {"by", by}, {"side", side(e.side)}, {"reason", e.reason}});
    }
    std::string operator()(const AuditConsented& e) const { return fill(words.word("event.audit_consented"), {{"by", by}, {"how", e.how}}); }
    std::string operator()(const AuditRun& e) const {
      return fill(words.word("event.audit_run"), {{"paths", paths_of(e.read)}, {"findings", std::to_string(e.findings)}, {"summary", e.summary}});
    }
    std::string operator()(const AuditRead&) const { return fill(words.word("event.audit_read"), {{"by", by}}); }
    std::string operator()(const PlanSet& e) const {
      return fill(words.word("event.plan_set"), {{"steps", std::to_string(e.steps.size())}, {"by", by}});
    }
    std::string operator()(const StepDone& e) const {
      return fill(words.word("event.step_done"), {{"number", std::to_string(e.step)}, {"by", by}}) + (e.note.empty() ? "" : ": " + e.note);
    }
    std::string operator()(const Closed& e) const { return fill(words.word("event.closed"), {{"by", by}, {"reason", e.reason}}); }
  };
  return std::visit(Line{*this, by}, body);
}

std::string TicketWords::line(const Ticket& t, const NextStep& step) const {
  const std::string& text = word(fmt::format("next.{}", to_string(step.todo)));
  if (step.number == 0 || step.number > t.plan.size()) {
    return text;
  }
  const PlanStep& of_plan = t.plan[step.number - 1];
  return fill(text, {{"number", std::to_string(step.number)},
                     {"kind", word(fmt::format("step.{}", to_string(of_plan.kind)))},
                     {"who", word(fmt::format("side.{}", to_string(of_plan.who)))},
                     {"what", of_plan.what}});
}

/// The letter that tells of one entry.
class TicketLetter {
public:
  using Lines = std::vector<std::string>;
  TicketLetter(const TicketWords& words, const Ticket& t, Side remediates, bool audit_included)
      : x_words(words), x_ticket(t), x_remediates(remediates), x_audit_included(audit_included) {}

  Lines operator()(const Opened& e) const {
    if (e.side != Side::Staff) {
      return {};
    }
    Lines lines{e.subject};
    for (const NextStep& step : checklist(x_ticket, x_remediates)) {
      if (step.who == Side::Customer) {
        if (lines.size() == 1) {
          lines.insert(lines.end(), {"", x_words.word("letter.next")});
        }
        lines.push_back("- " + x_words.line(x_ticket, step));
      }
    }
    return lines;
  }
  Lines operator()(const Message& e) const {
    if (e.side != Side::Staff) {
      return {};
    }
    Lines lines;
    for (const std::string_view line : split(e.text, '\n')) {
      lines.emplace_back(line);
    }
    for (const Attachment& a : e.attachments) {
      lines.push_back(fill(x_words.word("letter.attached"), {{"name", a.name}, {"size", std::to_string(a.size)}, {"sha256", a.sha256}}));
    }
    return lines;
  }
  Lines operator()(const AuditOrdered& e) const {
    if (e.side != Side::Staff) {
      return {};
    }
    return {fill(x_words.word("letter.audit_asked"), {{"paths", paths_of(e.paths)}}), fill(x_words.word("letter.audit_why"), {{"reason", e.reason}}),
            x_words.word(x_audit_included ? "letter.audit_included" : "letter.audit_on_request"), x_words.word("letter.audit_consent")};
  }
  Lines operator()(const AuditRun& e) const {
    return {fill(x_words.word("letter.audit_run"), {{"paths", paths_of(e.read)}, {"findings", std::to_string(e.findings)}}), e.summary};
  }
  Lines operator()(const PlanSet& e) const {
    Lines lines{x_words.word("letter.plan")};
    for (std::size_t i = 0; i < e.steps.size(); ++i) {
      const PlanStep& step = e.steps[i];
      lines.push_back(fill(x_words.word("letter.step"), {{"number", std::to_string(i + 1)},
                                                         {"kind", x_words.word(fmt::format("step.{}", to_string(step.kind)))},
                                                         {"who", x_words.word(step.who == Side::Customer ? "letter.you" : "letter.we")},
                                                         {"what", step.what}}));
    }
    return lines;
  }
  Lines operator()(const Closed& e) const {
    return e.side == Side::Staff ? Lines{fill(x_words.word("letter.closed"), {{"reason", e.reason}})} : Lines{};
  }
  template <typename T>
  Lines operator()(const T&) const {
    return {};
  }

private:
  const TicketWords& x_words;
  const Ticket& x_ticket;
  Side x_remediates;
  bool x_audit_included;
};

std::vector<std::string> TicketWords::letter(const Ticket& t, const EventBody& body, Side remediates, bool audit_included) const {
  return std::visit(TicketLetter(*this, t, remediates, audit_included), body);
}

}  // namespace pinfold::ticket
