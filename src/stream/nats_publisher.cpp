#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "stream/nats_session.hpp"

namespace pinfold::stream {
namespace {

constexpr Millis kRetry{500};

class NatsPublisher final : public Publisher {
public:
  explicit NatsPublisher(NatsOptions options) : x_options(std::move(options)), x_thread([this] { run(); }) {}
  NatsPublisher(const NatsPublisher&) = delete;
  NatsPublisher& operator=(const NatsPublisher&) = delete;
  ~NatsPublisher() override {
    {
      const std::lock_guard lock(x_mutex);
      x_stopping = true;
    }
    x_signal.notify_all();
    x_thread.join();
    close();
  }

  void offer(Message message) override {
    const std::lock_guard lock(x_mutex);
    ++x_counters.offered;
    x_counters.bytes_waiting += message.bytes.size();
    x_queue.push_back(std::move(message));
    shed();
    x_signal.notify_one();
  }

  [[nodiscard]] StreamCounters counters() const override {
    const std::lock_guard lock(x_mutex);
    return x_counters;
  }

  [[nodiscard]] bool is_pressed() const override { return counters().bytes_waiting > x_options.buffer_bytes / 2; }

private:
  /// Waiting and under way are both in the buffer: until it is stored, a message is only here.
  void shed() {
    while (x_counters.bytes_waiting > x_options.buffer_bytes && !x_queue.empty()) {
      x_counters.bytes_waiting -= x_queue.front().bytes.size();
      x_queue.pop_front();
      ++x_counters.dropped;
    }
  }

  void run() {
    while (!is_stopped()) {
      if (!x_connection && !open()) {
        pause(kRetry);
        continue;
      }
      if (is_unanswered()) {
        leave();
        continue;
      }
      auto next = take();
      if (next && !send(*next)) {
        put_back(*std::move(next));
        pause(kRetry);
      }
    }
    finish();
  }

  [[nodiscard]] bool is_stopped() const {
    const std::lock_guard lock(x_mutex);
    return x_stopping;
  }
  void pause(Millis time) {
    std::unique_lock lock(x_mutex);
    x_signal.wait_for(lock, time, [this] { return x_stopping; });
  }

  /// Connected, and yet nothing of what was sent has been acknowledged for long.
  [[nodiscard]] bool is_unanswered() const {
    const std::lock_guard lock(x_mutex);
    return x_unanswered_since && system_clock().mono() - *x_unanswered_since >= kMostUnanswered;
  }

  /// For another server. First all that is under way has come back, so that none of it is lost with the connection.
  void leave() {
    std::unique_lock lock(x_mutex);
    x_unanswered_since.reset();
    if (!x_signal.wait_for(lock, kAckWait * 3, [this] { return x_stopping || x_in_flight == 0; }) || x_in_flight > 0) {
      return;
    }
    x_counters.is_connected = false;
    lock.unlock();
    x_avoid = server_of(x_connection.get());
    log_warning("STREAM_LEFT", "{}: it acknowledges nothing; trying another server", x_avoid);
    close();
  }

  [[nodiscard]] bool open() {
    std::string error;
    Owned<natsConnection> connection = connect(x_options, x_avoid, error);
    jsOptions how;
    jsOptions_Init(&how);
    how.PublishAsync.MaxPending = static_cast<std::int64_t>(kMaxInFlight) * 2;  // our own window is the smaller one
    how.PublishAsync.AckHandler = &NatsPublisher::on_ack;
    how.PublishAsync.AckHandlerClosure = this;
    jsCtx* context = nullptr;
    natsStatus status = connection ? natsConnection_JetStream(&context, connection.get(), &how) : NATS_NO_SERVER;
    Owned<jsCtx> owned(context);
    const bool good = status == NATS_OK && ensure_stream(context, x_options, error);
    if (!good) {
      if (error != std::exchange(x_told, error)) {
        log_warning("STREAM_AWAY", "{}: {}; what is collected waits, at most {} MB", x_options.servers.front(), error, x_options.buffer_bytes >> 20U);
      }
      return false;
    }
    log_info("STREAM_OPEN", "{}: stream {}", server_of(connection.get()), x_options.stream);
    x_told.clear();
    x_connection = std::move(connection);
    x_context = std::move(owned);
    const std::lock_guard lock(x_mutex);
    x_counters.is_connected = true;
    return true;
  }

