/// The traffic history behind records/history.hpp: one SQLite file beside the database, write-ahead log, synchronous=NORMAL.
/// Used by: engine (writes), http and apps (read), which see records::History only.
///
///   append ─▶ journal (one blob a part and hour) ──the hour is over──▶ minutes ──48 h──▶ fives ──30 d──▶ hours ──2 y──▶ gone
///                                                                                          └─ the month is over ─▶ months
///
/// A part is 1024 servers in the order of their first sample. `append` writes one blob for each part, so a minute of 10,000 servers is ten rows;
/// `maintain` takes one part a call: it packs the hours that are over into one blob a server and hour, closes last month's percentiles
/// kBillingDelay after its end, rolls up and prunes. 5-min slots wait for the bill, also past 30 days (docs/decisions/0007).
/// Every call is a transaction, and nothing is deleted before what replaces it is written: a kill at any point loses nothing that was appended.
/// Cost:    some 20 bytes a slot, 29,040 slots a server (5.7 GB for 10,000 servers). Names of servers are kept for ever.
/// Bounds:  kMaxServers servers; further ones are refused with StoreError.
/// Errors:  StoreError, naming the file. Threads: any; writers wait for each other.
#pragma once

#include <filesystem>
#include <memory>

#include "base/time.hpp"
#include "records/history.hpp"

namespace pinfold::store {

/// How long each resolution is kept.
inline constexpr Micros kKeepMinutes = std::chrono::hours{48};
inline constexpr Micros kKeepFives = std::chrono::days{30};
inline constexpr Micros kKeepHours = std::chrono::days{731};
/// Late flows of the month's last minutes have come by then.
inline constexpr Micros kBillingDelay = std::chrono::hours{24};
/// An hour is packed so long after its end.
inline constexpr Micros kPackingDelay = std::chrono::minutes{5};

[[nodiscard]] std::unique_ptr<records::History> open_history(const std::filesystem::path& file, Millis busy_timeout = Millis{10'000});

}  // namespace pinfold::store
