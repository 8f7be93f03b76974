#include "engine/answers.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace pinfold::engine {
namespace {

constexpr std::string_view kKey = "answers.key";
constexpr unsigned kKeyBits = 320;

std::optional<http::AnswerDesk::File> find_case(DeskService& desk, CaseId id) {
  std::vector<desk::Event> events;
  desk.store().read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  if (events.empty()) {
    return std::nullopt;
  }
  desk::Case c = desk::fold(id, events);
  return http::AnswerDesk::File{std::move(c), std::move(events)};
}

std::string language_of(DeskService& desk, const desk::Case& c, const ContactId& contact) {
  const auto inventory = desk.inventory();
  const inventory::Customer* customer = inventory->find(c.customer);
  if (customer == nullptr) {
    return "en";
  }
  const auto found = std::find_if(customer->contacts.begin(), customer->contacts.end(), [&](const inventory::Contact& k) { return k.id == contact; });
  return found == customer->contacts.end() ? "en" : found->language;
}

}  // namespace

std::string answer_key(records::Store& store) {
  std::optional<std::string> key;
  store.read([&](records::Transaction& tx) { key = tx.settings().get(kKey); });
  if (!key) {
    store.transact([&](records::Transaction& tx) {
      key = tx.settings().get(kKey);  // another process may have been faster
      if (!key) {
        key = random_token(kKeyBits);
        tx.settings().set(kKey, *key);
      }
    });
  }
  return *key;
}

http::AnswerPageOptions answer_page_options(const config::Config& config, records::Store& store) {
  return {answer_key(store), config.mail.from_name, config.http.help_line, config.policy.response_window, config.http.trusted_proxies};
}

http::AnswerDesk answer_desk(DeskService& desk) {
  return {[&desk](CaseId id) { return find_case(desk, id); },
          [&desk](const desk::Case& c, const ContactId& contact) { return language_of(desk, c, contact); },
          [&desk](CaseId id, const desk::ResponseRecorded& answer) -> std::optional<std::string> {
            const auto applied = desk.apply(id, answer);
            if (applied) {
              log_info("ANSWER_BY_LINK", "{} from {}", to_string(id), answer.from);
              return std::nullopt;
            }
            return applied.error().why;
          }};
}

http::Limits answer_limits() {
  http::Limits limits;
  limits.body_bytes = http::kMaxForm;
  return limits;
}

}  // namespace pinfold::engine
