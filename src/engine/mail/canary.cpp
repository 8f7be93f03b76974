#include "engine/mail/canary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/jobs.hpp"
#include "engine/mail/letters.hpp"
#include "engine/mail/notices.hpp"
#include "message/format.hpp"

namespace pinfold::engine {
namespace {

constexpr std::string_view kSent = "canary/sent";
constexpr std::string_view kRound = "canary/round";
constexpr std::string_view kUnderWay = "canary/under_way";
constexpr std::string_view kLost = "canary/lost_since";  ///< of the call to a person; empty: nobody need be called

std::optional<WallTime> time_setting(records::Transaction& tx, std::string_view name) {
  const auto text = tx.settings().get(name);
  return text ? parse_wall_time(*text) : std::nullopt;
}

/// "TOKEN TIME;TOKEN TIME", the oldest first.
struct UnderWay {
  std::string token;
  WallTime sent;
};
std::vector<UnderWay> under_way(records::Transaction& tx) {
  std::vector<UnderWay> all;
  const std::string text = tx.settings().get(kUnderWay).value_or("");
  for (const std::string_view entry : split(text, ';')) {
    const auto space = entry.find(' ');
    const auto sent = space == std::string_view::npos ? std::nullopt : parse_wall_time(entry.substr(space + 1));
    if (sent) {
      all.push_back({std::string(entry.substr(0, space)), *sent});
    }
  }
  return all;
}
void keep(records::Transaction& tx, const std::vector<UnderWay>& all) {
  std::string text;
  for (const UnderWay& one : all) {
    text += (text.empty() ? "" : ";") + one.token + " " + to_string(one.sent);
  }
  tx.settings().set(kUnderWay, text);
}

}  // namespace

bool CanaryState::is_well(Micros every, WallTime now) const { return round && *round <= now && now - *round <= every + kCanaryWithin; }

bool CanaryState::is_due(Micros every, WallTime now) const {
  if (!sent || *sent > now) {
    return true;
  }
  const bool is_back = round && *round >= *sent;
  return now - *sent >= (is_back ? every : kCanaryAgain);
}

CanaryState canary_state(records::Transaction& tx) { return {time_setting(tx, kSent), time_setting(tx, kRound)}; }

std::string canary_leaves(records::Transaction& tx, WallTime now) {
  std::vector<UnderWay> all = under_way(tx);
  if (all.size() == kMaxCanaries) {
    all.erase(all.begin());
  }
  all.push_back({random_token(kLetterTokenBits), now});
  tx.settings().set(kSent, to_string(now));
  keep(tx, all);
  return all.back().token;
}

bool is_canary(records::Transaction& tx, std::string_view token) {
  const std::vector<UnderWay> all = under_way(tx);
  return std::any_of(all.begin(), all.end(), [&](const UnderWay& one) { return equal_secrets(one.token, token); });
}

bool canary_came_back(records::Transaction& tx, std::string_view token, WallTime now) {
  const std::vector<UnderWay> all = under_way(tx);
  const auto it = std::find_if(all.begin(), all.end(), [&](const UnderWay& one) { return equal_secrets(one.token, token); });
  if (it == all.end()) {
    return false;
  }
  if (it->sent <= now && now - it->sent <= kCanaryWithin) {  // one that was held up for hours says nothing of the road now
    tx.settings().set(kRound, to_string(now));
    tx.settings().set(kLost, "");
  }
  return true;  // it stays known: the report of its delivery is still to come
}

void CanaryWorker::look() {
  const WallTime now = x_clock.wall();
  bool has_work = false;
  x_store.read([&](records::Transaction& tx) {
    const CanaryState state = canary_state(tx);
    has_work = state.is_due(x_config.mail.canary_every, now) || !state.is_well(x_config.mail.canary_every, now);
  });
  if (!has_work) {
    return;
  }
  std::optional<std::string> token;
  x_store.transact([&](records::Transaction& tx) {
    if (canary_state(tx).is_due(x_config.mail.canary_every, now)) {
      token = canary_leaves(tx, now);
    }
    call_if_lost(tx, now);
  });
  if (!token) {
    return;
  }
  const mail::OurAddresses ours = our_addresses(x_config);
  const std::string to = mail::letter_reply_address(ours, mail::LetterKind::Canary, *token);
  message::Outgoing mail;
  mail.from = {x_config.mail.from_name, mail::desk_address(ours)};
  mail.to = {{"", to}};
  mail.reply_to = mail.from;
  mail.subject = "canary";
  mail.date = now;
  mail.message_id = mail::letter_message_id(ours, mail::LetterKind::Canary, *token);
  mail.extra = {{"Auto-Submitted", "auto-generated"}};
  mail.text = "The desk listens whether answers can reach it.\n";
  const auto result = x_submitter.submit({mail::letter_bounce_address(ours, mail::LetterKind::Canary, *token), to,
                                          mail.message_id.substr(0, mail.message_id.find('@')), message::format_mail(mail)});
  if (!std::holds_alternative<mail::Accepted>(result)) {
    log_warning("CANARY_NOT_SENT", "our own mail server did not take it; silence of owners counts for nothing meanwhile");
  }
}

void CanaryWorker::call_if_lost(records::Transaction& tx, WallTime now) const {
  const CanaryState state = canary_state(tx);
  if (state.is_well(x_config.mail.canary_every, now)) {
    return;
  }
  const auto lost = time_setting(tx, kLost);
  if (!lost) {
    tx.settings().set(kLost, to_string(now));
    return;
  }
  const std::string key = fmt::format("canary/{}", to_string(*lost));
  if (now - *lost >= kCanaryWithin && !tx.outbox().find(key)) {
    log_error("CANARY_LOST", "no canary mail has come back since {}: answers may be lost, and nobody is disabled by policy", to_string(*lost));
    tx.outbox().add(to_job(CaseId{},
                           {key, desk::CallPerson{"mail in is broken: the canary does not come back, so answers may be lost. Look at the "
                                                  "mail server's delivery to the desk (LMTP)"}},
                           now));
  }
}

}  // namespace pinfold::engine
