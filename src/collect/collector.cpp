#include "collect/collector.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/lock_guarded.hpp"
#include "base/log.hpp"
#include "collect/intake.hpp"
#include "collect/packet_socket.hpp"
#include "collect/udp_socket.hpp"

namespace pinfold::collect {
namespace {

/// How often findings are asked for when nothing arrives: contacts settle and incidents update by the clock.
constexpr int kIdleMillis = 250;
constexpr Nanos kTakeInterval = std::chrono::milliseconds{kIdleMillis};

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

/// Batches of one socket in a row, before the others have their turn.
constexpr unsigned kBatchesInARow = 16;

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

class Collector::Worker {
public:
  /// `sink` is empty for all workers but the first, which also takes the mirrors. `first`: the one whose ports the others share.
  Worker(const CollectorOptions& options, SharedPipeline& pipeline, const Clock& clock, FindingSink sink, const Worker* first);
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] std::optional<std::uint16_t> port(Protocol protocol) const;
  template <typename F>
  decltype(auto) with_intake(F&& f) const {
    return x_intake.with([&f](std::unique_ptr<Intake>& intake) -> decltype(auto) { return std::forward<F>(f)(*intake); });
  }
  void start();
  void stop();

private:
  struct Listener {
    Protocol protocol;
    std::unique_ptr<UdpSocket> socket;
  };

  void listen(const CollectorOptions& options, Protocol protocol, const Worker* first);
  void mirror(const Mirror& mirror);
  void run(const std::stop_token& stop);
  void receive_when_ready();
  void receive_after_nap();
  void receive_from(Listener& listener);
  void receive_from(std::size_t mirror);
  void hand_over();

  const Clock& x_clock;
  SharedPipeline& x_pipeline;
  FindingSink x_sink;
  std::vector<Listener> x_listeners;
  std::vector<std::unique_ptr<PacketSocket>> x_mirrors;
  ReceiveBuffers x_buffers{kBatch};
  std::vector<flow::FlowRecord> x_packets;
  std::optional<MonoTime> x_taken;
  bool x_may_nap = true;        ///< all buffers are large
  bool x_has_received = false;  ///< something came in the last round: more will
  bool x_is_behind = false;     ///< and more is waiting already
  mutable LockGuarded<std::unique_ptr<Intake>> x_intake;
  WakeUp x_wake_up;
  std::jthread x_thread;  ///< last: starts when all else stands
};

Collector::Worker::Worker(const CollectorOptions& options, SharedPipeline& pipeline, const Clock& clock, FindingSink sink, const Worker* first)
    : x_clock(clock), x_pipeline(pipeline), x_sink(std::move(sink)), x_intake(std::make_unique<Intake>(options, pipeline)) {
  for (const records::ExporterRow& row : options.remembered) {
    if (!with_intake([&](Intake& intake) { return intake.recall(row, clock.wall()); })) {
      log_info("COLLECT_NOT_RECALLED", "what was kept of exporter {} cannot be read: it will be heard anew", net::to_string(row.address));
    }
  }
  listen(options, Protocol::Ipfix, first);
  listen(options, Protocol::Sflow, first);
  for (const Mirror& given : options.mirrors) {
    if (first == nullptr) {
      mirror(given);
    }
  }
}

void Collector::Worker::start() {
  x_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Collector::Worker::listen(const CollectorOptions& options, Protocol protocol, const Worker* first) {
  const auto& endpoint = protocol == Protocol::Ipfix ? options.ipfix : options.sflow;
  if (!endpoint) {
    return;
  }
  const std::uint16_t port = first == nullptr ? endpoint->port : first->port(protocol).value_or(endpoint->port);
  auto socket = std::make_unique<UdpSocket>(endpoint->address, port, options.receive_buffer_bytes, options.workers);
  x_may_nap = x_may_nap && socket->buffer_bytes() >= kNapBufferBytes;
  log_info("COLLECT_LISTENING", "{} exports on {} port {}, buffer {} KiB", to_string(protocol), net::to_string(endpoint->address), socket->port(),
           socket->buffer_bytes() / 1024);
  with_intake([&](Intake& intake) { intake.note_socket(protocol, *socket, x_clock.wall()); });
  x_listeners.push_back({protocol, std::move(socket)});
}

void Collector::Worker::mirror(const Mirror& mirror) {
  x_mirrors.push_back(std::make_unique<PacketSocket>(mirror.interface, mirror.sampling));
  log_info("COLLECT_MIRROR", "packets of {}, one in {}", mirror.interface, mirror.sampling.one_in());
}

std::optional<std::uint16_t> Collector::Worker::port(Protocol protocol) const {
  for (const Listener& listener : x_listeners) {
    if (listener.protocol == protocol) {
      return listener.socket->port();
    }
  }
  return std::nullopt;
}

void Collector::Worker::stop() {
  if (x_thread.joinable()) {
    x_thread.request_stop();
    x_wake_up.wake();
    x_thread.join();
  }
}

void Collector::Worker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool may_nap = x_may_nap && std::exchange(x_has_received, false) && !std::exchange(x_is_behind, false);
    may_nap ? receive_after_nap() : receive_when_ready();
    hand_over();
  }
  x_taken.reset();
  hand_over();
}

