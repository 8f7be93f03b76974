#include "engine/serve.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "enforce/process_owner.hpp"
#include "engine/answers.hpp"
#include "engine/api_desk.hpp"
#include "engine/flows/stream_health.hpp"
#include "engine/jobs.hpp"
#include "engine/mail/brands.hpp"
#include "engine/mail/mail_hosts.hpp"
#include "engine/open_store.hpp"
#include "engine/places.hpp"
#include "engine/ports/drivers.hpp"
#include "engine/serve_parts.hpp"
#include "store/history_file.hpp"

namespace pinfold::engine {
namespace {

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

/// A desk whose flows others collect and judge.
config::Config without_flows(config::Config config) {
  config.flows = {};
  config.bandwidth.interface_counters = false;
  return config;
}

}  // namespace

Serve::Parts::Parts(const config::Config& c, const StepGuard& k, bool collects)
    : config(collects ? c : without_flows(c)),
      clock(k),
      store(open_store(c, &k)),
      evidence(evidence_folder(c)),
      templates(load_templates()),
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
  pages_open = false;
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
