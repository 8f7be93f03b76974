#include "engine/serve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/log.hpp"
#include "collect/collector.hpp"
#include "enforce/process_owner.hpp"
#include "engine/agent_care.hpp"
#include "engine/alone.hpp"
#include "engine/answers.hpp"
#include "engine/api_desk.hpp"
#include "engine/bandwidth.hpp"
#include "engine/baseline_keeper.hpp"
#include "engine/brands.hpp"
#include "engine/canary.hpp"
#include "engine/clock_watch.hpp"
#include "engine/collector_health.hpp"
#include "engine/contact_care.hpp"
#include "engine/desk_metrics.hpp"
#include "engine/drivers.hpp"
#include "engine/findings.hpp"
#include "engine/imap_poller.hpp"
#include "engine/jobs.hpp"
#include "engine/letters.hpp"
#include "engine/mail_hosts.hpp"
#include "engine/mail_intake.hpp"
#include "engine/near_miss_keeper.hpp"
#include "engine/notices.hpp"
#include "engine/on_call.hpp"
#include "engine/open_store.hpp"
#include "engine/places.hpp"
#include "engine/ports.hpp"
#include "engine/record_check.hpp"
#include "engine/reporter_answers.hpp"
#include "engine/retention.hpp"
#include "engine/sealed_reports.hpp"
#include "engine/server_log.hpp"
#include "engine/stream_health.hpp"
#include "engine/stream_options.hpp"
#include "engine/webhooks.hpp"
#include "engine/worker.hpp"
#include "http/agent_api.hpp"
#include "http/portal.hpp"
#include "http/server.hpp"
#include "http/staff_pages.hpp"
#include "mail/lmtp_server.hpp"
#include "store/evidence_files.hpp"
#include "store/history_file.hpp"

