/// `pinfold serve --role collector`: reads flow exports and mirrors, and tells detectors elsewhere what each server did. Exporters are pinned to one
/// collector, so that templates and losses are known whole; all exporters of one observation point that see the same packets belong to one.
///
///   sockets ─▶ Collector (publish_as) ─▶ summaries ─▶ Splitter ─▶ Publisher ─▶ flow.<shard>
///
/// Its traffic history and interface counters are kept on its own disk, as on one machine (engine/flows/bandwidth.hpp).
/// Errors:  a store that is away at the start throws; later it is tried again, and meanwhile collecting goes on. What the stream does not take
///          is buffered, then lost and counted (stream/nats.hpp).
/// Threads: its own. Clock: injected.
#pragma once

#include <memory>

#include "base/step_guard.hpp"
#include "config/config.hpp"

namespace pinfold::engine {

class CollectorRole {
public:
  CollectorRole(const config::Config& config, const StepGuard& clock);
  ~CollectorRole();
  CollectorRole(const CollectorRole&) = delete;
  CollectorRole& operator=(const CollectorRole&) = delete;

private:
  struct Parts;
  std::unique_ptr<Parts> x_parts;
};

}  // namespace pinfold::engine
