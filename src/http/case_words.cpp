#include "http/case_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "desk/words.hpp"

namespace pinfold::http {
namespace {

constexpr std::string_view kOurStaff = "our staff";

template <typename T>
concept HasBy = requires(const T& t) {
  t.by.value;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> details_of(const desk::EventBody& body) {
  std::vector<std::pair<std::string, std::string>> rows;
  if (const auto* finding = std::get_if<desk::FindingRecorded>(&body)) {
    rows = finding->finding.evidence.facts;
    for (const abuse::EvidenceFile& file : finding->finding.evidence.files) {
      rows.emplace_back("kept copy", fmt::format("{} ({} bytes, SHA-256 {})", file.path, file.size, file.sha256));
    }
    if (!finding->finding.floor.empty()) {
      rows.emplace_back("could not be seen", finding->finding.floor);
    }
  } else if (const auto* guards = std::get_if<desk::GuardsEvaluated>(&body)) {
    for (const desk::GuardVerdict& verdict : guards->verdicts) {
      rows.emplace_back(verdict.rule, fmt::format("{}: {} ({})", desk::to_string(verdict.outcome), verdict.why, verdict.values));
    }
  } else if (const auto* disable = std::get_if<desk::DisableRequested>(&body)) {
    for (const std::string& line : disable->proof) {
      rows.emplace_back("proof", line);
    }
  } else if (const auto* mail = std::get_if<desk::MailReceived>(&body)) {
    rows = {{"from", mail->from}, {"judged", mail->why}, {"text", mail->excerpt}};
  } else if (const auto* discussion = std::get_if<desk::DiscussionRecorded>(&body)) {
    rows = {{"with", discussion->participants}, {"cause", discussion->cause}, {"remedy", discussion->remedy}, {"conditions", discussion->conditions}};
  }
  return rows;
}

bool is_told_again_later(const desk::Case& c, const desk::Event& event) {
  const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body);
  const auto found = recorded == nullptr ? c.findings.end() : c.findings.find(recorded->finding.id);
  return found != c.findings.end() && found->second.seq != event.seq;
}

std::string_view stand_of(const desk::Case& c) {
  switch (c.state) {
    case desk::State::Disabled:
    case desk::State::Discussed:
    case desk::State::Enabling: return "off";
    case desk::State::Closed:
    case desk::State::FalsePositive: return "closed";
    case desk::State::Probation: return "probation";
    default: return c.last_response ? "answered" : "waiting";
  }
}

std::string_view side_of(const desk::EventBody& body) {
  return std::visit(
      [](const auto& event) -> std::string_view {
        using T = std::decay_t<decltype(event)>;
        if constexpr (std::is_same_v<T, desk::FindingRecorded>) {
          return "finding";
        } else if constexpr (std::is_same_v<T, desk::NoticeQueued> || std::is_same_v<T, desk::NoticeSubmitted> ||
                             std::is_same_v<T, desk::NoticeDelivered> || std::is_same_v<T, desk::NoticeFailed> ||
                             std::is_same_v<T, desk::MailReceived>) {
          return "mail";
        } else if constexpr (std::is_same_v<T, desk::ResponseRecorded> || std::is_same_v<T, desk::ObjectionRaised>) {
          return "owner";
        } else if constexpr (std::is_same_v<T, desk::PortActionFinished> || std::is_same_v<T, desk::SilenceVerified> ||
                             std::is_same_v<T, desk::GuardsEvaluated>) {
          return "port";
        } else if constexpr (HasBy<T>) {
          return event.by.value.empty() ? "desk" : "staff";
        } else {
          return "desk";
        }
      },
      body);
}

std::string staff_of(const desk::EventBody& body) {
  return std::visit(
      [](const auto& event) -> std::string {
        if constexpr (HasBy<std::decay_t<decltype(event)>>) {
          return event.by.value;
        } else {
          return {};
        }
      },
      body);
}

std::optional<desk::EventBody> for_owner(const desk::EventBody& body) {
  const auto* mail = std::get_if<desk::MailReceived>(&body);
  const bool hidden = std::holds_alternative<desk::NoteAdded>(body) || std::holds_alternative<desk::PersonAsked>(body) ||
                      std::holds_alternative<desk::MailJudged>(body) || std::holds_alternative<desk::GuardsEvaluated>(body) ||
                      std::holds_alternative<desk::HoldReleased>(body) || (mail != nullptr && mail->kind != desk::MailKind::Reply);
  if (hidden) {
    return std::nullopt;
  }
  desk::EventBody shown = body;
  std::visit(
      [](auto& event) {
        using T = std::decay_t<decltype(event)>;
        if constexpr (HasBy<T>) {
          if (!event.by.value.empty()) {
            event.by = StaffId{std::string(kOurStaff)};
          }
        }
        if constexpr (std::is_same_v<T, desk::ApprovalGiven> || std::is_same_v<T, desk::ActionDropped>) {
          event.reason.clear();
        }
        if constexpr (std::is_same_v<T, desk::ResponseRecorded>) {
          if (!event.by.value.empty()) {
            event.from = event.from.substr(0, event.from.find(" (written up by"));
          }
        }
        if constexpr (std::is_same_v<T, desk::FindingRecorded>) {
          event.finding = without_reporter_of(std::move(event.finding));
        }
        if constexpr (std::is_same_v<T, desk::NoticeQueued>) {
          event.token.clear();
        }
      },
      shown);
  return shown;
}

abuse::Finding without_reporter_of(abuse::Finding finding) {
  if (finding.origin == abuse::Origin::Reporter || finding.origin == abuse::Origin::Staff) {
    static constexpr std::array<std::string_view, 5> kTelling{"reporter", "agent", "complainant", "report", "from"};
    std::erase_if(finding.evidence.facts, [](const auto& fact) { return std::find(kTelling.begin(), kTelling.end(), fact.first) != kTelling.end(); });
    finding.observation_point = finding.origin == abuse::Origin::Reporter ? "third party" : std::string(kOurStaff);
  }
  return finding;
}

}  // namespace pinfold::http
