#include "agent/agent.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "wire/wire.hpp"

namespace pinfold::agent {
namespace {

constexpr Seconds kHousekeeping{1};
constexpr Millis kPendingPoll{10};
constexpr std::size_t kMaxPasswd = std::size_t{1} << 20U;

Content content_from(std::string bytes, bool complete, std::string how) { return {std::move(bytes), complete, std::move(how)}; }

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
  DeskClient client(enrolled->desk, *key, clock);
  agent->x_speaker = {enrolled->server, client.id()};
  agent->x_runs.emplace(agent->x_config.quiet, agent->x_config.retell);
  agent->open_sensors();
  agent->x_uplink = std::make_unique<Uplink>(client, *agent->x_spool,
                                             [self = agent.get()] { return self->x_tier.with([](const std::string& tier) { return tier; }); });
  agent->x_status.pid = getpid();
  agent->x_status.started = clock.wall();
  agent->x_status.server = enrolled->server.value;
  log_info("AGENT_STARTED", "for server {}, desk {}, {}", printable(enrolled->server.value), to_string(enrolled->desk), agent->tier());
  return agent;
}

void Agent::open_sensors() {
  if (!x_config.poll_only) {
    auto sensor = open_bpf_sensor(x_config.watched);
    if (sensor) {
      x_sensor = std::move(*sensor);
    } else {
      log_warning("AGENT_BPF_REFUSED", "{}; falling back to reading /proc", printable(sensor.error()));
    }
  }
  if (!x_sensor) {
    x_sensor = open_proc_sensor(x_clock);
  }
  auto capture = Capture::open(x_config.watched, x_clock);
  if (capture) {
    x_capture = std::move(*capture);
  } else {
    log_warning("AGENT_CAPTURE_REFUSED", "{}; scripts that delete themselves at once may leave no copy", printable(capture.error()));
  }
}

void Agent::run(int stop_fd) {
  x_uplink->start();
  housekeeping();
  for (;;) {
    std::array<pollfd, 2> waiting{{{stop_fd, POLLIN, 0}, {x_sensor->wait_fd(), POLLIN, 0}}};  // poll(2) passes over an fd of -1
    if (poll(waiting.data(), waiting.size(), wait_time()) < 0 && errno != EINTR) {
      log_error("AGENT_WAIT_FAILED", "poll: {}", errno);
      return;
    }
    if (waiting[0].revents != 0) {
      break;
    }
    x_sensor->drain([this](ExecEvent event) { on_exec(std::move(event)); });
    retry_pending();
    if (x_clock.mono() >= x_next_housekeeping) {
      housekeeping();
    }
  }
  for (const Pending& pending : std::exchange(x_pending, {})) {
    report(pending, content_of(pending.event, pending.subject));
  }
  housekeeping();
  log_info("AGENT_STOPPED", "{} findings, {} told, {} waiting in the spool", x_status.findings, x_status.findings_sent, x_status.findings_waiting);
}

int Agent::wait_time() const {
  if (!x_pending.empty()) {
    return static_cast<int>(kPendingPoll.count());
  }
  return static_cast<int>(x_sensor->wait_fd() < 0 ? kPollInterval.count() : Millis{kHousekeeping}.count());
}

void Agent::on_exec(ExecEvent event) {
  ++x_status.events;
  const auto subject = find_subject(event, x_config.watched);
  if (!subject) {
    return;
  }
  // The copy first: it is the one thing that will not wait.
  Content content = content_of(event, *subject);
  complete_ancestry(x_proc, event.pid, event.ancestors);
  auto judgement = judge(*subject, event);
  if (!judgement) {
    return;
  }
  Pending pending{std::move(event), *subject, *std::move(judgement), x_clock.mono() + kContentWait};
  if (content.bytes.empty() && x_pending.size() < kMaxPending) {
    x_pending.push_back(std::move(pending));  // its interpreter has perhaps not opened it yet; Capture will have it
    return;
  }
  report(pending, content);
}

void Agent::retry_pending() {
  std::deque<Pending> still;
  for (Pending& pending : x_pending) {
    const Content content = content_of(pending.event, pending.subject);
    if (content.bytes.empty() && x_clock.mono() < pending.deadline) {
      still.push_back(std::move(pending));
    } else {
      report(pending, content);
    }
  }
  x_pending = std::move(still);
}

Content Agent::content_of(const ExecEvent& event, const Subject& subject) const {
  const auto captured = x_capture ? x_capture->store().find(subject.path, event.pid, x_clock.mono()) : std::nullopt;
  if (captured && captured->pid == event.pid) {
    return content_from(captured->bytes, captured->complete, "as it was opened");
  }
  const bool program = subject.how == Subject::How::Program || subject.how == Subject::How::Memory;
  std::string name = program ? "exe" : subject.how == Subject::How::StandardInput ? "fd/0" : "root" + subject.path;
  auto file = read_start(x_proc.path(event.pid, name), wire::kMaxEvidence);
  if (program && file && !(file->id == event.exe_id) && event.exe_id.inode != 0) {
    file.reset();  // the process has since become another program
  }
  if (!file && !program && !event.foreign_root) {
    file = read_start(subject.path, wire::kMaxEvidence);
  }
  if (file && !file->bytes.empty()) {
    return content_from(std::move(file->bytes), !file->cut, program ? "from the running process" : "from its place");
  }
  if (captured) {
    return content_from(captured->bytes, captured->complete, "as another process opened it");
  }
  return {};
}

void Agent::report(const Pending& pending, const Content& content) {
  const auto passwd = pending.event.foreign_root ? std::nullopt : read_start("/etc/passwd", kMaxPasswd);
  const WallTime now = x_clock.wall();
  const auto ago = std::max(Nanos{0}, x_clock.mono() - pending.event.at);
  RunFacts run{pending.event,    pending.subject, pending.judgement, {}, now - std::chrono::duration_cast<Micros>(ago),
               x_sensor->lost(), x_sensor->tier()};
  run.user = user_name(passwd ? std::string_view(passwd->bytes) : std::string_view{}, pending.event.uid);
  x_status.without_content += content.bytes.empty() ? 1U : 0U;
  ++x_status.findings;
  if (const auto finding = x_runs->add(make_finding(run, content, x_speaker, now), now)) {
    keep(*finding, content.bytes);
  }
}

void Agent::keep(const abuse::Finding& finding, std::string_view content) {
  log_info("AGENT_FINDING", "{}", printable(finding.summary));
  if (x_spool->add(finding, content) != Spool::Kept::Whole) {
    log_error("AGENT_SPOOL_FULL", "{} findings or their files were lost so far", x_spool->lost());
  }
  x_uplink->wake();
}

std::string Agent::tier() const {
  std::string text = x_sensor->tier();
  if (!x_capture) {
    text += text.starts_with("degraded") ? "; no copies on opening" : "; degraded: no copies on opening";
  } else if (!x_capture->permission()) {
    text += "; copies after opening";
  }
  if (x_spool->lost() > 0) {
    text += fmt::format("; {} findings or files lost by a full spool", x_spool->lost());
  }
  if (x_sensor->lost() > 0) {
    text += fmt::format("; {} events lost", x_sensor->lost());
  }
  return text;
}

void Agent::housekeeping() {
  x_next_housekeeping = x_clock.mono() + kHousekeeping;
  if (x_capture && !x_capture->check(x_clock.mono())) {
    x_capture.reset();
  }
  const WallTime now = x_clock.wall();
  for (const abuse::Finding& finding : x_runs->due(now)) {
    keep(finding, {});
  }
  x_status.tier = tier();
  x_tier.with([&](std::string& shared) { shared = x_status.tier; });
  const Uplink::Progress progress = x_uplink->progress();
  x_status.written = now;
  x_status.execs = x_sensor->execs();
  x_status.events_lost = x_sensor->lost();
  x_status.findings_sent = progress.findings_sent;
  x_status.findings_waiting = x_spool->waiting();
  x_status.findings_lost = x_spool->lost();
  x_status.last_error = progress.last_error;
  if (!replace_file(x_config.state / "status.json", to_json_text(x_status))) {
    log_debug("AGENT_STATUS_UNWRITTEN", "{}", (x_config.state / "status.json").string());
  }
}

}  // namespace pinfold::agent
