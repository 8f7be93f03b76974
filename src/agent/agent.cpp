#include "agent/agent.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/self_limits.hpp"
#include "agent/sensor/pipe_source.hpp"
#include "agent/sensor/process_event.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr Seconds kHousekeeping{1};
constexpr Seconds kQuietHousekeeping{5};  // when nothing has been seen for kQuietAfter: an agent that has nothing to do shall cost nothing
constexpr Seconds kQuietAfter{15};
constexpr Millis kPendingPoll{10};
constexpr std::size_t kReportsARound = 8;

}  // namespace

Expected<std::unique_ptr<Agent>, std::string> Agent::create(Config config, const Clock& clock) {
  std::unique_ptr<Agent> agent(new Agent(std::move(config), clock));
  if (!agent->x_proc.usable()) {
    return Unexpected(std::string("/proc is not mounted, or not that of this PID namespace: without it there is nothing to see"));
  }
  auto enrolled = load_enrolled(agent->x_config.state);
  if (!enrolled) {
    return Unexpected(enrolled.error());
  }
  auto key = load_or_make_key(agent->x_config.state);
  if (!key) {
    return Unexpected(key.error());
  }
  auto spool = Spool::open(agent->x_config.state / "spool", agent->x_config.spool);
  if (!spool) {
    return Unexpected("spool: " + spool.error());
  }
  agent->x_spool = std::move(*spool);
  DeskClient client(enrolled->desk, *key, clock, enrolled->trust);
  agent->x_reporter = std::make_unique<Reporter>(agent->x_config, *agent->x_spool, Speaker{enrolled->server, client.id()}, clock,
                                                 [self = agent.get()] { self->x_uplink->wake(); });
  agent->x_own_mounts = agent->x_proc.link(1, "ns/mnt");
  agent->open_sensors();
  // From here on no thread can do more than read what other processes are doing.
  limit_memory(kMaxMemory);
  if (agent->x_config.drop_capabilities && !drop_capabilities({kCapSysPtrace, kCapDacReadSearch, kCapBpf})) {
    return Unexpected(std::string("capabilities cannot be dropped"));
  }
  if (agent->x_capture) {
    agent->x_capture->start();
  }
  agent->x_uplink = std::make_unique<Uplink>(client, *agent->x_spool,
                                             [self = agent.get()] { return self->x_tier.with([](const std::string& tier) { return tier; }); });
  agent->x_status.pid = getpid();
  agent->x_status.started = clock.wall();
  agent->x_status.server = enrolled->server.value;
  log_info("AGENT_STARTED", "for server {}, desk {}, {}", printable(enrolled->server.value), to_string(enrolled->desk), agent->tier());
  return agent;
}

void Agent::open_sensors() {
  if (x_config.use_bpf) {
    auto sensor = open_bpf_sensor(x_config.watched);
    if (sensor) {
      x_sensor = std::move(*sensor);
    } else {
      log_warning("AGENT_BPF_REFUSED", "{}; falling back to slower ways of seeing", printable(sensor.error()));
    }
  }
  if (!x_sensor && x_config.use_connector) {
    auto sensor = open_connector_sensor(x_config.watched, x_clock);
    if (sensor) {
      x_sensor = std::move(*sensor);
    } else {
      log_warning("AGENT_CONNECTOR_REFUSED", "{}; falling back to reading /proc", printable(sensor.error()));
    }
  }
  if (!x_sensor) {
    x_sensor = open_proc_sensor(x_clock);
  }
  ResponderSettings settings;
  settings.denial = x_config.denial;
  settings.fanotify = x_config.use_fanotify;
  settings.permission = x_config.use_permission;
  // Places that PHP opens all day are left to the exec sensor: an answer costs 26 us.
  std::copy_if(x_config.watched.begin(), x_config.watched.end(), std::back_inserter(settings.watched),
               [](const std::string& path) { return path.find("/php") == std::string::npos; });
  auto capture = Capture::open(settings, x_config.program, x_clock);
  if (capture) {
    x_capture = std::move(*capture);
  } else {
    log_warning("AGENT_CAPTURE_REFUSED", "{}; scripts that delete themselves at once may leave no copy", printable(capture.error()));
  }
  open_connections();
}

