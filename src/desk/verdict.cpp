#include "desk/verdict.hpp"

namespace pinfold::desk {
namespace {

struct Judge {
  Verdict operator()(const ObjectionDecided& e) const { return e.upheld ? Verdict::Wrong : Verdict::Right; }
  Verdict operator()(const ClosedByStaff& e) const { return e.false_positive ? Verdict::Wrong : Verdict::Undecided; }
  Verdict operator()(const ResponseRecorded& e) const {
    return e.statement == Statement::Looking || e.statement == Statement::Fixed ? Verdict::Right : Verdict::Undecided;
  }
  Verdict operator()(const DiscussionRecorded&) const { return Verdict::Right; }
  Verdict operator()(const PortActionFinished& e) const { return e.result == ActionResult::Verified ? Verdict::Right : Verdict::Undecided; }
  template <typename T>
  Verdict operator()(const T&) const {
    return Verdict::Undecided;
  }
};

}  // namespace

Verdict judged_by(Verdict so_far, const EventBody& body) {
  const Verdict now = std::visit(Judge{}, body);
  return now == Verdict::Wrong || (so_far == Verdict::Undecided) ? now : so_far;
}

}  // namespace pinfold::desk
