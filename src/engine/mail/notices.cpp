#include "engine/mail/notices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "engine/answers.hpp"
#include "engine/breaker.hpp"
#include "engine/customers/terms.hpp"
#include "engine/jobs.hpp"
#include "engine/mail/brands.hpp"
#include "engine/mail/letters.hpp"
#include "engine/mail/notice_text.hpp"
#include "engine/mail/recipient_limit.hpp"
#include "ticket/aup.hpp"

namespace pinfold::engine {
namespace {

/// Before an unclear attempt is repeated, a success notice of the first gets so long to arrive.
constexpr Seconds kWaitForProof{20};
/// Twice as long after each temporary refusal, at most this.
constexpr Seconds kFirstRetry{5};
constexpr Seconds kLongestRetry{900};
constexpr std::string_view kUnclear = "unclear";
constexpr std::string_view kSendCopy = "send_copy";

Seconds retry_after(unsigned attempts) { return std::min(kLongestRetry, kFirstRetry * (1U << std::min(attempts, 8U))); }

}  // namespace

mail::OurAddresses our_addresses(const config::Config& config) {
  mail::OurAddresses ours;
  ours.desk = config.mail.from_local;
  ours.domain = config.mail.domain;
  ours.bounce_domain = config.mail.bounce_domain;
  return ours;
}

namespace {

std::optional<mail::DkimSigner> make_signer(const std::string& domain, const std::string& selector, const std::string& key, std::string_view where) {
  if (selector.empty()) {
    return std::nullopt;
  }
  auto signer = mail::DkimSigner::create(domain, selector, key);
  if (!signer) {
    throw std::runtime_error(std::string(where) + ".dkim_key_file: " + signer.error());
  }
  return *std::move(signer);
}

}  // namespace

std::optional<mail::DkimSigner> make_signer(const config::Config& config) {
  return make_signer(config.mail.domain, config.mail.dkim_selector, config.mail.dkim_key, "mail");
}

NoticeWorker::NoticeWorker(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, const mail::Templates& templates,
                           const Clock& clock, const ServerLog* log)
    : x_desk(desk), x_config(config), x_submitter(submitter), x_templates(templates), x_clock(clock), x_log(log), x_signer(make_signer(config)) {
  for (const config::Brand& brand : config.brands) {
    Dress& dress = x_brands[brand.domain];
    dress.signer = make_signer(brand.domain, brand.dkim_selector, brand.dkim_key, "brand");
    if (!brand.templates.empty()) {
      auto laid_over = templates.with(brand.templates);
      if (!laid_over) {
        throw std::runtime_error("brand.templates: " + laid_over.error());
      }
      dress.templates = *std::move(laid_over);
    }
  }
}

const mail::Templates& NoticeWorker::templates_for(const CustomerId& customer) const {
  const config::Brand* brand = brand_of(x_config, customer);
  return brand != nullptr && x_brands.at(brand->domain).templates ? *x_brands.at(brand->domain).templates : x_templates;
}

const std::optional<mail::DkimSigner>& NoticeWorker::signer_for(const CustomerId& customer) const {
  const config::Brand* brand = brand_of(x_config, customer);
  return brand != nullptr ? x_brands.at(brand->domain).signer : x_signer;
}

void NoticeWorker::recover() {
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().orphaned(kSendNotice, x_clock.wall())) {
      log_warning("NOTICE_UNCLEAR", "{}: a process that is gone had begun to send it; waiting {} s for a sign of delivery", job.key,
                  kWaitForProof.count());
      tx.outbox().retry(job.key, x_clock.wall() + kWaitForProof, fmt::format("{}: claimed by a process that is gone", kUnclear));
    }
    for (const records::Job& job : tx.outbox().orphaned(kSendCopy, x_clock.wall())) {
      tx.outbox().retry(job.key, x_clock.wall(), "claimed by a process that is gone");
    }
  });
}

bool NoticeWorker::work() {
  std::optional<records::Job> job;
  x_desk.store().take_job(
      [&](records::Transaction& tx) { job = is_open(tx, Breaker::Notices) ? std::nullopt : tx.outbox().claim(kSendNotice, x_clock.wall()); });
  if (!job) {
    return send_copy();
  }
  const auto effect = parse_send_notice(*job);
  const auto c = x_desk.find(job->case_id);
  const desk::Notice* notice = effect && c ? c->find_notice(effect->notice) : nullptr;
  if (notice == nullptr) {
    log_error("NOTICE_JOB_DAMAGED", "{}: {}", job->key, job->payload);
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Failed, "damaged"); });
    return true;
  }
  log_info("NOTICE_CLAIMED", "{}", job->key);
  const bool needs_no_reminder = notice->kind == desk::NoticeKind::Reminder && c->state != desk::State::Delivered;
  const std::string_view moot = notice->delivered          ? "the earlier attempt had gone out: it was delivered"
                                : desk::is_final(c->state) ? "the case was closed before it was sent"
                                : needs_no_reminder        ? "the owner has answered, or the window has passed, before it was sent"
                                                           : "";
  if (!moot.empty()) {
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Done, moot); });
    return true;
  }
  send(*job, *c, *notice);
  return true;
}

