#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "evaluate/program.hpp"
#include "evaluate/report/plots.hpp"
#include "evaluate/report/tables.hpp"

namespace pinfold::evaluate {
namespace {

constexpr int kEnvironment = 3;

bool has_part(const std::vector<Row>& rows, const char* part_name) {
  return std::any_of(rows.begin(), rows.end(), [part_name](const Row& row) { return row.part == part_name; });
}

std::string page(const std::vector<Row>& rows, const std::vector<std::string>& plots) {
  std::string text =
      "# Evaluation of the detectors\n\nWritten by `make evaluate`; how it is done, what is modelled and what is not: [method.md](method.md). The "
      "unit is (server, "
      "class, episode).\nIntervals are Wilson's, 95 %. Every number but FastNetMon's comes out the same in every run.\n\n"
      "## Table 1: made here\n\nA regression figure on simulated traffic, no promise about anybody's network. Thresholds are the defaults of the "
      "policy file; the half "
      "that they may be\nchosen by comes below.\n\n";
  text += innocents_summary(rows, "test") + "\n\n### Attacks, test half\n\n" + recall_table(rows, "test");
  text +=
      "\nFloor of sampling: the attack lasts longer than it takes to sample five of its packets with 99 % probability (11.6 N / packets a second). "
      "Stated floor: at least\nthe least rate of its class in the policy file, and at least the number of sampled packets, sessions or targets that "
      "the "
      "detectors ask for, with 99 % probability\n(`bench/evaluate/run/floor.hpp`). Below it the detectors say themselves that they see nothing.\n\n";
  text += "### Precision, test half\n\n" + precision_table(rows, "test");
  text += "\n### Innocents, test half\n\n" + innocents_table(rows, "test") + "\n### Pictures, test half\n\n";
  for (const std::string& name : plots) {
    text += fmt::format("![{0}]({0})\n", name);
  }
  text += "\n### Through two collectors\n\n";
  text += has_part(rows, part::kMerged)
              ? "Every attack, rate, duration and sampling once, and a day of every role at every sampling: the records split over two "
                "collectors,\ntheir summaries delivered twice to a detector, beside one process that has all records.\n\n" +
                    merged_table(rows)
              : "Not played.\n";
  text += "\n### The half that thresholds may be chosen by\n\n" + innocents_summary(rows, "freeze") + "\n\n" + recall_table(rows, "freeze");
  text += "\n## Table 2: made by others\n\n";
  text += has_part(rows, part::kCaptures)
              ? "Every address of a recording is a server of ours in turn: the attacker must be found, everybody else left alone.\n\n" +
                    captures_table(rows)
              : "The published recordings were not there.\n";
  text += "\n## The seven scenarios\n\nNetFlow v5, 30 s, unsampled; seconds from the first packet.\n\n" + seven_table(rows);
  text += "\n## FastNetMon on the same inputs\n\n";
  text += has_part(rows, part::kFastNetMon)
              ? "FastNetMon 1.2.4 of Debian 12, fed the same flow records as NetFlow v5 in real time, in a network namespace of its own: of Table 1 "
                "one episode of each "
                "attack and rate\n(its shorter duration, the first 60 s), and the busiest minute of one day of each innocent role; a ban within the "
                "run counts as found, whatever it says. "
                "For innocents the figure is\nbans. Tuned: incoming traffic and bandwidth ignored, 15,000 packets/s, 150 flows/s.\n\n" +
                    fastnetmon_table(rows)
              : "FastNetMon was not run (it needs root for its network namespace).\n";
  return text;
}

}  // namespace

int report(const ProgramOptions& options) {
  auto rows = read_rows(options.results / "results.jsonl");
  if (!rows) {
    fmt::print(stderr, "pinfold-evaluate: {}\n", rows.error());
    return kEnvironment;
  }
  // Rows stand in the order in which they were done.
  std::stable_sort(rows->begin(), rows->end(), [](const Row& a, const Row& b) {
    const auto key = [](const Row& row) {
      const bool is_played = row.part == part::kAttacks || row.part == part::kDays || row.part == part::kMerged;
      return std::pair{is_played, is_played ? row.name : std::string()};
    };
    return key(a) < key(b);
  });
  if (std::filesystem::exists(options.results / "fastnetmon.jsonl")) {
    const auto theirs = read_rows(options.results / "fastnetmon.jsonl");
    if (!theirs) {
      fmt::print(stderr, "pinfold-evaluate: {}\n", theirs.error());
      return kEnvironment;
    }
    rows->insert(rows->end(), theirs->begin(), theirs->end());
  }
  std::filesystem::create_directories(options.report);
  const std::string text = page(*rows, write_plots(*rows, options.report));
  std::ofstream out(options.report / "README.md");
  out << text;
  fmt::print("{}\n{}\n\n{}\n{}\n{}\n", innocents_summary(*rows, "test"), recall_table(*rows, "test"), precision_table(*rows, "test"),
             captures_table(*rows), seven_table(*rows));
  return out.good() ? 0 : kEnvironment;
}

}  // namespace pinfold::evaluate
