/// The store that the configuration names: PostgreSQL by `store.url`, else SQLite in the state folder (which is made).
/// Used by: serve, and the command line beside it. Errors: StoreError, naming file or server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/step_guard.hpp"
#include "config/config.hpp"
#include "records/store.hpp"
#include "store/postgres_store.hpp"

namespace pinfold::engine {

/// Whether other desks may use the same store from other machines.
[[nodiscard]] bool is_shared(const config::Config& config);
/// With a guard, which must outlive the store, PostgreSQL's clock is its witness: nothing is written while the two do not agree.
[[nodiscard]] std::unique_ptr<records::Store> open_store(const config::Config& config, const StepGuard* guard = nullptr);
/// Whether a process that works, or has worked, with this store is certainly gone (enforce/process_owner.hpp).
[[nodiscard]] std::function<bool(const std::string& owner)> who_is_gone(const config::Config& config);
/// See store::Listener; nullptr where nobody tells (SQLite): there, whoever waits looks.
[[nodiscard]] std::unique_ptr<store::Listener> listen_for_changes(const config::Config& config, std::function<void()> changed);

}  // namespace pinfold::engine
