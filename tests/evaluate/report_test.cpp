#include <gtest/gtest.h>

#include <fstream>

#include "evaluate/captures/captures.hpp"
#include "evaluate/captures/logs.hpp"
#include "evaluate/captures/seven.hpp"
#include "evaluate/feed/netflow5.hpp"
#include "evaluate/report/plot.hpp"
#include "evaluate/report/statistics.hpp"
#include "evaluate/report/tables.hpp"
#include "flow/decoder.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::evaluate {
namespace {

std::filesystem::path write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

TEST(Statistics, WilsonIsThatOfTheBooks) {
  const Interval eight_of_ten = wilson({8, 10});
  EXPECT_NEAR(eight_of_ten.low, 0.4902, 0.0005);
  EXPECT_NEAR(eight_of_ten.high, 0.9433, 0.0005);
  EXPECT_NEAR(wilson({0, 20}).high, 0.1611, 0.0005);
}

TEST(Statistics, SixThousandCleanDaysBoundTheRateToHalfAFindingAThousand) {
  EXPECT_NEAR(poisson_upper(0) * 1000 / 6000, 0.5, 0.001);
  EXPECT_NEAR(poisson_upper(3), 7.75, 0.03);
}

TEST(Statistics, QuantilesAreByNearestRank) {
  EXPECT_EQ(quantile({5, 1, 3, 2, 4}, 0.5), 3);
  EXPECT_EQ(quantile({5, 1, 3, 2, 4}, 0.9), 5);
  EXPECT_EQ(quantile({}, 0.5), 0);
}

TEST(Row, ComesBackFromItsFile) {
  const test::TempFolder folder;
  Row row;
  row.part = part::kDays;
  row.name = "a \"name\"";
  row.days = 1;
  row.false_ones = {{"spam", "sent mail"}};
  const auto rows = read_rows(write(folder.path() / "rows", to_json_line(row) + "\n"));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(0).name, row.name);
  EXPECT_EQ(rows->at(0).false_ones.at(0).summary, "sent mail");
  EXPECT_NE(read_rows(write(folder.path() / "bad", "{}\nnonsense\n")).error().find("line 2"), std::string::npos);
}

TEST(Tables, CountWhatTheRowsSay) {
  std::vector<Row> rows(3);
  for (Row& row : rows) {
    row.part = part::kAttacks;
    row.half = "test";
    row.abuse_class = "spam";
    row.is_found = true;
    row.seconds_to_detect = 12;
  }
  rows[2].is_found = false;
  rows[2].false_ones = {{"flood", ""}};
  EXPECT_NE(recall_table(rows, "test").find("2 of 3"), std::string::npos);
  EXPECT_NE(precision_table(rows, "test").find("| flood | 0.000"), std::string::npos);
  Row day;
  day.part = part::kDays;
  day.half = "test";
  day.days = 6000;
  EXPECT_NE(innocents_summary({&day, 1}, "test").find("at most 0.50"), std::string::npos);
}

TEST(CaptureList, SaysWhichLineIsWrong) {
  const test::TempFolder folder;
  const auto list = read_capture_list(write(folder.path() / "list", "# comment\na.pcap\t-\tsilent\n"));
  ASSERT_FALSE(list);
  EXPECT_NE(list.error().find("line 2"), std::string::npos);
  const auto ours = read_capture_list(std::filesystem::path(PINFOLD_SOURCE_DIR) / "bench/evaluate/captures.tsv");
  ASSERT_TRUE(ours) << ours.error();
  EXPECT_GT(ours->size(), 50U);
}

TEST(Logs, ReadZeekInBothFormsAndArgus) {
  const test::TempFolder folder;
  const auto tabs =
      read_conn_log(write(folder.path() / "conn.log",
                          "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\thistory\torig_pkts\torig_ip_bytes\tresp_"
                          "pkts\tresp_ip_bytes\n10.5\t10.0.0.1\t1025\t192.0.2.1\t80\ttcp\t1.5\tShADadfF\t6\t500\t5\t900\n"));
  ASSERT_TRUE(tabs);
  ASSERT_EQ(tabs->size(), 2U);
  EXPECT_EQ(tabs->at(0).record.dst_port, 80);
  EXPECT_EQ(tabs->at(0).record.tcp_flags, flow::kSyn | flow::kAck | flow::kPsh | flow::kFin);
  EXPECT_EQ(tabs->at(0).received.since_epoch, Micros{12'000'000});
  const auto json = read_conn_log(write(
      folder.path() / "conn.log.json",
      R"({"ts":1.0,"id.orig_h":"10.0.0.1","id.orig_p":5,"id.resp_h":"192.0.2.1","id.resp_p":22,"proto":"tcp","history":"S","orig_pkts":1,"orig_ip_bytes":60,"resp_pkts":0,"resp_ip_bytes":0})"
      "\n"));
  ASSERT_TRUE(json);
  ASSERT_EQ(json->size(), 1U);
  EXPECT_EQ(json->at(0).record.tcp_flags, flow::kSyn);
  const auto argus = read_binetflow(
      write(folder.path() / "x.binetflow", "2019/04/04 16:24:47.672448,1.0,tcp,10.8.0.69,56101,   ->,14.1.11.113,999,S_RA,0,0,3,180,120,2,\n"));
  ASSERT_TRUE(argus);
  ASSERT_EQ(argus->size(), 2U);
  EXPECT_EQ(argus->at(0).record.tcp_flags, flow::kSyn);
  EXPECT_EQ(argus->at(1).record.tcp_flags, flow::kRst | flow::kAck);
  EXPECT_FALSE(read_binetflow(write(folder.path() / "y.binetflow", "nothing\n")));
}

TEST(Feed, IsNetFlowThatOurOwnDecoderReadsBack) {
  const test::TempFolder folder;
  std::vector<TimedRecord> records;
  for (const ReceivedRecord& one : seven_records()) {
    if (records.size() < 100) {
      records.push_back({static_cast<double>(records.size()) / 100, one.record});
    }
  }
  ASSERT_TRUE(write_feed(folder.path() / "feed", records, 1000));
  std::ifstream in(folder.path() / "feed", std::ios::binary);
  flow::Decoder decoder;
  std::vector<flow::FlowRecord> decoded;
  for (std::array<char, 10> header{}; in.read(header.data(), header.size());) {
    std::uint16_t length = 0;
    std::memcpy(&length, header.data() + 8, 2);
    std::vector<std::uint8_t> bytes(length);
    in.read(reinterpret_cast<char*>(bytes.data()), length);
    ASSERT_TRUE(decoder.decode({net::IpAddress{}}, bytes, decoded, WallTime{}));
  }
  ASSERT_EQ(decoded.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(decoded[i].src, records[i].record.src);
    EXPECT_EQ(decoded[i].dst_port, records[i].record.dst_port);
    EXPECT_EQ(decoded[i].packets, records[i].record.packets);
    EXPECT_EQ(decoded[i].sampling_rate.one_in(), 1000U);
  }
}

TEST(Plot, DrawsEveryPointInsideThePicture) {
  const std::string svg = to_svg({"title", "x", "y", false, 0, 1, {{"1:1", {{1, 0.5, 0.2, 0.7}, {1000, 2, 2, 2}}}, {"1:100", {}}}});
  EXPECT_NE(svg.find("<circle"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(svg.find("cy=\"-"), std::string::npos);
}

}  // namespace
}  // namespace pinfold::evaluate
