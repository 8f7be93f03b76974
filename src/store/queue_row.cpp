// The row of a case in the queue, kept with each of its events (docs/decisions/0050-a-row-a-case-for-the-queue.md).
#include <algorithm>
#include <set>

#include "desk/verdict.hpp"
#include "records/store.hpp"
#include "store/api_tables.hpp"

namespace pinfold::store {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
/// The network says what others suffer, so its finding leads; else whoever is surest.
constexpr long long kNetworkLeads = 1000;
constexpr auto kUndecided = static_cast<long long>(desk::Verdict::Undecided);

bool waits_for_person(const desk::Case& c) {
  switch (c.state) {
    case desk::State::Undeliverable:
    case desk::State::SecondNotice:
    case desk::State::Disputed:
    case desk::State::ActionFailed: return true;
    default: return !is_final(c.state) && (!c.unjudged_mails.empty() || c.objection_since.has_value());
  }
}

bool waits_for_approval(const desk::Case& c) {
  const desk::PortAction* action = c.open_action();
  return action != nullptr && (!action->is_approved() || (action->held && !action->is_released()));
}

bool has_bounced(const desk::Case& c) {
  const bool failed = std::any_of(c.notices.begin(), c.notices.end(), [](const desk::Notice& n) { return n.failed.has_value(); });
  return failed && std::none_of(c.notices.begin(), c.notices.end(), [](const desk::Notice& n) { return n.reached(); });
}

long long deadline_of(const desk::Case& c) {
  const desk::Notice* warning = c.first_warning();
  if (is_final(c.state) || c.answered() || warning == nullptr || !warning->delivered || !warning->window) {
    return records::kNoDeadline;
  }
  return to_column(*warning->delivered + *warning->window);
}

/// What of the row comes from findings and answers, one event after the other.
struct Told {
  long long severity = 0;
  long long lead_rank = 0;
  std::string lead_class;
  std::string summary;
  long long verdict = kUndecided;
  Nullable<long long> answer_s;
  Nullable<long long> answered_at;
};

void take(Told& told, const desk::Event& event, const desk::Case& after) {
  told.verdict = static_cast<long long>(desk::judged_by(static_cast<desk::Verdict>(told.verdict), event.body));
  if (const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body)) {
    const abuse::Finding& finding = recorded->finding;
    told.severity = std::max(told.severity, static_cast<long long>(finding.severity));
    const long long rank = (finding.origin == abuse::Origin::Network ? kNetworkLeads : 0) + finding.confidence.percent + 1;
    if (rank >= told.lead_rank) {
      told.lead_rank = rank;
      told.lead_class = to_string(finding.abuse_class);
      told.summary = finding.summary;
    }
  } else if (std::holds_alternative<desk::ResponseRecorded>(event.body)) {
    const desk::Notice* warning = after.first_warning();
    if (!told.answered_at.get() && warning != nullptr && warning->delivered && event.at >= *warning->delivered) {
      told.answered_at = Nullable<long long>(std::optional(to_column(event.at)));
      told.answer_s = Nullable<long long>(std::optional<long long>((event.at - *warning->delivered).count() / kMicrosPerSecond));
    }
  }
}

std::string classes_of(const desk::Case& c, const std::string& lead) {
  std::set<abuse::AbuseClass> all;
  for (const desk::Incident& incident : c.incidents) {
    all.insert(incident.classes.begin(), incident.classes.end());
  }
  std::string text = lead;
  for (const abuse::AbuseClass one : all) {
    if (to_string(one) != lead) {
      text += (text.empty() ? "" : ",") + std::string(to_string(one));
    }
  }
  return text;
}

std::uint8_t confidence_of(const desk::Case& c) {
  std::uint8_t most = 0;
  for (const desk::Incident& incident : c.incidents) {
    most = std::max(most, incident.max_confidence);
  }
  return most;
}

}  // namespace

void QueueTable::follow(const std::vector<desk::Event>& events, const desk::Case& after) {
  Told told;
  std::string classes;
  const auto id = static_cast<long long>(after.id.value);
  if (first_row(x_session, "SELECT severity, lead_rank, classes, summary, verdict, answer_s, answered_at FROM case_queue WHERE case_id = :id",
                std::tie(id), std::tie(told.severity, told.lead_rank, classes, told.summary, told.verdict, told.answer_s, told.answered_at))) {
    told.lead_class = classes.substr(0, classes.find(','));
  } else {
    execute(x_session,
            "INSERT INTO case_queue (case_id, version, server, customer, family, classes, state, state_since, opened_at, changed_at, severity, "
            "confidence, deadline_at, is_final, replied, bounced, needs_person, approval, earlier_cases, verdict, lead_rank, summary, owner) VALUES "
            "(:id, 0, :server, :customer, :family, '', '', 0, :opened, 0, 0, 0, 0, 0, 0, 0, 0, 0, :earlier, 0, 0, '', '')",
            id, after.server.value, after.customer.value, std::string(to_string(after.family)), to_column(after.opened),
            static_cast<long long>(after.earlier_cases));
  }
  for (const desk::Event& event : events) {
    take(told, event, after);
  }
  const auto yes = [](bool value) { return value ? 1LL : 0LL; };
  execute(x_session,
          "UPDATE case_queue SET version = :version, classes = :classes, state = :state, state_since = :since, changed_at = :changed, severity = "
          ":severity, confidence = :confidence, deadline_at = :deadline, is_final = :final, replied = :replied, bounced = :bounced, needs_person = "
          ":needs, approval = :approval, verdict = :verdict, answer_s = :answer, answered_at = :answered, lead_rank = :rank, summary = :summary "
          "WHERE case_id = :id",
          static_cast<long long>(after.last_seq), classes_of(after, told.lead_class), std::string(desk::to_string(after.state)),
          to_column(after.state_since), to_column(after.changed), told.severity, static_cast<long long>(confidence_of(after)), deadline_of(after),
          yes(is_final(after.state)), yes(after.last_response.has_value()), yes(has_bounced(after)), yes(waits_for_person(after)),
          yes(waits_for_approval(after)), told.verdict, told.answer_s, told.answered_at, told.lead_rank, told.summary, id);
}

}  // namespace pinfold::store
