#include "engine/serve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <vector>

#include "base/log.hpp"
#include "collect/collector.hpp"
#include "engine/findings.hpp"
#include "engine/jobs.hpp"
#include "engine/mail_intake.hpp"
#include "engine/notices.hpp"
#include "engine/places.hpp"
#include "engine/ports.hpp"
#include "engine/worker.hpp"
#include "http/agent_api.hpp"
#include "http/server.hpp"
#include "http/staff_pages.hpp"
#include "mail/lmtp_server.hpp"
#include "store/evidence_files.hpp"
#include "store/store.hpp"

namespace pinfold::engine {
namespace {

/// Other processes write to the store too; so often a worker looks without having been woken.
constexpr Millis kLook{250};
constexpr Millis kBeat{1000};
/// Due cases are looked for, and silence is watched, this often.
constexpr Millis kTick{500};

mail::Templates load_templates() {
  auto templates = mail::Templates::load(templates_folder());
  if (!templates) {
    throw std::runtime_error(templates.error());
  }
  return *std::move(templates);
}

mail::SubmitOptions submit_options(const config::Config& config) {
  mail::SubmitOptions options;
  options.host = to_string(config.mail.submission.address);
  options.port = config.mail.submission.port;
  options.tls = config.mail.starttls ? mail::Tls::Required : mail::Tls::Off;
  options.hello = config.mail.domain;
  return options;
}

std::optional<collect::UdpEndpoint> udp(const std::optional<config::Endpoint>& endpoint) {
  return endpoint ? std::optional(collect::UdpEndpoint{endpoint->address, endpoint->port}) : std::nullopt;
}

collect::CollectorOptions collector_options(const config::Config& config) {
  collect::CollectorOptions options;
  options.ipfix = udp(config.flows.ipfix);
  options.sflow = udp(config.flows.sflow);
  options.thresholds = config.thresholds;
  for (const config::Exporter& exporter : config.flows.exporters) {
    const auto protocol = exporter.protocol == "sflow" ? collect::Protocol::Sflow : collect::Protocol::Ipfix;
    options.exporters.push_back({exporter.address, protocol, exporter.observation_point, exporter.rank});
  }
  return options;
}

http::ListenAddress listen_address(const config::Endpoint& endpoint) { return {endpoint.address, endpoint.port}; }

}  // namespace

struct Serve::Parts {
  Parts(const config::Config& c, const Clock& k);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

  void recover();
  void start();
  void wake_all();
  bool call_people();
  void beat_once();
  void refresh_inventory();
  [[nodiscard]] http::Health health();
  [[nodiscard]] TrafficView traffic(const ServerId& server) const;
  void add_collector_metrics(http::Health& health) const;

  config::Config config;
  const Clock& clock;
  std::unique_ptr<records::Store> store;
  store::FileEvidenceStore evidence;
  mail::Templates templates = load_templates();
  mail::Submitter submitter;
  mail::Reader reader;
  std::unique_ptr<enforce::Executor> executor;
  DeskService desk;
  FindingWorker findings;
  MailIntake intake;
  NoticeWorker notices;
  PortWorker ports;
  http::AgentApi agents;
  http::StaffPages pages;
  std::shared_ptr<const inventory::Inventory> known_inventory;

  // In the order of starting; ~Parts says how they end.
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<collect::Collector> collector;
  std::unique_ptr<mail::LmtpServer> lmtp;
  std::unique_ptr<http::Server> agent_server;
  std::unique_ptr<http::Server> page_server;
  std::atomic<bool> started{false};
};

Serve::Parts::Parts(const config::Config& c, const Clock& k)
    : config(c),
      clock(k),
      store((std::filesystem::create_directories(c.state_dir), store::open_sqlite(database_file(c)))),
      evidence(evidence_folder(c)),
      submitter(submit_options(c)),
      reader(reader_program(), k, Seconds{20}, definition_folders(), mail::Reader::Start::Warm),
      executor(make_executor(c, *store, k)),
      desk(*store, c.policy, k, [this] { wake_all(); }),
      findings(desk, k),
      intake(
          desk, evidence, reader, our_addresses(c), k, [this] { wake_all(); }, c.mail.authserv_id),
      notices(desk, config, submitter, templates, k),
      ports(desk, *executor, k, [this](const ServerId& server) { return traffic(server); }),
      agents(*store, evidence, k, [this] { wake_all(); }),
      pages(*store, c.policy, k, [this] { return health(); }) {}

/// Workers look at the collector and ask which ears are there: they stop before any of these is destroyed. What still comes by LMTP or from
/// agents meanwhile waits in the store for the next start.
Serve::Parts::~Parts() {
  started = false;
  for (const auto& worker : workers) {
    worker->stop();
  }
}

void Serve::Parts::recover() {
  notices.recover();
  ports.recover();
  store->transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().claimed(kCallPerson)) {
      tx.outbox().retry(job.key, clock.wall(), "claimed by a process that is gone");
    }
  });
}

