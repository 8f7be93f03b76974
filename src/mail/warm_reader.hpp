/// A prepared pinfold-reader (`--serve`): libraries, charsets and parser definitions loaded, waiting. For each mail it is handed one end of a socket,
/// forks, and the child closes its cage, reads one mail, answers and is gone: no mail meets what another left behind, and none pays for the start.
/// The prepared process reads nothing but those descriptors. One thread, so that forking it is safe.
/// Used by: mail::Reader. Threads: WarmReaders any; a WarmReader belongs to one caller at a time.
/// Bounds:  kMaxIdle wait between mails; each is retired after kMaxMails, so that what leaks stays small.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/lock_guarded.hpp"
#include "mail/reader_process.hpp"

namespace pinfold::mail {

inline constexpr std::size_t kMaxIdle = 4;
inline constexpr unsigned kMaxMails = 5000;

class WarmReader {
public:
  explicit WarmReader(ReaderProcess process) : x_process(std::move(process)) {}
  /// Hands the descriptor over; false: the process is gone.
  [[nodiscard]] bool begin(UniqueFd socket);
  /// The wait status of the mail's child; nullopt: it did not come in time, or the process is gone. Do not use it again then.
  [[nodiscard]] std::optional<int> finish(Millis at_most);
  /// The prepared process itself has ended: it could not be made ready, or was killed.
  [[nodiscard]] bool is_gone() const { return x_gone; }
  [[nodiscard]] unsigned mails() const { return x_mails; }

private:
  ReaderProcess x_process;
  unsigned x_mails = 0;
  bool x_gone = false;
};

class WarmReaders {
public:
  [[nodiscard]] Expected<std::unique_ptr<WarmReader>, std::string> take(const std::filesystem::path& program,
                                                                        const std::vector<std::string>& arguments);
  void give_back(std::unique_ptr<WarmReader> reader);

private:
  LockGuarded<std::vector<std::unique_ptr<WarmReader>>> x_idle;
};

}  // namespace pinfold::mail
