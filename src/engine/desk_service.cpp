#include "engine/desk_service.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/breaker.hpp"
#include "engine/customers/contact_records.hpp"
#include "engine/jobs.hpp"

namespace pinfold::engine {
namespace {

/// A step can make another tick due at once (window passed → disable requested), but never for ever.
constexpr int kMaxFollowingTicks = 8;
/// Another process moved the case: load it again. So many in a row means that something else is wrong.
constexpr int kMaxConflicts = 10;
constexpr std::size_t kDueAtOnce = 200;
/// Reply addresses and Message-IDs cannot be guessed: 100 bits.
constexpr unsigned kTokenBits = 100;

/// The first warning waits for other evidence to join it: what the network saw and what the host saw belong in one letter.
Micros waits_for(const desk::Case& c, const desk::Effect& effect, const desk::Policy& policy) {
  const auto* send = std::get_if<desk::SendNotice>(&effect.what);
  const desk::Notice* notice = send != nullptr ? c.find_notice(send->notice) : nullptr;
  return notice != nullptr && notice->kind == desk::NoticeKind::Warning && notice->id == NoticeId{1} ? policy.gather : Micros{0};
}

/// Until when a person has acquitted this server, tenant and family.
std::string acquittal_setting(const ServerId& server, const CustomerId& customer, abuse::Family family) {
  return fmt::format("acquitted/{}/{}/{}", abuse::to_string(family), customer.value, server.value);
}

void remember_acquittal(records::Transaction& tx, const desk::Case& c, WallTime now) {
  if (c.state == desk::State::FalsePositive && c.state_since == now) {
    tx.settings().set(acquittal_setting(c.server, c.customer, c.family), to_string(now));
  }
}

/// The bout was running when a person judged it a false positive: it is not accused again for as long as it lasts.
bool is_acquitted(records::Transaction& tx, const abuse::Finding& finding, const CustomerId& customer) {
  const auto text = tx.settings().get(acquittal_setting(finding.server, customer, abuse::family_of(finding.abuse_class)));
  const auto at = text ? parse_wall_time(*text) : std::nullopt;
  return at && finding.first_seen <= *at;
}

}  // namespace

DeskService::DeskService(records::Store& store, const desk::Policy& policy, const Clock& clock, std::function<void()> changed)
    : x_store(store), x_policy(policy), x_clock(clock), x_changed(std::move(changed)) {}

std::shared_ptr<const inventory::Inventory> DeskService::inventory(records::Transaction& tx) {
  const std::int64_t version = tx.inventory().version();
  return x_inventory.with([&](CachedInventory& cached) {
    if (cached.version != version || !cached.inventory) {
      cached = {version, std::make_shared<const inventory::Inventory>(tx.inventory().load())};
    }
    return cached.inventory;
  });
}

std::shared_ptr<const inventory::Inventory> DeskService::inventory() {
  std::shared_ptr<const inventory::Inventory> result;
  x_store.read([&](records::Transaction& tx) { result = inventory(tx); });
  return result;
}

desk::Moment DeskService::moment_for(records::Transaction& tx, const CustomerId& customer, const ServerId& server) {
  desk::Moment moment{.now = x_clock.wall(), .ears = {}, .fresh_token = random_token(kTokenBits), .contacts = {}};
  moment.ears = ears_at(tx, moment.now);
  const auto all = inventory(tx);
  for (const inventory::Contact& contact : all->recipients(customer)) {
    moment.contacts.push_back(contact.id);
    if (lives_on(tx, contact.id, all->find(server))) {
      moment.on_offender.push_back(contact.id);
    }
  }
  moment.breaker_open = is_open(tx, Breaker::Measures);
  return moment;
}

desk::Case DeskService::commit_step(records::Transaction& tx, desk::Case c, std::vector<desk::Event> history, desk::Step step) {
  for (int round = 0; round < kMaxFollowingTicks && (!step.events.empty() || !step.effects.empty()); ++round) {
    const WallTime now = x_clock.wall();
    const std::uint32_t before = c.last_seq;
    std::vector<desk::Event> added;
    for (desk::EventBody& body : step.events) {
      added.push_back({c.last_seq + 1, now, std::move(body)});
      desk::apply(c, added.back());
      log_info("CASE_EVENT", "{} #{} {}", to_string(c.id), added.back().seq, desk::describe(added.back().body));
    }
    history.insert(history.end(), added.begin(), added.end());
    if (const auto violation = desk::check_invariants(c, history)) {
      throw std::logic_error(to_string(c.id) + ": " + *violation);
    }
    tx.cases().append(c.id, before, added, c, desk::next_due(c, x_policy));
    remember_contacts(tx, c, added);
    remember_acquittal(tx, c, now);
    watch_breakers(tx, c.id, added, x_policy, now);
    for (const desk::Effect& effect : step.effects) {
      tx.outbox().add(to_job(c.id, effect, now + waits_for(c, effect, x_policy)));
    }
    auto following = desk::step(c, desk::Tick{}, x_policy, moment_for(tx, c.customer, c.server));
    step = following ? std::move(following).value() : desk::Step{};
  }
  return c;
}

Expected<desk::Case, desk::Rejected> DeskService::apply(records::Transaction& tx, CaseId id, const desk::Input& input) {
  std::vector<desk::Event> history = tx.cases().events(id);
  if (history.empty()) {
    return Unexpected(desk::Rejected{"there is no case " + to_string(id)});
  }
  desk::Case c = desk::fold(id, history);
  auto stepped = desk::step(c, input, x_policy, moment_for(tx, c.customer, c.server));
  if (!stepped) {
    return Unexpected(stepped.error());
  }
  const bool nothing = stepped->events.empty() && stepped->effects.empty();
  if (nothing && std::holds_alternative<desk::Tick>(input)) {
    // Due, but nothing came of it: remember when to look again, or the same case is looked at for ever.
    tx.cases().append(id, c.last_seq, {}, c, desk::next_due(c, x_policy));
    return c;
  }
  return commit_step(tx, std::move(c), std::move(history), std::move(stepped).value());
}

Expected<desk::Case, desk::Rejected> DeskService::apply(CaseId id, const desk::Input& input) {
  for (int attempt = 0;; ++attempt) {
    try {
      std::optional<Expected<desk::Case, desk::Rejected>> result;
      x_store.transact([&](records::Transaction& tx) { result = apply(tx, id, input); });
      x_changed();
      return *std::move(result);
    } catch (const records::Conflict&) {
      if (attempt == kMaxConflicts) {
        throw;
      }
    }
  }
}

std::optional<CaseId> DeskService::take_finding(records::Transaction& tx, const abuse::Finding& finding, const StaffId& by) {
  const auto customer = tx.inventory().tenant_at(finding.server, finding.first_seen);
  if (!customer) {
    log_warning("FINDING_WITHOUT_TENANT", "server {}: nobody held it at {}", printable(finding.server.value, 100), to_string(finding.first_seen));
    return std::nullopt;
  }
  const abuse::Family family = abuse::family_of(finding.abuse_class);
  if (const auto open_case = tx.cases().find_open(finding.server, *customer, family)) {
    static_cast<void>(apply(tx, *open_case, desk::FindingArrived{finding}));
    return open_case;
  }
  if (finding.confidence < x_policy.min_confidence) {
    log_info("FINDING_TOO_WEAK", "{} on {}: {} % sure, no case below {} %", abuse::title(finding.abuse_class), finding.server.value,
             finding.confidence.percent, x_policy.min_confidence.percent);
    return std::nullopt;
  }
  if (by == StaffId{} && is_acquitted(tx, finding, *customer)) {
    log_info("FINDING_ACQUITTED", "{} on {}: a person judged this bout a false positive", abuse::title(finding.abuse_class), finding.server.value);
    return std::nullopt;
  }
  const CaseId id = tx.cases().create();
  const auto all = inventory(tx);
  const inventory::Server* server = all->find(finding.server);
  const std::uint8_t level = server == nullptr ? std::uint8_t{1} : server->level.value;
  const desk::CaseOpened opening{finding.server, *customer, family, tx.cases().count_earlier(finding.server, *customer, family), level, by};
  desk::Case c;
  c.id = id;
  commit_step(tx, std::move(c), {}, desk::open(id, opening, finding, x_policy, moment_for(tx, *customer, finding.server)));
  return id;
}

std::optional<CaseId> DeskService::open_by_staff(const ServerId& server, abuse::AbuseClass abuse_class, const std::string& summary,
                                                 const StaffId& by) {
  abuse::Finding finding;
  finding.id = FindingId{"staff/" + random_token(kTokenBits)};
  finding.server = server;
  finding.abuse_class = abuse_class;
  finding.origin = abuse::Origin::Staff;
  finding.first_seen = finding.last_seen = finding.detected_at = x_clock.wall();
  finding.confidence = {100};
  finding.summary = printable(summary, abuse::kMaxText);
  finding.observation_point = by.value;
  std::optional<CaseId> id;
  x_store.transact([&](records::Transaction& tx) { id = take_finding(tx, finding, by); });
  x_changed();
  return id;
}

std::optional<CaseId> DeskService::take_finding(const abuse::Finding& finding) {
  std::optional<CaseId> id;
  x_store.transact([&](records::Transaction& tx) { id = take_finding(tx, finding); });
  x_changed();
  return id;
}

std::size_t DeskService::tick_due() {
  std::vector<CaseId> due;
  x_store.read([&](records::Transaction& tx) { due = tx.cases().due(x_clock.wall(), kDueAtOnce); });
  for (const CaseId id : due) {
    try {
      static_cast<void>(apply(id, desk::Tick{}));
    } catch (const std::logic_error& damaged) {
      log_error("CASE_DAMAGED", "{} is left alone until a person has looked: {}", to_string(id), damaged.what());
    }
  }
  return due.size();
}

std::optional<desk::Case> DeskService::find(CaseId id) {
  std::vector<desk::Event> events;
  x_store.read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  return events.empty() ? std::nullopt : std::optional<desk::Case>(desk::fold(id, events));
}

desk::Proof DeskService::prove(const desk::Case& c) {
  desk::Proof proof;
  x_store.read([&](records::Transaction& tx) { proof = desk::prove(c, x_policy, moment_for(tx, c.customer, c.server)); });
  return proof;
}

std::optional<std::string> DeskService::why_not_now(records::Transaction& tx, CaseId id, ActionId action) {
  const std::vector<desk::Event> events = tx.cases().events(id);
  if (events.empty()) {
    return "there is no case " + to_string(id);
  }
  const desk::Case c = desk::fold(id, events);
  return desk::why_not_now(c, action, x_policy, moment_for(tx, c.customer, c.server));
}

}  // namespace pinfold::engine
