#include "collect/collector.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "base/lock_guarded.hpp"
#include "base/log.hpp"
#include "collect/udp_socket.hpp"
#include "flow/decoder.hpp"

namespace pinfold::collect {
namespace {

/// How often findings are asked for when nothing arrives: contacts settle and incidents update by the clock.
constexpr int kIdleMillis = 250;
constexpr Nanos kTakeInterval = std::chrono::milliseconds{kIdleMillis};

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

bool belongs_to(flow::ExportVersion version, Protocol protocol) { return (version == flow::ExportVersion::Sflow5) == (protocol == Protocol::Sflow); }

/// Servers whose minutes are taken while the pipeline is locked: well under a millisecond.
constexpr std::uint32_t kServersPerSlice = 4096;

records::Volume volume_of(const detect::Traffic& traffic) { return {traffic.bytes.count, traffic.packets.count, traffic.flows}; }

/// One slice, and with the last one the late parts. False: that was the last.
bool append_minutes(detect::Pipeline& pipeline, std::uint32_t first, WallTime now, bool everything, std::vector<records::TrafficSample>& samples) {
  const bool more = first + kServersPerSlice < pipeline.inventory().servers().size();
  std::vector<detect::MinuteTraffic> minutes;
  pipeline.take_minutes(first, kServersPerSlice, now, minutes);
  if (!more) {
    pipeline.take_late(minutes, everything);
  }
  for (const detect::MinuteTraffic& part : minutes) {
    const records::Slot slot{part.is_late ? 0U : 60U, volume_of(part.traffic[0]), volume_of(part.traffic[1])};  // by detect::Direction
    samples.push_back({pipeline.inventory().server(part.server).id, records::TrafficSource::Flows, part.minute, slot});
  }
  return more;
}

/// Wakes the thread out of its poll.
class WakeUp {
public:
  WakeUp() : x_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (x_descriptor < 0) {
      throw std::system_error(errno, std::generic_category(), "eventfd");
    }
  }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;
  ~WakeUp() { ::close(x_descriptor); }
  [[nodiscard]] int descriptor() const { return x_descriptor; }
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(x_descriptor, &one, sizeof(one));  // full means that it is awake already
  }

private:
  int x_descriptor;
};

}  // namespace

std::string_view to_string(Protocol protocol) { return protocol == Protocol::Sflow ? "sflow" : "ipfix"; }

class Collector::Worker {
public:
  Worker(CollectorOptions options, std::shared_ptr<const inventory::Inventory> inventory, const Clock& clock, FindingSink sink);
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] std::optional<std::uint16_t> port(Protocol protocol) const;
  [[nodiscard]] CollectorCounters counters() const;
  template <typename F>
  decltype(auto) with_pipeline(F&& f) const {
    return x_state.with([&f](State& state) -> decltype(auto) { return std::forward<F>(f)(*state.pipeline); });
  }
  void stop();
  [[nodiscard]] WallTime now() const { return x_clock.wall(); }

private:
  struct Listener {
    Protocol protocol;
    std::unique_ptr<UdpSocket> socket;
    flow::Decoder decoder;
    std::size_t counters_at = 0;  ///< in State::sockets
  };
  /// What other threads may look at.
  struct State {
    std::unique_ptr<detect::Pipeline> pipeline;
    std::vector<ExporterCounters> exporters;  ///< by SourceIndex
    std::vector<SocketCounters> sockets;
  };
  using SenderKey = std::pair<Protocol, net::IpAddress>;

  void listen(const std::optional<UdpEndpoint>& endpoint, Protocol protocol, const CollectorOptions& options);
  void run(const std::stop_token& stop);
  void receive_from(Listener& listener);
  void handle(State& state, Listener& listener, const Received& datagram, WallTime now);
  void count_losses(State& state, const Listener& listener, WallTime now) const;
  void hand_over();

  const Clock& x_clock;
  FindingSink x_sink;
  std::map<SenderKey, detect::SourceIndex> x_senders;
  std::vector<Listener> x_listeners;
  ReceiveBuffers x_buffers{kBatch};
  std::vector<flow::FlowRecord> x_records;
  std::optional<MonoTime> x_taken;
  mutable LockGuarded<State> x_state;
  WakeUp x_wake_up;
  std::jthread x_thread;  ///< last: starts when all else stands
};

