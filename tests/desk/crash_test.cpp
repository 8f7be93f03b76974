// The crash model, before any driver exists: the desk, its outbox and its port journal as pure values; a mail server that may take a mail whose
// answer is lost; a switch that may carry out a write whose answer is lost. The story of server A (cut off and let back in) and of server B (answers)
// is killed at every point and at every pair of points, recovered as the engine recovers, and must end as if nothing had happened. Lost on a crash:
// whatever was not committed. Kept: events, outbox, journal, inbox, and what the outside world did.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

struct Killed {};

/// Ways to get it wrong, to show that the model notices.
enum class Fault : std::uint8_t { None, EffectsInASecondTransaction, ResendsWithoutSayingSo, ForgetsClaims, WritesWithoutJournal };

enum class JobState : std::uint8_t { Queued, Claimed, Done };
struct Job {
  Effect effect;
  JobState state = JobState::Queued;
  unsigned attempts = 0;
};

class Machine {
public:
  Machine(Fault fault, std::set<unsigned> kills) : x_fault(fault), x_kills(std::move(kills)) {}

  // --- durable ---
  Scene desk;
  std::map<std::string, Job> outbox;
  std::set<ActionId> journal;  ///< intents
  std::set<std::string> inbox_done;
  // --- the world ---
  bool port_up = true;
  std::map<ActionId, unsigned> writes;
  std::map<NoticeId, unsigned> mails;
  std::optional<std::string> wrong;

  [[nodiscard]] unsigned points() const { return x_points; }

  /// What came in is worked on until the work is committed: again after a crash, even when the crash came after the commit.
  void take_in(const Input& input) {
    put(input, [] {});
    put(Tick{}, [] {});
  }
  /// The same for what the core cannot recognise as a repetition: its inbox row is finished in the same transaction.
  void take_in_once(const std::string& key, const Input& input) {
    if (!inbox_done.contains(key)) {
      put(input, [&] { inbox_done.insert(key); });
    }
    put(Tick{}, [] {});
  }
  void open_case() {
    if (desk.events.empty()) {
      point();
      desk.start();
      enqueue();
      point();
    }
  }
  void pump() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [key, job] : outbox) {
        if (job.state == JobState::Queued) {
          busy = true;
          run(job);
          break;  // the outbox may have grown
        }
      }
    }
  }
  void recover() {
    for (auto& [key, job] : outbox) {
      if (job.state != JobState::Claimed || x_fault == Fault::ForgetsClaims) {
        continue;
      }
      const auto* port = std::get_if<SetPort>(&job.effect.what);
      if (port != nullptr && journal.contains(port->action) && port_up == (port->wish == PortWish::Up)) {
        end(job, *port, ActionResult::Verified);  // it was done: adopt
      } else {
        job.state = JobState::Queued;  // not done, or a mail of which nobody knows: once more, through the same checks
      }
    }
  }

private:
  void point() {
    if (x_kills.contains(++x_points)) {
      throw Killed{};
    }
  }
  void enqueue() {
    for (; x_fault != Fault::EffectsInASecondTransaction && x_enqueued < desk.effects.size(); ++x_enqueued) {
      outbox.try_emplace(desk.effects[x_enqueued].key, Job{desk.effects[x_enqueued], JobState::Queued, 0});
    }
    if (x_fault == Fault::EffectsInASecondTransaction) {
      const std::size_t from = x_enqueued;
      x_enqueued = desk.effects.size();  // the effects of this step live in memory only, until the second transaction
      point();
      for (std::size_t i = from; i < desk.effects.size(); ++i) {
        outbox.try_emplace(desk.effects[i].key, Job{desk.effects[i], JobState::Queued, 0});
      }
    }
  }
  void put(const Input& input, const std::function<void()>& with_it) {
    point();
    static_cast<void>(desk.put(input));  // a refusal is the answer to a repetition
    with_it();
    enqueue();
    point();
  }

  void run(Job& job) {
    job.state = JobState::Claimed;
    ++job.attempts;
    point();
    if (const auto* notice = std::get_if<SendNotice>(&job.effect.what)) {
      ++mails[notice->notice];
      point();  // between the final dot and the 250
      const bool duplicate = job.attempts > 1 && x_fault != Fault::ResendsWithoutSayingSo;
      put(NoticeSubmitted{notice->notice, "Q", duplicate}, [&] { job.state = JobState::Done; });
    } else if (const auto* port = std::get_if<SetPort>(&job.effect.what)) {
      run_port(job, *port);
    } else {
      job.state = JobState::Done;
    }
  }
  void run_port(Job& job, const SetPort& port) {
    if (why_not_now(desk.c, port.action, desk.policy, desk.moment())) {
      job.state = JobState::Done;
      return;
    }
    if (x_fault != Fault::WritesWithoutJournal) {
      journal.insert(port.action);
    }
    point();  // before the SET
    if (port.wish == PortWish::Down && (desk.c.answered() || desk.c.state != State::DisablePending)) {
      wrong = "the port was written although the case says otherwise";
    }
    ++writes[port.action];
    port_up = port.wish == PortWish::Up;
    point();  // after the SET, before its answer
    end(job, port, ActionResult::Verified);
  }
  void end(Job& job, const SetPort& port, ActionResult result) {
    put(PortActionFinished{port.action, result, "", Millis{0}}, [&] { job.state = JobState::Done; });
    put(Tick{}, [] {});
  }

  Fault x_fault;
  std::set<unsigned> x_kills;
  unsigned x_points = 0;
  std::size_t x_enqueued = 0;
};

