/// Reads a case's history front to back and knows, at each event, only what stood before it. Written from the rules, not from the ladder: it shares
/// no code with `step` or the fold, so that one mistake cannot hide in both. Invariants 1 to 4 of step.hpp. Used by: check_invariants (the whole
/// history, after every step of the desk), the simulation (event by event, which costs O(log n) each).
///   Auditor auditor;
///   for (event : added) { fault = auditor.see(event); }   then   fault = auditor.at_rest();
/// After a fault, or behind an erased event, an auditor has nothing more to say. Threads: none. Memory: a few words a notice, action and finding.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "desk/event.hpp"

namespace pinfold::desk {

class Auditor {
public:
  /// The next event; what is wrong with it, in words.
  [[nodiscard]] std::optional<std::string> see(const Event& event);
  /// What must hold whenever a step has ended.
  [[nodiscard]] std::optional<std::string> at_rest() const;
  [[nodiscard]] std::uint32_t events() const { return x_seq; }

private:
  using Fault = std::optional<std::string>;

  struct SentNotice {
    NoticeKind kind = NoticeKind::Warning;
    bool observed_only = false;
    bool submitted = false;
    bool failed = false;
    std::optional<WallTime> delivered;
    std::optional<WallTime> deadline;
  };
  struct Action {
    PortWish wish = PortWish::Down;
    Ground ground = Ground::Policy;
    bool observed_only = false;
    bool automatic = false;
    bool closed = false;
    unsigned needed = 1;
    std::set<StaffId> approved_by;
    std::set<StaffId> released_by;
    std::optional<ActionResult> result;
    [[nodiscard]] bool may_be_written() const;
  };
  struct Seen {
    abuse::Origin origin = abuse::Origin::Network;
    WallTime last_seen;
  };

  template <typename T>
  Fault judge(const Event&, const T&) {
    return std::nullopt;
  }
  Fault judge(const Event& at, const CaseOpened& e);
  Fault judge(const Event& at, const FindingRecorded& e);
  Fault judge(const Event& at, const NoticeQueued& e);
  Fault judge(const Event& at, const NoticeSubmitted& e);
  Fault judge(const Event& at, const NoticeDelivered& e);
  Fault judge(const Event& at, const NoticeFailed& e);
  Fault judge(const Event& at, const WindowPassed& e);
  Fault judge(const Event& at, const MailReceived& e);
  Fault judge(const Event& at, const MailJudged& e);
  Fault judge(const Event& at, const ResponseRecorded& e);
  Fault judge(const Event& at, const ObjectionRaised& e);
  Fault judge(const Event& at, const ObjectionDecided& e);
  Fault judge(const Event& at, const DisableRequested& e);
  Fault judge(const Event& at, const GuardsEvaluated& e);
  Fault judge(const Event& at, const ApprovalGiven& e);
  Fault judge(const Event& at, const HoldReleased& e);
  Fault judge(const Event& at, const ActionDropped& e);
  Fault judge(const Event& at, const PortActionFinished& e);
  Fault judge(const Event& at, const DiscussionRecorded& e);
  Fault judge(const Event& at, const EnableRequested& e);
  Fault judge(const Event& at, const PersonAsked& e);

  [[nodiscard]] bool answer_stands() const { return x_response > x_first_warning; }
  [[nodiscard]] Fault why_not_disable(std::uint32_t again_by) const;
  [[nodiscard]] Fault why_not_ordered(const DisableRequested& e) const;
  void close(ActionId id);

  std::uint32_t x_seq = 0;
  bool x_blind = false;  ///< an erased event, or a fault, lies behind
  std::uint32_t x_first_warning = 0;
  std::uint32_t x_second_notice = 0;
  std::uint32_t x_response = 0;
  std::uint32_t x_discussion = 0;
  std::uint32_t x_last_down = 0;
  std::uint32_t x_pending_since = 0;  ///< seq of the request; 0: none
  PortWish x_pending_wish = PortWish::Down;
  Ground x_pending_ground = Ground::Policy;
  bool x_objection = false;
  StaffId x_author;                ///< who opened the case by hand
  bool x_nobody_to_write = false;  ///< a person was told so: they may then decide without a warning
  std::map<NoticeId, SentNotice> x_notices;
  std::map<ActionId, Action> x_actions;
  std::map<std::uint32_t, Seen> x_findings;
  std::set<std::string> x_unjudged;
};

}  // namespace pinfold::desk
