/// Mail in: LMTP takes it (durably, then 250), a worker opens it in the sealed reader, classifies it, and tells the case.
/// - Nothing acknowledged is lost: raw bytes go to the evidence store and a row to the inbox before LMTP answers.
/// - A reference (reply address, VERP, Message-ID) counts only with the right token of that case.
/// - A reply counts as an answer when it comes from a listed contact of the case's customer; anything unclear is shown to a person and pauses
///   disabling. Only a success or failure notice that carries our reference changes a notice's delivery.
/// - Answers to letters of no case, tickets' messages, the canary, and a customer's mail that cites nothing: letter_intake.hpp.
/// - A third party's report becomes findings or waits for a person (report_intake.hpp). So does what cites no case and may be a person's, and what
///   could not be read: it stands in the triage queue.
/// Threads: `accepts` and `take` on LMTP's threads; `work` on the mail worker's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/desk_service.hpp"
#include "engine/mail/letter_intake.hpp"
#include "engine/reports/report_intake.hpp"
#include "mail/classify.hpp"
#include "mail/lmtp_session.hpp"
#include "mail/reader.hpp"

namespace pinfold::engine {

class MailIntake {
public:
  /// `ours`: where people write to us; with several brands, one for each.
  MailIntake(DeskService& desk, records::EvidenceStore& evidence, const mail::Reader& reader, std::vector<mail::OurAddresses> ours,
             const Clock& clock, std::function<void()> arrived, std::string authserv_id = {}, ReportRules rules = {});

  /// RCPT TO: the desk's own address, or one that cites a case with its token.
  [[nodiscard]] bool accepts(std::string_view recipient);
  /// Durable when it returns true.
  [[nodiscard]] bool take(const mail::Delivery& delivery);
  /// A mail that came without an envelope (IMAP): its headers are all that is known.
  [[nodiscard]] bool take_polled(std::string_view raw) { return take(raw, {}); }
  /// Everything that waits, at most one round; true when there may be more.
  bool work();

private:
  [[nodiscard]] bool take(std::string_view raw, const mail::Envelope& envelope);
  /// The cases that an envelope's recipient cites, under any of our addresses.
  [[nodiscard]] std::vector<mail::Reference> cited_by(std::string_view recipient) const;
  [[nodiscard]] mail::Classified classify(const message::Mail& mail, const mail::Envelope& envelope, const report::Report& report) const;
  void judge(const records::InboxItem& item);
  bool take_canary(const records::InboxItem& item, const std::vector<std::string>& recipients);
  bool take_letter(const records::InboxItem& item, const IncomingMail& mail);
  [[nodiscard]] std::vector<desk::Input> inputs_for(const desk::Case& c, const mail::Classified& mail, const message::Mail& parsed,
                                                    const std::string& raw_sha256);
  /// The case that one of the references cites with its token.
  [[nodiscard]] std::optional<desk::Case> believed(const std::vector<mail::Reference>& references);
  [[nodiscard]] bool is_contact(const CustomerId& customer, const std::string& address);
  void finish(const records::InboxItem& item, std::string_view note, std::optional<CaseId> id = {}, const std::vector<desk::Input>& inputs = {});

  DeskService& x_desk;
  records::EvidenceStore& x_evidence;
  const mail::Reader& x_reader;
  std::vector<mail::OurAddresses> x_ours;
  std::string x_authserv_id;
  const Clock& x_clock;
  std::function<void()> x_arrived;
  ReportIntake x_reports;
  LetterIntake x_letters;
};

}  // namespace pinfold::engine
