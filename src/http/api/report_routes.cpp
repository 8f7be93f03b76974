// Third parties' reports: what waits for a person, and what is sent in as XARF.
#include <algorithm>

#include "base/text.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "records/report_json.hpp"

namespace pinfold::http::api {
namespace {

json report_json(const records::ReportRow& row) {
  json out = records::to_json(row);
  out["id"] = std::to_string(row.id);
  return out;
}

records::ReportRow row_of(Api& api, const Call& call) {
  const auto number = whole(call.path.at(0));
  std::optional<records::ReportRow> row;
  if (number) {
    api.store().read([&](records::Transaction& tx) { row = tx.reports().find(*number); });
  }
  if (!row) {
    throw not_found("there is no such report");
  }
  return *row;
}

/// Of a child abuse report: for its officers alone.
void check_officer(const Api& api, const Call& call, const records::ReportRow& row) {
  const auto& officers = api.options().sealed_officers;
  const std::string& login = call.who().user.login;
  if (row.is_sealed && std::none_of(officers.begin(), officers.end(), [&](const std::string& officer) { return iequals(officer, login); })) {
    throw forbidden("a sealed report: only those named in reports.sealed_officers of the configuration may decide about it");
  }
}

}  // namespace

Response list_reports(Api& api, Call& call) {
  const std::string text = call.param("state");
  const auto state = text.empty() ? std::optional(records::ReportState::Triage) : records::parse_report_state(text);
  if (!state) {
    throw invalid("state", "triage, found, not_ours or discarded");
  }
  const auto cursor = call.cursor(1);
  const auto after = whole(cursor.empty() ? "0" : cursor[0]);
  if (!after) {
    throw invalid("cursor", "not a cursor of this list");
  }
  const std::size_t limit = call.limit();
  std::vector<records::ReportRow> rows;
  api.store().read([&](records::Transaction& tx) { rows = tx.reports().page(*state, *after, limit + 1); });
  const bool more = rows.size() > limit;
  rows.resize(std::min(rows.size(), limit));
  json items = json::array();
  for (const records::ReportRow& row : rows) {
    items.push_back(report_json(row));
  }
  return list_of(std::move(items), more ? std::optional(make_cursor({std::to_string(rows.back().id)})) : std::nullopt);
}

Response send_report(Api& api, Call& call) {
  const auto row = api.desk().take_report(call.request.body, call.who().user.login);
  if (!row) {
    throw invalid("body", row.error());
  }
  call.subject = std::to_string(row->id);
  return ok(report_json(*row), 201);
}

Response get_report(Api& api, Call& call) {
  const records::ReportRow row = row_of(api, call);
  json out = report_json(row);
  if (!row.is_sealed) {
    const auto text = api.desk().report_text(row);
    out["text"] = text ? *text : std::string{};
  }
  return ok(out);
}

Response report_to_finding(Api& api, Call& call) {
  const records::ReportRow row = row_of(api, call);
  check_officer(api, call, row);
  const auto abuse_class = abuse::parse_abuse_class(call.text("class", 60));
  if (!abuse_class) {
    throw invalid("class", "not a class of abuse");
  }
  const ServerId server{call.text("server", 200)};
  if (api.desk().inventory()->find(server) == nullptr) {
    throw invalid("server", "there is no such server");
  }
  if (const auto made = api.desk().report_finding(row, server, *abuse_class, call.text_or("kind", 60, ""), call.time("at")); !made) {
    throw refused(made.error());
  }
  return ok(report_json(row_of(api, call)));
}

Response discard_report(Api& api, Call& call) {
  const records::ReportRow row = row_of(api, call);
  check_officer(api, call, row);
  api.store().transact([&](records::Transaction& tx) { tx.reports().decide(row.id, records::ReportState::Discarded, 0, call.text("reason", 300)); });
  return ok(report_json(row_of(api, call)));
}

}  // namespace pinfold::http::api
