#include "engine/flows/baseline_keeper.hpp"

#include "base/log.hpp"

namespace pinfold::engine {

void BaselineKeeper::recall() {
  if (x_collector == nullptr) {
    return;
  }
  std::vector<records::BaselineRow> rows;
  x_store.read([&](records::Transaction& tx) { rows = tx.baselines().list(); });
  for (const std::string& problem : x_collector->restore_baselines(rows)) {
    log_warning("BASELINE_NOT_RECALLED", "{}", problem);
  }
}

void BaselineKeeper::keep() {
  const std::int64_t minute = x_clock.wall().since_epoch / std::chrono::minutes{1};
  if (x_collector == nullptr || minute == x_minute) {
    return;
  }
  write(static_cast<std::uint32_t>(minute % kParts));
  x_minute = minute;
}

void BaselineKeeper::finish() {
  for (std::uint32_t part = 0; x_collector != nullptr && part < kParts; ++part) {
    write(part);
  }
}

void BaselineKeeper::write(std::uint32_t part) {
  std::vector<records::BaselineRow> rows = x_collector->save_baselines(part, kParts);
  if (rows.empty()) {
    return;
  }
  x_store.transact([&](records::Transaction& tx) {
    tx.baselines().keep(rows);
    tx.baselines().forget_before(x_clock.wall() - kMemory);
  });
}

}  // namespace pinfold::engine
