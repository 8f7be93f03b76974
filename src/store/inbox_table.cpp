#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/assert.hpp"
#include "store/tables.hpp"

namespace pinfold::store {

bool InboxTable::add(const records::InboxItem& item) {
  long long last = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MAX(id), 0) FROM inbox", std::tie(), std::tie(last)));
  const bool is_new = execute(x_session,
                              "INSERT INTO inbox (id, kind, dedup_key, payload, received_at, is_done, note) "
                              "VALUES (:id, :kind, :dedup_key, :payload, :received, 0, '') ON CONFLICT (kind, dedup_key) DO NOTHING",
                              last + 1, item.kind, item.dedup_key, item.payload, to_column(item.received)) == 1;
  if (is_new) {
    announce(x_session);
  }
  return is_new;
}

std::vector<records::InboxItem> InboxTable::pending(std::string_view kind, std::size_t limit) const {
  const std::string wanted(kind);
  const auto at_most = static_cast<long long>(std::min<std::size_t>(limit, std::numeric_limits<int>::max()));
  std::vector<records::InboxItem> items;
  records::InboxItem item;
  long long id = 0;
  long long received = 0;
  for_each_row(x_session, "SELECT id, kind, dedup_key, payload, received_at FROM inbox WHERE kind = :kind AND is_done = 0 ORDER BY id LIMIT :at_most",
               std::tie(wanted, at_most), std::tie(id, item.kind, item.dedup_key, item.payload, received), [&] {
                 item.id = id;
                 item.received = to_wall_time(received);
                 items.push_back(item);
               });
  return items;
}

std::size_t InboxTable::count_pending(std::string_view kind) const {
  const std::string wanted(kind);
  long long count = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COUNT(*) FROM inbox WHERE kind = :kind AND is_done = 0", std::tie(wanted), std::tie(count)));
  return static_cast<std::size_t>(count);
}

void InboxTable::finish(std::int64_t id, std::string_view note) {
  if (execute(x_session, "UPDATE inbox SET is_done = 1, note = :note WHERE id = :id AND is_done = 0", std::string(note),
              static_cast<long long>(id)) == 0) {
    throw records::Conflict(fmt::format("inbox item {}: no such item waits; another desk may have been quicker", id));
  }
}

}  // namespace pinfold::store
