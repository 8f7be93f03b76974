#include "engine/flows/collector_health.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pinfold::engine {
namespace {

constexpr WallTime kStart{std::chrono::seconds{1'790'000'000}};
constexpr Micros kMinute = std::chrono::minutes{1};

collect::CollectorCounters one_exporter() {
  collect::CollectorCounters counters;
  counters.exporters.resize(1);
  counters.exporters[0].address = net::IpAddress::v4(0xC0000201);
  counters.sockets.resize(1);
  return counters;
}

TEST(LossWatch, IsHealthyWithoutLossAndIllWithMoreThanOnePercent) {
  LossWatch watch;
  auto counters = one_exporter();
  EXPECT_TRUE(watch.part(counters, kStart).healthy);
  counters.exporters[0].datagrams = 10'000;
  counters.exporters[0].lost_datagrams = 50;
  EXPECT_TRUE(watch.part(counters, kStart + std::chrono::seconds{1}).healthy);
  counters.sockets[0].kernel_drops = 60;
  const auto part = watch.part(counters, kStart + std::chrono::seconds{2});
  EXPECT_FALSE(part.healthy);
  EXPECT_NE(part.note.find("lost: 60 in our buffers, 50 on the way, 0 unreadable"), std::string::npos) << part.note;
}

TEST(LossWatch, ForgetsWhatIsOlderThanTwoMinutes) {
  LossWatch watch;
  auto counters = one_exporter();
  counters.exporters[0].datagrams = 100;
  counters.exporters[0].decode_errors = 90;
  EXPECT_FALSE(watch.part(counters, kStart).healthy);
  EXPECT_FALSE(watch.part(counters, kStart + kMinute / 2).healthy);
  counters.exporters[0].datagrams = 200;
  static_cast<void>(watch.part(counters, kStart + kMinute));
  EXPECT_TRUE(watch.part(counters, kStart + kMinute * 2).healthy);
}

TEST(CollectorMetrics, NameEveryLossByExporter) {
  auto counters = one_exporter();
  counters.exporters[0].faults[static_cast<std::size_t>(flow::Fault::BadLength)] = 3;
  counters.exporters[0].sets_dropped = 4;
  counters.exporters[0].lost_records = 5;
  counters.sockets[0].kernel_drops = 6;
  counters.sockets[0].strangers.push_back({net::IpAddress::v4(0xC0000263), 7, kStart});
  counters.mirrors.push_back({"eth1", "sw1", true, 10, 1, 8, kStart});
  std::vector<http::Health::Metric> metrics;
  add_collector_metrics(counters, metrics);
  const auto value = [&](const std::string& name, const std::string& labels) {
    const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const auto& m) { return m.name == name && m.labels == labels; });
    return found == metrics.end() ? -1.0 : found->value;
  };
  const std::string exporter = "exporter=\"192.0.2.1\",protocol=\"ipfix\"";
  EXPECT_EQ(value("pinfold_export_faults_total", exporter + ",fault=\"bad_length\""), 3);
  EXPECT_EQ(value("pinfold_export_sets_dropped_total", exporter), 4);
  EXPECT_EQ(value("pinfold_export_lost_records_total", exporter), 5);
  EXPECT_EQ(value("pinfold_socket_kernel_drops_total", "protocol=\"ipfix\""), 6);
  EXPECT_EQ(value("pinfold_socket_unknown_exporter_datagrams", "protocol=\"ipfix\",sender=\"192.0.2.99\""), 7);
  EXPECT_EQ(value("pinfold_mirror_kernel_drops_total", "interface=\"eth1\""), 8);
}

TEST(FlowsReport, LeavesOutWhatIsZero) {
  auto counters = one_exporter();
  counters.exporters[0].datagrams = 9;
  const auto report = nlohmann::json::parse(flows_report(counters, {"flows", true, "all is well"}, kStart));
  EXPECT_EQ(report["note"], "all is well");
  ASSERT_EQ(report["counters"].size(), 1U);
  EXPECT_EQ(report["counters"].begin().value(), 9);
}

}  // namespace
}  // namespace pinfold::engine
