/// Files of exports that are no captures: one raw datagram, or IPFIX messages one behind another. Internal to `flow`; capture.hpp says what is what.
/// Bounds:  a raw datagram up to kMaxRawFile bytes; IPFIX files are read message by message, of any size.
/// Source:  RFC 5655 (IPFIX files).
#pragma once

#include <filesystem>
#include <string_view>

#include "base/expected.hpp"
#include "flow/capture.hpp"

namespace pinfold::flow {

/// "FILE: what", printable.
[[nodiscard]] Unexpected<FileError> file_error(const std::filesystem::path& file, std::string_view what);

[[nodiscard]] Expected<ReadSummary, FileError> read_raw_file(const std::filesystem::path& file, const DatagramSink& sink);

}  // namespace pinfold::flow
