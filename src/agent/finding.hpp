/// Makes the finding of a judged exec, drop, or process that connects too much, and folds repeats of the same into one.
/// Pure: times are handed in. Used by the agent's loop. Source of the fields: abuse/finding.hpp.
/// Bounds:  RunTable remembers at most kMaxRuns runs; when full the one that was silent longest makes room.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "abuse/finding.hpp"
#include "agent/behaviour/connections.hpp"
#include "agent/judge.hpp"
#include "agent/origin.hpp"

namespace pinfold::agent {

/// A copy of what was run; empty bytes if nobody was quick enough.
struct Content {
  std::string bytes;
  bool complete = true;
  std::string how;  ///< "on opening", "from the running process", for the record
};

struct RunFacts {
  ExecEvent event;
  Subject subject;
  Judgement judgement;
  Origin origin;
  std::string user;
  WallTime started;
  std::uint64_t lost = 0;  ///< events that the sensor is known to have lost so far
  std::string tier;
};

/// Who speaks: from the enrolment.
struct Speaker {
  ServerId server;
  AgentId agent;
};

[[nodiscard]] abuse::Finding make_finding(const RunFacts& run, const Content& content, const Speaker& speaker, WallTime now);

/// `run.subject.path` is the file; `run.event` whoever wrote it. A file that nobody may execute is told by its hash alone.
[[nodiscard]] abuse::Finding make_drop_finding(const RunFacts& run, const Content& content, bool keep, const Speaker& speaker, WallTime now);

/// `run` is what is known of the process that connects; its subject's path is empty if nothing was reported of it before.
[[nodiscard]] abuse::Finding make_connection_finding(const RunFacts& run, const Connections& connections, const NetJudgement& judgement,
                                                     const Speaker& speaker, WallTime now, MonoTime mono);

/// The same script run over and over (cron, a loop) is one statement that grows: repeats within `quiet` of one another share an id and
/// a count, and are told at most every `retell`.
class RunTable {
public:
  static constexpr std::size_t kMaxRuns = 512;
  RunTable(Micros quiet, Micros retell) : x_quiet(quiet), x_retell(retell) {}

  /// Sets the finding's id, first_seen and run count. Returns it if it is to be told now.
  [[nodiscard]] std::optional<abuse::Finding> add(abuse::Finding finding, WallTime now);
  /// Is this a repeat of one that is known? Such a one needs no leave of the flood's gate.
  [[nodiscard]] bool knows(const abuse::Finding& finding) const;
  /// Adds facts to a finding that was told before, and holds it for due(). False if it is no longer remembered.
  bool annotate(const FindingId& id, const std::vector<std::pair<std::string, std::string>>& facts, WallTime last);
  /// The repeats that were held back and have become due.
  [[nodiscard]] std::vector<abuse::Finding> due(WallTime now, bool all = false);

private:
  struct Run {
    abuse::Finding finding;
    std::uint64_t count = 0;
    std::vector<std::pair<std::string, std::string>> flows;  ///< what its process did on the network
    WallTime told;
    bool untold = false;
  };
  void make_room(WallTime now);

  Micros x_quiet;
  Micros x_retell;
  std::map<std::string, Run> x_runs;  ///< by what was run, as whom
};

}  // namespace pinfold::agent
