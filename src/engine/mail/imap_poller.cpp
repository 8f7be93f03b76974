#include "engine/mail/imap_poller.hpp"

#include <stdexcept>

#include "base/log.hpp"
#include "mail/imap_mailbox.hpp"

namespace pinfold::engine {
namespace {

mail::ImapOptions options_of(const config::Imap& settings) {
  mail::ImapOptions options;
  options.address = settings.server.address;
  options.port = settings.server.port;
  options.tls = static_cast<mail::ImapOptions::Tls>(settings.tls);
  options.name = settings.name;
  options.ca_file = settings.ca_file;
  options.user = settings.user;
  options.password = settings.password;
  options.folder = settings.folder;
  options.archive = settings.archive;
  return options;
}

template <typename T>
T value_or_throw(Expected<T, std::string> result) {
  if (!result) {
    throw std::runtime_error("mail by IMAP: " + result.error());
  }
  return *std::move(result);
}

}  // namespace

bool ImapPoller::poll() {
  const WallTime now = x_clock.wall();
  if (now < x_next) {
    return false;
  }
  x_next = now + x_settings.every;  // also after a failure: a server that refuses is not asked each second
  auto box = value_or_throw(mail::ImapMailbox::open(options_of(x_settings)));
  const auto waiting = value_or_throw(box.waiting());
  for (const std::uint32_t uid : waiting.uids) {
    const std::string raw = value_or_throw(box.fetch(uid));
    if (!raw.empty() && !x_intake.take_polled(raw)) {
      return false;  // nothing can be kept at the moment; it stays in the folder
    }
    if (auto done = box.done(uid); !done) {
      throw std::runtime_error("mail by IMAP: " + done.error());
    }
  }
  if (waiting.too_large != x_too_large) {
    x_too_large = waiting.too_large;
    log_warning("IMAP_TOO_LARGE", "{} mails in {} are too large and stay there for a person", x_too_large, x_settings.folder);
  }
  x_last = now.since_epoch.count();
  const bool more = waiting.uids.size() == mail::kMaxPolled;
  x_next = more ? now : x_next;
  return more;
}

bool ImapPoller::is_open() const {
  const Micros::rep last = x_last;
  return last >= 0 && x_clock.wall() - WallTime{Micros{last}} <= 3 * x_settings.every;
}

}  // namespace pinfold::engine