void Serve::Parts::start() {
  const auto add = [this](const char* name, Millis interval, std::function<bool()> work) {
    workers.push_back(std::make_unique<Worker>(name, interval, std::move(work)));
  };
  known_inventory = desk.inventory();
  if (config.flows.ipfix || config.flows.sflow) {
    collector = std::make_unique<collect::Collector>(collector_options(config), known_inventory, clock, [this](abuse::Finding finding) {
      findings.offer(std::move(finding));
      wake_all();
    });
  }
  if (config.mail.lmtp) {
    mail::LmtpServerOptions options;
    options.address = config.mail.lmtp->address;
    options.port = config.mail.lmtp->port;
    options.host = config.mail.domain;
    const mail::LmtpCallbacks callbacks{
        [this](std::string_view recipient) { return intake.accepts(recipient); },
        [this](const mail::Delivery& delivery) { return std::vector<bool>(delivery.recipients.size(), intake.take(delivery)); }};
    lmtp = std::make_unique<mail::LmtpServer>(options, callbacks, clock);
  }
  if (config.agents.listen) {
    agent_server = std::make_unique<http::Server>(listen_address(*config.agents.listen), http::Limits{},
                                                  [this](const http::Request& r) { return agents.handle(r); });
  }
  page_server =
      std::make_unique<http::Server>(listen_address(config.http.listen), http::Limits{}, [this](const http::Request& r) { return pages.handle(r); });

  add("findings", kLook, [this] { return findings.work(); });
  add("mail", kLook, [this] { return intake.work(); });
  add("notices", kLook, [this] { return notices.work(); });
  add("ports", kLook, [this] { return ports.work(); });
  add("calls", kLook, [this] { return call_people(); });
  add("time", kTick, [this] {
    desk.tick_due();
    ports.watch_silence();
    return false;
  });
  add("ears", kBeat, [this] {
    beat_once();
    refresh_inventory();
    return false;
  });
  started = true;
  log_info("SERVING", "pages on {}, warnings {}, measures {}", config::to_string(config.http.listen),
           config.policy.warnings == desk::Arming::Armed ? "armed" : "observe", config.policy.measures == desk::Arming::Armed ? "armed" : "observe");
}

void Serve::Parts::wake_all() {
  if (started) {
    for (const auto& worker : workers) {
      worker->wake();
    }
  }
}

/// People are called through the log for now; the case says what they are asked.
bool Serve::Parts::call_people() {
  std::optional<records::Job> job;
  store->transact([&](records::Transaction& tx) { job = tx.outbox().claim(kCallPerson, clock.wall()); });
  if (!job) {
    return false;
  }
  const auto call = parse_call_person(*job);
  log_warning("PERSON_CALLED", "{}: {}", to_string(job->case_id), call ? call->what : job->payload);
  store->transact([&](records::Transaction& tx) { tx.outbox().finish(job->key, records::JobState::Done, "logged"); });
  return true;
}

void Serve::Parts::beat_once() {
  const bool mail_open = lmtp != nullptr;
  store->transact([&](records::Transaction& tx) { beat(tx, mail_open, page_server != nullptr, clock.wall()); });
}

void Serve::Parts::refresh_inventory() {
  const auto now = desk.inventory();
  if (now != known_inventory && collector) {
    collector->set_inventory(now);
    known_inventory = now;
    log_info("INVENTORY_CHANGED", "{} servers", now->servers().size());
  }
}

TrafficView Serve::Parts::traffic(const ServerId& server) const {
  TrafficView view;
  if (collector) {
    view.last_from_server = collector->last_outbound(server);
    for (const collect::ExporterCounters& exporter : collector->counters().exporters) {
      view.last_from_anyone = std::max(view.last_from_anyone, exporter.last_heard);
    }
  }
  return view;
}

void Serve::Parts::add_collector_metrics(http::Health& health) const {
  const collect::CollectorCounters counters = collector->counters();
  const auto add = [&](std::string_view name, const std::string& labels, std::uint64_t value) {
    health.metrics.push_back({std::string(name), labels, static_cast<double>(value)});
  };
  for (const collect::ExporterCounters& e : counters.exporters) {
    const std::string labels = fmt::format("exporter=\"{}\",protocol=\"{}\"", to_string(e.address), collect::to_string(e.protocol));
    add("pinfold_export_datagrams_total", labels, e.datagrams);
    add("pinfold_export_records_total", labels, e.records);
    add("pinfold_export_decode_errors_total", labels, e.decode_errors);
    add("pinfold_export_lost_datagrams_total", labels, e.lost_datagrams);
    add("pinfold_export_lost_records_total", labels, e.lost_records);
  }
  for (const collect::SocketCounters& s : counters.sockets) {
    const std::string labels = fmt::format("protocol=\"{}\"", collect::to_string(s.protocol));
    add("pinfold_socket_datagrams_total", labels, s.datagrams);
    add("pinfold_socket_unknown_exporter_total", labels, s.unknown_exporters);
    add("pinfold_socket_kernel_drops_total", labels, s.kernel_drops);
  }
  add("pinfold_flow_records_total", "", counters.pipeline.records);
  add("pinfold_flow_records_accounted_total", "", counters.pipeline.accounted);
  add("pinfold_flow_records_spare_total", "", counters.pipeline.spare);
  add("pinfold_findings_total", "", counters.pipeline.findings);
}

http::Health Serve::Parts::health() {
  http::Health health;
  store->read([&](records::Transaction& tx) { health.ears = ears_at(tx, clock.wall()); });
  health.parts.push_back(
      {"ears", health.ears.open_since.has_value(), health.ears.open_since ? "open since " + to_string(*health.ears.open_since) : "closed"});
  if (!started) {
    health.parts.push_back({"start", false, "not all parts are running yet"});
    return health;
  }
  for (const auto& worker : workers) {
    const auto failure = worker->failure();
    health.parts.push_back({worker->name(), !failure, failure.value_or("working")});
  }
  health.metrics.push_back({"pinfold_mails_unclassified", "", static_cast<double>(health.ears.unclassified)});
  health.metrics.push_back({"pinfold_findings_dropped_total", "", static_cast<double>(findings.dropped())});
  if (collector) {
    add_collector_metrics(health);
  }
  return health;
}

Serve::Serve(const config::Config& config, const Clock& clock) : x_parts(std::make_unique<Parts>(config, clock)) {
  x_parts->recover();
  x_parts->start();
}

Serve::~Serve() = default;

}  // namespace pinfold::engine
