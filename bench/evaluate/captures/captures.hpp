/// Table 2: recordings that others made and published, each with what it must give. The list is bench/evaluate/captures.tsv: written by reading
/// the recordings and what their publishers say, before the detectors were run on them.
/// Every address of a recording is a server of ours in turn: the attacker must be found, everybody else (victims, too) must be left alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "evaluate/report/row.hpp"
#include "evaluate/run/watch.hpp"

namespace pinfold::evaluate {

struct CaptureCase {
  std::string file;         ///< below the data folder
  std::string server;       ///< the attacker's address; "-": nobody
  std::string abuse_class;  ///< "silent" when nobody must be accused
  std::string kind;         ///< "-": any
  std::string why;
};

[[nodiscard]] Expected<std::vector<CaptureCase>, std::string> read_capture_list(const std::filesystem::path& list);
/// pcap, pcapng, conn.log or binetflow, by name.
[[nodiscard]] Expected<std::vector<ReceivedRecord>, std::string> read_recording(const std::filesystem::path& file);
[[nodiscard]] Row run_capture(const CaptureCase& capture, const std::vector<ReceivedRecord>& records);

}  // namespace pinfold::evaluate
