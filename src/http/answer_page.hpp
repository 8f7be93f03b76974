/// The page behind the signed link in a notice: what happened, by when an answer is expected, what follows without one, and four answers. No login,
/// no script, made for a phone of 320 px and for text browsers.
///   GET  /c/PF-42/3/SIGNATURE     shows; never acts (mail scanners follow links)
///   POST the same                 answers: `answer` = looking|fixed|intended|not_mine, `until` = a date promised, `note`
///   GET  /assets/pinfold.css
/// An answer is recorded once: the same one posted again (a second tap, a reload) changes nothing and is confirmed again.
/// The link ends kLinkOutlivesCase after its case. A wrong signature, a case that is none and a link that has ended look alike: 404.
/// Used by: engine, on a listener of its own that a TLS proxy may put before the world.
/// Bounds:  kMaxNote bytes of note; kMaxWrong wrong links a minute from one address, kMaxAnswers posts a minute for one case, then 429.
/// Clock:   given. Threads: any.
/// Security: every text is escaped; strict CSP; no cookies, so nothing to forge a request with; the link is the only credential and is kept out of
///          Referer. Who asks is told by http/client.hpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "desk/case.hpp"
#include "http/answer_link.hpp"
#include "http/form.hpp"
#include "http/message.hpp"
#include "http/rate_limit.hpp"
#include "http/words.hpp"
#include "net/ip_address.hpp"

namespace pinfold::http {

inline constexpr std::size_t kMaxNote = 4000;
inline constexpr std::chrono::days kLongestPromise{60};
inline constexpr std::chrono::days kLinkOutlivesCase{30};
inline constexpr unsigned kMaxWrong = 30;
inline constexpr unsigned kMaxAnswers = 10;

/// What the page needs of the desk.
struct AnswerDesk {
  struct File {
    desk::Case c;
    std::vector<desk::Event> events;
  };
  std::function<std::optional<File>(CaseId)> find;
  std::function<std::string(const desk::Case&, const ContactId&)> language;  ///< of that contact, BCP 47
  /// Records the answer; empty, or why the case does not take it.
  std::function<std::optional<std::string>(CaseId, const desk::ResponseRecorded&)> record;
};

struct AnswerPageOptions {
  std::string key;         ///< of the signatures
  std::string brand;       ///< "Example Host Abuse Desk"
  std::string help_line;   ///< whom to call; may be empty
  Micros response_window;  ///< as in the policy; a notice that has a window of its own keeps it
  std::vector<net::IpAddress> trusted_proxies{};
};

class AnswerPage {
public:
  AnswerPage(AnswerPageOptions options, AnswerDesk desk, const Clock& clock);
  [[nodiscard]] Response handle(const Request& request);

private:
  struct Visit {
    AnswerDesk::File file;
    const desk::Notice* notice = nullptr;
    Words words;
    std::string path;
  };
  [[nodiscard]] std::optional<Visit> visit(const Request& request) const;
  [[nodiscard]] Response show(const Visit& visit, unsigned status, const std::string& fault) const;
  [[nodiscard]] Response post(const Visit& visit, const Request& request);

  AnswerPageOptions x_options;
  AnswerDesk x_desk;
  const Clock& x_clock;
  RateLimit x_wrong{kMaxWrong};
  RateLimit x_answers{kMaxAnswers};
};

}  // namespace pinfold::http
