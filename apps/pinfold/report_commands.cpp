// pinfold reports parse FILE..., pinfold reports check [FOLDER...]
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "engine/places.hpp"
#include "mail/classify.hpp"
#include "mail/reader.hpp"
#include "message/wrap.hpp"
#include "pinfold/context.hpp"
#include "report/definition.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::vector<std::string> files;
  std::vector<std::string> definitions;
};

/// What became of a mail: "report" (findings were made), "triage" (a report that nothing understands, or with nothing in it), "sealed",
/// "not_a_report", "unreadable".
struct Parsed {
  std::string verdict;
  std::string why;
  mail::Opened opened;
  std::vector<abuse::Finding> findings;
};

Parsed parse_file(const mail::Reader& reader, const std::string& file, WallTime now) {
  auto opened = reader.open(message::as_mail(std::filesystem::path(file).filename().string(), read_file(file)));
  if (!opened) {
    throw Stop(Exit::Environment, opened.error().why);
  }
  Parsed parsed{"", "", *std::move(opened), {}};
  if (const auto* unreadable = std::get_if<mail::Unreadable>(&parsed.opened.mail)) {
    parsed.verdict = "unreadable";
    parsed.why = unreadable->why;
    return parsed;
  }
  const auto& mail = std::get<message::Mail>(parsed.opened.mail);
  const report::Report& report = parsed.opened.report;
  const mail::Classified classified = mail::classify(mail, {}, {}, report);
  parsed.why = report.why;
  if (classified.kind != desk::MailKind::Report) {
    parsed.verdict = "not_a_report";
    parsed.why = fmt::format("{}: {}", mail::kind_name(classified.kind), classified.why);
  } else {
    parsed.findings = report::to_findings(report, mail.date.value_or(now));
    parsed.verdict = report.sealed ? "sealed" : parsed.findings.empty() ? "triage" : "report";
  }
  return parsed;
}

void parse_files(const Arguments& arguments, const mail::Reader& reader, WallTime now) {
  for (const std::string& file : files_below(arguments.files)) {
    const Parsed parsed = parse_file(reader, file, now);
    for (const abuse::Finding& finding : parsed.findings) {
      nlohmann::json line = abuse::to_json(finding);
      line["file"] = file;
      print_line(line);
    }
    const report::Report& report = parsed.opened.report;
    print_line({{"file", file},
                {"verdict", parsed.verdict},
                {"why", parsed.why},
                {"format", report.format},
                {"definition", report.definition},
                {"reporter", report.reporter},
                {"report_id", report.report_id},
                {"findings", parsed.findings.size()},
                {"dropped", report.dropped}});
  }
}

std::string describe(const abuse::Finding& finding, bool timed) {
  return fmt::format("{} {} {}", finding.server.value, timed ? to_string(finding.first_seen) : "-", abuse::to_string(finding.abuse_class));
}

/// What is wrong with one sample; empty when it gives what is expected.
std::string check_sample(const report::DefinitionSample& sample, const std::string& name, const mail::Reader& reader, WallTime now) {
  if (!std::filesystem::exists(sample.file)) {
    return "the sample is missing";
  }
  const Parsed parsed = parse_file(reader, sample.file.string(), now);
  if (parsed.opened.report.definition != name) {
    return fmt::format("read by '{}', not by this definition ({}: {})", parsed.opened.report.format, parsed.verdict, parsed.why);
  }
  if (parsed.findings.size() != sample.expect.size()) {
    return fmt::format("{} findings, {} expected", parsed.findings.size(), sample.expect.size());
  }
  for (std::size_t i = 0; i < sample.expect.size(); ++i) {
    const auto& expected = sample.expect[i];
    const std::string wanted = fmt::format("{} {} {}", expected.address, expected.first.empty() ? "-" : expected.first, expected.abuse_class);
    const std::string found = describe(parsed.findings[i], !expected.first.empty());
    if (found != wanted) {
      return fmt::format("finding {}: {}, expected {}", i + 1, found, wanted);
    }
  }
  return {};
}

void check(const Arguments& arguments, const std::vector<std::filesystem::path>& folders, const mail::Reader& reader, const Context& context) {
  static_cast<void>(arguments);
  const auto definitions = report::Definitions::load(folders);
  if (!definitions) {
    throw Stop(Exit::No, definitions.error());
  }
  std::vector<std::vector<std::string>> rows;
  bool faulty = false;
  for (const auto& definition : definitions->list()) {
    for (const report::DefinitionSample& sample : definition.samples) {
      const std::string fault = check_sample(sample, definition.name, reader, context.clock().wall());
      faulty = faulty || !fault.empty();
      rows.push_back({definition.name, sample.file.filename().string(), fault.empty() ? "ok" : fault});
      context.output().line({{"definition", definition.name}, {"sample", sample.file.string()}, {"ok", fault.empty()}, {"why", fault}});
    }
    if (definition.samples.empty()) {
      rows.push_back({definition.name, "-", "no sample"});
      context.output().line({{"definition", definition.name}, {"sample", nullptr}, {"ok", true}, {"why", "no sample"}});
    }
  }
  context.output().table({"definition", "sample", "result"}, rows);
  if (faulty) {
    throw Stop(Exit::No, "");
  }
}

void list_reporters(Context& context) {
  constexpr std::size_t kMost = 1000;
  std::vector<records::ReporterRecord> found;
  context.store().read([&](records::Transaction& tx) { found = tx.reports().reporters(kMost); });
  std::vector<std::vector<std::string>> rows;
  for (const records::ReporterRecord& record : found) {
    rows.push_back({record.reporter.empty() ? "(named nobody)" : record.reporter, record.is_authenticated ? "yes" : "no",
                    std::to_string(record.reports), std::to_string(record.findings), std::to_string(record.right), std::to_string(record.wrong),
                    to_people(record.last)});
    context.output().line({{"reporter", record.reporter},
                           {"authenticated", record.is_authenticated},
                           {"reports", record.reports},
                           {"findings", record.findings},
                           {"right", record.right},
                           {"wrong", record.wrong},
                           {"last", to_string(record.last)}});
  }
  context.output().table({"reporter", "authenticated", "reports", "findings", "right", "wrong", "last"}, rows);
}

}  // namespace

void add_report_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  const auto folders = [a] {
    std::vector<std::filesystem::path> all = engine::definition_folders();
    all.insert(all.end(), a->definitions.begin(), a->definitions.end());
    return all;
  };
  const auto reader = [&context, folders] {
    return mail::Reader(engine::reader_program(), context.clock(), Seconds{20}, folders(), mail::Reader::Start::Warm);
  };
  CLI::App* reports = app.add_subcommand("reports", "third parties' abuse reports")->require_subcommand(1);
  CLI::App* parse = add_command(*reports, "parse", "one JSON object a finding, then one a mail with the verdict",
                                [a, &context, reader] { parse_files(*a, reader(), context.clock().wall()); });
  parse->add_option("file", a->files, "raw mails, or folders of them; also bare .json, .csv, .xml and .zip")->required();
  parse->add_option("--definitions", a->definitions, "further folders with parser definitions");
  CLI::App* check_command = add_command(*reports, "check", "reads the parser definitions and replays their samples",
                                        [a, &context, reader, folders] { check(*a, folders(), reader(), context); });
  check_command->add_option("--definitions", a->definitions, "further folders with parser definitions");
  add_command(*reports, "reporters", "who reports to us, and how often they were right", [&context] { list_reporters(context); });
  add_triage_commands(*reports, context);
}

}  // namespace pinfold::app
