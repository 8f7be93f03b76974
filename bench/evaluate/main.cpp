// pinfold-evaluate measure|report|feed: the evaluation of the detectors. `make evaluate` calls it; docs/evaluation/README.md is what it writes.
#include <CLI/CLI.hpp>

#include "evaluate/program.hpp"

int main(int argc, char** argv) {
  CLI::App app("Evaluation of Pinfold's detectors");
  app.require_subcommand(1);
  pinfold::evaluate::ProgramOptions options;
  CLI::App* measure = app.add_subcommand("measure", "plays and replays everything; results.jsonl");
  measure->add_option("--out", options.results, "folder of results.jsonl")->required();
  measure->add_option("--data", options.data, "folder of published recordings");
  measure->add_option("--list", options.list, "captures.tsv")->required();
  measure->add_option("--days", options.days_each, "innocent days of each role and sampling, test half");
  measure->add_option("--repeats", options.repeats, "episodes of each attack, rate, duration and sampling, test half");
  measure->add_option("--parts", options.parts, "only these: recordings, attacks, days, merged")->delimiter(',');
  measure->add_option("--half", options.half, "only this half: freeze or test");
  measure->add_option("--only", options.only, "only scenes whose name holds this text");
  measure->add_option("--threads", options.threads, "threads");
  CLI::App* report = app.add_subcommand("report", "tables and plots from results.jsonl and fastnetmon.jsonl");
  report->add_option("--in", options.results, "folder of the results")->required();
  report->add_option("--out", options.report, "folder of the report")->required();
  CLI::App* feed = app.add_subcommand("feed", "the same inputs as export datagrams, for FastNetMon");
  feed->add_option("--out", options.results, "folder of the feeds")->required();
  feed->add_option("--data", options.data, "folder of published recordings");
  feed->add_option("--list", options.list, "captures.tsv")->required();
  CLI11_PARSE(app, argc, argv);
  if (measure->parsed()) {
    return pinfold::evaluate::measure(options);
  }
  return report->parsed() ? pinfold::evaluate::report(options) : pinfold::evaluate::feed(options);
}
