#include "desk/draft.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "desk/judgement.hpp"

namespace pinfold::desk {

void Draft::record(EventBody body) {
  Event event{x_case.last_seq + 1, x_moment.now, std::move(body)};
  apply(x_case, event);
  x_step.events.push_back(std::move(event.body));
}

bool Draft::queue_notice(NoticeKind kind) {
  const auto lives_on_offender = [&](const ContactId& contact) {
    return std::find(x_moment.on_offender.begin(), x_moment.on_offender.end(), contact) != x_moment.on_offender.end();
  };
  const auto has_bounced = [&](const ContactId& contact) {
    return std::any_of(x_case.notices.begin(), x_case.notices.end(), [&](const Notice& n) { return n.contact == contact && n.failed; });
  };
  const auto contact = std::find_if(x_moment.contacts.begin(), x_moment.contacts.end(),
                                    [&](const ContactId& id) { return !has_bounced(id) && !lives_on_offender(id); });
  for (const ContactId& doubtful : x_moment.on_offender) {
    call_person(fmt::format("the mailbox of {} lives on the server itself: ask the customer for another contact", doubtful.value), Urgency::CanWait);
  }
  if (contact == x_moment.contacts.end()) {
    return false;
  }
  write_to(*contact, kind);
  return true;
}

void Draft::write_to(const ContactId& contact, NoticeKind kind) {
  const NoticeId id{static_cast<std::int64_t>(x_case.notices.size()) + 1};
  const bool observed_only = !warnings_armed(x_case, x_policy);
  NoticeQueued queued{id, kind, contact, x_moment.fresh_token, observed_only};
  if (kind == NoticeKind::Warning) {
    queued.window = window_now(x_case, x_policy);
  }
  record(std::move(queued));
  if (!observed_only) {
    x_step.effects.push_back({fmt::format("{}/notice/{}", to_string(x_case.id), id.value), SendNotice{id}});
  }
}

void Draft::call_person(const std::string& what, Urgency urgency, std::optional<ActionId> about) {
  if (x_case.asked.contains(what)) {
    return;
  }
  record(PersonAsked{what});
  x_step.effects.push_back(
      {fmt::format("{}/call/{}", to_string(x_case.id), x_case.asked.size()), CallPerson{what, urgency == Urgency::CanWait, about}});
}

void Draft::set_port(ActionId action, PortWish wish) {
  x_step.effects.push_back(
      {fmt::format("{}/port/{}/{}", to_string(x_case.id), action.value, wish == PortWish::Down ? "down" : "up"), SetPort{action, wish}});
}

void Draft::set_port_released(ActionId action, std::uint32_t seq) {
  x_step.effects.push_back({fmt::format("{}/port/{}/down/{}", to_string(x_case.id), action.value, seq), SetPort{action, PortWish::Down, true}});
}

}  // namespace pinfold::desk
