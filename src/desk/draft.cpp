#include "desk/draft.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pinfold::desk {

void Draft::record(EventBody body) {
  Event event{x_case.last_seq + 1, x_moment.now, std::move(body)};
  apply(x_case, event);
  x_step.events.push_back(std::move(event.body));
}

bool Draft::queue_notice(NoticeKind kind) {
  const auto has_bounced = [&](const ContactId& contact) {
    return std::any_of(x_case.notices.begin(), x_case.notices.end(), [&](const Notice& n) { return n.contact == contact && n.failed; });
  };
  const auto contact = std::find_if_not(x_moment.contacts.begin(), x_moment.contacts.end(), has_bounced);
  if (contact == x_moment.contacts.end()) {
    return false;
  }
  const NoticeId id{static_cast<std::int64_t>(x_case.notices.size()) + 1};
  const bool observed_only = x_policy.warnings == Arming::Observe;
  record(NoticeQueued{id, kind, *contact, x_moment.fresh_token, observed_only});
  if (!observed_only) {
    x_step.effects.push_back({fmt::format("{}/notice/{}", to_string(x_case.id), id.value), SendNotice{id}});
  }
  return true;
}

void Draft::call_person(const std::string& what) {
  if (x_case.asked.contains(what)) {
    return;
  }
  record(PersonAsked{what});
  x_step.effects.push_back({fmt::format("{}/call/{}", to_string(x_case.id), x_case.asked.size()), CallPerson{what}});
}

void Draft::set_port(ActionId action, PortWish wish) {
  x_step.effects.push_back(
      {fmt::format("{}/port/{}/{}", to_string(x_case.id), action.value, wish == PortWish::Down ? "down" : "up"), SetPort{action, wish}});
}

}  // namespace pinfold::desk
