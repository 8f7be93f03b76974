/// NATS JetStream between collectors and detectors: one stream, one subject a shard (`flow.<shard>`), file storage, several replicas.
///   collector ─ Publisher ─ own bounded buffer ─▶ flow.<shard> ─▶ Consumer ─ detector that holds the shard
/// A server that is cut off without a word is found out within six seconds; one that answers but is cut off from the others, so that it can store and
/// hand out nothing, after kMostUnanswered: both are left for another server.
/// Used by: engine. Nothing on NATS is a record: all of it can be derived again, and is gone after `keep`.
///
/// Publisher: a message leaves the buffer when a majority of the servers has stored it. One whose acknowledgement does not come within kAckWait, or
/// is refused, goes back to the front and out again (so it may be stored twice: readers tell by its key). While nobody takes anything the buffer
/// fills, then the oldest goes, counted. Sized for at least fifteen seconds (an election took up to eleven when it was measured). Consumer: a durable
/// pull consumer of its own for each epoch of a shard, beginning `rewind` in the past, so that whoever takes a shard over sees again what the one
/// before had in memory. The server forgets it when nobody asks for kForget. Errors:  none thrown after construction; a server that is away is tried
/// again for ever, and `is_connected` and the counters say so. Threads: Publisher: `offer` and `counters` from any; Consumer: one. Both have threads
/// of the library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "stream/codec.hpp"

namespace pinfold::stream {

struct NatsOptions {
  std::vector<std::string> servers;  ///< nats://host:port
  std::string stream = "PINFOLD";
  unsigned replicas = 3;
  Micros keep = std::chrono::minutes{15};  ///< age at which the servers drop messages
  std::size_t buffer_bytes = std::size_t{64} << 20U;
  std::string credentials;  ///< file: user JWT and seed; empty: none
  std::string ca;           ///< file: PEM; not empty: TLS
};

struct StreamCounters {
  std::uint64_t offered = 0;   ///< messages
  std::uint64_t stored = 0;    ///< acknowledged
  std::uint64_t repeated = 0;  ///< sent again, because no acknowledgement came
  std::uint64_t dropped = 0;   ///< lost: the buffer was full
  std::uint64_t bytes_waiting = 0;
  bool is_connected = false;
};

class Publisher {
public:
  static constexpr Millis kAckWait{2000};
  static constexpr std::size_t kMaxInFlight = 256;
  static constexpr Seconds kMostUnanswered{12};  ///< longer than an election takes

  virtual ~Publisher() = default;  ///< waits up to kAckWait for what is under way
  virtual void offer(Message message) = 0;
  [[nodiscard]] virtual StreamCounters counters() const = 0;
  /// Whether the buffer is more than half full: publish less often, or expect loss.
  [[nodiscard]] virtual bool is_pressed() const = 0;
};
[[nodiscard]] std::unique_ptr<Publisher> publish_to_nats(const NatsOptions& options);

class Consumer {
public:
  static constexpr Seconds kForget{120};

  virtual ~Consumer() = default;
  /// What has come, at most `most` messages; waits up to `wait` for the first. Empty as well while the servers are away.
  [[nodiscard]] virtual std::vector<std::string> fetch(unsigned most, Millis wait) = 0;
};

/// One connection of a detector process, for all of its shards. Must outlive its consumers.
class Connection {
public:
  virtual ~Connection() = default;
  [[nodiscard]] virtual std::unique_ptr<Consumer> consume(unsigned shard, std::uint64_t epoch, WallTime from) = 0;
  [[nodiscard]] virtual bool is_connected() const = 0;
  /// Opens it if it is not, and asks whether the server still reaches the stream; to be called every few seconds by the consumers' thread. Waits a
  /// second at most for the answer, longer for a server that is away.
  virtual void look_after() = 0;
};
[[nodiscard]] std::unique_ptr<Connection> connect_to_nats(const NatsOptions& options);

}  // namespace pinfold::stream
