/// Decodes files of flow exports as one stream: templates of one file are known in the next, and data waits for its template over files.
/// Used by: `pinfold flows decode`, `pinfold detect`, tests. Raw datagrams name no sender; all of them count as one exporter's.
/// Bounds:  Limits, as live. Threads: none.
/// Errors:  a FileError names a file that cannot be read, and what was wrong; what stood before the fault has been given out. Datagrams that do
///          not decode are counted, never an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flow/capture.hpp"
#include "flow/decoder.hpp"

namespace pinfold::flow {

class ExportFiles {
public:
  using Sink = std::function<void(const FlowRecord&, const std::optional<net::IpAddress>& exporter)>;

  [[nodiscard]] Expected<void, FileError> read(const std::filesystem::path& file, const Sink& sink);

  struct Summary {
    std::uint64_t datagrams = 0;
    std::uint64_t flows = 0;
    std::uint64_t option_records = 0;
    std::uint64_t refused = 0;
    std::string first_refused;                ///< "FILE: byte 12: why"
    std::uint64_t sets_without_template = 0;  ///< data that still waits, or had no room to
    std::uint64_t fragments = 0;              ///< datagrams that came in pieces, which are not put together
  };
  [[nodiscard]] Summary summary() const;

private:
  void take(const std::filesystem::path& file, const Datagram& datagram, const Sink& sink);

  Decoder x_decoder;
  std::set<net::IpAddress> x_exporters;
  std::vector<FlowRecord> x_records;
  Summary x_summary{};
};

}  // namespace pinfold::flow
