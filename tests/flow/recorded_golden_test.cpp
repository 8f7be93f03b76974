// What real exporters made of one small capture (lab/record-exports), and what is decoded from it: tests/golden/flow/NAME.pcap and NAME.jsonl.
// `make golden` rewrites the .jsonl files; read the diff before you keep it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "flow/export_files.hpp"
#include "flow/record_json.hpp"

namespace pinfold::flow {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PINFOLD_SOURCE_DIR) / "tests/golden/flow";

std::vector<std::filesystem::path> recordings() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".pcap") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<nlohmann::json> decoded(const std::filesystem::path& file) {
  ExportFiles exports;
  std::vector<nlohmann::json> flows;
  const auto read = exports.read(file, [&](const FlowRecord& flow, const auto& exporter) { flows.push_back(to_json(flow, exporter)); });
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(exports.summary().refused, 0U) << exports.summary().first_refused;
  EXPECT_EQ(exports.summary().sets_without_template, 0U) << file;
  return flows;
}

TEST(RecordedExports, DecodeAsTheGoldenFilesSay) {
  std::set<std::string> versions;
  for (const auto& file : recordings()) {
    std::string now;
    for (const nlohmann::json& flow : decoded(file)) {
      versions.insert(flow["version"]);
      now += flow.dump() + "\n";
    }
    const std::filesystem::path golden = std::filesystem::path(file).replace_extension(".jsonl");
    if (std::getenv("PINFOLD_GOLDEN_WRITE") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
      std::ofstream(golden) << now;
    }
    std::ostringstream kept;
    kept << std::ifstream(golden).rdbuf();
    EXPECT_EQ(now, kept.str()) << file << "\nif the change is meant: make golden, and read the diff";
  }
  EXPECT_EQ(versions, (std::set<std::string>{"ipfix", "netflow5", "netflow9", "sflow5"})) << "every protocol is covered";
}

/// Whatever the golden files say: all exporters saw the same packets (lab/sample_packets.py), so that these facts hold in each recording.
TEST(RecordedExports, TheSamePacketsAreTheSameTrafficFromEveryExporter) {
  for (const auto& file : recordings()) {
    std::uint64_t refused_syns = 0;
    std::uint64_t queries = 0;
    std::uint64_t requests = 0;
    std::uint64_t pings = 0;
    for (const nlohmann::json& flow : decoded(file)) {
      if (flow.value("src", "") == "192.0.2.11") {
        const std::uint64_t packets = flow["packets"];
        const int port = flow.value("dst_port", -1);
        refused_syns += port == 23 && flow["tcp_flags"] == 2 ? packets : 0;
        queries += flow["protocol"] == 17 && port == 53 ? packets : 0;
        requests += flow["protocol"] == 6 && port == 80 ? packets : 0;
        pings += flow["protocol"] == 1 && port == 0x0800 ? packets : 0;
      }
    }
    EXPECT_EQ(refused_syns, 1U) << file;
    EXPECT_EQ(queries, 3U) << file;
    EXPECT_EQ(requests, 5U) << file;
    EXPECT_EQ(pings, 2U) << file;
  }
}

}  // namespace
}  // namespace pinfold::flow
