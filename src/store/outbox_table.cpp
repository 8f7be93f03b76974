#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using records::Job;
using records::JobState;

constexpr EnumNames<JobState, 4> kStates{
    {{{JobState::Queued, "queued"}, {JobState::Claimed, "claimed"}, {JobState::Done, "done"}, {JobState::Failed, "failed"}}}};

constexpr const char* kColumns = "SELECT job_key, case_id, kind, payload, state, attempts, not_before, note FROM jobs ";

/// The rows of `SELECT … FROM jobs` + `where`.
template <typename... In>
std::vector<Job> jobs(soci::session& session, const std::string& where, const In&... in) {
  std::vector<Job> found;
  Job job;
  long long case_id = 0;
  std::string state;
  long long attempts = 0;
  long long not_before = 0;
  for_each_row(session, kColumns + where, std::tie(in...), std::tie(job.key, case_id, job.kind, job.payload, state, attempts, not_before, job.note),
               [&] {
                 const auto known = kStates.parse(state);
                 if (!known) {
                   throw records::StoreError(fmt::format("job {}: its state is damaged", printable(job.key)));
                 }
                 job.case_id = CaseId{case_id};
                 job.state = *known;
                 job.attempts = static_cast<unsigned>(attempts);
                 job.not_before = to_wall_time(not_before);
                 found.push_back(job);
               });
  return found;
}

std::optional<Job> only(std::vector<Job> found) { return found.empty() ? std::nullopt : std::optional(std::move(found.front())); }

void require_found(long long changed, const std::string& key) {
  if (changed == 0) {
    throw records::StoreError(fmt::format("job {}: no such job", printable(key)));
  }
}

}  // namespace

void OutboxTable::add(const Job& job) {
  execute(x_session,
          "INSERT INTO jobs (job_key, case_id, kind, payload, state, attempts, not_before, note) "
          "VALUES (:key, :case_id, :kind, :payload, :state, :attempts, :not_before, :note) ON CONFLICT DO NOTHING",
          job.key, static_cast<long long>(job.case_id.value), job.kind, job.payload, std::string(kStates.name(job.state)),
          static_cast<long long>(job.attempts), to_column(job.not_before), job.note);
  announce(x_session);
}

std::optional<Job> OutboxTable::claim(std::string_view kind, WallTime now) {
  auto job = only(jobs(
      x_session,
      "WHERE kind = :kind AND state = 'queued' AND not_before <= :now ORDER BY not_before, job_key LIMIT 1" + std::string(skip_locked(x_session)),
      std::string(kind), to_column(now)));
  if (!job) {
    return std::nullopt;
  }
  // The state stands in the condition, so that the claim is atomic also where readers do not wait for writers.
  const long long claimed = execute(
      x_session,
      "UPDATE jobs SET state = 'claimed', attempts = attempts + 1, claimed_at = :now, claimed_by = :owner WHERE job_key = :key AND state = 'queued'",
      to_column(now), x_process.name, job->key);
  if (claimed == 0) {
    return std::nullopt;
  }
  job->state = JobState::Claimed;
  ++job->attempts;
  return job;
}

void OutboxTable::finish(const std::string& key, JobState state, std::string_view note) {
  PINFOLD_ASSERT(state == JobState::Done || state == JobState::Failed);
  require_found(execute(x_session, "UPDATE jobs SET state = :state, note = :note WHERE job_key = :key", std::string(kStates.name(state)),
                        std::string(note), key),
                key);
}

void OutboxTable::retry(const std::string& key, WallTime not_before, std::string_view note) {
  require_found(execute(x_session, "UPDATE jobs SET state = 'queued', not_before = :not_before, claimed_at = NULL, note = :note WHERE job_key = :key",
                        to_column(not_before), std::string(note), key),
                key);
}

void OutboxTable::live(WallTime now) {
  execute(x_session, "INSERT INTO processes (name, seen_at) VALUES (:name, :now) ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at",
          x_process.name, to_column(now));
}

std::vector<Job> OutboxTable::orphaned(std::string_view kind, WallTime now) {
  // A desk starts on a full disk, too: where nothing was claimed, nothing is written.
  if (jobs(x_session, "WHERE kind = :kind AND state = 'claimed' ORDER BY job_key LIMIT 1", std::string(kind)).empty()) {
    return {};
  }
  live(now);
  execute(x_session, "DELETE FROM processes WHERE seen_at <= :before", to_column(now - records::kClaimHolds));
  std::vector<std::string> gone;
  std::string name;
  for_each_row(x_session, "SELECT name FROM processes", std::tie(), std::tie(name), [&] {
    if (name != x_process.name && x_process.is_gone(name)) {
      gone.push_back(name);
    }
  });
  for (const std::string& one : gone) {
    execute(x_session, "DELETE FROM processes WHERE name = :name", one);
  }
  return jobs(x_session, "WHERE kind = :kind AND state = 'claimed' AND claimed_by NOT IN (SELECT name FROM processes) ORDER BY claimed_at, job_key",
              std::string(kind));
}

std::optional<Job> OutboxTable::find(const std::string& key) const { return only(jobs(x_session, "WHERE job_key = :key", key)); }

std::vector<Job> OutboxTable::of_case(CaseId id) const {
  return jobs(x_session, "WHERE case_id = :case_id ORDER BY not_before, job_key", static_cast<long long>(id.value));
}

std::vector<Job> OutboxTable::page(std::optional<JobState> state, const std::optional<Job>& after, std::size_t limit) const {
  const long long due = after ? to_column(after->not_before) : -1;
  const std::string key = after ? after->key : std::string{};
  const auto at_most = static_cast<long long>(limit);
  const std::string tail = " AND (not_before, job_key) > (:due, :key) ORDER BY not_before, job_key LIMIT :at_most";
  if (state) {
    return jobs(x_session, "WHERE state = :state" + tail, std::string(kStates.name(*state)), due, key, at_most);
  }
  return jobs(x_session, "WHERE state IN ('queued', 'claimed', 'failed')" + tail, due, key, at_most);
}

}  // namespace pinfold::store
