// What people decide about a case. Each is one input to the desk's ladder, the same as the command line's; If-Match refuses what was decided on a
// case that has moved meanwhile.
#include <fmt/format.h>

#include "desk/words.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"

namespace pinfold::http::api {
namespace {

constexpr std::size_t kNote = 4000;
constexpr std::size_t kReason = 1000;
constexpr Micros kLongestPromise = std::chrono::days{60};

/// 404 unless the caller may see the case.
void require_seen(Api& api, const Call& call, CaseId id) {
  api.store().read([&](records::Transaction& tx) { static_cast<void>(load_case(tx, id, call.who())); });
}

Response put(Api& api, const Call& call, const desk::Input& input) {
  const CaseId id = call.case_id();
  require_seen(api, call, id);
  const auto version = call.if_match ? std::optional(static_cast<std::uint32_t>(*call.if_match)) : std::nullopt;
  const auto applied = api.desk().apply(id, input, version);
  if (!applied) {
    throw applied.error().overtaken ? overtaken(applied.error().why) : refused(applied.error().why);
  }
  return case_detail(api, call, id);
}

ActionId action_of(const Call& call) { return ActionId{call.number(1)}; }

}  // namespace

Response open_case(Api& api, Call& call) {
  const auto abuse_class = abuse::parse_abuse_class(call.text("class", 60));
  if (!abuse_class) {
    throw invalid("class", "not a class of abuse");
  }
  const auto id = api.desk().open_case(ServerId{call.text("server", 200)}, *abuse_class, call.text("summary", kReason), call.who().staff());
  if (!id) {
    throw invalid("server", "nobody holds a server of that name");
  }
  call.subject = to_string(*id);
  return case_detail(api, call, *id, 201);
}

Response answer_case(Api& api, Call& call) {
  const auto statement = desk::parse_statement(call.text("statement", 20));
  if (!statement) {
    throw invalid("statement", "looking, fixed, intended or not_mine");
  }
  desk::ResponseRecorded answer;
  answer.statement = *statement;
  answer.text = call.text_or("text", kNote, "");
  answer.promised = call.time("promised");
  if (answer.promised && (*answer.promised < call.now || *answer.promised > call.now + kLongestPromise)) {
    throw invalid("promised", "from now on, and within 60 days");
  }
  if (call.who().is_staff()) {
    answer.channel = desk::ResponseChannel::Phone;
    answer.by = call.who().staff();
    answer.from = fmt::format("{} (written up by {})", call.text("from", 200), answer.by.value);
  } else {
    answer.channel = desk::ResponseChannel::Portal;
    answer.from = call.who().user.login;
  }
  return put(api, call, answer);
}

Response object_to_case(Api& api, Call& call) {
  const bool staff = call.who().is_staff();
  return put(api, call,
             desk::ObjectionRaised{staff ? desk::ResponseChannel::Phone : desk::ResponseChannel::Portal,
                                   staff ? call.text("from", 200) : call.who().user.login, call.text("text", kNote)});
}

Response decide_objection(Api& api, Call& call) {
  if (!call.has("upheld")) {
    throw invalid("upheld", "missing");
  }
  return put(api, call, desk::ObjectionDecided{call.who().staff(), call.flag("upheld", false), call.text("reason", kReason)});
}

Response note_case(Api& api, Call& call) { return put(api, call, desk::NoteAdded{call.who().staff(), call.text("text", kNote)}); }

Response assign_case(Api& api, Call& call) {
  const CaseId id = call.case_id();
  const std::string owner = to_lower(call.text_or("owner", 254, ""));
  api.store().transact([&](records::Transaction& tx) {
    const auto user = owner.empty() ? std::nullopt : tx.access().user_by_login(owner);
    if (!owner.empty() && (!user || !records::is_staff(user->role) || user->is_closed)) {
      throw invalid("owner", "not a login of the staff");
    }
    if (!tx.queue().assign(id, owner)) {
      throw not_found("there is no such case");
    }
  });
  return case_detail(api, call, id);
}

Response judge_mail(Api& api, Call& call) {
  if (!call.has("is_answer")) {
    throw invalid("is_answer", "missing");
  }
  return put(api, call, desk::MailJudged{call.path.at(1), call.who().staff(), call.flag("is_answer", false), call.text("reason", kReason)});
}

Response order_measure(Api& api, Call& call) {
  return put(api, call, desk::MeasureOrdered{call.who().staff(), call.text("reason", kReason), call.flag("emergency", false)});
}

Response approve_action(Api& api, Call& call) {
  return put(api, call, desk::ApprovalGiven{action_of(call), call.who().staff(), call.text("reason", kReason)});
}

Response release_action(Api& api, Call& call) {
  return put(api, call, desk::HoldReleased{action_of(call), call.who().staff(), call.text("reason", kReason)});
}

Response drop_action(Api& api, Call& call) {
  return put(api, call, desk::ActionDropped{action_of(call), call.who().staff(), call.text("reason", kReason)});
}

Response record_discussion(Api& api, Call& call) {
  return put(api, call,
             desk::DiscussionRecorded{call.who().staff(), call.text("participants", 500), call.text_or("channel", 50, "phone"),
                                      call.text("cause", 2000), call.text("remedy", 2000), call.text_or("conditions", 2000, "")});
}

Response close_case(Api& api, Call& call) {
  return put(api, call, desk::ClosedByStaff{call.who().staff(), call.flag("false_positive", false), call.text("reason", kReason)});
}

Response erase_events(Api& api, Call& call) {
  const CaseId id = call.case_id();
  const std::string reason = call.text("reason", kReason);
  if (!call.body.contains("events") || !call.body["events"].is_array() || call.body["events"].empty() || call.body["events"].size() > 200) {
    throw invalid("events", "a list of 1 to 200 numbers");
  }
  std::vector<std::uint32_t> events;
  for (const json& one : call.body["events"]) {
    if (!one.is_number_unsigned() || one.get<std::uint64_t>() > UINT32_MAX) {
      throw invalid("events", "a list of numbers");
    }
    events.push_back(one.get<std::uint32_t>());
  }
  api.store().transact([&](records::Transaction& tx) {
    if (load_case(tx, id, call.who()).c.last_seq != *call.if_match) {
      throw overtaken(to_string(id) + " has moved meanwhile");
    }
    for (const std::uint32_t seq : events) {
      if (!tx.cases().erase(id, seq)) {
        throw refused(fmt::format("{} #{}: there is no such event, or the case is still open; nothing was erased", to_string(id), seq));
      }
    }
  });
  call.if_match = std::nullopt;
  return put(api, call, desk::NoteAdded{call.who().staff(), fmt::format("erased {} event(s) by law: {}", events.size(), reason)});
}

Response change_cases(Api& api, Call& call) {
  const std::string act = call.text("act", 20);
  const std::string reason = call.text("reason", kReason);
  const StaffId by = call.who().staff();
  const bool closes = act == "close" || act == "false_positive";
  if (!closes && act != "note" && act != "assign") {
    throw invalid("act", "assign, note, close or false_positive");
  }
  if (!call.body.contains("cases") || !call.body["cases"].is_array() || call.body["cases"].empty() || call.body["cases"].size() > 200) {
    throw invalid("cases", "a list of 1 to 200 cases");
  }
  const std::string owner = to_lower(call.text_or("owner", 254, ""));
  json items = json::array();
  std::size_t done_count = 0;
  for (const json& one : call.body["cases"]) {
    const auto id = one.is_string() ? parse_case(one.get_ref<const std::string&>()) : std::nullopt;
    if (!id) {
      throw invalid("cases", "cases look like PF-42");
    }
    std::string why;
    if (act == "assign") {
      api.store().transact([&](records::Transaction& tx) {
        const auto user = owner.empty() ? std::nullopt : tx.access().user_by_login(owner);
        if (!owner.empty() && (!user || !records::is_staff(user->role))) {
          throw invalid("owner", "not a login of the staff");
        }
        why = tx.queue().assign(*id, owner) ? "" : "there is no such case";
      });
    }
    if (act != "assign" || (why.empty() && !reason.empty())) {
      const desk::Input input =
          closes ? desk::Input(desk::ClosedByStaff{by, act == "false_positive", reason}) : desk::Input(desk::NoteAdded{by, reason});
      const auto applied = api.desk().apply(*id, input, std::nullopt);
      why = applied ? "" : applied.error().why;
    }
    done_count += why.empty() ? 1U : 0U;
    items.push_back({{"case", to_string(*id)}, {"ok", why.empty()}, {"message", why}});
  }
  call.subject = fmt::format("{} of {} cases: {}", done_count, items.size(), act);
  const std::size_t failed = items.size() - done_count;
  return ok({{"items", std::move(items)}, {"done", done_count}, {"failed", failed}});
}

}  // namespace pinfold::http::api