Collector::Worker::Worker(CollectorOptions options, std::shared_ptr<const inventory::Inventory> inventory, const Clock& clock, FindingSink sink)
    : x_clock(clock), x_sink(std::move(sink)) {
  std::vector<detect::ObservationSource> sources;
  std::vector<ExporterCounters> exporters;
  for (const AllowedExporter& exporter : options.exporters) {
    const detect::SourceIndex index{static_cast<std::uint32_t>(sources.size())};
    if (x_senders.emplace(SenderKey{exporter.protocol, exporter.address}, index).second) {
      sources.push_back({exporter.observation_point, exporter.rank});
      ExporterCounters counters;
      counters.address = exporter.address;
      counters.protocol = exporter.protocol;
      counters.observation_point = exporter.observation_point;
      exporters.push_back(std::move(counters));
    }
  }
  x_state.with([&](State& state) {
    state.pipeline = std::make_unique<detect::Pipeline>(options.thresholds, std::move(inventory), std::move(sources), random_seed());
    state.exporters = std::move(exporters);
  });
  listen(options.ipfix, Protocol::Ipfix, options);
  listen(options.sflow, Protocol::Sflow, options);
  x_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Collector::Worker::listen(const std::optional<UdpEndpoint>& endpoint, Protocol protocol, const CollectorOptions& options) {
  if (!endpoint) {
    return;
  }
  flow::Limits limits;
  limits.exporters = std::max<std::size_t>(options.exporters.size(), 1);
  const std::size_t at = x_state.with([&](State& state) {
    SocketCounters counters;
    counters.protocol = protocol;
    state.sockets.push_back(counters);
    return state.sockets.size() - 1;
  });
  auto socket = std::make_unique<UdpSocket>(endpoint->address, endpoint->port, options.receive_buffer_bytes);
  log_info("COLLECT_LISTENING", "{} exports on {} port {}", to_string(protocol), net::to_string(endpoint->address), socket->port());
  x_listeners.push_back({protocol, std::move(socket), flow::Decoder{limits}, at});
}

std::optional<std::uint16_t> Collector::Worker::port(Protocol protocol) const {
  for (const Listener& listener : x_listeners) {
    if (listener.protocol == protocol) {
      return listener.socket->port();
    }
  }
  return std::nullopt;
}

CollectorCounters Collector::Worker::counters() const {
  return x_state.with([](State& state) {
    CollectorCounters counters{state.exporters, state.sockets, state.pipeline->counters()};
    for (std::uint32_t i = 0; i < counters.exporters.size(); ++i) {
      counters.exporters[i].is_accounted = state.pipeline->is_accounted({i});
    }
    return counters;
  });
}

void Collector::Worker::stop() {
  if (x_thread.joinable()) {
    x_thread.request_stop();
    x_wake_up.wake();
    x_thread.join();
  }
}

void Collector::Worker::run(const std::stop_token& stop) {
  std::vector<pollfd> waiting{{x_wake_up.descriptor(), POLLIN, 0}};
  for (const Listener& listener : x_listeners) {
    waiting.push_back({listener.socket->descriptor(), POLLIN, 0});
  }
  while (!stop.stop_requested()) {
    if (::poll(waiting.data(), waiting.size(), kIdleMillis) > 0) {
      for (std::size_t i = 0; i < x_listeners.size(); ++i) {
        if (waiting[i + 1].revents != 0) {
          receive_from(x_listeners[i]);
        }
      }
    }
    hand_over();
  }
  x_taken.reset();
  hand_over();
}

void Collector::Worker::receive_from(Listener& listener) {
  const std::vector<Received> batch = listener.socket->receive(x_buffers);
  const WallTime now = x_clock.wall();
  x_state.with([&](State& state) {
    for (const Received& datagram : batch) {
      handle(state, listener, datagram, now);
    }
    count_losses(state, listener, now);
  });
}

void Collector::Worker::handle(State& state, Listener& listener, const Received& datagram, WallTime now) {
  SocketCounters& socket = state.sockets[listener.counters_at];
  ++socket.datagrams;
  const auto sender = x_senders.find({listener.protocol, datagram.from});
  if (sender == x_senders.end()) {
    ++socket.unknown_exporters;
    return;
  }
  const detect::SourceIndex source = sender->second;
  ExporterCounters& exporter = state.exporters[source.value];
  ++exporter.datagrams;
  exporter.last_heard = now;
  const auto version = flow::sniff(datagram.bytes);
  if (!version || !belongs_to(*version, listener.protocol)) {
    ++exporter.decode_errors;
    return;
  }
  const flow::ExporterKey key{datagram.from, 0};
  x_records.clear();
  const bool is_whole = listener.decoder.decode(key, datagram.bytes, x_records, now).has_value();
  exporter.decode_errors += is_whole ? 0U : 1U;
  if (is_whole) {  // garbage is no sign of life: the spare may have to take over
    state.pipeline->heard(source, now);
  }
  const flow::Counters sums = listener.decoder.counters(key);
  // Sums shrink when what was thought lost turns up late; findings made meanwhile erred on the careful side.
  const std::uint64_t lost = sums.lost_datagrams + sums.lost_records;
  const std::uint64_t known = exporter.lost_datagrams + exporter.lost_records;
  if (lost > known) {
    const bool counts_records = sums.lost_records > exporter.lost_records;
    state.pipeline->note_loss(source, counts_records ? 1 : lost - known, now);
  }
  exporter.lost_datagrams = sums.lost_datagrams;
  exporter.lost_records = sums.lost_records;
  exporter.records += x_records.size();
  for (const flow::FlowRecord& record : x_records) {
    state.pipeline->add(record, source, now);
  }
}

/// The kernel does not say whose datagrams it threw away: every exporter of the socket may be meant.
void Collector::Worker::count_losses(State& state, const Listener& listener, WallTime now) const {
  SocketCounters& socket = state.sockets[listener.counters_at];
  socket.errors = listener.socket->errors();
  const std::uint64_t drops = listener.socket->kernel_drops() - socket.kernel_drops;
  socket.kernel_drops = listener.socket->kernel_drops();
  if (drops == 0) {
    return;
  }
  for (std::uint32_t i = 0; i < state.exporters.size(); ++i) {
    if (state.exporters[i].protocol == listener.protocol) {
      state.pipeline->note_loss({i}, drops, now);
    }
  }
}

void Collector::Worker::hand_over() {
  const MonoTime mono = x_clock.mono();
  if (x_taken && mono - *x_taken < kTakeInterval && mono >= *x_taken) {
    return;
  }
  x_taken = mono;
  const WallTime now = x_clock.wall();
  for (abuse::Finding& finding : x_state.with([now](State& state) { return state.pipeline->take_findings(now); })) {
    x_sink(std::move(finding));
  }
}

Collector::Collector(CollectorOptions options, std::shared_ptr<const inventory::Inventory> inventory, const Clock& clock, FindingSink sink)
    : x_worker(std::make_unique<Worker>(std::move(options), std::move(inventory), clock, std::move(sink))) {}

Collector::~Collector() = default;

std::optional<std::uint16_t> Collector::port(Protocol protocol) const { return x_worker->port(protocol); }

void Collector::set_inventory(std::shared_ptr<const inventory::Inventory> inventory) {
  x_worker->with_pipeline([&inventory](detect::Pipeline& pipeline) { pipeline.set_inventory(std::move(inventory)); });
}

std::optional<WallTime> Collector::last_outbound(const ServerId& server) const {
  return x_worker->with_pipeline([&server](const detect::Pipeline& pipeline) { return pipeline.last_outbound(server); });
}

void Collector::set_ports(detect::SourcePorts ports) {
  x_worker->with_pipeline([&ports](detect::Pipeline& pipeline) { pipeline.set_ports(std::move(ports)); });
}

void Collector::add_interface(const ServerId& server, const detect::InterfaceTraffic& traffic) {
  const WallTime now = x_worker->now();
  x_worker->with_pipeline([&](detect::Pipeline& pipeline) { pipeline.add_interface(server, traffic, now); });
}

std::vector<records::TrafficSample> Collector::take_minutes(bool everything) {
  std::vector<records::TrafficSample> samples;
  const WallTime now = x_worker->now();
  bool more = true;
  for (std::uint32_t first = 0; more; first += kServersPerSlice) {
    more = x_worker->with_pipeline([&](detect::Pipeline& pipeline) { return append_minutes(pipeline, first, now, everything, samples); });
  }
  return samples;
}

CollectorCounters Collector::counters() const { return x_worker->counters(); }

void Collector::stop() { x_worker->stop(); }

}  // namespace pinfold::collect
