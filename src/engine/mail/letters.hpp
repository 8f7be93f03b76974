/// Letters that belong to no case: questions to contacts, messages of tickets, changed terms. Queued in the transaction of what they tell, written
/// and handed to the operator's mail server by their own worker. (The canary, which nobody reads, goes its own way: engine/mail/canary.hpp.)
/// Once per key, for ever: the outbox sees to it. If the answer of our mail server was lost, the letter goes out again with the same Message-ID.
/// The circuit breaker on notices holds these letters too.
/// What a token stands for is a setting, `letter/KIND/TOKEN`: the contact's address, or "7 ADDRESS" for ticket 7.
/// Threads: queue_letter any; LetterWorker its own. Bounds: kMaxLetterLines lines a letter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "mail/compose.hpp"
#include "mail/dkim.hpp"
#include "mail/letter_addresses.hpp"
#include "mail/submitter.hpp"

namespace pinfold::engine {

inline constexpr std::string_view kSendLetter = "send_letter";
inline constexpr std::size_t kMaxLetterLines = 200;
/// Reply addresses cannot be guessed: 100 bits.
inline constexpr unsigned kLetterTokenBits = 100;

struct Letter {
  std::string key;  ///< of the outbox: "contact/owner@customer.example/2026-11-23"
  mail::LetterKind kind = mail::LetterKind::Contact;
  std::string to;
  std::string to_name;
  std::string language;
  std::string about;  ///< what people call its matter: "T-7"
  ServerId server;
  std::vector<std::string> lines;
  unsigned aup_version = 0;
  std::string first_day;
  std::string link;
  std::string stands_for;  ///< kept under its token
};

/// False: a letter of that key was queued before.
bool queue_letter(records::Transaction& tx, const Letter& letter, WallTime now);
/// What the token of a letter stands for; nullopt: it is not one of ours.
[[nodiscard]] std::optional<std::string> letter_of_token(records::Transaction& tx, const mail::LetterReference& reference);
void remember_token(records::Transaction& tx, mail::LetterKind kind, const std::string& token, std::string_view stands_for);

class LetterWorker {
public:
  LetterWorker(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, const mail::Templates& templates,
               const Clock& clock);

  /// Jobs claimed by a process that is gone go out again, with the same Message-ID. Call before `work`.
  void recover();
  /// One letter; true when there may be more.
  bool work();

private:
  [[nodiscard]] std::optional<mail::Submission> write(const records::Job& job) const;
  void conclude(const records::Job& job, const std::string& to, const mail::SubmitResult& result);

  DeskService& x_desk;
  const config::Config& x_config;
  const mail::Submitter& x_submitter;
  const mail::Templates& x_templates;
  const Clock& x_clock;
  std::optional<mail::DkimSigner> x_signer;
};

}  // namespace pinfold::engine
