#include "engine/customers/terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/mail/letters.hpp"
#include "ticket/aup.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kDayLength = 10;  ///< "2026-11-23" of RFC 3339

std::string from_setting(unsigned version) { return fmt::format("aup/{}/from", version); }
std::string letter_key(unsigned version, const ContactId& contact) { return fmt::format("aup/{}/{}", version, contact.value); }

const records::AupVersion* find(const std::vector<records::AupVersion>& all, unsigned version) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& v) { return v.version == version; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

WallTime in_force_from(records::Transaction& tx, const records::AupVersion& version) {
  const auto text = tx.settings().get(from_setting(version.version));
  return (text ? parse_wall_time(*text) : std::nullopt).value_or(version.published);
}

std::optional<records::AupVersion> terms_at(records::Transaction& tx, WallTime now) {
  std::vector<records::AupVersion> all = tx.aup().versions();
  for (auto version = all.rbegin(); version != all.rend(); ++version) {
    if (in_force_from(tx, *version) <= now) {
      return std::move(*version);
    }
  }
  return std::nullopt;
}

unsigned publish_terms(records::Transaction& tx, std::string_view markdown, WallTime from, WallTime now) {
  const unsigned version = tx.aup().publish(markdown, now);
  tx.settings().set(from_setting(version), to_string(from));
  return version;
}

std::vector<std::string> changes_of(records::Transaction& tx, unsigned version) {
  const std::vector<records::AupVersion> all = tx.aup().versions();
  const records::AupVersion* later = find(all, version);
  const records::AupVersion* earlier = find(all, version - 1);
  if (later == nullptr) {
    return {};
  }
  std::vector<std::string> lines =
      ticket::differences(earlier == nullptr ? std::string_view{} : std::string_view(earlier->markdown), later->markdown);
  std::erase_if(lines, [](const std::string& line) { return line.empty() || line.front() == ' ' || line.size() < 3; });
  return lines;
}

std::size_t tell_customers(records::Transaction& tx, const inventory::Inventory& all, unsigned version, const std::string& link, WallTime now) {
  const std::vector<records::AupVersion> versions = tx.aup().versions();
  const records::AupVersion* told = find(versions, version);
  if (told == nullptr) {
    return 0;
  }
  Letter letter;
  letter.kind = mail::LetterKind::Aup;
  letter.lines = changes_of(tx, version);
  letter.aup_version = version;
  letter.first_day = to_string(in_force_from(tx, *told)).substr(0, kDayLength);
  letter.link = link;
  std::size_t queued = 0;
  for (const inventory::Customer& customer : all.customers()) {
    const std::vector<inventory::Contact> contacts = all.recipients(customer.id);
    if (contacts.empty()) {
      continue;
    }
    letter.key = letter_key(version, contacts.front().id);
    letter.to = contacts.front().id.value;
    letter.to_name = customer.name;
    letter.language = contacts.front().language;
    letter.stands_for = letter.to;
    queued += queue_letter(tx, letter, now) ? 1U : 0U;
  }
  return queued;
}

TermsReach reach_of_terms(records::Transaction& tx, const inventory::Inventory& all, unsigned version) {
  TermsReach reach;
  for (const inventory::Customer& customer : all.customers()) {
    const std::vector<inventory::Contact> contacts = all.recipients(customer.id);
    const auto job = contacts.empty() ? std::nullopt : tx.outbox().find(letter_key(version, contacts.front().id));
    std::size_t& counted = !job                                      ? reach.untold
                           : job->state == records::JobState::Done   ? reach.told
                           : job->state == records::JobState::Failed ? reach.failed
                                                                     : reach.waiting;
    ++counted;
  }
  std::set<CustomerId> accepted;
  for (const records::AupAcceptance& acceptance : tx.aup().acceptances()) {
    if (acceptance.version == version) {
      accepted.insert(acceptance.customer);
    }
  }
  reach.accepted = accepted.size();
  return reach;
}

}  // namespace pinfold::engine