namespace pinfold::engine {
namespace {

/// Other processes write to the store too; so often a worker looks without having been woken.
constexpr Millis kLook{250};
constexpr Millis kBeat{1000};
constexpr Millis kReporters{10'000};
/// Due cases are looked for, and silence is watched, this often.
constexpr Millis kTick{500};
/// Contacts and what is old are looked after in days, not in seconds.
constexpr Millis kLookAfterDays{60'000};
/// What another desk had claimed before it was lost is looked for this often.
constexpr Millis kRecover{10'000};

mail::Templates load_templates() {
  auto templates = mail::Templates::load(templates_folder());
  if (!templates) {
    throw std::runtime_error(templates.error());
  }
  return *std::move(templates);
}

mail::ReportAnswerTemplate load_report_answer() {
  auto text = mail::ReportAnswerTemplate::load(templates_folder());
  if (!text) {
    throw std::runtime_error(text.error());
  }
  return *std::move(text);
}

mail::SubmitOptions submit_options(const config::Config& config) {
  mail::SubmitOptions options;
  options.host = to_string(config.mail.submission.address);
  options.port = config.mail.submission.port;
  options.tls = config.mail.starttls ? mail::Tls::Required : mail::Tls::Off;
  options.hello = config.mail.domain;
  return options;
}

enforce::Upkeep make_upkeep(const config::Config& config, records::Store& store, const Clock& clock) {
  return {store, [config, &clock](const SwitchId& id) { return make_driver(config, id, clock); }, clock, enforce::process_owner(),
          who_is_gone(config)};
}

std::vector<SwitchId> switch_ids(const config::Config& config) {
  std::vector<SwitchId> ids;
  for (const config::Switch& s : config.switches) {
    ids.push_back(s.id);
  }
  return ids;
}

std::optional<http::Tls> tls_of(const std::string& certificate, const std::string& key) {
  return certificate.empty() ? std::nullopt : std::optional(http::Tls{certificate, key});
}

/// A desk whose flows others collect and judge.
config::Config without_flows(config::Config config) {
  config.flows = {};
  config.bandwidth.interface_counters = false;
  return config;
}

http::ListenAddress listen_address(const config::Endpoint& endpoint) { return {endpoint.address, endpoint.port}; }

}  // namespace

struct Serve::Parts {
  Parts(const config::Config& c, const StepGuard& k, bool collects);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

  void recover();
  void recover_claims();
  void start();
  void wake_all();
  void beat_once();
  void report_flows();
  void refresh_inventory();
  [[nodiscard]] http::Health health();
  [[nodiscard]] TrafficView traffic(const ServerId& server) const;

  config::Config config;
  const StepGuard& clock;
  std::unique_ptr<records::Store> store;
  store::FileEvidenceStore evidence;
  mail::Templates templates = load_templates();
  mail::Submitter submitter;
  mail::Reader reader;
  std::unique_ptr<enforce::Executor> executor;
  DeskService desk;
  FindingWorker findings;
  MailIntake intake;
  std::unique_ptr<ServerLog> mail_log;
  NoticeWorker notices;
  ReporterAnswers reporters;
  PortWorker ports;
  RecordCheck record_check;
  OnCallWorker calls;
  LetterWorker letters;
  CanaryWorker canary;
  ClockWatch clock_watch;
  ContactCare contacts;
  RetentionWorker retention;
  DeskMetrics desk_metrics;
  AgentCare agent_care;
  SealedRetention sealed;
  http::AgentApi agents;
  std::unique_ptr<records::History> history;  ///< a reader of its own beside the writer
  std::unique_ptr<http::api::Desk> api_desk;
  http::Sessions sessions;
  http::api::Api api;
  http::StaffPages pages;
  http::Portal portal;
  http::AnswerPage answers;
  Webhooks webhooks;
  std::shared_ptr<const inventory::Inventory> known_inventory;

  // In the order of starting; ~Parts says how they end.
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<collect::Collector> collector;
  LossWatch losses;
  WallTime flows_reported;  ///< by the ears' worker alone
  std::unique_ptr<Bandwidth> bandwidth;
  std::unique_ptr<NearMissKeeper> near_misses;
  std::unique_ptr<BaselineKeeper> baselines;
  std::unique_ptr<mail::LmtpServer> lmtp;
  std::unique_ptr<ImapPoller> imap;
  std::unique_ptr<http::Server> agent_server;
  std::unique_ptr<http::Server> page_server;
  std::unique_ptr<http::Server> answer_server;
  std::unique_ptr<store::Listener> listener;
  std::atomic<bool> started{false};
};

Serve::Parts::Parts(const config::Config& c, const StepGuard& k, bool collects)
    : config(collects ? c : without_flows(c)),
      clock(k),
      store(open_store(c, &k)),
      evidence(evidence_folder(c)),
      submitter(submit_options(c)),
      reader(reader_program(), k, Seconds{20}, definition_folders(), mail::Reader::Start::Warm),
      executor(make_executor(c, *store, k)),
      desk(*store, c.policy, k, [this] { wake_all(); }),
      findings(desk, k),
      intake(
          desk, evidence, reader, all_addresses(c), k, [this] { wake_all(); }, c.mail.authserv_id,
          ReportRules{c.reports.show_reporters, c.reports.answer_not_ours}),
      mail_log(c.mail.log_file.empty() ? nullptr : std::make_unique<ServerLog>(c.mail.log_file, desk, all_addresses(c), k)),
      notices(desk, config, submitter, templates, k, mail_log.get()),
      reporters(desk, config, submitter, load_report_answer(), k),
      ports(desk, *executor, make_upkeep(c, *store, k), switch_ids(c), k, [this](const ServerId& server) { return traffic(server); }),
      record_check(desk, *executor, k),
      calls(desk, config, submitter, k),
      letters(desk, config, submitter, templates, k),
      canary(*store, config, submitter, k),
      clock_watch(*store, k),
      contacts(desk, k, [](const std::string& domain) { return mail_hosts_of(domain); }),
      retention(*store, evidence, c.retention, k),
      desk_metrics(*store, k),
      agent_care(desk, k),
      sealed(*store, evidence, config, k),
      agents(*store, evidence, k, [this] { wake_all(); }),
      history(store::open_history(history_file(c))),
      api_desk(
          make_api_desk({config, desk, evidence, history.get(), notices, reader, submitter, k, [this] { return health(); }, [this] { wake_all(); }})),
      sessions(*store),
      api(api_options(c), *api_desk, sessions, k),
      pages(*store, c.policy, k, [this] { return health(); }),
      portal(api, pages),
      answers(answer_page_options(c, *store), answer_desk(desk), k),
      webhooks(*store, k) {}

/// Workers look at the collector and ask which ears are there: they stop before any of these is destroyed. What still comes by LMTP or from
/// agents meanwhile waits in the store for the next start.
Serve::Parts::~Parts() {
  listener.reset();
  started = false;
  page_server.reset();  // streams end before what feeds them
  if (collector) {
    collector->stop();  // its last findings are offered
  }
  for (const auto& worker : workers) {
    worker->stop();
  }
  try {
    findings.keep_offered();
  } catch (const std::exception& failure) {
    log_error("FINDINGS_NOT_KEPT", "the store takes no more: {}", failure.what());
  }
  try {
    if (baselines) {
      baselines->finish();
    }
  } catch (const std::exception& problem) {
    log_error("BASELINES_NOT_KEPT", "{}", problem.what());
  }
  try {
    if (bandwidth) {
      bandwidth->finish();
    }
  } catch (const std::exception& problem) {
    log_error("HISTORY_NOT_WRITTEN", "{}", problem.what());
  }
}

void Serve::Parts::recover() {
  check_switches(config);
  ports.take_up_open_rows();
  recover_claims();
}

void Serve::Parts::recover_claims() {
  notices.recover();
  reporters.recover();
  ports.recover();
  calls.recover();
  letters.recover();
}

void Serve::Parts::start() {
  const auto add = [this](const char* name, Millis interval, std::function<bool()> work) {
    workers.push_back(std::make_unique<Worker>(name, interval, std::move(work)));
  };
  // Where several desks share the store, one of them does this.
  const auto add_alone = [this, add](const char* name, Millis interval, std::function<bool()> work) {
    if (!is_shared(config)) {
      add(name, interval, std::move(work));
      return;
    }
    const auto alone = std::make_shared<Alone>(*store, clock, name, enforce::process_owner(), who_is_gone(config));
    add(name, interval, [alone, work = std::move(work)] { return alone->is_ours() && work(); });
  };
  known_inventory = desk.inventory();
  const bool polls = config.bandwidth.interface_counters && !config.switches.empty();
  if (config.flows.ipfix || config.flows.sflow || !config.flows.mirrors.empty() ||
      polls) {  // the windows of a server without flows hold its interface's counters
    collect::CollectorOptions options = collector_options(config);
    store->read([&](records::Transaction& tx) { options.remembered = tx.exporters().list(); });
    collector = std::make_unique<collect::Collector>(std::move(options), known_inventory, clock, [this](abuse::Finding finding) {
      findings.offer(std::move(finding));
      wake_all();
    });
  }
  near_misses = std::make_unique<NearMissKeeper>(*store, config.thresholds, collector.get(), clock);
  baselines = std::make_unique<BaselineKeeper>(*store, collector.get(), clock);
  baselines->recall();
  bandwidth = std::make_unique<Bandwidth>(config, collector_options(config).exporters, collector.get(), *known_inventory, clock);
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
  if (config.mail.imap) {
    imap = std::make_unique<ImapPoller>(*config.mail.imap, intake, clock);
  }
  if (config.agents.listen) {
    agent_server = std::make_unique<http::Server>(
        listen_address(*config.agents.listen), http::Limits{}, [this](const http::Request& r) { return agents.handle(r); }, nullptr,
        tls_of(config.agents.tls_certificate, config.agents.tls_key));
  }
  page_server = std::make_unique<http::Server>(
      listen_address(config.http.listen), http::Limits{}, [this](const http::Request& r) { return portal.handle(r); }, http::Portal::is_slow,
      tls_of(config.http.tls_certificate, config.http.tls_key));

  if (config.http.answers) {
    answer_server = std::make_unique<http::Server>(listen_address(*config.http.answers), answer_limits(),
                                                   [this](const http::Request& r) { return answers.handle(r); });
  }

  // First, for what comes after it is judged by whether we were listening.
  add("ears", kBeat, [this] {
    beat_once();
    refresh_inventory();
    return false;
  });
  add("clock", kBeat, [this] {
    clock_watch.look();
    return false;
  });
  add("findings", kLook, [this] { return findings.work(); });
  add("mail", kLook, [this] { return intake.work(); });
  if (imap) {
    add_alone("mailbox", kBeat, [this] { return imap->poll(); });
  }
  if (mail_log) {
    add("mail log", kBeat, [this] { return mail_log->work(); });
  }
  add("notices", kLook, [this] { return notices.work(); });
  add("reporters", kReporters, [this] { return reporters.work(); });
  add("ports", kLook, [this] {
    ports.look_after();
    const bool has_more = ports.work();
    if (!has_more) {
      record_check.look();
    }
    return has_more;
  });
  add("calls", kLook, [this] { return calls.work(); });
  add("letters", kLook, [this] { return letters.work(); });
  add_alone("contacts", kLookAfterDays, [this] {
    contacts.look();
    agent_care.look();
    static_cast<void>(sealed.look());
    return false;
  });
  add_alone("retention", kLookAfterDays, [this] {
    retention.look();
    return false;
  });
  if (lmtp && config.mail.canary) {
    add_alone("canary", kBeat, [this] {
      canary.look();
      return false;
    });
  }
  add_alone("webhooks", kBeat, [this] { return webhooks.work(); });
  add("time", kTick, [this] {
    desk.tick_due();
    ports.watch_silence();
    return false;
  });
  add_alone("escalation", kTick, [this] {
    calls.escalate();
    return false;
  });
  add("recovery", kRecover, [this, last = clock.mono()]() mutable {
    if (clock.mono() - last >= Nanos{kRecover}) {
      last = clock.mono();
      recover_claims();
    }
    return false;
  });
  add("bandwidth", kBeat, [this] {
    bandwidth->keep();
    near_misses->keep();
    baselines->keep();
    return false;
  });
  for (unsigned i = 0; bandwidth->polls() && i < Bandwidth::kPollers; ++i) {
    add("switch counters", kBeat, [this] { return bandwidth->poll(); });
  }
  started = true;
  listener = listen_for_changes(config, [this] { wake_all(); });
  log_info("SERVING", "pages on {}, warnings {}, measures {}", config::to_string(config.http.listen),
           config.policy.warnings == desk::Arming::Armed ? "armed" : "observe", config.policy.measures == desk::Arming::Armed ? "armed" : "observe");
}

void Serve::Parts::wake_all() {
  if (started) {
    for (const auto& worker : workers) {
      worker->wake();
    }
    api.hub().wake();
  }
}

void Serve::Parts::beat_once() {
  report_flows();
  const bool pages_open = page_server != nullptr && (answer_server != nullptr || !config.http.answers);
  const WallTime now = clock.wall();
  store->transact([&](records::Transaction& tx) {
    const bool by_lmtp = lmtp != nullptr && (!config.mail.canary || canary_state(tx).is_well(config.mail.canary_every, now));
    const bool mail_open = by_lmtp || (imap && imap->is_open());
    // One desk that hears nothing does not close the ears of the others: they close when nobody has beaten for kLongestBeatGap.
    if (!is_shared(config) || (mail_open && pages_open)) {
      beat(tx, mail_open, pages_open, now);
    }
    tx.outbox().live(now);
  });
}

void Serve::Parts::report_flows() {
  const WallTime now = clock.wall();
  if (!collector || (now - flows_reported < kReportEvery && now >= flows_reported)) {
    return;
  }
  flows_reported = now;
  const std::vector<records::ExporterRow> memories = collector->take_memories();
  const collect::CollectorCounters counters = collector->counters();
  const std::string report = flows_report(counters, losses.part(counters, now), now);
  store->transact([&](records::Transaction& tx) {
    tx.settings().set(kFlowsReport, report);
    for (const records::ExporterRow& row : memories) {
      tx.exporters().keep(row);
    }
  });
}

void Serve::Parts::refresh_inventory() {
  const auto now = desk.inventory();
  if (now != known_inventory && collector) {
    collector->set_inventory(now);
    bandwidth->set_inventory(*now);
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

http::Health Serve::Parts::health() {
  http::Health health;
  store->read([&](records::Transaction& tx) {
    health.ears = ears_at(tx, clock.wall());
    agent_care.add_health(tx, health);
    add_stream_health(tx, clock.wall(), health);
  });
  health.parts.push_back(
      {"ears", health.ears.open_since.has_value(), health.ears.open_since ? "open since " + to_string(*health.ears.open_since) : "closed"});
  health.parts.push_back(clock_watch.part());
  if (!started) {
    health.parts.push_back({"start", false, "not all parts are running yet"});
    return health;
  }
  health.is_ready = true;
  for (const auto& worker : workers) {
    const auto failure = worker->failure();
    health.parts.push_back({worker->name(), !failure, failure.value_or("working")});
  }
  health.metrics.push_back({"pinfold_mails_unclassified", "", static_cast<double>(health.ears.unclassified)});
  health.metrics.push_back({"pinfold_findings_dropped_total", "", static_cast<double>(findings.dropped())});
  if (collector) {
    const collect::CollectorCounters counters = collector->counters();
    add_collector_metrics(counters, health.metrics);
    health.parts.push_back(losses.part(counters, clock.wall()));
  }
  bandwidth->add_metrics(health);
  desk_metrics.add_to(health.metrics);
  return health;
}

Serve::Serve(const config::Config& config, const StepGuard& clock, Collects collects)
    : x_parts(std::make_unique<Parts>(config, clock, collects == Collects::Yes)) {
  x_parts->recover();
  x_parts->start();
}

Serve::~Serve() = default;

}  // namespace pinfold::engine