mail::Notice NoticeWorker::write_mail(const desk::Case& c, const std::vector<desk::Event>& events, const desk::Notice& notice) {
  return mail::compose(text_of(c, events, notice), templates_for(c.customer), addresses_for(x_config, c.customer));
}

mail::NoticeText NoticeWorker::text_of(const desk::Case& c, const std::vector<desk::Event>& events, const desk::Notice& notice) {
  const auto inventory = x_desk.inventory();
  mail::NoticeText text = notice_text({c, events, notice, *inventory, x_config, answer_key(x_desk.store()), x_clock.wall()});
  x_desk.store().read([&](records::Transaction& tx) {
    const auto terms = terms_at(tx, text.now);
    const auto clauses = terms ? ticket::parse_clauses(terms->markdown) : Expected<ticket::Clauses, std::string>(ticket::Clauses{});
    if (clauses && clauses->contains(text.abuse_class)) {
      text.aup_clause = clauses->at(text.abuse_class);
    }
  });
  return text;
}

void NoticeWorker::queue_copy(records::Transaction& tx, const records::Job& job, const desk::Notice& notice) {
  const auto c = x_desk.find(job.case_id);
  const auto all = x_desk.inventory();
  const inventory::Customer* customer = c ? all->find(c->customer) : nullptr;
  if (customer == nullptr || !customer->reseller || !customer->notify_with_reseller || customer->contacts.empty() ||
      std::any_of(customer->contacts.begin(), customer->contacts.end(), [&](const auto& contact) { return contact.id == notice.contact; })) {
    return;
  }
  records::Job copy = job;
  copy.key += "/copy";
  copy.kind = kSendCopy;
  copy.state = records::JobState::Queued;
  copy.attempts = 0;
  copy.not_before = x_clock.wall();
  copy.note.clear();
  tx.outbox().add(copy);
}

bool NoticeWorker::send_copy() {
  std::optional<records::Job> job;
  x_desk.store().take_job(
      [&](records::Transaction& tx) { job = is_open(tx, Breaker::Notices) ? std::nullopt : tx.outbox().claim(kSendCopy, x_clock.wall()); });
  if (!job) {
    return false;
  }
  records::Job as_notice = *job;
  as_notice.kind = kSendNotice;
  const auto effect = parse_send_notice(as_notice);
  const auto c = x_desk.find(job->case_id);
  const desk::Notice* notice = effect && c ? c->find_notice(effect->notice) : nullptr;
  const auto all = x_desk.inventory();
  const inventory::Customer* customer = c ? all->find(c->customer) : nullptr;
  if (notice == nullptr || customer == nullptr || customer->contacts.empty()) {
    x_desk.store().transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Failed, "nobody to copy it to"); });
    return true;
  }
  const inventory::Contact& contact = customer->contacts.front();
  std::vector<desk::Event> events;
  const std::string token = random_token(kLetterTokenBits);
  x_desk.store().transact([&](records::Transaction& tx) {
    events = tx.cases().events(c->id);
    remember_token(tx, mail::LetterKind::Contact, token, contact.id.value);
  });
  const mail::OurAddresses ours = addresses_for(x_config, c->customer);
  mail::NoticeText text = text_of(*c, events, *notice);
  text.to.address = contact.id.value;
  text.language = contact.language;
  text.link.clear();  // the signed link is the addressee's own
  text.route =
      mail::Route{to_string(c->id), mail::reply_address(ours, c->id, notice->token), mail::letter_message_id(ours, mail::LetterKind::Contact, token),
                  mail::letter_bounce_address(ours, mail::LetterKind::Contact, token)};
  mail::Notice written = mail::compose(text, templates_for(c->customer), ours);
  if (const auto& signer = signer_for(c->customer)) {
    auto signed_mail = signer->sign(written.mail);
    if (!signed_mail) {
      x_desk.store().transact(
          [&](records::Transaction& tx) { tx.outbox().retry(job->key, x_clock.wall() + retry_after(job->attempts), "not signed"); });
      return true;
    }
    written.mail = *std::move(signed_mail);
  }
  const auto result = x_submitter.submit({written.envelope_from, contact.id.value, written.envelope_id, written.mail});
  x_desk.store().transact([&](records::Transaction& tx) {
    if (std::holds_alternative<mail::Accepted>(result)) {
      tx.outbox().finish(job->key, records::JobState::Done, "copied to " + contact.id.value);
      log_info("NOTICE_COPIED", "{} to {}", job->key, contact.id.value);
    } else if (std::holds_alternative<mail::Permanent>(result)) {
      tx.outbox().finish(job->key, records::JobState::Failed, "refused");
    } else {
      tx.outbox().retry(job->key, x_clock.wall() + retry_after(job->attempts), "not taken yet");
    }
  });
  return true;
}

