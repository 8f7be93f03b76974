#include "engine/open_store.hpp"

#include <filesystem>

#include "enforce/process_owner.hpp"
#include "engine/places.hpp"

namespace pinfold::engine {

bool is_shared(const config::Config& config) { return !config.store.url.empty(); }

std::function<bool(const std::string& owner)> who_is_gone(const config::Config& config) {
  const enforce::Reach reach = is_shared(config) ? enforce::Reach::ManyMachines : enforce::Reach::OneMachine;
  return [reach](const std::string& owner) { return enforce::process_is_gone(owner, reach); };
}

std::unique_ptr<records::Store> open_store(const config::Config& config, const StepGuard* guard) {
  std::filesystem::create_directories(config.state_dir);  // evidence and traffic history are there in any case
  const store::Process process{enforce::process_owner(), who_is_gone(config)};
  if (is_shared(config)) {
    store::PostgresOptions options;
    options.process = process;
    if (guard != nullptr) {
      options.objection = [guard](WallTime server) { return guard->objection(server); };
    }
    return store::open_postgres(config.store.url, options);
  }
  store::SqliteOptions options;
  options.process = process;
  return store::open_sqlite(database_file(config), options);
}

std::unique_ptr<store::Listener> listen_for_changes(const config::Config& config, std::function<void()> changed) {
  return is_shared(config) ? store::listen_postgres(config.store.url, std::move(changed)) : nullptr;
}

}  // namespace pinfold::engine
