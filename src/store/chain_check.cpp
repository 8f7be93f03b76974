#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "store/chain.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

constexpr std::size_t kPart = 2000;

/// Walks the events in the order of appending and keeps what the next one must continue.
class ChainWalk {
public:
  struct Row {
    long long position = 0;
    long long case_id = 0;
    long long seq = 0;
    long long at = 0;
    std::string kind;
    std::string commitment;
    std::string hash;
    Nullable<std::string> salt;
    Nullable<std::string> payload;
  };

  /// The first thing wrong with this row, or nullopt.
  [[nodiscard]] std::optional<std::string> take(const Row& row) {
    if (row.position != x_position + 1) {
      return fmt::format("the chain jumps from row {} to row {}: what stood between was removed", x_position, row.position);
    }
    const auto bad = [&](std::string_view what) {
      return fmt::format("{} event {} (row {} of the chain): {}", to_string(CaseId{row.case_id}), row.seq, row.position, what);
    };
    const long long expected_seq = x_last_seq[row.case_id] + 1;
    if (row.seq != expected_seq) {
      return bad(fmt::format("event {} of the case should stand here", expected_seq));
    }
    const ChainLink link{CaseId{row.case_id}, static_cast<std::uint32_t>(row.seq), to_wall_time(row.at), row.kind, row.commitment};
    if (link_hash(x_hash, link) != row.hash) {
      return bad("case, number, time, kind or commitment was changed, or the row was moved");
    }
    const auto salt = row.salt.get();
    const auto payload = row.payload.get();
    if (salt.has_value() != payload.has_value()) {
      return bad("content and salt are erased together or not at all");
    }
    if (payload && commitment_of(*salt, *payload) != row.commitment) {
      return bad("its content was changed");
    }
    x_position = row.position;
    x_hash = row.hash;
    x_last_seq[row.case_id] = row.seq;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> finish(long long head_position, const std::string& head_hash) const {
    if (head_position != x_position || head_hash != x_hash) {
      return fmt::format("the chain ends at row {}, but its head says row {}: its tail was cut off or rows were added", x_position, head_position);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> check_case(long long case_id, long long last_seq) const {
    const auto found = x_last_seq.find(case_id);
    const long long in_chain = found == x_last_seq.end() ? 0 : found->second;
    if (in_chain != last_seq) {
      return fmt::format("{}: its row says {} events, the chain has {}", to_string(CaseId{case_id}), last_seq, in_chain);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::size_t cases() const { return x_last_seq.size(); }

private:
  long long x_position = 0;
  std::string x_hash = genesis_hash();
  std::map<long long, long long> x_last_seq;
};

}  // namespace

std::optional<std::string> CasesTable::verify_chain() const {
  ChainWalk walk;
  ChainWalk::Row row;
  std::optional<std::string> fault;
  // Part by part: PostgreSQL's library holds a whole answer in memory.
  long long behind = 0;
  for (std::size_t rows = kPart; rows == kPart && !fault;) {
    rows = 0;
    long long last = behind;
    for_each_row(x_session,
                 fmt::format("SELECT position, case_id, seq, recorded_at, kind, commitment, hash, salt, payload FROM events WHERE position > :behind "
                             "ORDER BY position LIMIT {}",
                             kPart),
                 std::tie(behind), std::tie(row.position, row.case_id, row.seq, row.at, row.kind, row.commitment, row.hash, row.salt, row.payload),
                 [&] {
                   ++rows;
                   last = row.position;
                   if (!fault) {
                     fault = walk.take(row);
                   }
                 });
    behind = last;
  }
  if (fault) {
    return fault;
  }
  long long head_position = 0;
  std::string head_hash;
  if (!first_row(x_session, "SELECT position, hash FROM chain_head WHERE id = 1", std::tie(), std::tie(head_position, head_hash))) {
    return "the head of the chain is gone";
  }
  if (auto wrong = walk.finish(head_position, head_hash)) {
    return wrong;
  }
  long long case_id = 0;
  long long last_seq = 0;
  std::size_t rows = 0;
  for_each_row(x_session, "SELECT id, last_seq FROM cases ORDER BY id", std::tie(), std::tie(case_id, last_seq), [&] {
    ++rows;
    if (!fault) {
      fault = walk.check_case(case_id, last_seq);
    }
  });
  if (!fault && rows != walk.cases()) {
    fault = fmt::format("the chain has events of {} cases, the list has {}: a case's row was removed", walk.cases(), rows);
  }
  return fault;
}

}  // namespace pinfold::store
