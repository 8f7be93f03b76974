#include "engine/ports/ports.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "engine/jobs.hpp"

namespace pinfold::engine {
namespace {

constexpr Seconds kRetryAfter{5};
/// A switch that does not answer is tried for ever (an up must not be forgotten); after so many attempts a person hears of it, once.
constexpr unsigned kAttemptsBeforeCall = 12;
/// Open rows, drift and saving.
constexpr Micros kLookAfterEvery = std::chrono::seconds{60};
constexpr std::size_t kCasesLookedAt = 1000;
/// The silence is believed when for this part of policy.silence_within the collector has heard others, and nothing from the server.
constexpr int kQuietPart = 3;

/// When the port was last read back as shut, and by which action; nullopt when silence is judged already or nothing was shut.
struct Shut {
  ActionId action;
  WallTime at;
};
std::optional<Shut> waiting_for_silence(const desk::Case& c, const std::vector<desk::Event>& events) {
  std::optional<Shut> shut;
  for (const desk::Event& event : events) {
    const auto* finished = std::get_if<desk::PortActionFinished>(&event.body);
    const desk::PortAction* action = finished != nullptr ? c.find_action(finished->action) : nullptr;
    if (action != nullptr && action->wish == desk::PortWish::Down && action->result == desk::ActionResult::Verified && !action->silent) {
      shut = Shut{finished->action, event.at};
    }
  }
  return shut;
}

}  // namespace

PortWorker::PortWorker(DeskService& desk, enforce::Executor& executor, enforce::Upkeep upkeep, std::vector<SwitchId> switches, const Clock& clock,
                       Traffic traffic)
    : x_desk(desk),
      x_executor(executor),
      x_upkeep(std::move(upkeep)),
      x_switches(std::move(switches)),
      x_clock(clock),
      x_traffic(std::move(traffic)) {}

enforce::Executor::StillHolds PortWorker::still_holds() {
  return [this](records::Transaction& tx, const enforce::ActionRequest& request) { return x_desk.why_not_now(tx, request.case_id, request.action); };
}

void PortWorker::take_up_open_rows() {
  const auto inventory = x_desk.inventory();
  for (const enforce::RecoveredAction& recovered : x_executor.recover(*inventory, still_holds())) {
    if (recovered.outcome.ending != enforce::ActionOutcome::Ending::Deferred) {
      log_warning("PORT_ACTION_RECOVERED", "{} action {} on {}: {}", to_string(recovered.request.case_id), recovered.request.action.value,
                  recovered.request.server.value, recovered.outcome.why);
      record(nullptr, recovered.request, recovered.outcome);
    }
  }
}

void PortWorker::recover() {
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().orphaned(kSetPort, x_clock.wall())) {
      tx.outbox().retry(job.key, x_clock.wall(), "claimed by a process that is gone");
    }
  });
}

bool PortWorker::work() {
  std::optional<records::Job> job;
  x_desk.store().take_job([&](records::Transaction& tx) { job = tx.outbox().claim(kSetPort, x_clock.wall()); });
  if (!job) {
    return false;
  }
  const auto effect = parse_set_port(*job);
  const auto c = x_desk.find(job->case_id);
  if (!effect || !c) {
    log_error("PORT_JOB_DAMAGED", "{}: {}", job->key, job->payload);
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Failed, "damaged"); });
    return true;
  }
  const enforce::ActionRequest request{job->case_id, effect->action, c->server, effect->wish};
  log_info("PORT_ACTION_STARTED", "{} action {}: {} {}", to_string(request.case_id), request.action.value, request.server.value,
           request.wish == desk::PortWish::Down ? "down" : "up");
  const enforce::ActionOutcome outcome = x_executor.run(request, *x_desk.inventory(), still_holds());
  log_info("PORT_ACTION_ENDED", "{} action {}: {}", to_string(request.case_id), request.action.value,
           outcome.why.empty() ? outcome.read_back : outcome.why);
  if (outcome.ending == enforce::ActionOutcome::Ending::Deferred) {
    retry_later(*job, outcome);
  } else {
    record(&*job, request, outcome);
  }
  return true;
}

void PortWorker::retry_later(const records::Job& job, const enforce::ActionOutcome& outcome) {
  x_desk.store().transact([&](records::Transaction& tx) {
    tx.outbox().retry(job.key, x_clock.wall() + kRetryAfter, outcome.why);
    if (job.attempts == kAttemptsBeforeCall) {
      const desk::Effect call{job.key + "/call", desk::CallPerson{job.key + ": " + outcome.why}};
      tx.outbox().add(to_job(job.case_id, call, x_clock.wall()));
    }
  });
}

