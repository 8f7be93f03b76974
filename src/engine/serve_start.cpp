#include <utility>

#include "base/log.hpp"
#include "enforce/process_owner.hpp"
#include "engine/alone.hpp"
#include "engine/answers.hpp"
#include "engine/flows/stream_options.hpp"
#include "engine/open_store.hpp"
#include "engine/serve_parts.hpp"

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

std::optional<http::Tls> tls_of(const std::string& certificate, const std::string& key) {
  return certificate.empty() ? std::nullopt : std::optional(http::Tls{certificate, key});
}

http::ListenAddress listen_address(const config::Endpoint& endpoint) { return {endpoint.address, endpoint.port}; }

}  // namespace

void Serve::Parts::start() {
  known_inventory = desk.inventory();
  open_collector();
  open_mail();
  open_pages();
  add_ears();
  add_desk_workers();
  add_upkeep();
  started = true;
  listener = listen_for_changes(config, [this] { wake_all(); });
  log_info("SERVING", "pages on {}, warnings {}, measures {}", config::to_string(config.http.listen),
           config.policy.warnings == desk::Arming::Armed ? "armed" : "observe", config.policy.measures == desk::Arming::Armed ? "armed" : "observe");
}

void Serve::Parts::open_collector() {
  const bool polls = config.bandwidth.interface_counters && !config.switches.empty();
  const bool hears = config.flows.ipfix || config.flows.sflow || !config.flows.mirrors.empty();
  if (hears || polls) {  // the windows of a server without flows hold its interface's counters
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
}

void Serve::Parts::open_mail() {
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
}

void Serve::Parts::open_pages() {
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
  pages_open = true;
}

/// The first of the workers, for what comes after them is judged by whether we were listening.
void Serve::Parts::add_ears() {
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
}

void Serve::Parts::add_desk_workers() {
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
  add("time", kTick, [this] {
    desk.tick_due();
    ports.watch_silence();
    return false;
  });
  add_alone("escalation", kTick, [this] {
    calls.escalate();
    return false;
  });
}

void Serve::Parts::add_upkeep() {
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
}

void Serve::Parts::add(const char* name, Millis interval, std::function<bool()> work) {
  workers.push_back(std::make_unique<Worker>(name, interval, std::move(work)));
}

void Serve::Parts::add_alone(const char* name, Millis interval, std::function<bool()> work) {
  if (!is_shared(config)) {
    add(name, interval, std::move(work));
    return;
  }
  const auto alone = std::make_shared<Alone>(*store, clock, name, enforce::process_owner(), who_is_gone(config));
  add(name, interval, [alone, work = std::move(work)] { return alone->is_ours() && work(); });
}

}  // namespace pinfold::engine
