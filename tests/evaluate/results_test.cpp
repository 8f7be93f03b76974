// The evaluation's results while they are written, and what published recordings must give.
#include "evaluate/report/results.hpp"

#include <gtest/gtest.h>

#include "detect/offline.hpp"
#include "evaluate/captures/captures.hpp"
#include "flow/capture.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::evaluate {
namespace {

Row named(const char* name) {
  Row row;
  row.part = part::kDays;
  row.name = name;
  row.days = 1;
  return row;
}

TEST(Results, OfTheSameProgramAreKeptAndOfAnotherDropped) {
  const test::TempFolder folder;
  const auto file = folder.path() / "results.jsonl";
  {
    Results first(file, "one");
    first.add(named("a day"));
    ASSERT_TRUE(first.is_good());
  }
  std::ofstream(file, std::ios::app) << "{\"part\":\"days\",\"na";  // a kill
  {
    Results again(file, "one");
    EXPECT_TRUE(again.has(part::kDays, "a day"));
    EXPECT_FALSE(again.has(part::kMerged, "a day"));
    again.add(named("another day"));
  }
  const auto rows = read_rows(file);
  ASSERT_TRUE(rows) << rows.error();
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->at(1).name, "another day");
  const Results other(file, "two");
  EXPECT_FALSE(other.has(part::kDays, "a day"));
  EXPECT_TRUE(read_rows(file)->empty());
}

TEST(Results, TheProgramKnowsItself) { EXPECT_EQ(fingerprint_of_this_program(), fingerprint_of_this_program()); }

const std::filesystem::path kData = std::filesystem::path(PINFOLD_SOURCE_DIR) / "../shared/data/flows";
const std::filesystem::path kList = std::filesystem::path(PINFOLD_SOURCE_DIR) / "bench/evaluate/captures.tsv";

/// Named so by its publisher, but a third of its targets answers: a crawler with dead links looks the same.
constexpr const char* kNotFound = "slips/dataset/port-scans/horizontal/conn.log";

TEST(Captures, GiveWhatTheListSaysAndNothingElse) {
  const auto list = read_capture_list(kList);
  ASSERT_TRUE(list) << list.error();
  std::size_t played = 0;
  for (const CaptureCase& capture : *list) {
    if (!std::filesystem::exists(kData / capture.file)) {
      continue;
    }
    ++played;
    const auto records = read_recording(kData / capture.file);
    ASSERT_TRUE(records) << capture.file << ": " << records.error();
    const Row row = run_capture(capture, *records);
    EXPECT_EQ(row.is_found, !row.attack.empty() && capture.file != kNotFound) << capture.file << ": " << row.attack << ", found as " << row.found_as;
    EXPECT_TRUE(row.false_ones.empty()) << capture.file << ": " << row.false_ones.front().abuse_class << ": " << row.false_ones.front().summary;
  }
  if (played == 0) {
    GTEST_SKIP() << "the published recordings are not here";
  }
}

/// The way of `pinfold detect FILE --servers …`: the attacker's address, or every private one.
TEST(Captures, GiveTheSameOnTheCommandLinesWay) {
  const auto list = read_capture_list(kList);
  ASSERT_TRUE(list) << list.error();
  std::size_t played = 0;
  for (const CaptureCase& capture : *list) {
    const bool is_capture = capture.file.ends_with(".pcap") || capture.file.ends_with(".pcapng");
    if (!is_capture || !std::filesystem::exists(kData / capture.file)) {
      continue;
    }
    ++played;
    std::vector<flow::FlowRecord> records;
    static_cast<void>(flow::read_packets(kData / capture.file, [&](const flow::FlowRecord& record) { records.push_back(record); }));
    const bool is_attack = capture.abuse_class != "silent";
    detect::OfflineOptions options;
    for (const char* prefix : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"}) {
      options.servers.push_back(net::Prefix::parse(prefix).value());
    }
    if (is_attack) {
      options.servers = {net::Prefix::parse(capture.server).value()};
    }
    bool is_found = false;
    for (const abuse::Finding& finding : detect::detect_offline(records, options)) {
      if (accuses(finding)) {
        EXPECT_EQ(to_string(finding.abuse_class), capture.abuse_class) << capture.file << ": " << finding.summary;
        is_found = true;
      }
    }
    EXPECT_EQ(is_found, is_attack) << capture.file;
  }
  if (played == 0) {
    GTEST_SKIP() << "the published recordings are not here";
  }
}

}  // namespace
}  // namespace pinfold::evaluate
