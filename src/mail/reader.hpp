/// Opens strangers' mail in a sealed child (`pinfold-reader`), one process a mail. A cold start execs it each time; a warm one keeps a prepared
/// pinfold-reader that never sees a mail itself and forks one sealed child for each.
/// Used by: the engine's inbox worker, `pinfold mail classify`, `pinfold reports parse`.
/// Errors:  Unreadable is a verdict about this mail: it is kept and goes to a person, it is never lost. ReaderFailure is about us (the program is
///          missing, no processes left): the mail stays in the inbox and is tried again.
/// Clock:   monotonic, for the deadline. Threads: any; one call blocks its thread until the child is gone.
/// Bounds:  the child's memory and processor time are its own limits (apps/pinfold-reader); its answer is at most message::kMaxJsonBytes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "message/mail.hpp"
#include "report/report.hpp"

namespace pinfold::mail {

struct Unreadable {
  std::string why;
};
using ReadVerdict = std::variant<message::Mail, Unreadable>;

/// A mail and what it reports. A sealed report's mail comes without its texts (report/sealed.hpp).
struct Opened {
  ReadVerdict mail;
  report::Report report;
};

struct ReaderFailure {
  std::string why;
};

class WarmReaders;

class Reader {
public:
  enum class Start : std::uint8_t { Cold, Warm };
  /// `definitions` are the folders of the reports' parser definitions.
  Reader(std::filesystem::path program, const Clock& clock, Millis deadline = Seconds{20}, std::vector<std::filesystem::path> definitions = {},
         Start start = Start::Cold);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();
  [[nodiscard]] Expected<Opened, ReaderFailure> open(std::string_view raw) const;
  /// The mail alone.
  [[nodiscard]] Expected<ReadVerdict, ReaderFailure> read(std::string_view raw) const;

private:
  [[nodiscard]] Expected<Opened, ReaderFailure> open_cold(std::string_view raw) const;
  [[nodiscard]] Expected<Opened, ReaderFailure> open_warm(std::string_view raw) const;
  [[nodiscard]] std::optional<std::string> exchange(int socket, std::string_view raw, MonoTime until) const;
  [[nodiscard]] Millis left(MonoTime until) const;

  std::filesystem::path x_program;
  const Clock& x_clock;
  Millis x_deadline;
  std::vector<std::string> x_arguments;
  std::unique_ptr<WarmReaders> x_warm;
};

}  // namespace pinfold::mail
