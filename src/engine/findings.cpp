#include "engine/findings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "abuse/finding_json.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "engine/keep_finding.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kAtOnce = 100;
/// A bounded finding is at most 64 facts of 8 KiB and some more; JSON escapes at worst multiply by six.
constexpr std::size_t kMaxPayload = std::size_t{4} << 20U;

}  // namespace

void FindingWorker::offer(abuse::Finding finding) {
  x_offered.with([&](auto& queue) {
    if (queue.size() == kMaxOffered) {
      queue.pop_front();
      ++x_dropped;
    }
    queue.push_back(std::move(finding));
  });
}

void FindingWorker::keep_offered() {
  for (;;) {
    const auto first = x_offered.with(
        [](const auto& queue) { return std::vector(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(std::min(queue.size(), kAtOnce))); });
    if (first.empty()) {
      return;
    }
    x_desk.store().transact([&](records::Transaction& tx) {  // throws when the disk is full: they stay in the queue
      for (const abuse::Finding& finding : first) {
        keep_finding(tx, finding, x_clock.wall());
      }
    });
    x_offered.with([&](auto& queue) {  // of which the oldest may have been dropped meanwhile
      for (const abuse::Finding& finding : first) {
        if (!queue.empty() && queue.front() == finding) {
          queue.pop_front();
        }
      }
    });
  }
}

void FindingWorker::keep(const abuse::Finding& finding) {
  x_desk.store().transact([&](records::Transaction& tx) { keep_finding(tx, finding, x_clock.wall()); });
}

bool FindingWorker::work() {
  keep_offered();
  std::vector<records::InboxItem> items;
  x_desk.store().read([&](records::Transaction& tx) { items = tx.inbox().pending("finding", kAtOnce); });
  for (const records::InboxItem& item : items) {
    try {
      judge(item);
    } catch (const records::Conflict&) {         // NOLINT(bugprone-empty-catch): another desk has judged it meanwhile
    } catch (const std::logic_error& damaged) {  // its case contradicts itself: a person must look, and the other findings go on
      log_error("CASE_DAMAGED", "finding {} is kept aside: {}", item.id, damaged.what());
      x_desk.store().transact([&](records::Transaction& tx) { tx.inbox().finish(item.id, std::string("its case is damaged: ") + damaged.what()); });
    }
  }
  return items.size() == kAtOnce;
}

void FindingWorker::judge(const records::InboxItem& item) {
  const auto json = parse_json(item.payload, kMaxPayload);
  const auto finding = json ? abuse::parse_finding(*json) : Expected<abuse::Finding, std::string>(Unexpected(json.error()));
  x_desk.store().transact([&](records::Transaction& tx) {
    const auto id = finding ? x_desk.take_finding(tx, *finding) : std::nullopt;
    tx.inbox().finish(item.id, !finding ? "damaged: " + finding.error() : id ? to_string(*id) : "no case");
  });
}

}  // namespace pinfold::engine