  /// The next message, when one waits and the window is open.
  [[nodiscard]] std::optional<Message> take() {
    std::unique_lock lock(x_mutex);
    x_signal.wait_for(lock, Millis{1000}, [this] { return x_stopping || (!x_queue.empty() && x_in_flight < kMaxInFlight); });
    x_counters.is_connected = natsConnection_Status(x_connection.get()) == NATS_CONN_STATUS_CONNECTED;
    if (!x_counters.is_connected) {
      x_unanswered_since.reset();
    }
    if (x_stopping || x_queue.empty() || x_in_flight >= kMaxInFlight) {
      return std::nullopt;
    }
    if (x_counters.is_connected && !x_unanswered_since) {
      x_unanswered_since = system_clock().mono();
    }
    Message next = std::move(x_queue.front());
    x_queue.pop_front();
    ++x_in_flight;
    return next;
  }

  [[nodiscard]] bool send(const Message& message) {
    jsPubOptions how;
    jsPubOptions_Init(&how);
    how.MaxWait = kAckWait.count();  // without it a message whose acknowledgement is lost is never heard of again
    const std::string subject = fmt::format("flow.{}", message.shard);
    return js_PublishAsync(x_context.get(), subject.c_str(), message.bytes.data(), static_cast<int>(message.bytes.size()), &how) == NATS_OK;
  }

  void put_back(Message message) {
    const std::lock_guard lock(x_mutex);
    --x_in_flight;
    ++x_counters.repeated;
    x_queue.push_front(std::move(message));
    shed();
    x_signal.notify_all();
  }

  static void on_ack(jsCtx* /*context*/, natsMsg* message, jsPubAck* ack, jsPubAckErr* /*error*/, void* self) {
    auto& publisher = *static_cast<NatsPublisher*>(self);
    if (ack != nullptr) {
      publisher.stored(static_cast<std::size_t>(natsMsg_GetDataLength(message)));
    } else {
      const std::string_view subject = natsMsg_GetSubject(message);
      const auto shard = parse_number(subject.substr(subject.find('.') + 1));
      publisher.put_back({static_cast<unsigned>(shard.value_or(0)),
                          std::string(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)))});
    }
    natsMsg_Destroy(message);
  }
  void stored(std::size_t bytes) {
    const std::lock_guard lock(x_mutex);
    --x_in_flight;
    ++x_counters.stored;
    x_unanswered_since.reset();
    x_counters.bytes_waiting -= bytes;
    x_signal.notify_all();
  }

  /// What is waiting goes out as far as it can within kAckWait.
  void finish() {
    if (!x_context) {
      return;
    }
    for (;;) {
      std::optional<Message> next;
      {
        const std::lock_guard lock(x_mutex);
        if (x_queue.empty() || x_in_flight >= kMaxInFlight) {
          break;
        }
        next = std::move(x_queue.front());
        x_queue.pop_front();
        ++x_in_flight;
      }
      if (!send(*next)) {
        break;
      }
    }
    jsPubOptions how;
    jsPubOptions_Init(&how);
    how.MaxWait = kAckWait.count();
    static_cast<void>(js_PublishAsyncComplete(x_context.get(), &how));
  }

  /// The library's threads are done with us before we are gone.
  void close() {
    if (x_connection) {
      natsConnection_Close(x_connection.get());
    }
    x_context.reset();
    x_connection.reset();
  }

  NatsOptions x_options;
  mutable std::mutex x_mutex;
  std::condition_variable x_signal;
  std::deque<Message> x_queue;
  std::size_t x_in_flight = 0;
  StreamCounters x_counters;
  bool x_stopping = false;
  std::optional<MonoTime> x_unanswered_since;
  std::string x_told;
  std::string x_avoid;
  Owned<natsConnection> x_connection;  ///< with the context, the thread's alone
  Owned<jsCtx> x_context;
  std::thread x_thread;  // last: it uses everything above
};

}  // namespace

std::unique_ptr<Publisher> publish_to_nats(const NatsOptions& options) { return std::make_unique<NatsPublisher>(options); }

}  // namespace pinfold::stream
