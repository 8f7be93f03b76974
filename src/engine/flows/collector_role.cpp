#include "engine/flows/collector_role.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "collect/collector.hpp"
#include "engine/flows/bandwidth.hpp"
#include "engine/flows/collector_health.hpp"
#include "engine/flows/stream_options.hpp"
#include "engine/open_store.hpp"
#include "engine/worker.hpp"
#include "stream/nats.hpp"

namespace pinfold::engine {
namespace {

constexpr Millis kPublish{250};
constexpr Millis kLook{5000};
constexpr Millis kReport{10'000};
constexpr Millis kBeat{1000};

}  // namespace

struct CollectorRole::Parts {
  Parts(const config::Config& c, const StepGuard& k)
      : config(c), clock(k), store(open_store(c, &k)), splitter(c.stream.shards), publisher(stream::publish_to_nats(nats_options(c))) {
    load_inventory();
    collect::CollectorOptions options = collector_options(config);
    store->read([&](records::Transaction& tx) { options.remembered = tx.exporters().list(); });
    // New in each life: summaries of an earlier one may still be on their way.
    options.publish_as = detect::SummaryOrigin{config.stream.name, static_cast<std::uint64_t>(clock.wall().since_epoch.count())};
    collector = std::make_unique<collect::Collector>(options, inventory, clock, [](const abuse::Finding&) {});
    bandwidth = std::make_unique<Bandwidth>(config, options.exporters, collector.get(), *inventory, clock);
    const auto add = [this](const char* name, Millis interval, std::function<bool()> work) {
      workers.push_back(std::make_unique<Worker>(name, interval, std::move(work)));
    };
    add("publish", kPublish, [this] { return publish(); });
    add("inventory", kLook, [this] {
      load_inventory();
      return false;
    });
    add("report", kReport, [this] {
      report();
      return false;
    });
    add("bandwidth", kBeat, [this] {
      bandwidth->keep();
      return false;
    });
    for (unsigned i = 0; bandwidth->polls() && i < Bandwidth::kPollers; ++i) {
      add("switch counters", kBeat, [this] { return bandwidth->poll(); });
    }
    log_info("COLLECTING", "as {}, for {} shards", config.stream.name, config.stream.shards);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() {
    for (const auto& worker : workers) {
      worker->stop();
    }
    collector->stop();
    static_cast<void>(publish());
    try {
      bandwidth->finish();
    } catch (const std::exception& problem) {
      log_error("HISTORY_NOT_WRITTEN", "{}", problem.what());
    }
  }

  bool publish() {
    if (const auto batch = collector->take_batch()) {
      for (stream::Message& message : splitter.split(*batch)) {
        publisher->offer(std::move(message));
      }
    }
    return false;
  }

  void load_inventory() {
    std::int64_t seen = 0;
    bool is_news = false;
    store->read([&](records::Transaction& tx) {
      seen = tx.inventory().version();
      is_news = seen != version;
      if (is_news) {
        inventory = std::make_shared<const inventory::Inventory>(tx.inventory().load());
      }
    });
    version = seen;
    if (is_news && collector) {
      collector->set_inventory(inventory);
      bandwidth->set_inventory(*inventory);
      log_info("INVENTORY_CHANGED", "{} servers", inventory->servers().size());
    }
  }

  void report() {
    const WallTime now = clock.wall();
    const std::vector<records::ExporterRow> memories = collector->take_memories();
    const collect::CollectorCounters counters = collector->counters();
    const stream::StreamCounters sent = publisher->counters();
    const nlohmann::json json{{"at", to_string(now)},
                              {"role", "collector"},
                              {"connected", sent.is_connected},
                              {"messages", sent.offered},
                              {"stored", sent.stored},
                              {"repeated", sent.repeated},
                              {"dropped", sent.dropped},
                              {"bytes_waiting", sent.bytes_waiting},
                              {"pressed", publisher->is_pressed()},
                              {"flows", nlohmann::json::parse(flows_report(counters, losses.part(counters, now), now), nullptr, false)}};
    store->transact([&](records::Transaction& tx) {
      tx.settings().set(stream_report("collector", config.stream.name), json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      for (const records::ExporterRow& row : memories) {
        tx.exporters().keep(row);
      }
    });
  }

  config::Config config;
  const StepGuard& clock;
  std::unique_ptr<records::Store> store;
  stream::Splitter splitter;  ///< of the publishing worker alone, then of the destructor
  std::unique_ptr<stream::Publisher> publisher;
  std::shared_ptr<const inventory::Inventory> inventory;
  std::int64_t version = -1;
  LossWatch losses;
  std::unique_ptr<collect::Collector> collector;
  std::unique_ptr<Bandwidth> bandwidth;
  std::vector<std::unique_ptr<Worker>> workers;
};

CollectorRole::CollectorRole(const config::Config& config, const StepGuard& clock) : x_parts(std::make_unique<Parts>(config, clock)) {}
CollectorRole::~CollectorRole() = default;

}  // namespace pinfold::engine
