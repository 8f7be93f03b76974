/// The mail server's log as evidence: which of our notices it queued, and which of them another server has taken, with that server's words.
/// - "Accepted by our own mail server" is not delivery; a line that says another server took it (or a mailbox on it) is: DeliveryProof::ServerLog.
/// - An attempt whose answer was lost is found out: the log knows the Message-ID, or, having gone on past that moment, does not.
/// - A Message-ID counts only with its case's token. What was known already is refused by the desk: reading a part twice changes nothing.
/// Reads from kReread before the end at the start, then what is added; a log that was rotated or cut is read from its beginning.
/// Threads: `work` on its worker's, the questions any. Clock: injected; a monotonic moment is not needed.
/// Errors:  a log that cannot be read throws std::runtime_error out of `work` and answers no question meanwhile.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/lock_guarded.hpp"
#include "engine/desk_service.hpp"
#include "mail/addresses.hpp"
#include "mail/server_log.hpp"

namespace pinfold::engine {

class ServerLog {
public:
  static constexpr std::uint64_t kReread = std::uint64_t{16} << 20U;
  static constexpr std::size_t kPiece = std::size_t{1} << 20U;  ///< a round
  static constexpr std::size_t kMaxRemembered = 20'000;         ///< queue ids; the oldest are forgotten first

  ServerLog(std::filesystem::path file, DeskService& desk, std::vector<mail::OurAddresses> ours, const Clock& clock)
      : x_file(std::move(file)), x_desk(desk), x_ours(std::move(ours)), x_clock(clock) {}

  /// What was added since; true when there is more.
  bool work();

  struct Attempt {
    bool is_known = false;  ///< the log can tell: it was read to a line that was written after `since`
    std::string queue_id;   ///< empty: the server never had it
  };
  [[nodiscard]] Attempt find(const std::string& message_id, WallTime since) const;

private:
  struct Mail {
    std::string message_id;
    mail::Reference reference;
  };
  struct Memory {
    std::map<std::string, Mail, std::less<>> by_queue_id;
    std::deque<std::string> order;
    std::map<std::string, std::string, std::less<>> queue_ids;  ///< by Message-ID
    WallTime read_to;                                           ///< when the last line was read
  };
  void take(const mail::LogLine& line);
  void remember(const std::string& queue_id, Mail mail);
  void tell_desk(const mail::Reference& reference, const mail::LogLine& line);

  std::filesystem::path x_file;
  DeskService& x_desk;
  std::vector<mail::OurAddresses> x_ours;
  const Clock& x_clock;
  std::uint64_t x_inode = 0;
  std::uint64_t x_offset = 0;
  bool x_started = false;
  LockGuarded<Memory> x_memory;
};

}  // namespace pinfold::engine
