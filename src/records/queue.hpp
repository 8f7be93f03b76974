/// The queue: one row a case with what lists sort and filter by, kept beside the events from which it is derived. Part of records/store.hpp.
/// Used by http (queue, portal, approvals, statistics). Written by the store itself whenever a case's events are appended.
/// Cost: a page is one indexed range of `limit` rows, whatever the number of cases; counts and statistics read an index over the asked time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "desk/case.hpp"

namespace pinfold::records {

struct QueueRow {
  CaseId id;
  std::uint32_t version = 0;  ///< the case's last seq
  ServerId server;
  CustomerId customer;
  abuse::Family family = abuse::Family::Compromise;
  std::string classes;  ///< with commas between; the first is the leading one
  desk::State state = desk::State::Triage;
  WallTime state_since;
  WallTime opened;
  WallTime changed;
  abuse::Severity severity = abuse::Severity::Info;
  std::uint8_t confidence = 0;
  std::optional<WallTime> deadline;
  bool is_final = false;
  bool replied = false;
  bool bounced = false;
  bool needs_person = false;
  bool approval = false;
  unsigned earlier_cases = 0;
  std::string summary;
  std::string owner;  ///< of the staff; empty: nobody
};

enum class QueueSort : std::uint8_t { Changed, Opened, Severity, Deadline };
enum class QueueStatus : std::uint8_t { Open, Closed, All };
enum class QueueFlag : std::uint8_t { Replied, Bounced, NeedsPerson, Approval };

struct QueueFilter {
  QueueStatus status = QueueStatus::Open;
  std::optional<CustomerId> customer;
  std::optional<ServerId> server;
  std::vector<desk::State> states;  ///< empty: any
  std::optional<abuse::Family> family;
  std::optional<abuse::Severity> at_least;
  std::optional<std::string> owner;  ///< empty text: nobody's
  std::optional<QueueFlag> flag;
  std::string search;  ///< part of the case's number, server or customer
  QueueSort sort = QueueSort::Changed;
};

/// Where a page ended: the sort's value and the case.
struct QueuePlace {
  std::int64_t value = 0;
  std::int64_t id = 0;
};

struct ClassRecord {
  std::uint64_t cases = 0;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::uint64_t open = 0;
};

struct CaseStatistics {
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t repeated = 0;  ///< of those opened
  std::map<std::string, std::uint64_t> by_class;
  std::vector<std::pair<std::string, std::uint64_t>> by_customer;     ///< the most first, at most 50
  std::map<std::string, std::uint64_t> events;                        ///< kind → how many in that time
  std::map<std::int64_t, std::map<std::string, std::uint64_t>> days;  ///< day since 1970 → kind → how many
  std::vector<std::int64_t> answer_seconds;                           ///< from delivery to answer, of cases answered in that time
};

/// An event of any case as the audit log shows it.
struct ChainRow {
  std::int64_t position = 0;
  CaseId case_id;
  desk::Event event;
  std::string hash;
};

class Queue {
public:
  virtual ~Queue() = default;
  [[nodiscard]] virtual std::vector<QueueRow> page(const QueueFilter&, const std::optional<QueuePlace>& after, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::optional<QueueRow> find(CaseId) const = 0;
  [[nodiscard]] virtual std::map<desk::State, std::uint64_t> count_open(const std::optional<CustomerId>& customer) const = 0;
  [[nodiscard]] virtual std::uint64_t count(const QueueFilter&) const = 0;
  virtual bool assign(CaseId, std::string_view owner) = 0;  ///< false: no such case
  [[nodiscard]] virtual std::map<std::string, ClassRecord> records_by_class(WallTime from, WallTime to) const = 0;
  [[nodiscard]] virtual CaseStatistics statistics(WallTime from, WallTime to) const = 0;
  /// Newest first, before `before` (0: from the end).
  [[nodiscard]] virtual std::vector<ChainRow> chain(std::int64_t before, std::size_t limit) const = 0;
  /// The same, of one kind of event only.
  [[nodiscard]] virtual std::vector<ChainRow> chain_of(std::string_view kind, std::int64_t before, std::size_t limit) const = 0;
};
inline constexpr std::int64_t kNoDeadline = INT64_MAX;

inline QueuePlace place_of(const QueueRow& row, QueueSort sort) {
  switch (sort) {
    case QueueSort::Opened: return {row.opened.since_epoch.count(), row.id.value};
    case QueueSort::Severity: return {static_cast<std::int64_t>(row.severity), row.id.value};
    case QueueSort::Deadline: return {row.deadline ? row.deadline->since_epoch.count() : kNoDeadline, row.id.value};
    case QueueSort::Changed: break;
  }
  return {row.changed.since_epoch.count(), row.id.value};
}

}  // namespace pinfold::records