using Act = void (*)(Machine&);

void deliver_last(Machine& m) { m.take_in(NoticeDelivered{m.desk.c.notices.front().id, DeliveryProof::Dsn, "mx"}); }
void see_again(Machine& m) {
  m.desk.now = kStart + 2 * kDay;
  m.take_in(FindingArrived{finding("net/2", kStart + 2 * kDay - kMinute, kStart + 2 * kDay)});
  m.take_in(FindingArrived{finding("host/2", kStart + 2 * kDay - kMinute, kStart + 2 * kDay, abuse::Origin::Host)});
}
void pass_window(Machine& m) {
  m.desk.now = kStart + kDay + kHour;
  m.take_in(Tick{});
}

const std::vector<Act> kCutOffAndBack{[](Machine& m) { m.open_case(); }, deliver_last, pass_window, see_again,
                                      [](Machine& m) { m.take_in(Scene::talk()); }};
const std::vector<Act> kAnswersInTime{[](Machine& m) { m.open_case(); }, deliver_last, [](Machine& m) { m.take_in_once("answer", Scene::answer()); },
                                      pass_window, see_again};
/// The answer comes when the disable is decided but not yet carried out.
const std::vector<Act> kAnswersAtTheLastMoment{[](Machine& m) { m.open_case(); }, deliver_last, pass_window, see_again,
                                               [](Machine& m) { m.take_in_once("answer", Scene::answer()); }};

struct Story {
  const char* name;
  std::vector<Act> scenes;
  bool pump_before_last = true;
  State end;
};

/// Plays the story; every kill loses the memory and goes through recovery.
Machine play(const Story& story, Fault fault, const std::set<unsigned>& kills) {
  Machine m(fault, kills);
  m.desk.policy.approval = Approval::Auto;
  for (std::size_t i = 0; i < story.scenes.size();) {
    try {
      m.recover();
      story.scenes[i](m);
      const bool keep_waiting = i + 2 == story.scenes.size() && !story.pump_before_last;
      if (!keep_waiting) {
        m.pump();
      }
      ++i;
    } catch (const Killed&) {
      continue;  // the scene's outside part comes again
    }
  }
  return m;
}

std::optional<std::string> fault_of(const Story& story, const Machine& m) {
  if (m.desk.violation) {
    return m.desk.violation;
  }
  if (m.wrong) {
    return m.wrong;
  }
  if (m.desk.c.state != story.end) {
    return "ends as " + std::string(to_string(m.desk.c.state));
  }
  if (m.port_up != (m.desk.c.state != State::Disabled)) {
    return "the port and the case disagree";
  }
  for (const auto& [key, job] : m.outbox) {
    if (job.state != JobState::Done) {
      return key + " was never carried out";
    }
  }
  for (const auto& [action, count] : m.writes) {
    if (count != 1) {
      return "the port was written " + std::to_string(count) + " times for one action";
    }
  }
  for (const Notice& n : m.desk.c.notices) {
    const auto sent = m.mails.find(n.id);
    if (sent == m.mails.end()) {
      return "notice " + std::to_string(n.id.value) + " was lost";
    }
    bool flagged = false;
    for (const Event& event : m.desk.events) {
      const auto* submitted = std::get_if<NoticeSubmitted>(&event.body);
      flagged = flagged || (submitted != nullptr && submitted->notice == n.id && submitted->maybe_duplicate);
    }
    if (sent->second > 1 && !flagged) {
      return "a duplicate mail went out that the record does not mention";
    }
  }
  return std::nullopt;
}

/// The first fault over all single kills and all pairs; `runs` counts.
std::optional<std::string> kill_everywhere(const Story& story, Fault fault, std::size_t& runs) {
  const Machine calm = play(story, fault, {});
  if (auto found = fault_of(story, calm)) {
    return *found + " without any kill";
  }
  const unsigned last = calm.points() + 20;  // recovery adds points
  for (unsigned a = 1; a <= last; ++a) {
    for (unsigned b = a; b <= last; ++b) {
      ++runs;
      if (auto found = fault_of(story, play(story, fault, {a, b}))) {
        return *found + " when killed at points " + std::to_string(a) + " and " + std::to_string(b);
      }
    }
  }
  return std::nullopt;
}

const std::vector<Story>& stories() {
  static const std::vector<Story> all{{"cut off and back", kCutOffAndBack, true, State::Probation},
                                      {"answers in time", kAnswersInTime, true, State::SecondNotice},
                                      {"answers at the last moment", kAnswersAtTheLastMoment, false, State::Answered}};
  return all;
}

TEST(CrashModel, NoKillLosesANoticeOrLeavesAPortInDoubt) {
  std::size_t runs = 0;
  for (const Story& story : stories()) {
    EXPECT_EQ(kill_everywhere(story, Fault::None, runs), std::nullopt) << story.name;
  }
  EXPECT_GT(runs, 2'000U);
}

TEST(CrashModel, CatchesEverySeededFault) {
  for (const Fault fault : {Fault::EffectsInASecondTransaction, Fault::ResendsWithoutSayingSo, Fault::ForgetsClaims, Fault::WritesWithoutJournal}) {
    std::size_t runs = 0;
    EXPECT_NE(kill_everywhere(stories().front(), fault, runs), std::nullopt) << "fault " << static_cast<int>(fault) << " in " << runs << " runs";
  }
}

}  // namespace
}  // namespace pinfold::desk::test
