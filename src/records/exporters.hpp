/// What is known of flow exporters, kept so that a desk that starts again reads their data at once.
/// Used by: collect, which hands the bytes to flow::Decoder::recall and gets them from ::remember; implemented by `store`.
/// Nothing here is a record of events: a row that is lost or damaged costs the time until the exporter repeats its templates.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "net/ip_address.hpp"

namespace pinfold::records {

struct ExporterRow {
  net::IpAddress address;
  std::uint16_t port = 0;            ///< as in flow::ExporterKey: 0 unless several exporters share the address
  std::vector<std::uint8_t> memory;  ///< flow/exporter_memory.hpp says what is in it and checks it; empty if the row was damaged
  WallTime kept;
};

class Exporters {
public:
  virtual ~Exporters() = default;
  /// Replaces what was kept of that exporter; empty memory removes the row.
  virtual void keep(const ExporterRow&) = 0;
  [[nodiscard]] virtual std::vector<ExporterRow> list() const = 0;
};

}  // namespace pinfold::records
