#include "engine/mail/letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/breaker.hpp"
#include "engine/mail/notices.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{256} * 1024;
constexpr std::size_t kMaxLine = 1000;
constexpr Seconds kFirstRetry{30};
constexpr Seconds kLongestRetry{3600};
/// A mail server that refuses for now is asked for about three days.
constexpr unsigned kMaxAttempts = 80;

Seconds retry_after(unsigned attempts) { return std::min(kLongestRetry, kFirstRetry * (1U << std::min(attempts, 8U))); }

std::string setting_of(mail::LetterKind kind, std::string_view token) { return fmt::format("letter/{}/{}", mail::to_string(kind), token); }

std::optional<mail::LetterKind> parse_kind(std::string_view text) {
  for (const auto kind : {mail::LetterKind::Contact, mail::LetterKind::Ticket, mail::LetterKind::Aup, mail::LetterKind::Canary}) {
    if (mail::to_string(kind) == text) {
      return kind;
    }
  }
  return std::nullopt;
}

mail::Letter template_of(mail::LetterKind kind) {
  switch (kind) {
    case mail::LetterKind::Ticket: return mail::Letter::Ticket;
    case mail::LetterKind::Aup: return mail::Letter::AupChanged;
    case mail::LetterKind::Contact:
    case mail::LetterKind::Canary: return mail::Letter::ContactVerification;
  }
  return mail::Letter::ContactVerification;
}

/// A queued letter as its job keeps it.
struct Queued {
  mail::LetterKind kind = mail::LetterKind::Contact;
  std::string token;
  mail::NoticeText text;
};

std::optional<Queued> parse_job(const records::Job& job) {
  const auto json = parse_json(job.payload, kMaxPayload);
  if (!json) {
    return std::nullopt;
  }
  JsonReader r(*json);
  Queued q;
  q.kind = r.parsed("kind", parse_kind);
  q.token = r.text("token");
  q.text.to = {r.text("to_name"), r.text("to")};
  q.text.language = r.text("language");
  q.text.server = ServerId{r.text("server")};
  q.text.aup_version = static_cast<unsigned>(r.number("aup_version", UINT32_MAX));
  q.text.first_day = r.text("first_day");
  q.text.link = r.text("link");
  q.text.now = r.parsed("written", parse_wall_time);
  q.text.route = mail::Route{r.text("about"), {}, {}, {}};
  r.each("lines", [&](JsonReader& line) { q.text.lines.push_back(line.text("line")); });
  return r.error() ? std::nullopt : std::optional<Queued>(std::move(q));
}

}  // namespace

void remember_token(records::Transaction& tx, mail::LetterKind kind, const std::string& token, std::string_view stands_for) {
  tx.settings().set(setting_of(kind, token), stands_for);
}

std::optional<std::string> letter_of_token(records::Transaction& tx, const mail::LetterReference& reference) {
  return tx.settings().get(setting_of(reference.kind, reference.token));
}

bool queue_letter(records::Transaction& tx, const Letter& letter, WallTime now) {
  if (tx.outbox().find(letter.key)) {
    return false;
  }
  const std::string token = random_token(kLetterTokenBits);
  nlohmann::json lines = nlohmann::json::array();
  for (std::size_t i = 0; i < std::min(letter.lines.size(), kMaxLetterLines); ++i) {
    lines.push_back({{"line", printable(letter.lines[i], kMaxLine)}});
  }
  const nlohmann::json payload{{"kind", mail::to_string(letter.kind)},
                               {"token", token},
                               {"to", letter.to},
                               {"to_name", printable(letter.to_name, 200)},
                               {"language", letter.language},
                               {"about", letter.about},
                               {"server", letter.server.value},
                               {"lines", lines},
                               {"aup_version", letter.aup_version},
                               {"first_day", letter.first_day},
                               {"link", letter.link},
                               {"written", to_string(now)}};
  records::Job job;
  job.key = letter.key;
  job.kind = kSendLetter;
  job.payload = payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  job.not_before = now;
  tx.outbox().add(job);
  remember_token(tx, letter.kind, token, letter.stands_for);
  return true;
}

LetterWorker::LetterWorker(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, const mail::Templates& templates,
                           const Clock& clock)
    : x_desk(desk), x_config(config), x_submitter(submitter), x_templates(templates), x_clock(clock), x_signer(make_signer(config)) {}

void LetterWorker::recover() {
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().orphaned(kSendLetter, x_clock.wall())) {
      tx.outbox().retry(job.key, x_clock.wall(), "claimed by a process that is gone");
    }
  });
}

std::optional<mail::Submission> LetterWorker::write(const records::Job& job) const {
  auto queued = parse_job(job);
  if (!queued) {
    return std::nullopt;
  }
  const mail::OurAddresses ours = our_addresses(x_config);
  mail::NoticeText& text = queued->text;
  text.letter = template_of(queued->kind);
  text.brand = x_config.mail.from_name;
  text.route->reply_to = mail::letter_reply_address(ours, queued->kind, queued->token);
  text.route->message_id = mail::letter_message_id(ours, queued->kind, queued->token);
  text.route->envelope_from = mail::letter_bounce_address(ours, queued->kind, queued->token);
  mail::Notice written = mail::compose(text, x_templates, ours);
  if (x_signer) {
    auto signed_mail = x_signer->sign(written.mail);
    if (!signed_mail) {
      throw std::runtime_error("letter not signed: " + signed_mail.error());
    }
    written.mail = *std::move(signed_mail);
  }
  return mail::Submission{std::move(written.envelope_from), text.to.address, std::move(written.envelope_id), std::move(written.mail)};
}

bool LetterWorker::work() {
  std::optional<records::Job> job;
  x_desk.store().take_job(
      [&](records::Transaction& tx) { job = is_open(tx, Breaker::Notices) ? std::nullopt : tx.outbox().claim(kSendLetter, x_clock.wall()); });
  if (!job) {
    return false;
  }
  const auto submission = write(*job);
  if (!submission) {
    log_error("LETTER_JOB_DAMAGED", "{}: {}", job->key, printable(job->payload, 200));
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Failed, "damaged"); });
    return true;
  }
  conclude(*job, submission->recipient, x_submitter.submit(*submission));
  return true;
}

void LetterWorker::conclude(const records::Job& job, const std::string& to, const mail::SubmitResult& result) {
  x_desk.store().transact([&](records::Transaction& tx) {
    if (const auto* accepted = std::get_if<mail::Accepted>(&result)) {
      tx.outbox().finish(job.key, records::JobState::Done, accepted->queue_id);
      log_info("LETTER_SUBMITTED", "{}: {}", job.key, accepted->queue_id);
      return;
    }
    const std::string why = std::visit(
        [](const auto& other) {
          if constexpr (requires { other.why; }) {
            return other.why;
          } else {
            return std::string{};
          }
        },
        result);
    if (std::holds_alternative<mail::Permanent>(result) || job.attempts >= kMaxAttempts) {
      log_warning("LETTER_REFUSED", "{}: {}", job.key, why);
      tx.outbox().finish(job.key, records::JobState::Failed, why);
      records::ContactRow row = tx.contacts().find(ContactId{to_lower(to)});
      row.failed = x_clock.wall();
      row.failure = printable("refused by our own mail server: " + why, 300);
      tx.contacts().put(row);
      return;
    }
    tx.outbox().retry(job.key, x_clock.wall() + retry_after(job.attempts), why);
  });
}

}  // namespace pinfold::engine
