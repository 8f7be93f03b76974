#include "mail/submitter.hpp"

#include <fmt/format.h>
#include <libesmtp.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/text.hpp"
#include "mail/dsn.hpp"
#include "mail/hold_sigpipe.hpp"

namespace pinfold::mail {
namespace {

struct DestroySession {
  void operator()(smtp_session_t session) const { smtp_destroy_session(session); }
};
using Session = std::unique_ptr<std::remove_pointer_t<smtp_session_t>, DestroySession>;

/// What libESMTP reads the mail from.
struct Source {
  const std::string& mail;
  bool handed_out = false;
  bool asked_for_more = false;  ///< libESMTP has it all: the final dot may be on the wire
};

/// smtp_messagecb_t: a null `length` asks to start from the beginning.
const char* next_piece(void** /*context*/, int* length, void* argument) {
  auto& source = *static_cast<Source*>(argument);
  if (length == nullptr) {
    source.handed_out = false;
    source.asked_for_more = false;
    return nullptr;
  }
  if (source.handed_out) {
    source.asked_for_more = true;
    *length = 0;
    return nullptr;
  }
  source.handed_out = true;
  *length = static_cast<int>(source.mail.size());
  return source.mail.data();
}

/// Certificates: the event's first argument says what is wrong with it, and the last is where to say that we go on all the same.
void on_event(smtp_session_t /*session*/, int event, void* argument, ...) {  // NOLINT(cert-dcl50-cpp): libESMTP's signature
  const auto tls = *static_cast<const Tls*>(argument);
  std::va_list arguments;
  va_start(arguments, argument);
  int* go_on = nullptr;
  if (event == SMTP_EV_INVALID_PEER_CERTIFICATE) {  // NOLINT(bugprone-branch-clone): the branches differ in the type they read
    static_cast<void>(va_arg(arguments, long));     // OpenSSL's verify result
    go_on = va_arg(arguments, int*);
  } else if (event == SMTP_EV_WEAK_CIPHER) {
    static_cast<void>(va_arg(arguments, int));  // bits
    go_on = va_arg(arguments, int*);
  } else if (event == SMTP_EV_NO_PEER_CERTIFICATE || event == SMTP_EV_WRONG_PEER_CERTIFICATE || event == SMTP_EV_NO_CLIENT_CERTIFICATE) {
    go_on = va_arg(arguments, int*);
  }
  if (event == SMTP_EV_EXTNA_DSN) {  // a server that knows no DSN: the mail goes out all the same, and its log or policy must tell of delivery
    *va_arg(arguments, int*) = 0;    // whether to quit
  }
  va_end(arguments);
  if (go_on != nullptr) {
    *go_on = tls == Tls::IfOffered || event == SMTP_EV_NO_CLIENT_CERTIFICATE ? 1 : 0;
  }
}

std::string last_error() {
  std::array<char, 256> buffer{};
  const char* text = smtp_strerror(smtp_errno(), buffer.data(), buffer.size());
  return text == nullptr ? "unknown error" : printable(text);
}

std::string reply_text(const smtp_status_t& status) {
  std::string text = std::to_string(status.code);
  if (status.enh_class > 0) {
    text += fmt::format(" {}.{}.{}", status.enh_class, status.enh_subject, status.enh_detail);
  }
  return text + " " + printable(trim(status.text == nullptr ? "" : status.text));
}

bool set_up(smtp_session_t session, const SubmitOptions& options) {
  const bool plain = options.tls == Tls::Off;
  const starttls_option how = plain ? Starttls_DISABLED : options.tls == Tls::Required ? Starttls_REQUIRED : Starttls_ENABLED;
  for (const int phase : {Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER, Timeout_DATA2}) {
    smtp_set_timeout(session, phase | Timeout_OVERRIDE_RFC2822_MINIMUM, static_cast<long>(Millis{options.timeout}.count()));
  }
  return smtp_set_server(session, fmt::format("{}:{}", options.host, options.port).c_str()) != 0 &&
         (options.hello.empty() || smtp_set_hostname(session, options.hello.c_str()) != 0) && smtp_starttls_enable(session, how) != 0;
}

/// 4yz and 5yz of any step; nullopt when no step has got a reply of refusal.
std::optional<SubmitResult> refusal(const smtp_status_t* status) {
  if (status == nullptr || status->code < 400) {
    return std::nullopt;
  }
  if (status->code < 500) {
    return SubmitResult{Temporary{reply_text(*status)}};
  }
  return SubmitResult{Permanent{reply_text(*status)}};
}

}  // namespace

std::string queue_id_of(std::string_view reply) {
  const auto word_at = [&](std::size_t at) {
    const std::string_view rest = trim(reply.substr(at));
    return printable(rest.substr(0, rest.find_first_of(" \t\r\n,;")), 100);
  };
  for (const std::string_view mark : {"queued as ", "id="}) {
    if (const auto at = reply.find(mark); at != std::string_view::npos) {
      return word_at(at + mark.size());
    }
  }
  if (const auto at = reply.find(" Message accepted"); at != std::string_view::npos) {
    const auto blank = reply.rfind(' ', at == 0 ? 0 : at - 1);
    return word_at(blank == std::string_view::npos ? 0 : blank + 1);
  }
  return printable(trim(reply), 100);
}

SubmitResult Submitter::submit(const Submission& submission) const {
  const HoldSigpipe hold;
  const Session session(smtp_create_session());
  Source source{submission.mail};
  Tls tls = x_options.tls;
  smtp_message_t message = session ? smtp_add_message(session.get()) : nullptr;
  if (message == nullptr || !set_up(session.get(), x_options)) {
    return Temporary{"the mail library refuses: " + last_error()};
  }
  smtp_set_eventcb(session.get(), on_event, &tls);
  smtp_option_require_all_recipients(session.get(), 1);
  smtp_set_reverse_path(message, submission.envelope_from.empty() ? nullptr : submission.envelope_from.c_str());
  smtp_set_messagecb(message, next_piece, &source);
  smtp_dsn_set_ret(message, Ret_HDRS);
  smtp_dsn_set_envid(message, submission.envelope_id.c_str());
  smtp_recipient_t recipient = smtp_add_recipient(message, submission.recipient.c_str());
  if (recipient == nullptr) {
    return Permanent{"the mail library does not take the recipient: " + last_error()};
  }
  smtp_dsn_set_notify(recipient, static_cast<notify_flags>(Notify_SUCCESS | Notify_DELAY | Notify_FAILURE));
  smtp_dsn_set_orcpt(recipient, "rfc822", submission.recipient.c_str());

  const bool whole = smtp_start_session(session.get()) != 0;
  const std::string error = whole ? "no final reply" : last_error();
  // A refused recipient comes first: with none left, what the server says to the rest of the conversation means nothing.
  const smtp_status_t* transfer = smtp_message_transfer_status(message);
  for (const smtp_status_t* status : {smtp_recipient_status(recipient), smtp_reverse_path_status(message), transfer}) {
    if (auto refused = refusal(status)) {
      return *std::move(refused);
    }
  }
  if (transfer != nullptr && transfer->code >= 200 && transfer->code < 300) {
    return Accepted{queue_id_of(transfer->text == nullptr ? "" : transfer->text)};
  }
  if (source.asked_for_more) {
    return Unclear{"the mail was handed over, its last reply is missing: " + error};
  }
  return Temporary{error};
}

}  // namespace pinfold::mail