bool NoticeWorker::found_out(const records::Job& job, const desk::Case& c, const desk::Notice& notice, bool& maybe_duplicate) {
  if (x_log == nullptr || !maybe_duplicate) {
    return false;
  }
  const std::string id = mail::message_id(addresses_for(x_config, c.customer), c.id, notice.id, notice.token);
  const ServerLog::Attempt attempt = x_log->find(id, job.not_before - kWaitForProof);
  if (!attempt.queue_id.empty()) {
    log_info("NOTICE_FOUND_OUT", "{}: the mail server had taken it as {}", job.key, attempt.queue_id);
    conclude(job, notice, mail::Accepted{attempt.queue_id}, false);
    return true;
  }
  maybe_duplicate = !attempt.is_known;
  return false;
}

bool NoticeWorker::is_held(const records::Job& job, const desk::Notice& notice) {
  std::optional<WallTime> until;
  x_desk.store().transact([&](records::Transaction& tx) {
    until = hold_until(tx, notice.contact.value, x_config.mail.per_recipient, x_clock.wall());
    if (until) {
      tx.outbox().retry(job.key, *until, job.note.empty() ? "held: enough letters to this mailbox for now" : job.note);
    }
  });
  if (until) {
    log_warning("NOTICE_HELD", "{}: {} letters to one mailbox within an hour; this one waits until {}", job.key, x_config.mail.per_recipient,
                to_people(*until));
  }
  return until.has_value();
}

void NoticeWorker::send(const records::Job& job, const desk::Case& c, const desk::Notice& notice) {
  bool maybe_duplicate = job.note.substr(0, kUnclear.size()) == kUnclear;
  if (found_out(job, c, notice, maybe_duplicate) || is_held(job, notice)) {
    return;
  }
  std::vector<desk::Event> events;
  x_desk.store().read([&](records::Transaction& tx) { events = tx.cases().events(c.id); });
  mail::Notice written = write_mail(c, events, notice);
  if (const auto& signer = signer_for(c.customer)) {
    auto signed_mail = signer->sign(written.mail);
    if (!signed_mail) {
      conclude(job, notice, mail::Temporary{"not signed: " + signed_mail.error()}, false);
      return;
    }
    written.mail = *std::move(signed_mail);
  }
  const mail::Submission submission{std::move(written.envelope_from), notice.contact.value, std::move(written.envelope_id), std::move(written.mail)};
  if (maybe_duplicate) {
    log_warning("NOTICE_MAYBE_TWICE", "{}: sent again with the same Message-ID <{}>", job.key, written.message_id);
  }
  conclude(job, notice, x_submitter.submit(submission), maybe_duplicate);
}

void NoticeWorker::conclude(const records::Job& job, const desk::Notice& notice, const mail::SubmitResult& result, bool maybe_duplicate) {
  const auto put = [&](records::Transaction& tx, const desk::Input& input) {
    const auto applied = x_desk.apply(tx, job.case_id, input);
    if (!applied) {
      log_warning("NOTICE_RESULT_REJECTED", "{}: {}", job.key, applied.error().why);
    }
  };
  x_desk.store().transact([&](records::Transaction& tx) {
    if (std::holds_alternative<mail::Accepted>(result) || std::holds_alternative<mail::Unclear>(result)) {
      count_letter(tx, notice.contact.value, x_clock.wall());
    }
    if (const auto* accepted = std::get_if<mail::Accepted>(&result)) {
      tx.outbox().finish(job.key, records::JobState::Done, accepted->queue_id);
      put(tx, desk::NoticeSubmitted{notice.id, accepted->queue_id, maybe_duplicate});
      queue_copy(tx, job, notice);
      log_info("NOTICE_SUBMITTED", "{}: {}", job.key, accepted->queue_id);
    } else if (const auto* refused = std::get_if<mail::Permanent>(&result)) {
      log_warning("NOTICE_REFUSED", "{}: {}", job.key, refused->why);
      tx.outbox().finish(job.key, records::JobState::Failed, refused->why);
      put(tx, desk::NoticeFailed{notice.id, "refused by our own mail server: " + refused->why});
    } else if (const auto* unclear = std::get_if<mail::Unclear>(&result)) {
      log_warning("NOTICE_UNCLEAR", "{}: {}", job.key, unclear->why);
      tx.outbox().retry(job.key, x_clock.wall() + kWaitForProof, fmt::format("{}: {}", kUnclear, unclear->why));
    } else {
      const std::string why = std::get<mail::Temporary>(result).why;
      log_warning("NOTICE_DELAYED", "{}: {}; trying again in {} s", job.key, why, retry_after(job.attempts).count());
      tx.outbox().retry(job.key, x_clock.wall() + retry_after(job.attempts), maybe_duplicate ? fmt::format("{}: {}", kUnclear, why) : why);
    }
  });
}

}  // namespace pinfold::engine
