#include "desk/year/company.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <random>
#include <set>

#include "desk/auditor.hpp"
#include "desk/event_json.hpp"

namespace pinfold::desk::test {
namespace {

constexpr Micros kMinute = std::chrono::minutes{1};
constexpr Micros kHour = std::chrono::hours{1};
constexpr Micros kDay = std::chrono::hours{24};
constexpr WallTime kNewYear{std::chrono::hours{24 * 20'454}};  // 2026-01-01

enum class Owner : std::uint8_t { Careful, Slow, OnHoliday, Careless, Liar, Unreachable, Disputes };
constexpr std::array kOwners{Owner::Careful,     Owner::Careful,   Owner::Careful,   Owner::Careful,  Owner::Slow,
                             Owner::Slow,        Owner::Slow,      Owner::Careless,  Owner::Careless, Owner::Liar,
                             Owner::Unreachable, Owner::OnHoliday, Owner::OnHoliday, Owner::Disputes};

struct OpenCase {
  Case c;
  Auditor auditor;
  std::vector<Event> events;
  std::optional<WallTime> planned;  ///< the next tick
};

struct Server {
  ServerId id;
  Owner owner = Owner::Careful;
  bool has_agent = false;
  bool infected = false;
  bool port_up = true;
  unsigned infection = 0;  ///< which one: what was planned for an earlier one is void
  unsigned earlier_cases = 0;
  std::optional<OpenCase> open;
};

struct Job {
  std::size_t server = 0;
  CaseId case_id;
  Effect effect;
};

class Company {
public:
  explicit Company(const YearOptions& options) : x_options(options), x_random(options.seed), x_servers(options.servers) {}

  YearReport run() {
    if (!x_options.record.empty()) {
      x_record.open(x_options.record);
    }
    for (std::size_t i = 0; i < x_servers.size(); ++i) {
      x_servers[i].id = ServerId{fmt::format("srv-{}", i + 1)};
      x_servers[i].owner = kOwners[below(kOwners.size())];
      x_servers[i].has_agent = chance(50);
      plan_infection(i);
    }
    const WallTime end = kNewYear + static_cast<int>(x_options.days) * kDay;
    for (unsigned i = 0; i < x_options.restarts; ++i) {
      at(kNewYear + Micros{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((end - kNewYear).count())))}, [this] { restart(); });
    }
    while (!x_queue.empty() && !x_report.violation && x_queue.top().when < end) {
      const auto next = x_queue.top();
      x_queue.pop();
      x_now = next.when;
      next.what();
    }
    for (const Server& server : x_servers) {
      if (server.open) {
        write(*server.open);
      }
    }
    return x_report;
  }

private:
  // --- time and chance ---
  struct Happening {
    WallTime when;
    std::uint64_t order = 0;
    std::function<void()> what;
    friend bool operator<(const Happening& a, const Happening& b) { return std::pair(a.when, a.order) > std::pair(b.when, b.order); }
  };
  void at(WallTime when, std::function<void()> what) { x_queue.push({std::max(when, x_now), ++x_order, std::move(what)}); }
  void in(Micros span, std::function<void()> what) { at(x_now + span, std::move(what)); }
  std::uint64_t below(std::uint64_t n) { return x_random() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }
  Micros between(Micros least, Micros most) {
    return least + Micros{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count())))};
  }

  // --- the desk ---
  [[nodiscard]] Moment moment(const Server& server) const {
    Moment m{x_now, {x_ears_since, 0}, fmt::format("t{}", x_order), {ContactId{server.id.value + "@owner.example"}}};
    if (below_of(server) % 2 == 0) {
      m.contacts.emplace_back(server.id.value + "@second.example");
    }
    return m;
  }
  static std::size_t below_of(const Server& server) { return std::hash<std::string>{}(server.id.value); }

  /// An input for the case of that number, which may have closed since it was sent.
  void give(std::size_t i, CaseId id, const Input& input) {
    Server& server = x_servers[i];
    if (!server.open || server.open->c.id != id || x_report.violation) {
      return;
    }
    auto result = step(server.open->c, input, x_options.policy, moment(server));
    if (result) {
      commit(i, *std::move(result));
    }
  }
  void commit(std::size_t i, Step taken) {
    for (int round = 0; round < 8 && (!taken.events.empty() || !taken.effects.empty()); ++round) {
      record(i, taken);
      if (!x_servers[i].open) {
        return;
      }
      auto following = step(x_servers[i].open->c, Tick{}, x_options.policy, moment(x_servers[i]));
      taken = following ? *std::move(following) : Step{};
    }
    plan_tick(i);
  }
  /// One tick at a time is planned for a case; an earlier need replaces it.
  void plan_tick(std::size_t i) {
    OpenCase& open = *x_servers[i].open;
    const auto due = next_due(open.c, x_options.policy);
    if (!due || (open.planned && *open.planned <= *due)) {
      return;
    }
    open.planned = due;
    at(*due, [this, i, id = open.c.id, when = *due] {
      auto& planned_for = x_servers[i].open;
      if (planned_for && planned_for->c.id == id && planned_for->planned == when) {
        planned_for->planned.reset();
        give(i, id, Tick{});
      }
    });
  }
  void record(std::size_t i, Step& taken) {
    OpenCase& open = *x_servers[i].open;
    ++x_report.steps;
    for (EventBody& body : taken.events) {
      open.events.push_back({open.c.last_seq + 1, x_now, std::move(body)});
      apply(open.c, open.events.back());
      note_fault(open, open.auditor.see(open.events.back()));
      count(open, open.events.back());
    }
    note_fault(open, open.auditor.at_rest());
    for (Effect& effect : taken.effects) {
      if (!x_keys.insert(effect.key).second) {
        note_fault(open, "invariant 4: effect " + effect.key + " was ordered twice");
      }
      const auto* call = std::get_if<CallPerson>(&effect.what);
      x_report.calls_at_once += call != nullptr && !call->can_wait ? 1U : 0U;
      enqueue({i, open.c.id, std::move(effect)});
    }
    taken = {};
    if (is_final(open.c.state)) {
      ++x_report.closed;
      x_report.false_positives += open.c.state == State::FalsePositive ? 1U : 0U;
      x_servers[i].earlier_cases += open.c.state == State::Closed ? 1U : 0U;
      write(open);
      x_servers[i].open.reset();
    }
  }
  void note_fault(const OpenCase& open, const std::optional<std::string>& fault) {
    if (fault && !x_report.violation) {
      x_report.violation = to_string(open.c.id) + ": " + *fault;
    }
  }
  void count(const OpenCase& open, const Event& event) {
    if (const auto* notice = std::get_if<NoticeQueued>(&event.body)) {
      x_report.warnings += notice->kind == NoticeKind::Warning ? 1U : 0U;
      x_report.reminders += notice->kind == NoticeKind::Reminder ? 1U : 0U;
    } else if (std::holds_alternative<NoticeFailed>(event.body)) {
      ++x_report.bounces;
    } else if (std::holds_alternative<ResponseRecorded>(event.body)) {
      ++x_report.answers;
      const Notice* warning = open.c.first_warning();
      if (warning != nullptr && warning->delivered) {
        x_report.times_to_answer.push_back(event.at - *warning->delivered);
      }
    } else if (std::holds_alternative<PersonAsked>(event.body)) {
      ++x_report.calls;
      x_report.most_calls_of_a_case = std::max(x_report.most_calls_of_a_case, static_cast<unsigned>(open.c.asked.size()));
    } else if (std::holds_alternative<ObjectionRaised>(event.body)) {
      ++x_report.objections;
    } else if (const auto* finished = std::get_if<PortActionFinished>(&event.body);
               finished != nullptr && finished->result == ActionResult::Verified) {
      const PortAction* action = open.c.find_action(finished->action);
      if (action->wish == PortWish::Up) {
        ++x_report.enables;
        return;
      }
      const bool by_policy = action->ground == Ground::Policy;
      (by_policy ? x_report.disables_by_policy : x_report.disables_by_people) += 1;
      x_report.answered_and_cut_off_by_policy += by_policy && open.c.answered() && open.c.response_by < action->requested_by ? 1U : 0U;
      x_report.times_to_cut_off.push_back(event.at - open.c.opened);
    }
  }
  void write(const OpenCase& open) {
    for (const Event& event : x_record.is_open() ? open.events : std::vector<Event>{}) {
      nlohmann::json json = to_json(event.body);
      json["case"] = to_string(open.c.id);
      json["seq"] = event.seq;
      json["at"] = to_string(event.at);
      x_record << json.dump() << '\n';
    }
  }

  // --- the world: abuse ---
  void plan_infection(std::size_t i) {
    in(between(kHour, 700 * kDay), [this, i] {
      Server& server = x_servers[i];
      if (!server.infected) {
        server.infected = true;
        bout(i, ++server.infection);
      }
    });
  }
  /// A bout of some minutes, seen by the network while the port is up, and by the agent where there is one; then another some hours later.
  void bout(std::size_t i, unsigned infection) {
    Server& server = x_servers[i];
    if (!server.infected || server.infection != infection) {
      return;
    }
    const std::string id = fmt::format("{}/{}", server.id.value, ++x_findings);
    const WallTime begin = x_now;
    const Micros length = between(kMinute, 50 * kMinute);
    for (Micros seen = kMinute; seen <= length; seen += 10 * kMinute) {
      at(begin + seen, [this, i, id, begin] { see(i, "net/" + id, begin, abuse::Origin::Network); });
    }
    if (server.has_agent) {
      in(between(Seconds{1}, kMinute), [this, i, id, begin] { see(i, "host/" + id, begin, abuse::Origin::Host); });
    }
    in(length + between(kHour, 20 * kHour), [this, i, infection] { bout(i, infection); });
  }
  void see(std::size_t i, const std::string& id, WallTime first, abuse::Origin origin) {
    Server& server = x_servers[i];
    if (!server.port_up) {
      return;
    }
    abuse::Finding f;
    f.id = FindingId{id};
    f.server = server.id;
    f.abuse_class = origin == abuse::Origin::Host ? abuse::AbuseClass::MaliciousScript : abuse::AbuseClass::PortScan;
    f.origin = origin;
    f.first_seen = first;
    f.last_seen = x_now;
    f.detected_at = x_now;
    f.confidence = {90};
    if (server.open) {
      give(i, server.open->c.id, FindingArrived{f});
      return;
    }
    server.open.emplace();
    server.open->c.id = CaseId{++x_report.cases};
    const CaseOpened opening{server.id, CustomerId{"c-" + server.id.value}, abuse::Family::Compromise, server.earlier_cases, 1, {}};
    commit(i, desk::open(server.open->c.id, opening, f, x_options.policy, moment(server)));
  }
  void mend(std::size_t i) {
    if (std::exchange(x_servers[i].infected, false)) {
      plan_infection(i);
    }
  }

  // --- the world: what the desk orders ---
  void enqueue(Job job) {
    in(between(Seconds{1}, kMinute), [this, job = std::move(job)] { run(job, 1); });
  }
  void run(const Job& job, unsigned attempt) {
    if (x_now < x_down_until) {
      at(x_down_until + Seconds{1}, [this, job, attempt] { run(job, attempt); });
      return;
    }
    std::visit([&](const auto& what) { carry_out(job, what, attempt); }, job.effect.what);
  }
  /// The process is killed between the effect and its record, now and then: the job is done again, as recovery does it.
  bool is_killed_here(unsigned attempt) { return attempt == 1 && chance(1); }

  void carry_out(const Job& job, const SendNotice& what, unsigned attempt) {
    const Case* c = current(job);
    const Notice* notice = c == nullptr ? nullptr : c->find_notice(what.notice);
    if (notice == nullptr || notice->submitted || (notice->kind == NoticeKind::Reminder && c->state != State::Delivered)) {
      return;
    }
    if (is_killed_here(attempt)) {
      in(20 * kMinute, [this, job] { run(job, 2); });
      return;
    }
    const NoticeKind kind = notice->kind;
    const bool second = notice->contact.value.find("@second.") != std::string::npos;
    give(job.server, job.case_id, NoticeSubmitted{what.notice, "Q", attempt > 1});
    const Owner owner = x_servers[job.server].owner;
    if (owner == Owner::Unreachable || chance(second ? 10 : 4)) {
      in(between(Seconds{5}, 5 * kHour), [this, job, what] { give(job.server, job.case_id, NoticeFailed{what.notice, "550 no such user"}); });
      return;
    }
    in(between(Seconds{2}, 10 * kMinute), [this, job, what, kind] {
      give(job.server, job.case_id, NoticeDelivered{what.notice, DeliveryProof::Dsn, "mx"});
      if (kind == NoticeKind::Warning || kind == NoticeKind::SecondNotice) {
        owner_reads(job);
      } else if (kind == NoticeKind::Reminder) {
        owner_is_reminded(job);
      } else if (kind == NoticeKind::Disabled) {
        in(between(kHour, 72 * kHour), [this, job] { talk(job); });
      }
    });
  }
  void carry_out(const Job& job, const SetPort& what, unsigned attempt) {
    const Case* c = current(job);
    if (c == nullptr || why_not_now(*c, what.action, x_options.policy, moment(x_servers[job.server]))) {
      return;
    }
    if (attempt < 20 && chance(3)) {  // the switch does not answer
      in(10 * kMinute, [this, job, attempt] { run(job, attempt + 1); });
      return;
    }
    if (what.wish == PortWish::Down && !what.hold_released && chance(3)) {
      ++x_report.holds;
      give(job.server, job.case_id, GuardsEvaluated{what.action, {{"G2 identity", GuardOutcome::Hold, "alias -", "no description"}}});
      for (const char* by : {"anna", "bert"}) {
        in(between(kMinute, 20 * kMinute), [this, job, what, by] {
          give(job.server, job.case_id, HoldReleased{what.action, StaffId{by}, "looked"});
        });
      }
      return;
    }
    if (chance(1)) {
      give(job.server, job.case_id, PortActionFinished{what.action, ActionResult::Mismatch, "up", Millis{9000}});
      return;
    }
    x_servers[job.server].port_up = what.wish == PortWish::Up;
    // Killed between the write and its record: recovery reads the switch and adopts what it finds.
    in(is_killed_here(attempt) ? 20 * kMinute : Micros{Seconds{3}}, [this, job, what] {
      give(job.server, job.case_id, PortActionFinished{what.action, ActionResult::Verified, "down", Millis{3000}});
    });
  }
  void carry_out(const Job& job, const CallPerson&, unsigned) {
    in(between(2 * kMinute, 9 * kHour), [this, job] { staff_looks(job); });
  }
  [[nodiscard]] const Case* current(const Job& job) const {
    const auto& open = x_servers[job.server].open;
    return open && open->c.id == job.case_id ? &open->c : nullptr;
  }

  // --- the world: people ---
  void owner_reads(const Job& job) {
    switch (x_servers[job.server].owner) {
      case Owner::Careful: return answer_in(job, between(10 * kMinute, 14 * kHour), Statement::Fixed);
      case Owner::Slow: return answer_in(job, between(5 * kHour, 60 * kHour), Statement::Looking);
      case Owner::Liar: return answer_in(job, between(10 * kMinute, 10 * kHour), Statement::Fixed);
      case Owner::Disputes: return answer_in(job, between(kHour, 20 * kHour), Statement::Intended);
      case Owner::OnHoliday:
        ++x_report.auto_replies;
        give(job.server, job.case_id, MailReceived{MailKind::AutoReply, "auto-replied", "owner", "", fmt::format("{:x}", x_order), "", false});
        return answer_in(job, between(2 * kDay, 12 * kDay), Statement::Looking);
      case Owner::Careless:
      case Owner::Unreachable: return;
    }
  }
  /// Half of the careless had only overlooked the first.
  void owner_is_reminded(const Job& job) {
    if (x_servers[job.server].owner == Owner::Careless && below_of(x_servers[job.server]) % 4 < 2) {
      ++x_report.answers_to_reminders;
      answer_in(job, between(10 * kMinute, 8 * kHour), Statement::Fixed);
    }
  }
  void answer_in(const Job& job, Micros span, Statement statement) {
    in(span, [this, job, statement] {
      const std::string mail = fmt::format("{:x}", ++x_order);
      const bool unclear = chance(3);
      give(job.server, job.case_id, MailReceived{MailKind::Reply, "", "owner", "", mail, "text", unclear});
      if (unclear) {
        in(between(kHour, 30 * kHour), [this, job, mail] { give(job.server, job.case_id, MailJudged{mail, StaffId{"carl"}, chance(80), "read"}); });
        return;
      }
      const std::optional<WallTime> promised = statement == Statement::Looking ? std::optional(x_now + 2 * kDay) : std::nullopt;
      give(job.server, job.case_id, ResponseRecorded{ResponseChannel::Mail, "owner", statement, promised, "text", {}, mail});
      if (x_servers[job.server].owner != Owner::Liar) {
        in(between(kHour, 40 * kHour), [this, job] { mend(job.server); });
      }
    });
  }
  void talk(const Job& job) {
    if (chance(70)) {
      mend(job.server);
    }
    give(job.server, job.case_id, DiscussionRecorded{StaffId{"anna"}, "owner", "phone", "an upload form", "updated", ""});
  }
  void staff_looks(const Job& job) {
    const Case* c = current(job);
    if (c == nullptr) {
      return;
    }
    if (c->objection_since) {
      give(job.server, job.case_id, ObjectionDecided{StaffId{"dora"}, chance(40), "looked into it"});
      return;
    }
    if (const PortAction* action = c->open_action(); action != nullptr && !action->is_approved()) {
      give(job.server, job.case_id, ApprovalGiven{action->id, StaffId{chance(50) ? "anna" : "bert"}, "clear"});
      return;
    }
    switch (c->state) {
      case State::Undeliverable:
        if (chance(60)) {
          give(job.server, job.case_id,
               ResponseRecorded{ResponseChannel::Phone, "owner", Statement::Looking, std::nullopt, "called", StaffId{"carl"}});
          in(between(kHour, kDay), [this, job] { mend(job.server); });
          return;
        }
        [[fallthrough]];
      case State::Silent:
        if (std::none_of(c->asked.begin(), c->asked.end(), [](const auto& what) { return what.find("answer may be lost") != std::string::npos; })) {
          return;
        }
        [[fallthrough]];
      case State::SecondNotice:
      case State::ActionFailed:
        if (chance(50)) {
          give(job.server, job.case_id, MeasureOrdered{StaffId{"anna"}, "it goes on", false});
        }
        return;
      default: return;
    }
  }
  /// The desk dies and comes back. Nothing but the events and the queue survives; nobody listened meanwhile.
  void restart() {
    ++x_report.restarts;
    x_down_until = x_now + between(Seconds{20}, 30 * kMinute);
    x_ears_since = x_down_until;
    for (Server& server : x_servers) {
      if (server.open) {
        const Case before = std::move(server.open->c);
        server.open->c = fold(before.id, server.open->events);
        if (server.open->c.state != before.state || server.open->c.last_seq != before.last_seq) {
          note_fault(*server.open, "the fold of the history is another case");
        }
        note_fault(*server.open, check_invariants(server.open->c, server.open->events));
      }
    }
  }

  const YearOptions& x_options;
  std::mt19937_64 x_random;
  std::vector<Server> x_servers;
  std::priority_queue<Happening> x_queue;
  std::uint64_t x_order = 0;
  std::uint64_t x_findings = 0;
  WallTime x_now = kNewYear;
  WallTime x_down_until = kNewYear;
  WallTime x_ears_since = kNewYear - kDay;
  std::set<std::string> x_keys;
  std::ofstream x_record;
  YearReport x_report;
};