void Collector::Worker::receive_after_nap() {
  pollfd woken{x_wake_up.descriptor(), POLLIN, 0};
  if (::poll(&woken, 1, static_cast<int>(kNap.count())) > 0) {
    return;  // to stop
  }
  for (Listener& listener : x_listeners) {
    receive_from(listener);
  }
  for (std::size_t i = 0; i < x_mirrors.size(); ++i) {
    receive_from(i);
  }
}

void Collector::Worker::receive_when_ready() {
  std::array<pollfd, 1 + 2 + kMaxMirrors> waiting{};
  std::size_t count = 0;
  waiting[count++] = {x_wake_up.descriptor(), POLLIN, 0};
  for (const Listener& listener : x_listeners) {
    waiting[count++] = {listener.socket->descriptor(), POLLIN, 0};
  }
  for (const auto& mirror : x_mirrors) {
    waiting[count++] = {mirror->descriptor(), POLLIN, 0};
  }
  if (::poll(waiting.data(), count, kIdleMillis) <= 0) {
    return;
  }
  const pollfd* ready = waiting.data() + 1;
  for (Listener& listener : x_listeners) {
    if ((ready++)->revents != 0) {
      receive_from(listener);
    }
  }
  for (std::size_t i = 0; i < x_mirrors.size(); ++i) {
    if ((ready++)->revents != 0) {
      receive_from(i);
    }
  }
}

void Collector::Worker::receive_from(Listener& listener) {
  bool is_full = true;
  for (unsigned i = 0; i < kBatchesInARow && is_full; ++i) {
    const std::span<const Received> batch = listener.socket->receive(x_buffers);
    const WallTime now = x_clock.wall();
    with_intake([&](Intake& intake) {
      intake.take(listener.protocol, batch, now);
      intake.note_socket(listener.protocol, *listener.socket, now);
    });
    is_full = batch.size() == kBatch;
    x_has_received = x_has_received || !batch.empty();
  }
  x_is_behind = x_is_behind || is_full;
}

void Collector::Worker::receive_from(std::size_t mirror) {
  x_packets.clear();
  const PacketSocket::Batch batch = x_mirrors[mirror]->receive(x_packets);
  const WallTime now = x_clock.wall();
  with_intake([&](Intake& intake) { intake.take_packets(mirror, x_packets, batch.not_ip, batch.kernel_drops, now); });
}

void Collector::Worker::hand_over() {
  if (!x_sink) {
    return;
  }
  const MonoTime mono = x_clock.mono();
  if (x_taken && mono - *x_taken < kTakeInterval && mono >= *x_taken) {
    return;
  }
  x_taken = mono;
  const WallTime now = x_clock.wall();
  for (abuse::Finding& finding : x_pipeline.with([now](auto& pipeline) { return pipeline->take_findings(now); })) {
    x_sink(std::move(finding));
  }
}