void Agent::open_connections() {
  if (x_config.use_bpf) {
    auto connections = open_bpf_connections();
    if (connections) {
      x_connections = std::move(*connections);
      return;
    }
    log_warning("AGENT_CONNECTIONS_REFUSED", "{}; connections are looked at every 5 s instead", printable(connections.error()));
  }
  x_connections = open_proc_connections(x_clock);
}

void Agent::run(int stop_fd) {
  x_uplink->start();
  housekeeping();
  for (;;) {
    std::array<pollfd, 4> waiting{{{stop_fd, POLLIN, 0},
                                   {x_sensor->wait_fd(), POLLIN, 0},  // poll(2) passes over an fd of -1
                                   {x_capture ? x_capture->wait_fd() : -1, POLLIN, 0},
                                   {x_connections->wait_fd(), POLLIN, 0}}};
    const int woken = poll(waiting.data(), waiting.size(), wait_time());
    if (woken < 0 && errno != EINTR) {
      log_error("AGENT_WAIT_FAILED", "poll: {}", errno);
      return;
    }
    if (waiting[0].revents != 0) {
      break;
    }
    drain_sensors();
    retry_pending();
    report_some(kReportsARound);
    const MonoTime now = x_clock.mono();
    if (woken > 0) {
      x_quiet_from = now + kQuietAfter;
      x_next_housekeeping = std::min(x_next_housekeeping, now + kHousekeeping);
    }
    if (now >= x_next_housekeeping) {
      housekeeping();
    }
  }
  for (Case& pending : std::exchange(x_pending, {})) {
    enqueue(std::move(pending));
  }
  report_some(x_ready.size());
  x_reporter->housekeeping(/*all=*/true);
  x_next_status = x_clock.mono();
  housekeeping();
  log_info("AGENT_STOPPED", "{} findings, {} told, {} waiting in the spool", x_status.findings, x_status.findings_sent, x_status.findings_waiting);
}

int Agent::wait_time() const {
  if (!x_ready.empty()) {
    return 0;
  }
  if (!x_pending.empty() || !x_twins.empty() || !x_pipes.empty()) {
    return static_cast<int>(kPendingPoll.count());
  }
  if (x_sensor->wait_fd() < 0) {
    return static_cast<int>(kPollInterval.count());
  }
  const auto left = std::chrono::ceil<Millis>(x_next_housekeeping - x_clock.mono());
  return static_cast<int>(std::clamp(left, Millis{0}, Millis{kQuietHousekeeping}).count());
}

void Agent::drain_sensors() {
  x_sensor->drain([this](ExecEvent event) { on_exec(std::move(event)); });
  if (x_capture) {
    for (Sighting& sighting : x_capture->take()) {
      on_sighting(std::move(sighting));
    }
  }
  x_connections->drain([this](Connections connections) { on_connections(std::move(connections)); });
}

bool Agent::may_look_closely() {
  const MonoTime now = x_clock.mono();
  if (now - x_second >= Seconds{1}) {
    x_second = now;
    x_looked_at = 0;
  }
  return ++x_looked_at <= kLookedAtPerSecond;
}

void Agent::on_exec(ExecEvent event) {
  ++x_status.events;
  auto subject = find_subject(event, x_config.watched);
  if (!subject) {
    return;
  }
  if (subject->path == kFromPipe && x_pipes.size() < kMaxPending) {
    // Whoever feeds it has perhaps not opened its file yet.
    std::string file = pipe_source(x_proc, event.pid, x_config.watched);
    if (file.empty()) {
      x_pipes.push_back({std::move(event), *std::move(subject), x_clock.mono() + kContentWait});
      return;
    }
    subject->path = std::move(file);
  }
  on_subject(std::move(event), *std::move(subject));
}

