/// Receives flow exports and turns them into findings: UDP sockets, the allow-list of exporters, decoding, the detection pipeline.
///
///   ipfix socket ─┐                          ┌─ unknown exporter: counted, dropped
///   sflow socket ─┴─ recvmmsg ─ allow-list ──┴─ decode ─ Pipeline ─ findings ─▶ sink
///
/// Used by: engine. The ipfix socket takes NetFlow v5 and v9 too; a datagram of the other socket's protocol is a decode error.
/// Threads: one of its own does all the work; the public members may be called from any thread. The sink is called from the collector's
///          thread, without any lock held: it must not block for long, or datagrams are lost in the kernel (and counted).
/// Clock:   injected; must be safe to read from the collector's thread.
/// Loss:    counted where it happens: gaps in sequence numbers an exporter, full receive buffers a socket (SO_RXQ_OVFL). Both reach the findings
///          made meanwhile. IPFIX and NetFlow v5 gaps count records; each is taken as at least one datagram.
/// Bounds:  kBatch datagrams of 64 KiB in memory; decoder limits in flow/decode_types.hpp; unknown exporters cost a counter.
/// Errors:  a socket that cannot be bound is a std::system_error at construction; later socket errors are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/finding.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "detect/pipeline.hpp"
#include "detect/thresholds.hpp"
#include "inventory/inventory.hpp"
#include "net/ip_address.hpp"
#include "records/history.hpp"

namespace pinfold::collect {

enum class Protocol : std::uint8_t { Ipfix, Sflow };  ///< which socket; Ipfix means NetFlow too
[[nodiscard]] std::string_view to_string(Protocol protocol);

struct UdpEndpoint {
  net::IpAddress address;
  std::uint16_t port = 0;  ///< 0: the kernel picks one, see Collector::port
};

/// An exporter that may talk to us. Entries of one observation point see the same packets (detect/observation.hpp).
struct AllowedExporter {
  net::IpAddress address;
  Protocol protocol = Protocol::Ipfix;
  std::string observation_point;
  unsigned rank = 0;
};

struct CollectorOptions {
  std::optional<UdpEndpoint> ipfix;
  std::optional<UdpEndpoint> sflow;
  std::vector<AllowedExporter> exporters;  ///< the first of two equal (address, protocol) counts
  detect::Thresholds thresholds;
  /// Asked of the kernel for each socket, which may give less (net.core.rmem_max); bursts of export wait there.
  int receive_buffer_bytes = 16 * 1024 * 1024;
};

struct ExporterCounters {
  net::IpAddress address;
  Protocol protocol = Protocol::Ipfix;
  std::string observation_point;
  bool is_accounted = false;
  std::uint64_t datagrams = 0;
  std::uint64_t decode_errors = 0;
  std::uint64_t records = 0;
  std::uint64_t lost_datagrams = 0;  ///< by sequence gaps (sFlow, NetFlow v9)
  std::uint64_t lost_records = 0;    ///< by sequence gaps (IPFIX, NetFlow v5)
  std::optional<WallTime> last_heard;
};

struct SocketCounters {
  Protocol protocol = Protocol::Ipfix;
  std::uint64_t datagrams = 0;
  std::uint64_t unknown_exporters = 0;  ///< datagrams dropped because their sender is not on the list
  std::uint64_t kernel_drops = 0;       ///< datagrams that the receive buffer had no room for
  std::uint64_t errors = 0;             ///< failed system calls
};

struct CollectorCounters {
  std::vector<ExporterCounters> exporters;
  std::vector<SocketCounters> sockets;
  detect::PipelineCounters pipeline;
};

using FindingSink = std::function<void(abuse::Finding)>;

class Collector {
public:
  static constexpr unsigned kBatch = 32;

  /// Binds and starts to receive. `clock` must outlive the collector.
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
  [[nodiscard]] CollectorCounters counters() const;
  /// Stops receiving and joins the thread, within milliseconds; findings made so far have been handed over. Again: does nothing.
  void stop();

private:
  class Worker;
  std::unique_ptr<Worker> x_worker;
};

}  // namespace pinfold::collect