std::string middle(std::vector<Micros> times) {
  if (times.empty()) {
    return "-";
  }
  std::sort(times.begin(), times.end());
  const auto hours = [&](std::size_t i) { return static_cast<double>(times[i].count()) / 3.6e9; };
  return fmt::format("{:.1f} h (median), {:.1f} h (nine of ten)", hours(times.size() / 2), hours(times.size() * 9 / 10));
}

}  // namespace

std::string YearReport::text() const {
  return fmt::format(
      "{} cases, {} steps, {} restarts\n"
      "{} warnings, {} reminders ({} answered), {} bounces, {} automatic replies, {} answers; time to answer {}\n"
      "{} disables by policy, {} by people, {} enables, {} holds; from the first sight to the cut {}\n"
      "{} calls to people ({} at once, the others can wait for the morning; at most {} for a case)\n"
      "{} objections, {} false positives, {} cases closed\n",
      cases, steps, restarts, warnings, reminders, answers_to_reminders, bounces, auto_replies, answers, middle(times_to_answer), disables_by_policy,
      disables_by_people, enables, holds, middle(times_to_cut_off), calls, calls_at_once, most_calls_of_a_case, objections, false_positives, closed);
}

YearReport simulate_year(const YearOptions& options) { return Company(options).run(); }

}  // namespace pinfold::desk::test
