/// What each kind of input does to a case: refused with a reason, or recorded together with what follows at once. Private to the desk; `step` chooses
/// by type. A handler is given a draft of its own and returns what became of it.
/// Files: handle_mail.cpp (notices, mails, answers, objections), handle_measures.cpp (everything about ports), step.cpp (the rest).
#pragma once

#include <string>

#include "desk/draft.hpp"

namespace pinfold::desk {

using Result = Expected<Step, Rejected>;

[[nodiscard]] inline Unexpected<Rejected> reject(std::string why) { return Unexpected(Rejected{std::move(why)}); }
/// Records the input, from which nothing follows at once.
template <typename T>
[[nodiscard]] Result recorded(Draft& d, const T& input) {
  d.record(input);
  return std::move(d).finish();
}
/// A mail or a call takes the ground from under a disable that has not happened yet. An emergency stands: the network burns while people write.
void drop_pending_disable(Draft& d, const std::string& reason);

[[nodiscard]] Result handle(Draft d, const NoticeSubmitted& input);
[[nodiscard]] Result handle(Draft d, const NoticeDelivered& input);
[[nodiscard]] Result handle(Draft d, const NoticeFailed& input);
[[nodiscard]] Result handle(Draft d, const MailReceived& input);
[[nodiscard]] Result handle(Draft d, const MailJudged& input);
[[nodiscard]] Result handle(Draft d, const ResponseRecorded& input);
[[nodiscard]] Result handle(Draft d, const ObjectionRaised& input);
[[nodiscard]] Result handle(Draft d, const ObjectionDecided& input);

[[nodiscard]] Result handle(Draft d, const MeasureOrdered& input);
[[nodiscard]] Result handle(Draft d, const GuardsEvaluated& input);
[[nodiscard]] Result handle(Draft d, const ApprovalGiven& input);
[[nodiscard]] Result handle(Draft d, const HoldReleased& input);
[[nodiscard]] Result handle(Draft d, const ActionDropped& input);
[[nodiscard]] Result handle(Draft d, const PortActionFinished& input);
[[nodiscard]] Result handle(Draft d, const SilenceVerified& input);
[[nodiscard]] Result handle(Draft d, const DiscussionRecorded& input);

}  // namespace pinfold::desk