void Agent::on_subject(ExecEvent event, Subject subject) {
  if (seen_before(event.pid, subject.path, event.exe_id)) {
    return;
  }
  x_seen[event.pid] = {subject.path, event.exe_id, x_clock.mono()};
  Case item{std::move(event), std::move(subject), {}, {}, x_clock.mono() + kContentWait, {}};
  const bool closely = may_look_closely();
  if (closely) {
    // The copy first: it is the one thing that will not wait.
    item.content = content_of(item.event, item.subject);
    complete_ancestry(x_proc, item.event.pid, item.event.ancestors);
  }
  auto judgement = judge(item.subject, item.event, is_built(item.event.exe_id));
  if (!judgement) {
    return;
  }
  item.judgement = *std::move(judgement);
  remember(item.event, item.subject, item.judgement.confidence.percent >= kTold);
  if (!closely) {
    x_reporter->report_unseen(item, view());
    return;
  }
  const bool may_come = item.content.bytes.empty() && !item.subject.path.starts_with('(');
  if (item.subject.how == Subject::How::Program) {
    item.settled = x_clock.mono() + kTwinWait;  // `cc x.c && ./a.out`: the run may be seen before the linker's writing is
  }
  if ((may_come || item.settled > x_clock.mono()) && x_pending.size() < kMaxPending) {
    x_pending.push_back(std::move(item));  // its interpreter has perhaps not opened it yet; Capture will have it
    return;
  }
  enqueue(std::move(item));
}

bool Agent::is_built(const FileId& id) const { return std::find(x_built.begin(), x_built.end(), id) != x_built.end(); }

bool Agent::seen_before(std::uint32_t pid, const std::string& path, const FileId& id) const {
  const auto seen = x_seen.find(pid);
  return seen != x_seen.end() && x_clock.mono() - seen->second.at < kCaptureAge && seen->second.path == path && seen->second.id == id;
}

