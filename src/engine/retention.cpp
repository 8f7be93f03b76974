#include "engine/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/log.hpp"

namespace pinfold::engine {
namespace {

constexpr std::string_view kLastDay = "retention.day";
constexpr std::size_t kHashLength = 64;
constexpr double kMegabyte = 1e6;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// Every SHA-256 that stands in a text, wherever: rather too much is kept than too little.
void collect_hashes(std::string_view text, std::unordered_set<std::string>& hashes) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_hex(text[i])) {
      ++run;
      continue;
    }
    if (run == kHashLength) {
      hashes.emplace(text.substr(i - run, run));
    }
    run = 0;
  }
}

std::unordered_set<std::string> named_evidence(records::Store& store) {
  std::unordered_set<std::string> hashes;
  store.read(
      [&](records::Transaction& tx) { tx.housekeeping().each_text_with_evidence([&](std::string_view text) { collect_hashes(text, hashes); }); });
  return hashes;
}

/// In batches, each a transaction of its own; a trial changes nothing, and so asks once.
template <typename Erase>
std::size_t in_batches(records::Store& store, Forget how, Erase&& erase) {
  std::size_t total = 0;
  if (how == Forget::Trial) {
    store.read([&](records::Transaction& tx) { total = erase(tx.housekeeping(), kTrialCount, true); });
    return total;
  }
  for (std::size_t took = kBatch; took == kBatch; total += took) {
    store.transact([&](records::Transaction& tx) { took = erase(tx.housekeeping(), kBatch, false); });
  }
  return total;
}

}  // namespace

std::string to_string(const Forgotten& forgotten) {
  return fmt::format("{} cases, {} tickets, {} mails, {} reports, {} pieces of evidence ({:.1f} MB)", forgotten.cases, forgotten.tickets,
                     forgotten.mails, forgotten.reports, forgotten.evidence.pieces, static_cast<double>(forgotten.evidence.bytes) / kMegabyte);
}

Forgotten forget(records::Store& store, records::EvidenceStore& evidence, const config::Retention& retention, WallTime now, Forget how) {
  using records::Housekeeping;
  Forgotten forgotten;
  if (retention.keep_everything) {
    return forgotten;
  }
  forgotten.cases = in_batches(store, how, [&](Housekeeping& keeping, std::size_t most, bool is_trial) {
    return keeping.erase_cases(now - retention.closed_cases, most, is_trial);
  });
  forgotten.tickets = in_batches(store, how, [&](Housekeeping& keeping, std::size_t most, bool is_trial) {
    return keeping.erase_tickets(now - retention.closed_tickets, most, is_trial);
  });
  forgotten.mails = in_batches(
      store, how, [&](Housekeeping& keeping, std::size_t most, bool is_trial) { return keeping.erase_inbox(now - retention.mails, most, is_trial); });
  forgotten.reports = in_batches(store, how, [&](Housekeeping& keeping, std::size_t most, bool is_trial) {
    return keeping.erase_reports(now - retention.reports, most, is_trial);
  });
  const auto named = named_evidence(store);
  forgotten.evidence = evidence.sweep(
      now - retention.unnamed_evidence, [&](std::string_view sha256) { return named.contains(std::string(sha256)); }, how == Forget::Trial);
  return forgotten;
}

bool RetentionWorker::claim_day(WallTime now) {
  const std::string day = std::to_string((now.since_epoch - kHour) / std::chrono::days{1});
  const auto is_done = [&](records::Transaction& tx) { return tx.settings().get(kLastDay) == day; };
  bool done = false;
  x_store.read([&](records::Transaction& tx) { done = is_done(tx); });
  if (!done) {
    x_store.transact([&](records::Transaction& tx) {
      done = is_done(tx);
      tx.settings().set(kLastDay, day);
    });
  }
  return !done;
}

void RetentionWorker::look() {
  const WallTime now = x_clock.wall();
  if (x_retention.keep_everything || !claim_day(now)) {
    return;
  }
  const Forgotten forgotten = forget(x_store, x_evidence, x_retention, now, Forget::Really);
  if (forgotten.all() > 0) {
    x_store.transact([&](records::Transaction& tx) {
      tx.access().add_act({.at = now, .who = "retention", .what = "erase", .subject = "", .text = to_string(forgotten)});
    });
    log_info("RETENTION_DONE", "erased by the rule of [retention]: {}", to_string(forgotten));
  }
}

}  // namespace pinfold::engine
