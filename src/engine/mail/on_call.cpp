#include "engine/mail/on_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/jobs.hpp"
#include "fetch/fetch.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxWords = 900;
/// Not names that anybody can have.
constexpr std::string_view kCaseClosed = "(the case is closed)";
constexpr std::string_view kActionOver = "(the action no longer waits)";

/// How long a call waits for somebody to take it. At the end of the list twice as long each time.
Micros patience(const desk::Policy& policy, unsigned step) {
  const unsigned beyond = step - std::min<unsigned>(step, static_cast<unsigned>(policy.on_call.size()) - 1);
  return std::min(policy.remind_after, policy.escalate_after * (1U << std::min(beyond, 16U)));
}
constexpr std::size_t kMaxWebhookAnswer = std::size_t{64} * 1024;

/// Plain RFC 5322; Auto-Submitted, so that a vacation program keeps quiet.
std::string call_mail(const config::Config& config, const std::string& to, const records::CallRow& row, const std::string& customer) {
  const std::string from = config.mail.from_local + "@" + config.mail.domain;
  if (row.case_id == CaseId{}) {  // about the desk itself
    return fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: [pinfold] a person is needed (step {})\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n\r\nTake it: pinfold call take {} --by YOU\r\n",
        from, to, row.step + 1, printable(row.what, kMaxWords), row.key);
  }
  return fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: [{}] a person is needed (step {})\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n{}\r\nTake it: pinfold call take {} --by YOU\r\n"
      "See why: pinfold case why {}\r\n",
      from, to, to_string(row.case_id), row.step + 1, printable(row.what, kMaxWords), customer, row.key, to_string(row.case_id));
}

/// Whom to telephone, where a telephone is what is left.
std::string customer_line(const inventory::Customer& customer, const ServerId& server) {
  return fmt::format("Server {} of {} ({}), telephone: {}\r\n", printable(server.value, 100), printable(customer.name, 200), customer.id.value,
                     customer.phone.empty() ? "not recorded" : printable(customer.phone, 60));
}

}  // namespace

void OnCallWorker::recover() {
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().orphaned(kCallPerson, x_clock.wall())) {
      tx.outbox().retry(job.key, x_clock.wall(), "claimed by a process that is gone");
    }
  });
}

bool OnCallWorker::work() {
  std::optional<records::Job> job;
  x_desk.store().take_job([&](records::Transaction& tx) { job = tx.outbox().claim(kCallPerson, x_clock.wall()); });
  if (!job) {
    return false;
  }
  const auto effect = parse_call_person(*job);
  const WallTime now = x_clock.wall();
  if (const auto until = quiet_until(x_desk.policy().quiet_hours, now); until && effect && effect->can_wait) {
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().retry(job->key, *until, "waits for the morning"); });
    return true;
  }
  records::CallRow row{job->key, job->case_id, effect ? effect->what : job->payload, now, 0, now, {}};
  const bool has_waited = job->attempts > 1;
  if (const StaffId by = has_waited ? settled_by(row, effect) : StaffId{}; !by.value.empty()) {
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Done, "not called: " + by.value); });
    return true;
  }
  log_warning("PERSON_CALLED", "{}: {}", to_string(row.case_id), row.what);
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::CallRow& earlier : tx.calls().open()) {
      if (row.case_id != CaseId{} && earlier.case_id == row.case_id) {
        row.step = std::max(row.step, earlier.step);  // it goes on from whom the earlier one has reached
      }
    }
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
  for (std::size_t i = 0; i < open.size(); ++i) {
    records::CallRow& row = open[i];
    const bool has_newer = row.case_id != CaseId{} && std::any_of(open.begin() + static_cast<std::ptrdiff_t>(i) + 1, open.end(),
                                                                  [&](const records::CallRow& other) { return other.case_id == row.case_id; });
    const auto effect = effect_of(row.key);
    if (effect && effect->can_wait && quiet_until(x_desk.policy().quiet_hours, now)) {
      continue;
    }
    if (has_newer || now - row.step_at < patience(x_desk.policy(), row.step)) {
      continue;
    }
    if (const StaffId by = settled_by(row, effect); !by.value.empty()) {
      x_desk.store().transact([&](records::Transaction& tx) { static_cast<void>(tx.calls().take(row.key, by, now)); });
      continue;
    }
    ++row.step;
    x_desk.store().transact([&](records::Transaction& tx) { tx.calls().escalate(row.key, row.step, now); });
    log_warning("CALL_ESCALATED", "{}: nobody took it; calling {}", row.key,
                x_desk.policy().on_call[std::min<std::size_t>(row.step, steps - 1)].name);
    call(row);
    ++moved;
  }
  return moved;
}

