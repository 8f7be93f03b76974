/// The seven scenarios with which FastNetMon was first tried (six abusers and one honest download, 30 s, NetFlow, every second one record a
/// flow): the same shapes and rates, drawn with our own dice. Servers 10.0.0.1 to 10.0.0.7.
#pragma once

#include <string>
#include <vector>

#include "evaluate/report/row.hpp"
#include "evaluate/traffic/exporter.hpp"

namespace pinfold::evaluate {

struct SevenTruth {
  const char* name;
  const char* abuse_class;  ///< empty: must be left alone
  const char* kind;
};
/// Server i + 1.
[[nodiscard]] const std::vector<SevenTruth>& seven_truths();
[[nodiscard]] std::vector<ReceivedRecord> seven_records();
[[nodiscard]] std::vector<Row> run_seven();

}  // namespace pinfold::evaluate
