// What went out and what was done: letters, outbox, calls to people, audit log.
#include <algorithm>
#include <array>

#include "desk/words.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "http/case_words.hpp"

namespace pinfold::http::api {
namespace {

constexpr std::size_t kScanned = 1000;  ///< events looked through for one page of letters

std::int64_t position_in(const std::vector<std::string>& cursor) {
  if (cursor.empty()) {
    return 0;
  }
  const auto number = whole(cursor[0]);
  if (!number || *number == 0) {
    throw invalid("cursor", "not a cursor of this list");
  }
  return *number;
}

std::string_view kind_that_shows(std::string_view state) {
  return state == "failed"      ? "notice_failed"
         : state == "delivered" ? "notice_delivered"
         : state == "submitted" ? "notice_submitted"
                                : "notice_queued";
}

NoticeId notice_of(const desk::EventBody& body) {
  return std::visit(
      [](const auto& event) {
        if constexpr (requires { event.notice.value; }) {
          return event.notice;
        } else {
          return NoticeId{};
        }
      },
      body);
}

}  // namespace

Response list_notices(Api& api, Call& call) {
  const std::string state = call.param("state");
  static constexpr std::array<std::string_view, 5> kStates{"queued", "observed", "submitted", "delivered", "failed"};
  if (!state.empty() && std::find(kStates.begin(), kStates.end(), state) == kStates.end()) {
    throw invalid("state", "queued, observed, submitted, delivered or failed");
  }
  std::int64_t before = position_in(call.cursor(1));
  const std::size_t limit = call.limit();
  json items = json::array();
  std::optional<std::string> next;
  api.store().read([&](records::Transaction& tx) {
    const auto rows = tx.queue().chain_of(kind_that_shows(state), before, kScanned);
    for (const records::ChainRow& row : rows) {
      if (items.size() == limit) {
        next = make_cursor({std::to_string(before)});
        return;
      }
      before = row.position;
      const CaseFile file = load_case(tx, row.case_id, call.who());
      const desk::Notice* notice = file.c.find_notice(notice_of(row.event.body));
      json one = notice == nullptr ? json() : notice_json(file.c, file.events, *notice);
      if (notice != nullptr && (state.empty() || one["state"] == state)) {
        items.push_back(std::move(one));
      }
    }
    if (rows.size() == kScanned) {
      next = make_cursor({std::to_string(before)});
    }
  });
  return list_of(std::move(items), next);
}

Response list_outbox(Api& api, Call& call) {
  static constexpr std::array<std::pair<std::string_view, records::JobState>, 4> kNames{{{"queued", records::JobState::Queued},
                                                                                         {"claimed", records::JobState::Claimed},
                                                                                         {"done", records::JobState::Done},
                                                                                         {"failed", records::JobState::Failed}}};
  std::optional<records::JobState> state;
  if (const std::string text = call.param("state"); !text.empty()) {
    const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.first == text; });
    if (found == kNames.end()) {
      throw invalid("state", "queued, claimed, done or failed");
    }
    state = found->second;
  }
  std::optional<records::Job> after;
  if (const auto cursor = call.cursor(2); !cursor.empty()) {
    const auto due = whole(cursor[0]);
    if (!due) {
      throw invalid("cursor", "not a cursor of this list");
    }
    after.emplace();
    after->not_before = WallTime{Micros{*due}};
    after->key = cursor[1];
  }
  const std::size_t limit = call.limit();
  std::vector<records::Job> jobs;
  api.store().read([&](records::Transaction& tx) { jobs = tx.outbox().page(state, after, limit + 1); });
  std::optional<std::string> next;
  if (jobs.size() > limit) {
    jobs.pop_back();
    next = make_cursor({std::to_string(jobs.back().not_before.since_epoch.count()), jobs.back().key});
  }
  json items = json::array();
  for (const records::Job& job : jobs) {
    const auto* name = std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.second == job.state; });
    items.push_back({{"key", job.key},
                     {"case", to_string(job.case_id)},
                     {"kind", job.kind},
                     {"state", name->first},
                     {"attempts", job.attempts},
                     {"not_before", to_string(job.not_before)},
                     {"note", job.note}});
  }
  return list_of(std::move(items), next);
}

Response list_calls(Api& api, Call&) {
  const auto& list = api.desk().policy().on_call;
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::CallRow& row : tx.calls().open()) {
      items.push_back({{"key", row.key},
                       {"case", to_string(row.case_id)},
                       {"what", row.what},
                       {"called", to_string(row.called)},
                       {"step", row.step + 1},
                       {"name", list.empty() ? json(nullptr) : json(list[std::min<std::size_t>(row.step, list.size() - 1)].name)}});
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response take_call(Api& api, Call& call) {
  const std::string key = call.text("key", 300);
  bool taken = false;
  api.store().transact([&](records::Transaction& tx) { taken = tx.calls().take(key, call.who().staff(), call.now); });
  if (!taken) {
    throw refused("there is no such call, or somebody has taken it");
  }
  call.subject = key;
  return done();
}

Response list_audit_log(Api& api, Call& call) {
  const std::string source = call.param("source");
  const std::string who = call.param("who");
  const std::size_t limit = call.limit();
  const std::int64_t before = position_in(call.cursor(1));
  json items = json::array();
  std::optional<std::string> next;
  if (source == "people") {
    std::vector<records::ActRow> acts;
    api.store().read([&](records::Transaction& tx) { acts = tx.access().acts(to_lower(who), before, limit + 1); });
    if (acts.size() > limit) {
      acts.pop_back();
      next = make_cursor({std::to_string(acts.back().id)});
    }
    for (const records::ActRow& act : acts) {
      items.push_back({{"id", std::to_string(act.id)},
                       {"at", to_string(act.at)},
                       {"who", act.who},
                       {"what", act.what},
                       {"subject", act.subject},
                       {"text", act.text},
                       {"status", act.status},
                       {"hash", nullptr}});
    }
    return list_of(std::move(items), next);
  }
  if (source != "cases") {
    throw invalid("source", "cases or people");
  }
  std::vector<records::ChainRow> rows;
  api.store().read([&](records::Transaction& tx) { rows = tx.queue().chain(before, who.empty() ? limit + 1 : kScanned); });
  for (const records::ChainRow& row : rows) {
    if (items.size() == limit) {
      break;
    }
    next = make_cursor({std::to_string(row.position)});
    const std::string by = staff_of(row.event.body);
    if (who.empty() || by == who) {
      items.push_back({{"id", std::to_string(row.position)},
                       {"at", to_string(row.event.at)},
                       {"who", by.empty() ? std::string(side_of(row.event.body)) : by},
                       {"what", kind_of(row.event.body)},
                       {"subject", to_string(row.case_id)},
                       {"text", describe(row.event.body)},
                       {"status", nullptr},
                       {"hash", row.hash}});
    }
  }
  const bool more = !rows.empty() && (who.empty() ? rows.size() > limit : rows.size() == kScanned || items.size() == limit);
  return list_of(std::move(items), more ? next : std::nullopt);
}

Response verify_audit_log(Api& api, Call& call) {
  records::Store* store = &api.store();
  return accepted(api, call, [store](const Actions::Progress&) -> Expected<json, std::string> {
    std::optional<std::string> fault;
    store->read([&](records::Transaction& tx) { fault = tx.cases().verify_chain(); });
    return json{{"whole", !fault}, {"fault", fault ? json(*fault) : json(nullptr)}};
  });
}

}  // namespace pinfold::http::api
