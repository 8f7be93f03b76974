#include "engine/mail/recipient_limit.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace pinfold::engine {
namespace {

constexpr Micros kWindow = std::chrono::hours{1};

std::string key_of(const std::string& recipient) { return "letters_to/" + to_lower(recipient); }

/// Within the window, oldest first.
std::vector<WallTime> sent_lately(records::Transaction& tx, const std::string& recipient, WallTime now) {
  std::vector<WallTime> sent;
  const std::string known = tx.settings().get(key_of(recipient)).value_or("");
  for (const std::string_view word : split(known, ' ')) {
    const auto at = parse_wall_time(word);
    if (at && *at <= now && now - *at < kWindow) {
      sent.push_back(*at);
    }
  }
  std::sort(sent.begin(), sent.end());
  return sent;
}

}  // namespace

std::optional<WallTime> hold_until(records::Transaction& tx, const std::string& recipient, unsigned limit, WallTime now) {
  const auto sent = sent_lately(tx, recipient, now);
  return limit == 0 || sent.size() < limit ? std::nullopt : std::optional(sent[sent.size() - limit] + kWindow);
}

void count_letter(records::Transaction& tx, const std::string& recipient, WallTime now) {
  std::string text;
  for (const WallTime at : sent_lately(tx, recipient, now)) {
    text += to_string(at) + " ";
  }
  tx.settings().set(key_of(recipient), text + to_string(now));
}

}  // namespace pinfold::engine
