// pinfold reports triage list|show|finding|discard: what no parser understood, decided by a person.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/places.hpp"
#include "engine/reports/report_finding.hpp"
#include "engine/reports/sealed_reports.hpp"
#include "mail/reader.hpp"
#include "pinfold/context.hpp"
#include "records/report_json.hpp"
#include "store/evidence_files.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::int64_t id = 0;
  std::string state = "triage";
  std::string server;
  std::string abuse_class;
  std::string at;
  std::string kind;
  std::string why;
  std::string by;  ///< of a sealed report: an officer
  std::string to;
};

records::ReportRow row_of(Context& context, std::int64_t id) {
  std::optional<records::ReportRow> row;
  context.store().read([&](records::Transaction& tx) { row = tx.reports().find(id); });
  if (!row) {
    throw Stop(Exit::No, fmt::format("no report {}", id));
  }
  return *row;
}

/// A sealed report is for its officers alone.
void check_officer(Context& context, const records::ReportRow& row, const std::string& by) {
  if (!row.is_sealed) {
    return;
  }
  if (by.empty()) {
    throw Stop(Exit::WrongUse, fmt::format("report {} is sealed: say with --by which officer you are", row.id));
  }
  if (const std::string why = engine::why_no_officer(context.config().reports.sealed_officers, by); !why.empty()) {
    throw Stop(Exit::No, fmt::format("report {}: {}", row.id, why));
  }
}

/// The raw mail into a new file that only its owner can read; nothing of it is shown here.
void take_out(Context& context, const Arguments& a) {
  const store::FileEvidenceStore evidence(engine::evidence_folder(context.config()));
  const auto raw = engine::take_out_sealed(context.store(), evidence, context.config(), a.id, a.by, a.why, context.clock().wall());
  if (!raw) {
    throw Stop(Exit::No, raw.error());
  }
  const int file = open(a.to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = file >= 0 && write(file, raw->data(), raw->size()) == static_cast<ssize_t>(raw->size()) && fsync(file) == 0;
  if (file >= 0) {
    close(file);
  }
  if (!written) {
    throw Stop(Exit::Environment, a.to + ": cannot be written, or exists already");
  }
  context.output().line({{"report", a.id}, {"file", a.to}, {"bytes", raw->size()}});
  context.output().say(fmt::format("report {}: {} bytes in {}; it stands in the record of acts", a.id, raw->size(), a.to));
}

void list(Context& context, const Arguments& a) {
  const auto state = records::parse_report_state(a.state);
  if (!state) {
    throw Stop(Exit::WrongUse, "--state: found, not_ours, triage or discarded");
  }
  std::vector<records::ReportRow> found;
  context.store().read([&](records::Transaction& tx) { found = tx.reports().list(*state, 1000); });
  std::vector<std::vector<std::string>> rows;
  for (const records::ReportRow& row : found) {
    context.output().line(records::to_json(row));
    rows.push_back({std::to_string(row.id), to_people(row.received), row.sender, row.is_sealed ? "(sealed)" : printable(row.subject, 60), row.why});
  }
  context.output().table({"report", "received", "from", "subject", "why"}, rows);
}

/// What the sealed reader shows of the mail: its own text parts, never an attachment; nothing of a sealed report.
void show(Context& context, const Arguments& a) {
  const records::ReportRow row = row_of(context, a.id);
  nlohmann::json answer = records::to_json(row);
  const auto raw = store::FileEvidenceStore(engine::evidence_folder(context.config())).get(row.raw_sha256);
  if (raw && !row.is_sealed) {
    const mail::Reader reader(engine::reader_program(), context.clock(), Seconds{20}, engine::definition_folders());
    const auto opened = reader.open(*raw);
    if (!opened) {
      throw Stop(Exit::Environment, opened.error().why);
    }
    if (const auto* parsed = std::get_if<message::Mail>(&opened->mail)) {
      std::string text;
      for (const message::Part& part : parsed->parts) {
        if (part.embedded == 0 && part.type == "text/plain") {
          for (const std::string_view line : split(std::string_view(part.text).substr(0, 20'000), '\n')) {
            text += printable(line, 500) + "\n";
          }
        }
      }
      answer["text"] = text;
      context.output().say(text);
    }
  }
  context.output().line(answer);
  context.output().say(fmt::format("report {} from {}, {}: {}", row.id, row.sender, to_people(row.received), row.why));
}

void make_finding(Context& context, const Arguments& a) {
  const records::ReportRow row = row_of(context, a.id);
  check_officer(context, row, a.by);
  const auto known = abuse::parse_abuse_class(a.abuse_class);
  const auto at = a.at.empty() ? std::optional(row.received) : parse_wall_time(a.at);
  if (!known || !at) {
    throw Stop(Exit::WrongUse, known ? "--at: a time like 2026-03-01T12:00:00Z" : "--class: no such class");
  }
  if (context.desk().inventory()->find(ServerId{a.server}) == nullptr) {
    throw Stop(Exit::No, fmt::format("no server {}", printable(a.server, 60)));
  }
  context.store().transact([&](records::Transaction& tx) {
    engine::keep_report_finding(tx, row, {ServerId{a.server}, *known, a.kind, *at}, context.clock().wall());
  });
}

void discard(Context& context, const Arguments& a) {
  check_officer(context, row_of(context, a.id), a.by);
  context.store().transact([&](records::Transaction& tx) { tx.reports().decide(a.id, records::ReportState::Discarded, 0, printable(a.why, 300)); });
}

}  // namespace

void add_triage_commands(CLI::App& reports, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* triage = reports.add_subcommand("triage", "reports that wait for a person")->require_subcommand(1);
  add_command(*triage, "list", "what waits, oldest first", [&context, a] {
    list(context, *a);
  })->add_option("--state", a->state, "found, not_ours, triage or discarded");
  add_command(*triage, "show", "one report, its text as the sealed reader gives it", [&context, a] { show(context, *a); })
      ->add_option("report", a->id)
      ->required();
  CLI::App* finding = add_command(*triage, "finding", "make a finding of it", [&context, a] { make_finding(context, *a); });
  finding->add_option("report", a->id)->required();
  finding->add_option("--server", a->server, "whom it is about")->required();
  finding->add_option("--class", a->abuse_class, "of abuse")->required();
  finding->add_option("--kind", a->kind, "sub-kind");
  finding->add_option("--by", a->by, "of a sealed report: which officer you are");
  finding->add_option("--at", a->at, "when it happened, UTC; default: when the report came");
  CLI::App* drop = add_command(*triage, "discard", "nothing in it is to be acted on", [&context, a] { discard(context, *a); });
  drop->add_option("report", a->id)->required();
  drop->add_option("--why", a->why, "for the record")->required();
  drop->add_option("--by", a->by, "of a sealed report: which officer you are");
  CLI::App* sealed = add_command(*triage, "take-out", "the raw mail of a sealed report, for its officers", [&context, a] { take_out(context, *a); });
  sealed->add_option("report", a->id)->required();
  sealed->add_option("--by", a->by, "which officer you are (reports.sealed_officers)")->required();
  sealed->add_option("--why", a->why, "for the record")->required();
  sealed->add_option("--to", a->to, "a new file")->required();
}

}  // namespace pinfold::app
