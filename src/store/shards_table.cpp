#include <algorithm>

#include "base/assert.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

struct Row {
  long long id = 0;
  std::string owner;
  long long epoch = 0;
  long long until = 0;
};

}  // namespace

std::vector<records::ShardLease> ShardsTable::hold(const std::string& owner, unsigned shards, WallTime now,
                                                   const std::function<bool(const std::string&)>& is_gone) {
  const unsigned living = attend(owner, now, is_gone);
  const unsigned share = (shards + living - 1) / living;
  const long long count = shards;
  std::vector<Row> rows(shards);
  for (unsigned i = 0; i < shards; ++i) {
    rows[i].id = i;
  }
  Row row;
  for_each_row(x_session, "SELECT id, owner, epoch, until_at FROM shards WHERE id < :count", std::tie(count),
               std::tie(row.id, row.owner, row.epoch, row.until), [&] { rows[static_cast<std::size_t>(row.id)] = row; });
  const auto is_ours = [&](const Row& r) { return r.owner == owner && r.until > to_column(now); };
  const auto is_free = [&](const Row& r) { return r.owner.empty() || r.until <= to_column(now) || (r.owner != owner && is_gone(r.owner)); };
  const auto put = [&](const Row& r) {
    execute(x_session,
            "INSERT INTO shards (id, owner, epoch, until_at) VALUES (:id, :owner, :epoch, :until) ON CONFLICT (id) DO UPDATE SET owner = "
            "excluded.owner, epoch = excluded.epoch, until_at = excluded.until_at",
            r.id, r.owner, r.epoch, r.until);
  };
  std::vector<records::ShardLease> ours;
  const auto keep = [&](Row& r) {
    r.owner = owner;
    r.until = to_column(now + records::kShardHolds);
    put(r);
    ours.push_back({static_cast<unsigned>(r.id), static_cast<std::uint64_t>(r.epoch)});
  };
  for (Row& r : rows) {
    if (is_ours(r) && ours.size() < share) {
      keep(r);
    } else if (is_ours(r)) {
      r.owner.clear();
      put(r);
    }
  }
  for (Row& r : rows) {
    if (ours.size() < share && is_free(r)) {
      ++r.epoch;
      keep(r);
    }
  }
  std::sort(ours.begin(), ours.end());
  return ours;
}

/// How many detectors live, this one included.
unsigned ShardsTable::attend(const std::string& owner, WallTime now, const std::function<bool(const std::string&)>& is_gone) {
  execute(x_session, "INSERT INTO detectors (name, seen_at) VALUES (:name, :now) ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at", owner,
          to_column(now));
  execute(x_session, "DELETE FROM detectors WHERE seen_at <= :before", to_column(now - records::kShardHolds));
  unsigned living = 0;
  std::string name;
  for_each_row(x_session, "SELECT name FROM detectors", std::tie(), std::tie(name), [&] { living += name == owner || !is_gone(name) ? 1U : 0U; });
  return std::max(living, 1U);
}

bool ShardsTable::is_held(const records::ShardLease& lease, const std::string& owner) const {
  const long long id = lease.shard;
  const auto epoch = static_cast<long long>(lease.epoch);
  long long one = 0;
  return first_row(x_session, "SELECT 1 FROM shards WHERE id = :id AND epoch = :epoch AND owner = :owner", std::tie(id, epoch, owner), std::tie(one));
}

void ShardsTable::release(const std::string& owner) {
  execute(x_session, "UPDATE shards SET owner = '' WHERE owner = :owner", owner);
  execute(x_session, "DELETE FROM detectors WHERE name = :name", owner);
}

unsigned ShardsTable::count_held(WallTime now) const {
  const long long at = to_column(now);
  long long count = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COUNT(*) FROM shards WHERE owner <> '' AND until_at > :now", std::tie(at), std::tie(count)));
  return static_cast<unsigned>(count);
}

}  // namespace pinfold::store
