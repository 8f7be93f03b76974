/// Notices from the outbox: written from the case, signed off with its token, handed to the operator's mail server, the result into the case.
/// Exactly once per intent, as far as SMTP allows: a job is claimed before it is sent. If the answer was lost, or the process died in between,
/// it is found out: the mail server's log (mail.log_file) knows the Message-ID, and then the attempt counts, or does not know it, and then it is sent
/// as for the first time. Without a log, delivery is waited for (a success notice may still arrive); then it goes out again with the same Message-ID
/// and Date, and both the log and the case say that it may have come twice.
/// Letters to one mailbox are limited within an hour (recipient_limit.hpp). A customer's brand decides name, addresses, templates and DKIM key.
/// A reseller answers for its customers and is written to; where the inventory says `notify`, the customer behind it gets a copy, with addresses of
/// its own: what becomes of the copy is no delivery of the notice, and an answer to it is an answer of the case. Threads: the notice worker's own.
#pragma once

#include <map>
#include <optional>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "engine/mail/server_log.hpp"
#include "mail/addresses.hpp"
#include "mail/compose.hpp"
#include "mail/dkim.hpp"
#include "mail/submitter.hpp"

namespace pinfold::engine {

/// None when the configuration names no key; throws when the key cannot sign: nothing goes out unsigned by accident.
[[nodiscard]] std::optional<mail::DkimSigner> make_signer(const config::Config& config);

/// How the desk's addresses follow from the configuration.
[[nodiscard]] mail::OurAddresses our_addresses(const config::Config& config);

class NoticeWorker {
public:
  /// `log` is the mail server's, if there is one: it tells what became of an attempt whose answer was lost.
  NoticeWorker(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, const mail::Templates& templates,
               const Clock& clock, const ServerLog* log = nullptr);

  /// Jobs claimed by a process that is gone go back to the queue, marked unclear. Call before `work`.
  void recover();
  /// One job; true when there may be more.
  bool work();

  /// The whole mail of a notice, as it is or would be sent (`pinfold mail preview`).
  [[nodiscard]] mail::Notice write_mail(const desk::Case& c, const std::vector<desk::Event>& events, const desk::Notice& notice);

private:
  /// The server that queued an attempt whose answer was lost; true when the job is settled by it.
  [[nodiscard]] bool found_out(const records::Job& job, const desk::Case& c, const desk::Notice& notice, bool& maybe_duplicate);
  [[nodiscard]] bool is_held(const records::Job& job, const desk::Notice& notice);
  [[nodiscard]] const mail::Templates& templates_for(const CustomerId& customer) const;
  [[nodiscard]] const std::optional<mail::DkimSigner>& signer_for(const CustomerId& customer) const;
  [[nodiscard]] mail::NoticeText text_of(const desk::Case& c, const std::vector<desk::Event>& events, const desk::Notice& notice);
  void send(const records::Job& job, const desk::Case& c, const desk::Notice& notice);
  void queue_copy(records::Transaction& tx, const records::Job& job, const desk::Notice& notice);
  bool send_copy();
  void conclude(const records::Job& job, const desk::Notice& notice, const mail::SubmitResult& result, bool maybe_duplicate);

  DeskService& x_desk;
  const config::Config& x_config;
  const mail::Submitter& x_submitter;
  const mail::Templates& x_templates;
  const Clock& x_clock;
  const ServerLog* x_log;
  std::optional<mail::DkimSigner> x_signer;
  struct Dress {
    std::optional<mail::DkimSigner> signer;
    std::optional<mail::Templates> templates;
  };
  std::map<std::string, Dress> x_brands;  ///< by domain
};

}  // namespace pinfold::engine