std::optional<desk::CallPerson> OnCallWorker::effect_of(const std::string& key) const {
  std::optional<records::Job> job;
  x_desk.store().read([&](records::Transaction& tx) { job = tx.outbox().find(key); });
  return job ? parse_call_person(*job) : std::nullopt;
}

StaffId OnCallWorker::settled_by(const records::CallRow& row, const std::optional<desk::CallPerson>& effect) const {
  if (row.case_id == CaseId{}) {
    return {};
  }
  std::vector<desk::Event> events;
  x_desk.store().read([&](records::Transaction& tx) { events = tx.cases().events(row.case_id); });
  const auto c = x_desk.find(row.case_id);
  if (c && desk::is_final(c->state)) {
    return StaffId{std::string(kCaseClosed)};
  }
  const desk::PortAction* action = c && effect && effect->about ? c->find_action(*effect->about) : nullptr;
  if (action != nullptr && !action->is_open()) {
    return StaffId{std::string(kActionOver)};
  }
  const auto is_question = [&](const desk::Event& event) {
    const auto* asked = std::get_if<desk::PersonAsked>(&event.body);
    return asked != nullptr && asked->what == row.what;
  };
  const bool stands_in_case = std::any_of(events.begin(), events.end(), is_question);
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (is_question(*event) || (!stands_in_case && event->at <= row.called)) {
      break;
    }
    if (StaffId by = desk::acted_by(event->body); !by.value.empty()) {
      return by;
    }
  }
  return {};
}

void OnCallWorker::call(const records::CallRow& row) {
  const auto& list = x_desk.policy().on_call;
  if (list.empty()) {
    return;
  }
  const desk::OnCall& person = list[std::min<std::size_t>(row.step, list.size() - 1)];
  const auto c = row.case_id == CaseId{} ? std::nullopt : x_desk.find(row.case_id);
  const auto inventory = x_desk.inventory();
  const inventory::Customer* customer = c ? inventory->find(c->customer) : nullptr;
  if (!person.mail.empty()) {
    call_by_mail(person, row, customer == nullptr ? std::string{} : customer_line(*customer, c->server));
  }
  if (!person.webhook.empty()) {
    call_by_webhook(person, row, customer);
  }
}

void OnCallWorker::call_by_mail(const desk::OnCall& person, const records::CallRow& row, const std::string& customer) {
  const auto result = x_submitter.submit({x_config.mail.from_local + "@" + x_config.mail.domain, person.mail,
                                          fmt::format("call-{}", row.case_id.value), call_mail(x_config, person.mail, row, customer)});
  if (!std::holds_alternative<mail::Accepted>(result)) {
    log_warning("CALL_NOT_SENT", "{}: the mail to {} was not taken; it goes out again with the next escalation", row.key, person.mail);
  }
}

void OnCallWorker::call_by_webhook(const desk::OnCall& person, const records::CallRow& row, const inventory::Customer* customer) {
  const auto url = fetch::parse_url(person.webhook);
  if (!url) {
    log_warning("CALL_NOT_SENT", "{}: the webhook of {} is no URL", row.key, person.name);
    return;
  }
  const nlohmann::json body{{"call", row.key},
                            {"case", row.case_id == CaseId{} ? "" : to_string(row.case_id)},
                            {"what", printable(row.what, kMaxWords)},
                            {"called", to_string(row.called)},
                            {"step", row.step + 1},
                            {"name", person.name},
                            {"customer", customer == nullptr ? "" : customer->name},
                            {"phone", customer == nullptr ? "" : customer->phone},
                            {"take", fmt::format("pinfold call take {} --by {}", row.key, person.name)}};
  fetch::Request request;
  request.method = "POST";
  request.url = *url;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  request.max_body = kMaxWebhookAnswer;
  const auto answer = fetch::send(request);
  if (!answer || answer->status < 200 || answer->status > 299) {
    log_warning("CALL_NOT_SENT", "{}: the webhook of {} {}; it is called again with the next escalation", row.key, person.name,
                answer ? fmt::format("answered {}", answer->status) : "did not answer: " + answer.error().what);
  }
}

}  // namespace pinfold::engine
