/// Receives flow exports and packets and turns them into findings: sockets, the allow-list of exporters, decoding, the detection pipeline.
///
///   ipfix socket ─┐                          ┌─ unknown exporter: counted, dropped
///   sflow socket ─┴─ recvmmsg ─ allow-list ──┴─ decode ─ interfaces ─┬─ Pipeline ─ findings ─▶ sink
///    (each thread has its own)                                       │
///   mirror ports ──── TPACKET_V3 ring ─ one record a packet ─────────┘
///
/// Used by: engine. The ipfix socket takes NetFlow v5 and v9 too; a datagram of the other socket's protocol is a decode error.
/// Threads: `workers` of its own (1 unless told otherwise); the public members may be called from any thread. The sink is called from the first of
///          them, without any lock held: it must not block for long, or datagrams are lost in the kernel (and counted).
///          Each worker has sockets of its own (SO_REUSEPORT), to which the kernel gives an exporter's datagrams by its address: templates, sequence
///          numbers and counts of an exporter are one worker's. Receiving and decoding run side by side; judging is one after the other, under a
///          lock, because a server is judged by the records of all exporters (docs/decisions/0021).
/// Clock:   injected; read once a batch; must be safe to read from the collector's thread.
/// Batches: where the kernel granted a large buffer, whoever has caught up takes a nap of kNap, so that the next batches are fuller: that costs a few
///          milliseconds of delay and saves most of the waking up, and with it the caches that others take meanwhile. A buffer of kNapBufferBytes
///          holds more than what some gigabits of exports bring in that time.
/// Loss:    counted where it happens (counters.hpp, intake.hpp), and findings made meanwhile say so.
/// Bounds:  kBatch datagrams of 64 KiB in memory, of which only the pages that were ever written exist; a ring of 8 MiB for each mirror port.
/// Errors:  a socket that cannot be bound is a std::system_error at construction; later socket errors are counted.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "abuse/finding.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "collect/counters.hpp"
#include "collect/intake.hpp"
#include "collect/options.hpp"
#include "inventory/inventory.hpp"
#include "records/baselines.hpp"
#include "records/history.hpp"

namespace pinfold::collect {

using FindingSink = std::function<void(abuse::Finding)>;

class Collector {
public:
  static constexpr unsigned kBatch = 64;
  static constexpr Millis kNap{5};
  static constexpr std::uint64_t kNapBufferBytes = 4ULL * 1024 * 1024;

  /// Recalls what is known of exporters, binds and starts to receive. `clock` must outlive the collector.
  Collector(CollectorOptions options, std::shared_ptr<const inventory::Inventory> inventory, const Clock& clock, FindingSink sink);
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector();  ///< stops

  /// The port that is listened on; nullopt if that protocol is off.
  [[nodiscard]] std::optional<std::uint16_t> port(Protocol protocol) const;
  /// From the next batch on. What is known of a server stays with its id. The socket buffers hold what comes while the tables are built.
  void set_inventory(std::shared_ptr<const inventory::Inventory> inventory);
  /// See Pipeline::last_outbound.
  [[nodiscard]] std::optional<WallTime> last_outbound(const ServerId& server) const;
  /// Names of the exporters' interfaces, by position in CollectorOptions::exporters; see Pipeline::set_ports.
  void set_ports(detect::SourcePorts ports);
  /// See Pipeline::add_interface.
  void add_interface(const ServerId& server, const detect::InterfaceTraffic& traffic);
  /// What the history has not had yet, as flows show it; once a minute. With `everything` also the running minutes: the program ends.
  [[nodiscard]] std::vector<records::TrafficSample> take_minutes(bool everything = false);
  /// Windows near a threshold since the last call (detect/near_miss.hpp).
  [[nodiscard]] std::vector<detect::NearMiss> take_near_misses();
  /// Interface counters that sFlow agents pushed since the last call.
  [[nodiscard]] std::vector<PushedSample> take_pushed();
  /// What was learned (detect/baselines.hpp) of one part in `parts` of the servers; with part 0 that of the service levels.
  [[nodiscard]] std::vector<records::BaselineRow> save_baselines(std::uint32_t part, std::uint32_t parts) const;
  /// Servers that are no longer there are left out. What could not be read back, in words.
  [[nodiscard]] std::vector<std::string> restore_baselines(const std::vector<records::BaselineRow>& rows);
  /// The next summaries for detectors elsewhere, if due; see Pipeline::take_batch. Only with CollectorOptions::publish_as.
  [[nodiscard]] std::optional<detect::SummaryBatch> take_batch();
  [[nodiscard]] CollectorCounters counters() const;
  /// What has become known of exporters since the last call, to be kept over restarts (CollectorOptions::remembered).
  [[nodiscard]] std::vector<records::ExporterRow> take_memories();
  /// Stops receiving and joins the thread, within milliseconds; findings made so far have been handed over. Again: does nothing.
  void stop();

private:
  class Worker;
  CollectorOptions x_options;
  const Clock& x_clock;
  mutable SharedPipeline x_pipeline;
  std::vector<std::unique_ptr<Worker>> x_workers;
};

}  // namespace pinfold::collect
