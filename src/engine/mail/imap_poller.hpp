/// Mail in by polling a folder of an IMAP server, where there is no LMTP. Each mail is taken durably (MailIntake) before it leaves the folder: a
/// crash in between brings it again, and the inbox knows it by its hash. Our ears count as open (engine/ears.hpp) while the last good round is fresh:
/// silence of a folder that cannot be read is no silence. Threads: `poll` on its worker's; `is_open` any. Clock: wall, injected. Errors:  a round
/// that fails throws std::runtime_error (the worker logs it and tries again); what was taken stays taken.
#pragma once

#include <atomic>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "engine/mail/mail_intake.hpp"

namespace pinfold::engine {

class ImapPoller {
public:
  ImapPoller(const config::Imap& settings, MailIntake& intake, const Clock& clock) : x_settings(settings), x_intake(intake), x_clock(clock) {}

  /// A round if one is due; true when there may be more at once.
  bool poll();
  /// A round has succeeded within three intervals.
  [[nodiscard]] bool is_open() const;

private:
  const config::Imap& x_settings;
  MailIntake& x_intake;
  const Clock& x_clock;
  WallTime x_next;                      ///< of the next round; the worker's alone
  std::atomic<Micros::rep> x_last{-1};  ///< wall time of the last good round; negative: none
  std::size_t x_too_large = 0;          ///< as it was said last
};

}  // namespace pinfold::engine
