// The agent's view of the network: whose connections these are, and what is known of that process.
#include <algorithm>

#include "agent/agent.hpp"
#include "agent/sensor/process_event.hpp"

namespace pinfold::agent {
namespace {

constexpr Seconds kPacketPoll{5};

}  // namespace

void Agent::on_connections(Connections connections) {
  bool reported = false;
  std::optional<FindingId> cause;
  RunFacts run = facts_of(connections, reported, cause);
  const Trust trust = trust_of(run.event.exe, run.event.ancestors, reported, run.event.exe_unlinked);
  const auto judgement = judge_connections(connections, trust, run.event.exe);
  if (!judgement) {
    return;
  }
  run.user = x_reporter->name_of(run.event);
  run.origin = origin_of(x_proc, run.event, x_config.watched);
  run.tier = view().tier;
  x_reporter->report_connections(run, connections, *judgement, cause);
}

RunFacts Agent::facts_of(const Connections& connections, bool& reported, std::optional<FindingId>& cause) {
  RunFacts run;
  const auto use = [&](const Known& known) {
    reported = known.suspicious;
    cause = known.finding;
    run.subject = known.subject;
  };
  const auto known = x_known.find(connections.pid);
  if (auto event = process_event(x_proc, connections.pid, x_own_mounts, connections.last)) {
    complete_ancestry(x_proc, connections.pid, event->ancestors);
    run.event = *std::move(event);
  } else if (known != x_known.end()) {
    run.event = known->second.event;
  } else {
    // It has gone: what the kernel saw of it, and its parent if that still lives.
    run.event.exe = connections.exe;
    if (const auto parent = x_proc.status(connections.parent); connections.parent > 1 && parent) {
      run.event.ancestors = {{connections.parent, parent->comm, {}, {}}};
      complete_ancestry(x_proc, connections.pid, run.event.ancestors);
    }
  }
  run.event.pid = connections.pid;
  run.event.uid = connections.uid;
  if (known != x_known.end()) {
    if (run.event.ancestors.size() < known->second.event.ancestors.size()) {
      run.event.ancestors = known->second.event.ancestors;
    }
    use(known->second);
    return run;
  }
  for (const Process& ancestor : run.event.ancestors) {
    if (const auto parent = x_known.find(ancestor.pid); parent != x_known.end()) {
      use(parent->second);
      return run;
    }
  }
  // It began before the agent did.
  if (const auto subject = find_subject(run.event, x_config.watched); subject && subject->how != Subject::How::StandardInput) {
    const auto judgement = judge(*subject, run.event);
    run.subject = *subject;
    reported = judgement && judgement->confidence.percent >= kTold;
  }
  return run;
}

void Agent::on_packet_sockets() {
  x_next_packets = x_clock.mono() + kPacketPoll;
  for (const std::uint32_t pid : x_packet_sockets.news()) {
    Connections connections;
    connections.pid = pid;
    connections.uid = x_proc.uid(pid).value_or(0);
    connections.first = connections.last = x_clock.mono();
    connections.packet_socket = true;
    connections.raw_sockets = 1;
    if (const auto status = x_proc.status(pid)) {
      connections.comm = status->comm;
    }
    on_connections(std::move(connections));
  }
}

}  // namespace pinfold::agent