void Agent::remember(const ExecEvent& event, const Subject& subject, bool suspicious) {
  if (x_known.size() >= kMaxKnown) {
    x_known.erase(std::min_element(x_known.begin(), x_known.end(), [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  }
  x_known[event.pid] = {event, subject, x_clock.mono(), suspicious, std::nullopt};
}

void Agent::on_sighting(Sighting sighting) {
  if (sighting.what == Sighting::What::Dropped) {
    on_drop(sighting);
  } else if (sighting.what == Sighting::What::Executed || sighting.what == Sighting::What::Script) {
    if (sighting.denied) {
      log_info("AGENT_DENIED", "process {} may not run {}", sighting.event.pid, printable(sighting.path));
    }
    // One wait for both: the kernel's own sight of this run, and for a script with "#!" its interpreter's opening of it.
    const auto twin = std::find_if(x_twins.begin(), x_twins.end(),
                                   [&](const Waiting& w) { return w.sighting.event.pid == sighting.event.pid && w.sighting.id == sighting.id; });
    if (twin != x_twins.end()) {
      twin->sighting = std::move(sighting);
    } else if (x_twins.size() < kMaxSightings) {
      x_twins.push_back({std::move(sighting), x_clock.mono() + 2 * kTwinWait});  // it outlasts the run that it may explain
    }
  }
}

void Agent::on_opened(Sighting sighting) {
  const auto seen = x_seen.find(sighting.event.pid);
  if (seen != x_seen.end() && x_clock.mono() - seen->second.at < kCaptureAge &&
      (seen->second.path == sighting.path || seen->second.id == sighting.id)) {
    return;
  }
  ++x_status.events;
  Subject subject{Subject::How::Program, sighting.path, {}};
  if (sighting.what == Sighting::What::Script) {
    subject.how = Subject::How::Script;
    subject.interpreter = interpreter_name(sighting.event.exe);
  } else if (!sighting.denied) {
    // It was seen before it ran: what it is called with is only now to be had.
    const auto now = process_event(x_proc, sighting.event.pid, x_own_mounts, sighting.event.at);
    if (now && now->exe_id == sighting.id) {
      auto ancestors = std::move(sighting.event.ancestors);
      sighting.event = *now;
      sighting.event.ancestors = std::move(ancestors);
    } else {
      sighting.event.exe = sighting.path;
      sighting.event.exe_id = sighting.id;
      sighting.event.arguments = {sighting.path};
    }
    sighting.event.exe_watched = true;
  }
  on_subject(std::move(sighting.event), std::move(subject));
}

Reporter::View Agent::view() const { return {tier(), x_sensor->lost()}; }

std::string Agent::tier() const {
  constexpr std::string_view kDegraded = "degraded: ";
  std::vector<std::string> degraded;
  const std::string execs = x_sensor->tier();
  if (execs.starts_with(kDegraded)) {
    degraded.push_back(execs.substr(kDegraded.size()));
  }
  const Capture::Health health = x_capture ? x_capture->health() : Capture::Health{};
  if (!x_capture) {
    degraded.emplace_back("no copies on opening, drops are not seen");
  } else {
    if (!health.permission) {
      degraded.emplace_back("copies are made after opening, some may be missing");
    }
    if (!health.drops) {
      degraded.emplace_back("drops are not seen");
    }
    if (!health.words.empty()) {
      degraded.push_back(printable(trim(health.words), 200));
    }
  }
  if (const std::string connections = x_connections->tier(); connections.starts_with(kDegraded)) {
    degraded.push_back(connections.substr(kDegraded.size()));
  }
  std::string text = degraded.empty() ? execs : fmt::format("{}{}", kDegraded, fmt::join(degraded, "; "));
  if (!degraded.empty() && !execs.starts_with(kDegraded)) {
    text += "; " + execs;
  }
  if (x_config.denial != Denial::Off) {
    text += fmt::format("; denies {}", to_string(x_config.denial));
  }
  if (x_spool->lost() > 0) {
    text += fmt::format("; {} findings or files lost by a full spool", x_spool->lost());
  }
  if (x_sensor->lost() + health.lost > 0) {
    text += fmt::format("; {} events lost", x_sensor->lost() + health.lost);
  }
  return text;
}

void Agent::housekeeping() {
  const MonoTime now = x_clock.mono();
  x_next_housekeeping = now + (now < x_quiet_from ? kHousekeeping : kQuietHousekeeping);
  if (now >= x_next_packets) {
    on_packet_sockets();
  }
  std::erase_if(x_seen, [&](const auto& entry) { return now - entry.second.at >= kCaptureAge; });
  x_reporter->housekeeping(/*all=*/false);
  x_status.tier = tier();
  const bool changed = x_tier.with([&](std::string& shared) { return std::exchange(shared, x_status.tier) != x_status.tier; });
  if (changed) {
    x_uplink->beat();
  }
  const Uplink::Progress progress = x_uplink->progress();
  const Capture::Health health = x_capture ? x_capture->health() : Capture::Health{};
  const Reporter::Counts& counts = x_reporter->counts();
  x_status.execs = x_sensor->execs();
  x_status.connections = x_connections->calls();
  x_status.events_lost = x_sensor->lost() + x_connections->lost() + health.lost;
  x_status.restarts = health.restarts;
  x_status.findings = counts.findings;
  x_status.without_content = counts.without_content;
  x_status.held_back = counts.held_back;
  x_status.allowed = counts.allowed;
  x_status.findings_sent = progress.findings_sent;
  x_status.findings_waiting = x_spool->waiting();
  x_status.findings_lost = x_spool->lost();
  x_status.last_error = progress.last_error;
  if (now < x_next_status && !has_news(x_status, x_written)) {
    return;  // each writing costs a tenth of a millisecond
  }
  x_next_status = now + kStatusEvery;
  x_status.written = x_clock.wall();
  x_written = x_status;
  if (!replace_file(x_config.state / "status.json", to_json_text(x_status))) {
    log_debug("AGENT_STATUS_UNWRITTEN", "{}", (x_config.state / "status.json").string());
  }
}

}  // namespace pinfold::agent
