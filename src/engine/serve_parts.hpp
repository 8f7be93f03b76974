/// What `pinfold serve` consists of. serve.cpp makes the parts and takes them down, serve_start.cpp opens the ears and sets the workers to work.
/// Used by: those two only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "collect/collector.hpp"
#include "engine/clock_watch.hpp"
#include "engine/customers/agent_care.hpp"
#include "engine/customers/contact_care.hpp"
#include "engine/desk_metrics.hpp"
#include "engine/findings.hpp"
#include "engine/flows/bandwidth.hpp"
#include "engine/flows/baseline_keeper.hpp"
#include "engine/flows/collector_health.hpp"
#include "engine/flows/near_miss_keeper.hpp"
#include "engine/mail/canary.hpp"
#include "engine/mail/imap_poller.hpp"
#include "engine/mail/letters.hpp"
#include "engine/mail/mail_intake.hpp"
#include "engine/mail/notices.hpp"
#include "engine/mail/on_call.hpp"
#include "engine/mail/server_log.hpp"
#include "engine/ports/ports.hpp"
#include "engine/ports/record_check.hpp"
#include "engine/reports/reporter_answers.hpp"
#include "engine/reports/sealed_reports.hpp"
#include "engine/retention.hpp"
#include "engine/serve.hpp"
#include "engine/webhooks.hpp"
#include "engine/worker.hpp"
#include "http/agent_api.hpp"
#include "http/portal.hpp"
#include "http/server.hpp"
#include "http/staff_pages.hpp"
#include "mail/lmtp_server.hpp"
#include "store/evidence_files.hpp"

namespace pinfold::engine {

struct Serve::Parts {
  Parts(const config::Config& c, const StepGuard& k, bool collects);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

  /// What was begun before the start: open journal rows and claimed jobs.
  void recover();
  /// Opens the ears and sets the workers to work.
  void start();

  // Start.
  void open_collector();
  void open_mail();
  void open_pages();
  void add_ears();
  void add_desk_workers();
  void add_upkeep();
  void add(const char* name, Millis interval, std::function<bool()> work);
  /// Where several desks share the store, one of them does this.
  void add_alone(const char* name, Millis interval, std::function<bool()> work);

  // While it runs.
  void recover_claims();
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
  mail::Templates templates;
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
  std::atomic<bool> pages_open{false};  ///< the two above, for the ears
  std::unique_ptr<store::Listener> listener;
  std::atomic<bool> started{false};
};

}  // namespace pinfold::engine