void PortWorker::record(const records::Job* job, const enforce::ActionRequest& request, const enforce::ActionOutcome& outcome) {
  using Ending = enforce::ActionOutcome::Ending;
  x_desk.store().transact([&](records::Transaction& tx) {
    const auto put = [&](const desk::Input& input) {
      const auto result = x_desk.apply(tx, request.case_id, input);
      if (!result) {
        log_warning("PORT_RESULT_REJECTED", "{}: {}", to_string(request.case_id), result.error().why);
      }
    };
    if (!outcome.verdicts.empty()) {
      put(desk::GuardsEvaluated{request.action, outcome.verdicts});
    }
    if (outcome.ending == Ending::Dropped) {
      put(desk::ActionDropped{request.action, StaffId{}, outcome.why});
    } else if (outcome.ending == Ending::Held && request.wish == desk::PortWish::Down) {
      log_info("PORT_ACTION_HELD", "{} action {}: {}", to_string(request.case_id), request.action.value, outcome.why);  // two people may release it
    } else if (outcome.ending == Ending::Refused || outcome.ending == Ending::Held) {
      put(desk::PortActionFinished{request.action, desk::ActionResult::NotSent, outcome.why, Millis{0}});
    } else if (outcome.ending == Ending::Finished) {
      std::string what = outcome.read_back;
      for (const std::string* part : {&outcome.instruments, &outcome.why}) {
        what += part->empty() ? "" : (what.empty() ? "" : "; ") + *part;
      }
      put(desk::PortActionFinished{request.action, outcome.result, std::move(what), outcome.took});
    }
    if (job != nullptr) {
      tx.outbox().finish(job->key, records::JobState::Done, outcome.why.empty() ? outcome.read_back : outcome.why);
    }
  });
}

void PortWorker::look_after() {
  const MonoTime now = x_clock.mono();
  if (x_looked_after && now - *x_looked_after < kLookAfterEvery) {
    return;
  }
  x_looked_after = now;
  take_up_open_rows();
  for (const enforce::Drift& drift : x_upkeep.look_for_drift()) {
    report(drift);
  }
  static_cast<void>(x_upkeep.save_due(x_switches));  // which logs what became of it
}

/// Into the case, for the record, and to a person: nothing is written to the switch.
void PortWorker::report(const enforce::Drift& drift) {
  const std::string text = drift.row.switch_id.value + " " + drift.row.port.value + ": " + drift.what;
  x_desk.store().transact([&](records::Transaction& tx) {
    const auto noted = x_desk.apply(tx, drift.row.case_id, desk::NoteAdded{StaffId{"pinfold"}, text});
    if (!noted) {
      log_warning("PORT_RESULT_REJECTED", "{}: {}", to_string(drift.row.case_id), noted.error().why);
    }
    const std::string key = drift.row.id + "/drift/" + std::to_string(x_clock.wall().since_epoch.count());
    tx.outbox().add(to_job(drift.row.case_id, {key, desk::CallPerson{text}}, x_clock.wall()));
  });
}

void PortWorker::watch_silence() {
  std::vector<records::CaseSummary> cases;
  x_desk.store().read([&](records::Transaction& tx) { cases = tx.cases().list(kCasesLookedAt); });
  for (const records::CaseSummary& summary : cases) {
    if (summary.state == desk::State::Disabled) {
      judge_silence(summary.id);
    }
  }
}

void PortWorker::judge_silence(CaseId id) {
  std::vector<desk::Event> events;
  x_desk.store().read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  const desk::Case c = desk::fold(id, events);
  const auto shut = waiting_for_silence(c, events);
  if (!shut) {
    return;
  }
  // Exports come seconds after their packets, and sFlow has no time of its own: what matters is a stretch of quiet, not the last packet.
  const Micros within = x_desk.policy().silence_within;
  const TrafficView traffic = x_traffic(c.server);
  const WallTime quiet_until = std::max(shut->at, traffic.last_from_server.value_or(shut->at)) + within / kQuietPart;
  const bool heard_others = traffic.last_from_anyone && *traffic.last_from_anyone >= quiet_until;
  const WallTime now = x_clock.wall();
  const bool believed = heard_others && now >= quiet_until;
  if (believed || now >= shut->at + within) {
    static_cast<void>(x_desk.apply(id, desk::SilenceVerified{shut->action, traffic.last_from_server.value_or(WallTime{}), believed}));
  }
}

}  // namespace pinfold::engine
