#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "stream/nats_session.hpp"

namespace pinfold::stream {
namespace {

/// What a detector may have taken and not yet acknowledged.
constexpr std::int64_t kMaxUnacknowledged = 4096;
constexpr Millis kAskWait{1000};

class NatsConnection final : public Connection {
public:
  explicit NatsConnection(NatsOptions options) : x_options(std::move(options)) { static_cast<void>(context()); }
  NatsConnection(const NatsConnection&) = delete;
  NatsConnection& operator=(const NatsConnection&) = delete;
  ~NatsConnection() override {
    if (x_connection) {
      natsConnection_Close(x_connection.get());
    }
  }

  [[nodiscard]] std::unique_ptr<Consumer> consume(unsigned shard, std::uint64_t epoch, WallTime from) override;
  [[nodiscard]] bool is_connected() const override { return x_connection && natsConnection_Status(x_connection.get()) == NATS_CONN_STATUS_CONNECTED; }

  [[nodiscard]] const NatsOptions& options() const { return x_options; }

  void look_after() override {
    if (context() == nullptr || !is_connected()) {
      x_unanswered_since.reset();
      return;
    }
    jsOptions how;
    jsOptions_Init(&how);
    how.Wait = kAskWait.count();
    jsStreamInfo* info = nullptr;
    jsErrCode code = jsErrCode{};
    const natsStatus status = js_GetStreamInfo(&info, x_context.get(), x_options.stream.c_str(), &how, &code);
    const Owned<jsStreamInfo> owned(info);
    const MonoTime now = system_clock().mono();
    if (status == NATS_OK && has_leader(info)) {
      x_unanswered_since.reset();
    } else if (!x_unanswered_since) {
      x_unanswered_since = now;
    } else if (now - *x_unanswered_since >= Publisher::kMostUnanswered) {
      leave(status);
    }
  }
  /// Another connection than before: what was subscribed on the old one hears nothing.
  [[nodiscard]] unsigned generation() const { return x_generation; }

  /// nullptr while no server answers.
  [[nodiscard]] jsCtx* context() {
    if (x_context) {
      return x_context.get();
    }
    std::string error;
    Owned<natsConnection> connection = connect(x_options, x_avoid, error);
    jsCtx* context = nullptr;
    if (connection && natsConnection_JetStream(&context, connection.get(), nullptr) == NATS_OK) {
      Owned<jsCtx> owned(context);
      if (ensure_stream(context, x_options, error)) {
        x_connection = std::move(connection);
        x_context = std::move(owned);
        x_told.clear();
        log_info("STREAM_OPEN", "{}: stream {}", server_of(x_connection.get()), x_options.stream);
        return x_context.get();
      }
    }
    if (error != std::exchange(x_told, error)) {
      log_warning("STREAM_AWAY", "{}: {}; nothing is judged meanwhile", x_options.servers.front(), error);
    }
    return nullptr;
  }

private:
  void leave(natsStatus why) {
    x_avoid = server_of(x_connection.get());
    log_warning("STREAM_LEFT", "{}: it does not reach the stream ({}); trying another server", x_avoid, why == NATS_OK ? "no leader" : describe(why));
    natsConnection_Close(x_connection.get());
    x_context.reset();
    x_connection.reset();
    x_unanswered_since.reset();
    ++x_generation;
  }

  NatsOptions x_options;
  std::string x_told;
  std::string x_avoid;
  std::optional<MonoTime> x_unanswered_since;
  unsigned x_generation = 0;
  Owned<natsConnection> x_connection;
  Owned<jsCtx> x_context;
};

class NatsConsumer final : public Consumer {
public:
  NatsConsumer(NatsConnection& connection, unsigned shard, std::uint64_t epoch, WallTime from)
      : x_connection(connection), x_subject(fmt::format("flow.{}", shard)), x_name(fmt::format("shard-{}-{}", shard, epoch)), x_from(from) {}
  NatsConsumer(const NatsConsumer&) = delete;
  NatsConsumer& operator=(const NatsConsumer&) = delete;
  ~NatsConsumer() override {
    x_subscription.reset();
    jsErrCode code = jsErrCode{};
    if (x_is_made && x_connection.is_connected()) {
      static_cast<void>(js_DeleteConsumer(x_connection.context(), x_connection.options().stream.c_str(), x_name.c_str(), nullptr, &code));
    }
  }

  [[nodiscard]] std::vector<std::string> fetch(unsigned most, Millis wait) override {
    std::vector<std::string> taken;
    if (std::exchange(x_generation, x_connection.generation()) != x_connection.generation()) {
      x_subscription.reset();
    }
    if (!x_subscription && !subscribe()) {
      return taken;
    }
    natsMsgList list{};
    jsErrCode code = jsErrCode{};
    const natsStatus status = natsSubscription_Fetch(&list, x_subscription.get(), static_cast<int>(most), wait.count(), &code);
    if (status != NATS_OK && status != NATS_TIMEOUT) {
      // After an election the library may hold a subscription that hears nothing any more; the consumer itself is kept by the servers.
      x_subscription.reset();
      return taken;
    }
    for (int i = 0; i < list.Count; ++i) {
      natsMsg* message = list.Msgs[i];
      taken.emplace_back(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
      static_cast<void>(natsMsg_Ack(message, nullptr));  // an acknowledgement that is lost: it comes again, and its key is known
    }
    natsMsgList_Destroy(&list);
    return taken;
  }

private:
  [[nodiscard]] bool subscribe() {
    jsCtx* context = x_connection.context();
    if (context == nullptr || !x_connection.is_connected()) {
      return false;
    }
    jsSubOptions how;
    jsSubOptions_Init(&how);
    how.Stream = x_connection.options().stream.c_str();
    how.ManualAck = true;
    how.Config.DeliverPolicy = js_DeliverByStartTime;
    how.Config.OptStartTime = Nanos{x_from.since_epoch}.count();
    how.Config.AckPolicy = js_AckExplicit;
    how.Config.MaxAckPending = kMaxUnacknowledged;
    how.Config.InactiveThreshold = Nanos{kForget}.count();
    jsErrCode code = jsErrCode{};
    natsSubscription* subscription = nullptr;
    const natsStatus status = js_PullSubscribe(&subscription, context, x_subject.c_str(), x_name.c_str(), nullptr, &how, &code);
    x_subscription.reset(subscription);
    if (status != NATS_OK) {
      if (const std::string error = describe(status); error != x_told) {
        x_told = error;
        log_warning("STREAM_SHARD_WAITS", "{}: {} (JetStream {}); trying again", x_subject, error, static_cast<int>(code));
      }
      return false;
    }
    x_is_made = true;
    x_told.clear();
    return true;
  }

  NatsConnection& x_connection;
  std::string x_subject;
  std::string x_name;
  WallTime x_from;
  unsigned x_generation = 0;
  bool x_is_made = false;
  std::string x_told;
  Owned<natsSubscription> x_subscription;
};

std::unique_ptr<Consumer> NatsConnection::consume(unsigned shard, std::uint64_t epoch, WallTime from) {
  return std::make_unique<NatsConsumer>(*this, shard, epoch, from);
}

}  // namespace

std::unique_ptr<Connection> connect_to_nats(const NatsOptions& options) { return std::make_unique<NatsConnection>(options); }

}  // namespace pinfold::stream
