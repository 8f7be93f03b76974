/// From what the sensors saw to findings in the spool: rules, the allow-list, folding of repeats, the flood gate.
/// Used by: the agent's loop, on its one thread. Clock: a Clock&. Every call may write to the disk.
/// Order:   rules are asked about the content of what is suspicious at all; the allow-list only after something speaks against a file.
/// Bounds:  RunTable's and Flood's. What the spool cannot take is counted there.
#pragma once

#include <functional>
#include <optional>

#include "agent/config.hpp"
#include "agent/finding.hpp"
#include "agent/flood.hpp"
#include "base/clock.hpp"

namespace pinfold::agent {

/// One run or drop on its way to the desk.
struct Case {
  ExecEvent event;
  Subject subject;
  Judgement judgement;
  Content content;
  MonoTime deadline;  ///< until then its content may still come
  MonoTime settled;   ///< until then it may still turn out that a compiler wrote it
  bool drop = false;
  bool keep = true;  ///< the content itself, not only its hash
};

class Reporter {
public:
  struct Counts {
    std::uint64_t findings = 0;
    std::uint64_t without_content = 0;
    std::uint64_t allowed = 0;    ///< by the allow-list
    std::uint64_t held_back = 0;  ///< by the flood gate; told in summaries
  };
  /// What the agent sees at the moment, for the finding's own record.
  struct View {
    std::string tier;
    std::uint64_t lost = 0;
  };

  Reporter(const Config& config, Spool& spool, Speaker speaker, const Clock& clock, std::function<void()> wake);

  /// The finding's id, if it is one.
  std::optional<FindingId> report(Case item, const View& view);
  /// A run that there was no time to look at closely: counted, with one example.
  void report_unseen(const Case& item, const View& view);
  void report_connections(const RunFacts& run, const Connections& connections, const NetJudgement& judgement, const std::optional<FindingId>& cause);
  /// What has become due; `all` at the end.
  void housekeeping(bool all);
  [[nodiscard]] const Counts& counts() const { return x_counts; }
  [[nodiscard]] std::string name_of(const ExecEvent& event) const;

private:
  void keep(const abuse::Finding& finding, std::string_view content);
  [[nodiscard]] RunFacts facts_of(Case& item, const View& view) const;

  const Config& x_config;
  Spool& x_spool;
  Speaker x_speaker;
  const Clock& x_clock;
  std::function<void()> x_wake;
  ProcReader x_proc;
  RunTable x_runs;
  Flood x_flood;
  Counts x_counts;
};

}  // namespace pinfold::agent
