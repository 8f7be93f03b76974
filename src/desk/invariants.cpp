#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "desk/step.hpp"

namespace pinfold::desk {
namespace {

/// Reads the history front to back and knows, at each event, only what stood before it. Written from the rules, not from the ladder: it shares no
/// code with `step` or the fold, so that one mistake cannot hide in both.
class Auditor {
public:
  [[nodiscard]] std::optional<std::string> audit(const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (event.seq != ++x_seq) {
        return fmt::format("event {} stands where {} should", event.seq, x_seq);
      }
      if ((event.seq == 1) != std::holds_alternative<CaseOpened>(event.body)) {
        return fmt::format("#{}: a case opens once, and first", event.seq);
      }
      if (auto fault = std::visit([&](const auto& body) { return see(event, body); }, event.body)) {
        return fmt::format("#{} {}: {}", event.seq, kind_of(event.body), *fault);
      }
    }
    if (x_pending_since != 0 && x_pending_wish == PortWish::Down && x_response > x_first_warning && x_response > x_pending_since) {
      return fmt::format("invariant 2: action pending since #{} outlived the answer #{}", x_pending_since, x_response);
    }
    return std::nullopt;
  }

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
    bool observed_only = false;
    bool approved = false;
    bool closed = false;
    std::optional<ActionResult> result;
  };
  struct Seen {
    abuse::Origin origin = abuse::Origin::Network;
    WallTime last_seen;
  };

  template <typename T>
  Fault see(const Event&, const T&) {
    return std::nullopt;
  }
  Fault see(const Event& at, const FindingRecorded& e) {
    x_findings[at.seq] = {e.finding.origin, std::min(e.finding.last_seen, at.at)};
    return std::nullopt;
  }
  Fault see(const Event& at, const NoticeQueued& e) {
    if (!x_notices.try_emplace(e.notice, SentNotice{e.kind, e.observed_only, false, false, {}, {}}).second) {
      return "invariant 4: the same notice twice";
    }
    if (e.kind == NoticeKind::Warning && x_first_warning == 0) {
      x_first_warning = at.seq;
    }
    return std::nullopt;
  }
  Fault see(const Event&, const NoticeSubmitted& e) {
    SentNotice& n = x_notices[e.notice];
    if (n.submitted || n.observed_only) {
      return "invariant 4: the notice went out twice, or although it was only observed";
    }
    n.submitted = true;
    return std::nullopt;
  }
  Fault see(const Event& at, const NoticeDelivered& e) {
    x_notices[e.notice].delivered = at.at;
    return std::nullopt;
  }
  Fault see(const Event&, const NoticeFailed& e) {
    x_notices[e.notice].failed = true;
    return std::nullopt;
  }
  Fault see(const Event&, const WindowPassed& e) {
    x_notices[e.notice].deadline = e.deadline;
    return std::nullopt;
  }
  Fault see(const Event&, const MailReceived& e) {
    if (e.needs_person) {
      x_unjudged.insert(e.raw_sha256);
    }
    return std::nullopt;
  }
  Fault see(const Event&, const MailJudged& e) {
    x_unjudged.erase(e.raw_sha256);
    return std::nullopt;
  }
  Fault see(const Event& at, const ResponseRecorded&) {
    x_response = at.seq;
    return std::nullopt;
  }

  Fault see(const Event& at, const DisableRequested& e) {
    if (x_actions.contains(e.action)) {
      return "invariant 4: the same action twice";
    }
    x_actions[e.action] = {PortWish::Down, e.observed_only, e.automatic, false, {}};
    if (e.observed_only) {
      return std::nullopt;
    }
    if (x_pending_since != 0) {
      return "invariant 4: two actions at once";
    }
    x_pending_since = at.seq;
    x_pending_wish = PortWish::Down;
    x_last_down = at.seq;
    return why_not_disable(e.again_by);
  }
  Fault see(const Event&, const ApprovalGiven& e) {
    Action& a = x_actions[e.action];
    if (a.approved) {
      return "invariant 4: approved twice, so written twice";
    }
    if (a.closed) {
      return "approved after its end";
    }
    a.approved = true;
    return x_response > x_first_warning ? Fault("invariant 2: approved after an answer") : std::nullopt;
  }
  Fault see(const Event&, const ActionDropped& e) {
    close(e.action);
    return std::nullopt;
  }
  Fault see(const Event& at, const PortActionFinished& e) {
    Action& a = x_actions[e.action];
    if (!a.approved || a.observed_only) {
      return "a port was written without approval";
    }
    if (a.result && a.result != ActionResult::Unknown) {
      return "invariant 4: the action ended twice";
    }
    a.result = e.result;
    if (a.wish == PortWish::Down) {
      x_last_down = at.seq;
    }
    close(e.action);
    return std::nullopt;
  }
  Fault see(const Event& at, const DiscussionRecorded&) {
    x_discussion = at.seq;
    return std::nullopt;
  }
  Fault see(const Event& at, const EnableRequested& e) {
    if (!x_actions.try_emplace(e.action, Action{PortWish::Up, false, true, false, {}}).second) {
      return "invariant 4: the same action twice";
    }
    if (x_pending_since != 0) {
      return "invariant 4: two actions at once";
    }
    x_pending_since = at.seq;
    x_pending_wish = PortWish::Up;
    if (x_last_down == 0 || x_discussion < x_last_down) {
      return "invariant 3: an enable without a discussion newer than the disable";
    }
    x_discussion = 0;  // one discussion, one enable
    return std::nullopt;
  }

  [[nodiscard]] Fault why_not_disable(std::uint32_t again_by) const {
    const auto warning = std::find_if(x_notices.begin(), x_notices.end(), [](const auto& entry) {
      const SentNotice& n = entry.second;
      return n.kind == NoticeKind::Warning && !n.observed_only && !n.failed && n.delivered && n.deadline;
    });
    if (warning == x_notices.end()) {
      return "invariant 1: a disable without a delivered warning whose window passed";
    }
    if (x_response > x_first_warning) {
      return "invariant 2: a disable after an answer";
    }
    if (!x_unjudged.empty()) {
      return "invariant 2: a disable while an unclear mail waits";
    }
    const auto again = x_findings.find(again_by);
    if (again == x_findings.end() || again->second.last_seen <= *warning->second.deadline) {
      return "invariant 1: the second event does not lie after the window";
    }
    if (again->second.origin != abuse::Origin::Network && again->second.origin != abuse::Origin::Host) {
      return "invariant 1: the second event is not our own telemetry";
    }
    return std::nullopt;
  }
  void close(ActionId id) {
    Action& a = x_actions[id];
    if (!a.closed && !a.observed_only) {
      a.closed = true;
      x_pending_since = 0;
    }
  }

  std::uint32_t x_seq = 0;
  std::uint32_t x_first_warning = 0;
  std::uint32_t x_response = 0;
  std::uint32_t x_discussion = 0;
  std::uint32_t x_last_down = 0;
  std::uint32_t x_pending_since = 0;  ///< seq of the request; 0: none
  PortWish x_pending_wish = PortWish::Down;
  std::map<NoticeId, SentNotice> x_notices;
  std::map<ActionId, Action> x_actions;
  std::map<std::uint32_t, Seen> x_findings;
  std::set<std::string> x_unjudged;
};

}  // namespace

std::optional<std::string> check_invariants(const Case& c, const std::vector<Event>& events) {
  if (c.last_seq != events.size()) {
    return fmt::format("the case is folded up to event {}, the history has {}", c.last_seq, events.size());
  }
  return Auditor{}.audit(events);
}

}  // namespace pinfold::desk
