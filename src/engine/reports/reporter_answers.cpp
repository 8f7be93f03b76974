#include "engine/reports/reporter_answers.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "engine/mail/notices.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kAtOnce = 2000;
constexpr unsigned kTries = 6;
constexpr Seconds kPause{600};
constexpr std::size_t kMaxPayload = std::size_t{16} * 1024;

nlohmann::json to_payload(const records::ReportedRow& row, const abuse::Finding& finding, WallTime now) {
  return {{"to", row.answer_to},
          {"message_id", row.message_id},
          {"report_id", row.report_id},
          {"address", row.address},
          {"about", abuse::title(finding.abuse_class)},
          {"right", row.outcome == records::ReportOutcome::Right},
          {"ours", true},
          {"reported", to_string(row.received)},
          {"now", to_string(now)}};
}

std::optional<mail::ReportAnswer> parse_answer(const records::Job& job) {
  const auto json = parse_json(job.payload, kMaxPayload);
  if (!json) {
    return std::nullopt;
  }
  JsonReader reader(*json);
  mail::ReportAnswer answer;
  answer.to = reader.text("to");
  answer.message_id = reader.text("message_id");
  answer.report_id = reader.text("report_id");
  answer.address = reader.text("address");
  answer.about = reader.text("about");
  answer.was_right = reader.boolean("right");
  answer.is_ours = !reader.has("ours") || reader.boolean("ours");
  const auto reported = parse_wall_time(reader.text("reported"));
  const auto now = parse_wall_time(reader.text("now"));
  answer.key = sha256_hex(job.key).substr(0, 24);
  if (reader.error() || !reported || !now) {
    return std::nullopt;
  }
  answer.reported = *reported;
  answer.now = *now;
  return answer;
}

}  // namespace

void queue_not_ours_answer(records::Transaction& tx, const std::string& key, const NotOurs& answer) {
  const std::string address = answer.count > 1 ? fmt::format("{} and {} more", answer.address, answer.count - 1) : answer.address;
  const nlohmann::json payload{{"to", answer.to},
                               {"message_id", answer.message_id},
                               {"report_id", answer.report_id},
                               {"address", address},
                               {"about", ""},
                               {"right", false},
                               {"ours", false},
                               {"reported", to_string(answer.received)},
                               {"now", to_string(answer.received)}};
  records::Job job;
  job.key = key;
  job.kind = kAnswerReporter;
  job.payload = payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  job.not_before = answer.received;
  tx.outbox().add(job);
}

ReporterAnswers::ReporterAnswers(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, mail::ReportAnswerTemplate text,
                                 const Clock& clock)
    : x_desk(desk), x_config(config), x_submitter(submitter), x_text(std::move(text)), x_clock(clock), x_signer(make_signer(config)) {}

void ReporterAnswers::recover() {
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().orphaned(kAnswerReporter, x_clock.wall())) {
      tx.outbox().retry(job.key, x_clock.wall(), "claimed by a process that is gone");
    }
  });
}

void ReporterAnswers::conclude(records::Transaction& tx, CaseId id) {
  const auto events = tx.cases().events(id);
  const bool answers = x_config.mail.answer_reporters && x_desk.policy().warnings == desk::Arming::Armed;
  const desk::Case c = desk::fold(id, events);
  if (!desk::is_final(c.state)) {
    return;
  }
  const auto outcome = c.state == desk::State::FalsePositive ? records::ReportOutcome::Wrong : records::ReportOutcome::Right;
  for (const desk::Event& event : events) {
    const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body);
    if (recorded == nullptr || recorded->finding.origin != abuse::Origin::Reporter) {
      continue;
    }
    for (const records::ReportedRow& row : tx.reports().conclude(recorded->finding.id.value, outcome)) {
      if (!answers || row.answer_to.empty()) {
        continue;
      }
      records::Job job;
      job.key = fmt::format("{}/answer/{}", to_string(id), row.raw_sha256);  // a report about many addresses of one case is answered once
      job.case_id = id;
      job.kind = kAnswerReporter;
      job.payload = to_payload(row, recorded->finding, x_clock.wall()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      job.not_before = x_clock.wall();
      tx.outbox().add(job);
    }
  }
}

void ReporterAnswers::conclude_ended() {
  std::vector<records::CaseSummary> cases;
  x_desk.store().read([&](records::Transaction& tx) { cases = tx.cases().list(kAtOnce); });
  const WallTime before = x_looked;
  for (const records::CaseSummary& one : cases) {
    if (one.changed < before) {
      break;  // newest first
    }
    x_looked = std::max(x_looked, one.changed);
    if (desk::is_final(one.state)) {
      x_desk.store().transact([&](records::Transaction& tx) { conclude(tx, one.id); });
    }
  }
}

bool ReporterAnswers::work() {
  conclude_ended();
  std::optional<records::Job> job;
  x_desk.store().take_job([&](records::Transaction& tx) { job = tx.outbox().claim(kAnswerReporter, x_clock.wall()); });
  if (!job) {
    return false;
  }
  const auto answer = parse_answer(*job);
  mail::SubmitResult result = mail::Permanent{"damaged"};
  if (answer) {
    mail::ReportAnswer whole = *answer;
    whole.brand = x_config.mail.from_name;
    std::string mail = x_text.write(whole, our_addresses(x_config));
    auto signed_mail = x_signer ? x_signer->sign(mail) : Expected<std::string, std::string>(mail);
    result = signed_mail ? x_submitter.submit({"", whole.to, "report-" + whole.key, *std::move(signed_mail)})
                         : mail::SubmitResult{mail::Temporary{"not signed: " + signed_mail.error()}};
  }
  x_desk.store().transact([&](records::Transaction& tx) {
    if (const auto* accepted = std::get_if<mail::Accepted>(&result)) {
      tx.outbox().finish(job->key, records::JobState::Done, accepted->queue_id);
      log_info("REPORTER_ANSWERED", "{}: {}", job->key, accepted->queue_id);
    } else if (std::holds_alternative<mail::Permanent>(result) || job->attempts >= kTries) {
      log_warning("REPORTER_NOT_ANSWERED", "{}: given up after {} attempts", job->key, job->attempts);
      tx.outbox().finish(job->key, records::JobState::Failed, "not taken");
    } else {
      tx.outbox().retry(job->key, x_clock.wall() + kPause, "not taken; later");
    }
  });
  return true;
}

}  // namespace pinfold::engine
