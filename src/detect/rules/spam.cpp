#include "detect/rules/spam.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "detect/rules/words.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

constexpr std::size_t kMaxSamples = 10;
constexpr std::uint64_t kMaxUnansweredPercent = 70;
constexpr Micros kTenMinutes = std::chrono::minutes{10};

struct Fan {
  std::uint64_t servers = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t seen = 0;
  WallTime first{Micros::max()};
  WallTime last{};
  std::vector<Contact> busiest;
};

Fan fan_out(const ClientView& view, const ContactTable& table, Micros window) {
  Fan fan;
  const WallTime from = view.newest - window;
  table.for_each([&](const Contact& contact) {
    const bool counts =
        contact.key.protocol == flow::kTcp && kind_of_port(contact.key.port) == PortKind::Mail && contact.is_outbound() && contact.last > from;
    if (!counts) {
      return;
    }
    ++fan.seen;
    fan.unanswered += contact.is_answered() ? 0U : 1U;
    fan.first = std::min(fan.first, std::max(contact.first, from));
    fan.last = std::max(fan.last, contact.last);
    fan.busiest.push_back(contact);
  });
  fan.servers = fan.seen * table.scale();
  return fan;
}

struct Mailing {
  Fan fan;
  std::uint64_t sessions = 0;
  std::uint64_t least = 0;
  std::string_view measure;
};

std::uint64_t sessions_since(const ClientView& view, WallTime from) {
  std::uint64_t sessions = 0;
  view.sessions.for_each(
      [&](const Session& session) { sessions += kind_of_port(session.key.port) == PortKind::Mail && session.last > from ? 1U : 0U; });
  return sessions * view.sessions.scale();
}

Sighting sighting_of(const Mailing& mailing, const ClientView& view, const MailPast& past, const SpamThresholds& thresholds) {
  const bool is_sampled = view.rate.one_in() > 1;
  const Micros span = mailing.fan.last - mailing.fan.first;
  const std::string usual = past.usual_servers ? fmt::format("; this server's usual number is {}", with_commas(*past.usual_servers)) : "";
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Spam;
  sighting.kind = "smtp";
  sighting.series = "spam";
  sighting.first_seen = mailing.fan.first;
  sighting.last_seen = mailing.fan.last;
  sighting.strength = mailing.fan.servers;
  sighting.measure = mailing.measure;
  sighting.measured = mailing.fan.servers;
  sighting.severity = mailing.fan.servers >= 10 * mailing.least ? abuse::Severity::High : abuse::Severity::Medium;
  const int percent = 80 + (past.usual_servers ? 10 : 0) - (past.receives_mail ? 15 : 0) - (is_sampled ? 10 : 0);
  sighting.confidence = {static_cast<std::uint8_t>(percent)};
  sighting.summary =
      fmt::format("delivered mail to {}{} different mail servers on tcp/25 in {}{}{}", is_sampled ? "at least " : "",
                  with_commas(mailing.fan.servers), span_text(span), past.receives_mail ? "" : ", though no mail was seen coming in", usual);
  sighting.floor =
      is_sampled ? fmt::format("with one packet in {} looked at, mail to fewer than about {} servers in ten minutes cannot be told",
                               with_commas(view.rate.one_in()), with_commas(std::uint64_t{view.rate.one_in()} * thresholds.min_sampled_servers / 15))
                 : fmt::format("mail to fewer than {} different servers in ten minutes is not reported",
                               past.receives_mail ? thresholds.min_servers_mail_host : thresholds.min_servers_per_ten_minutes);
  sighting.rate = view.rate;
  sighting.facts = {{"mail_servers", std::to_string(mailing.fan.servers)},
                    {"sessions", std::to_string(mailing.sessions)},
                    {"unanswered_percent", std::to_string(percent_of(mailing.fan.unanswered, mailing.fan.seen))},
                    {"seconds", std::to_string(whole_seconds(span))},
                    {"receives_mail", past.receives_mail ? "yes" : "no"},
                    {"source", to_string(view.source)}};
  auto contacts = mailing.fan.busiest;
  std::sort(contacts.begin(), contacts.end(), [](const Contact& a, const Contact& b) {
    return std::pair{b.packets, a.key} < std::pair{a.packets, b.key};
  });
  contacts.resize(std::min(contacts.size(), kMaxSamples));
  std::string top;
  for (const Contact& contact : contacts) {
    top += fmt::format("{}{} ({})", top.empty() ? "" : ", ", to_string(contact.key.peer), contact.packets);
  }
  sighting.facts.emplace_back("top_destinations_by_packets", top);
  for (const Contact& contact : contacts) {
    sighting.facts.emplace_back("flow", fmt::format("{} port {} -> {} port {} tcp packets={}", to_string(contact.last), contact.src_port,
                                                    to_string(contact.key.peer), contact.key.port, contact.packets));
  }
  return sighting;
}

}  // namespace

std::optional<Sighting> judge_spam(const ClientView& view, const SpamThresholds& thresholds, const MailPast& past) {
  const bool is_sampled = view.rate.one_in() > 1;
  struct Window {
    const ContactTable& table;
    Micros length;
    std::uint64_t least;
    std::string_view measure;
  };
  const std::uint64_t usual = past.usual_servers ? std::uint64_t{*past.usual_servers} * thresholds.times_usual : 0;
  const std::uint64_t few = is_sampled ? thresholds.min_sampled_servers : thresholds.min_servers_per_ten_minutes;
  const std::uint64_t slow_least = std::max<std::uint64_t>(past.receives_mail ? thresholds.min_servers_mail_host : few, usual);
  const std::uint64_t fast_least =
      past.receives_mail ? slow_least : std::max<std::uint64_t>(is_sampled ? few : thresholds.min_servers_per_minute, usual);
  const std::string_view slow_measure = past.receives_mail ? "spam.min_servers_mail_host"
                                        : is_sampled       ? "spam.min_sampled_servers"
                                                           : "spam.min_servers_per_ten_minutes";
  const std::string_view fast_measure = past.receives_mail || is_sampled ? slow_measure : "spam.min_servers_per_minute";
  for (const Window& window :
       {Window{view.recent, std::chrono::minutes{1}, fast_least, fast_measure}, Window{view.slow, kTenMinutes, slow_least, slow_measure}}) {
    if (window.table.size() * window.table.scale() < window.least) {
      continue;
    }
    Mailing mailing{fan_out(view, window.table, window.length), 0, window.least, window.measure};
    const bool is_reached = mailing.fan.unanswered * 100 <= mailing.fan.seen * kMaxUnansweredPercent;
    if (mailing.fan.servers >= window.least && is_reached) {
      mailing.sessions = sessions_since(view, view.newest - window.length);
      return sighting_of(mailing, view, past, thresholds);
    }
  }
  return std::nullopt;
}

}  // namespace pinfold::detect
