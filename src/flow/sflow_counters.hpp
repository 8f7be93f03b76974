/// The counter samples of sFlow v5: of their records the generic interface counters are read, all others skipped by their length.
/// Used by: the sFlow decoder only. Bounds: a sample gives at most one entry for each 96 of its bytes.
/// Source:  sFlow Version 5, "counters_sample", "counters_sample_expanded", "if_counters".
#pragma once

#include <vector>

#include "base/byte_reader.hpp"
#include "flow/interface_counters.hpp"

namespace pinfold::flow {

/// Appends the interface counters of one sample to `out`; false, and nothing appended, if its lengths contradict each other. `from` says who
/// sent it.
[[nodiscard]] bool read_interface_counters(ByteReader in, bool expanded, const InterfaceCounters& from, std::vector<InterfaceCounters>& out);

}  // namespace pinfold::flow
