#include "engine/on_call.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/jobs.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxWords = 900;

/// Plain RFC 5322; Auto-Submitted, so that a vacation program keeps quiet.
std::string call_mail(const config::Config& config, const std::string& to, const records::CallRow& row) {
  const std::string from = config.mail.from_local + "@" + config.mail.domain;
  return fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: [{}] a person is needed (step {})\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n\r\nTake it: pinfold call take {} --by YOU\r\n"
      "See why: pinfold case why {}\r\n",
      from, to, to_string(row.case_id), row.step + 1, printable(row.what, kMaxWords), row.key, to_string(row.case_id));
}

}  // namespace

void OnCallWorker::recover() {
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().claimed(kCallPerson)) {
      tx.outbox().retry(job.key, x_clock.wall(), "claimed by a process that is gone");
    }
  });
}

bool OnCallWorker::work() {
  std::optional<records::Job> job;
  x_desk.store().transact([&](records::Transaction& tx) { job = tx.outbox().claim(kCallPerson, x_clock.wall()); });
  if (!job) {
    return false;
  }
  const auto effect = parse_call_person(*job);
  const WallTime now = x_clock.wall();
  const records::CallRow row{job->key, job->case_id, effect ? effect->what : job->payload, now, 0, now, {}};
  log_warning("PERSON_CALLED", "{}: {}", to_string(row.case_id), row.what);
  x_desk.store().transact([&](records::Transaction& tx) {
    tx.calls().add(row);
    tx.outbox().finish(job->key, records::JobState::Done, "called");
  });
  call(row);
  return true;
}

std::size_t OnCallWorker::escalate() {
  const std::size_t steps = x_desk.policy().on_call.size();
  const WallTime now = x_clock.wall();
  std::vector<records::CallRow> open;
  if (steps > 0) {
    x_desk.store().read([&](records::Transaction& tx) { open = tx.calls().open(); });
  }
  std::size_t moved = 0;
  for (records::CallRow& row : open) {
    if (now - row.step_at < x_desk.policy().escalate_after) {
      continue;
    }
    row.step = std::min(row.step + 1, static_cast<unsigned>(steps) - 1);
    x_desk.store().transact([&](records::Transaction& tx) { tx.calls().escalate(row.key, row.step, now); });
    log_warning("CALL_ESCALATED", "{}: nobody took it; calling {}", row.key, x_desk.policy().on_call[row.step].name);
    call(row);
    ++moved;
  }
  return moved;
}

void OnCallWorker::call(const records::CallRow& row) {
  const auto& list = x_desk.policy().on_call;
  if (row.step >= list.size() || list[row.step].mail.empty()) {
    return;
  }
  const std::string& to = list[row.step].mail;
  const auto result = x_submitter.submit(
      {x_config.mail.from_local + "@" + x_config.mail.domain, to, fmt::format("call-{}", row.case_id.value), call_mail(x_config, to, row)});
  if (!std::holds_alternative<mail::Accepted>(result)) {
    log_warning("CALL_NOT_SENT", "{}: the mail to {} was not taken; it goes out again with the next escalation", row.key, to);
  }
}

}  // namespace pinfold::engine
