/// What was learned to be usual, kept so that a desk that starts again knows its servers at once.
/// Used by: engine, which gets the bytes from detect::Baselines::save and hands them to ::restore; implemented by `store`.
/// Nothing here is a record of events: a row that is lost or damaged costs the days until it is learned again.
/// Bounds:  one row a server and service level, below 400 bytes each. Threads: as Transaction. Errors: StoreError.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace pinfold::records {

enum class BaselineOf : std::uint8_t { Server, ServiceLevel };

struct BaselineRow {
  BaselineOf of = BaselineOf::Server;
  std::string subject;                ///< the server's id; the level's number
  std::vector<std::uint8_t> learned;  ///< detect/baselines.hpp says what is in it and checks it; empty if the row was damaged
  WallTime kept;
  friend bool operator==(const BaselineRow&, const BaselineRow&) = default;
};

class Baselines {
public:
  virtual ~Baselines() = default;
  /// Replaces what was kept of each.
  virtual void keep(std::span<const BaselineRow> rows) = 0;
  /// In order of (of, subject).
  [[nodiscard]] virtual std::vector<BaselineRow> list() const = 0;
  virtual void forget_before(WallTime oldest) = 0;
};

}  // namespace pinfold::records
