#include "store/tables.hpp"

namespace pinfold::store {
namespace {

void tell(soci::session& session, const std::string& key, std::string_view kind, WallTime at) {
  FeedTable(session).add(
      {.id = 0, .at = at, .topic = "call", .kind = std::string(kind), .subject = key, .version = 0, .customer = {}, .server = {}, .state = {}});
}

}  // namespace

void CallsTable::add(const records::CallRow& row) {
  const bool added =
      execute(x_session,
              "INSERT INTO calls (call_key, case_id, what, called_at, step, step_at) VALUES (:key, :case_id, :what, :called, :step, :step_at) "
              "ON CONFLICT DO NOTHING",
              row.key, static_cast<long long>(row.case_id.value), row.what, to_column(row.called), static_cast<long long>(row.step),
              to_column(row.step_at)) == 1;
  if (added) {
    tell(x_session, row.key, "person_called", row.called);
  }
}

void CallsTable::escalate(const std::string& key, unsigned step, WallTime now) {
  execute(x_session, "UPDATE calls SET step = :step, step_at = :now WHERE call_key = :key AND taken_by IS NULL", static_cast<long long>(step),
          to_column(now), key);
}

bool CallsTable::take(const std::string& key, const StaffId& by, WallTime now) {
  const bool taken = execute(x_session, "UPDATE calls SET taken_by = :by, taken_at = :now WHERE call_key = :key AND taken_by IS NULL", by.value,
                             to_column(now), key) == 1;
  if (taken) {
    execute(x_session,
            "UPDATE calls SET taken_by = :by, taken_at = :now WHERE taken_by IS NULL AND case_id <> 0 AND case_id = (SELECT c.case_id FROM calls c "
            "WHERE c.call_key = :key)",
            by.value, to_column(now), key);
    tell(x_session, key, "call_taken", now);
  }
  return taken;
}

std::vector<records::CallRow> CallsTable::open() const {
  std::vector<records::CallRow> calls;
  records::CallRow row;
  long long case_id = 0;
  long long called = 0;
  long long step = 0;
  long long step_at = 0;
  for_each_row(x_session, "SELECT call_key, case_id, what, called_at, step, step_at FROM calls WHERE taken_by IS NULL ORDER BY called_at, call_key",
               std::tie(), std::tie(row.key, case_id, row.what, called, step, step_at), [&] {
                 row.case_id = CaseId{case_id};
                 row.called = to_wall_time(called);
                 row.step = static_cast<unsigned>(step);
                 row.step_at = to_wall_time(step_at);
                 calls.push_back(row);
               });
  return calls;
}

}  // namespace pinfold::store
