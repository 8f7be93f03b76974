/// Summary batches as bytes, for the way between collectors and detectors, and cut into one message a shard.
///   message = "PFS1", key, published, points, summaries; numbers are LEB128, signed ones zigzag, times relative to `published` in µs.
/// A later edition takes another magic; a reader refuses what it does not know, and the message is counted as damaged.
/// Used by: collectors (Splitter), detectors (decode). Threads: none.
/// Bounds:  a message holds at most kMaxMessage bytes; lists are bounded by what is left of it, texts by kMaxText.
/// Errors:  decode says what was wrong and at which byte; nothing of the message is used.
/// Cost:    a summary of a server that only answers takes some 60 bytes, a sighting 30 to 45.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "detect/summary/summary.hpp"

namespace pinfold::stream {

inline constexpr std::size_t kMaxMessage = std::size_t{1} << 20U;  ///< what nats-server takes unless told otherwise
inline constexpr std::size_t kMaxText = 256;
inline constexpr unsigned kMaxShards = 1024;

[[nodiscard]] std::string encode(const detect::SummaryBatch& batch);
[[nodiscard]] Expected<detect::SummaryBatch, std::string> decode(ByteSpan bytes);

/// Which shard a server belongs to: the same on every machine and for ever (FNV-1a, 64 bits).
[[nodiscard]] unsigned shard_of(const ServerId& server, unsigned shards);

struct Message {
  unsigned shard = 0;
  std::string bytes;
};

/// Cuts a collector's batches into messages of one shard each, with sequence numbers of their own. Every shard hears of the observation points with
/// its summaries, and at least once in kSummaryInterval without: silence must be told from a network that is down.
/// Not a server's summary is ever split, so a message may be larger than `target`.
class Splitter {
public:
  explicit Splitter(unsigned shards, std::size_t target = std::size_t{48} * 1024);
  [[nodiscard]] std::vector<Message> split(const detect::SummaryBatch& batch);

private:
  struct Shard {
    std::map<std::string, detect::PointReport> points;  ///< since it was last told
    WallTime told;
  };
  std::size_t x_target;
  std::vector<Shard> x_shards;
  std::uint64_t x_sequence = 0;
};

}  // namespace pinfold::stream
