/// `pinfold serve`: every part of the desk in one process, each kind of work on a thread of its own.
///
///   collector ──findings──▶ inbox ─▶ finding worker ─▶ desk ◀─ mail worker ◀─ inbox ◀── LMTP
///   agents (HTTP) ─────────▶   │                        │ outbox
///                              │                        ├─▶ notice worker ─▶ mail server
///   staff pages (HTTP) ◀── store                        ├─▶ port worker ─▶ switch ─▶ silence watch
///                                                       └─▶ call worker ─▶ people (mail, webhooks)
///   collector ──minutes──┐
///   switches ──counters──┴─▶ history (engine/flows/bandwidth.hpp)
///
/// Start:   store and migrations, then recovery (claimed jobs, open journal rows), and only then the ears and the workers: nothing acts before
///          what was begun is known. Stop: SIGTERM or SIGINT; in what order does not matter, since a kill at any point is survived.
/// Errors:  a broken start throws (StoreError, ServerError, system_error): the program exits 3 with the reason.
#pragma once

#include <cstdint>
#include <memory>

#include "base/step_guard.hpp"
#include "config/config.hpp"

namespace pinfold::engine {

class Serve {
public:
  /// No: collectors and detectors are processes of their own (`--role desk`).
  enum class Collects : std::uint8_t { No, Yes };
  Serve(const config::Config& config, const StepGuard& clock, Collects collects = Collects::Yes);
  ~Serve();
  Serve(const Serve&) = delete;
  Serve& operator=(const Serve&) = delete;

private:
  struct Parts;
  std::unique_ptr<Parts> x_parts;
};

}  // namespace pinfold::engine