Collector::Collector(CollectorOptions options, std::shared_ptr<const inventory::Inventory> inventory, const Clock& clock, FindingSink sink)
    : x_options(std::move(options)),
      x_clock(clock),
      x_pipeline(std::make_unique<detect::Pipeline>(x_options.thresholds, std::move(inventory), sources_of(x_options), random_seed())) {
  if (x_options.publish_as) {
    x_pipeline.with([this](auto& pipeline) { pipeline->publish_as(*x_options.publish_as); });
  }
  x_options.workers = std::clamp(x_options.workers, 1U, kMaxWorkers);
  for (unsigned i = 0; i < x_options.workers; ++i) {
    const Worker* first = i == 0 ? nullptr : x_workers.front().get();
    x_workers.push_back(std::make_unique<Worker>(x_options, x_pipeline, clock, i == 0 ? std::move(sink) : FindingSink{}, first));
  }
  x_options.remembered.clear();
  for (const auto& worker : x_workers) {
    worker->start();
  }
}

Collector::~Collector() { stop(); }

std::optional<std::uint16_t> Collector::port(Protocol protocol) const { return x_workers.front()->port(protocol); }

void Collector::set_inventory(std::shared_ptr<const inventory::Inventory> inventory) {
  x_pipeline.with([&inventory](auto& pipeline) { pipeline->set_inventory(std::move(inventory)); });
}

std::optional<WallTime> Collector::last_outbound(const ServerId& server) const {
  return x_pipeline.with([&server](const auto& pipeline) { return pipeline->last_outbound(server); });
}

std::optional<detect::SummaryBatch> Collector::take_batch() {
  const WallTime now = x_clock.wall();
  return x_pipeline.with([now](auto& pipeline) { return pipeline->take_batch(now); });
}

CollectorCounters Collector::counters() const {
  CollectorCounters all = x_pipeline.with([this](const auto& pipeline) { return Intake::begin_counters(x_options, *pipeline); });
  for (const auto& worker : x_workers) {
    worker->with_intake([&all](const Intake& intake) { intake.add_counters(all); });
  }
  return all;
}

std::vector<records::ExporterRow> Collector::take_memories() {
  std::vector<records::ExporterRow> rows;
  const WallTime now = x_clock.wall();
  for (const auto& worker : x_workers) {
    for (records::ExporterRow& row : worker->with_intake([now](Intake& intake) { return intake.take_memories(now); })) {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<PushedSample> Collector::take_pushed() {
  std::vector<PushedSample> all;
  for (const auto& worker : x_workers) {
    for (PushedSample& sample : worker->with_intake([](Intake& intake) { return intake.take_pushed(); })) {
      all.push_back(std::move(sample));
    }
  }
  return all;
}

void Collector::set_ports(detect::SourcePorts ports) {
  x_pipeline.with([&ports](auto& pipeline) { pipeline->set_ports(std::move(ports)); });
}

void Collector::add_interface(const ServerId& server, const detect::InterfaceTraffic& traffic) {
  const WallTime now = x_clock.wall();
  x_pipeline.with([&](auto& pipeline) { pipeline->add_interface(server, traffic, now); });
}

std::vector<records::TrafficSample> Collector::take_minutes(bool everything) {
  std::vector<records::TrafficSample> samples;
  const WallTime now = x_clock.wall();
  bool more = true;
  for (std::uint32_t first = 0; more; first += kServersPerSlice) {
    more = x_pipeline.with([&](auto& pipeline) { return append_minutes(*pipeline, first, now, everything, samples); });
  }
  return samples;
}

std::vector<detect::NearMiss> Collector::take_near_misses() {
  const WallTime now = x_clock.wall();
  return x_pipeline.with([now](auto& pipeline) { return pipeline->take_near_misses(now); });
}

/// The first worker last: it hands over what the others have found.
void Collector::stop() {
  for (auto worker = x_workers.rbegin(); worker != x_workers.rend(); ++worker) {
    (*worker)->stop();
  }
}

}  // namespace pinfold::collect
