// The collector alone, as `pinfold serve` runs it: sockets, decoding, accounting and detection for the load generator's 100,000 servers, without a
// database and pages. flow_collector PORT ipfix|sflow [WORKERS], until SIGTERM; then it prints what it counted as one JSON object.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "bench/exports.hpp"
#include "collect/collector.hpp"

namespace {

using namespace pinfold;  // NOLINT(google-build-using-namespace): one small program

std::shared_ptr<const inventory::Inventory> servers() {
  std::vector<inventory::Server> list(bench::kServers);
  for (std::uint32_t i = 0; i < bench::kServers; ++i) {
    list[i].id = ServerId{"srv-" + std::to_string(i)};
    list[i].customer = CustomerId{"1"};
    list[i].addresses = {net::Prefix{net::IpAddress::v4(bench::kFirstServer + i), 32}};
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{CustomerId{"1"}, "one", {{ContactId{"a@b.example"}, "en"}}}},
                                                      std::move(list));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: flow_collector PORT ipfix|sflow [WORKERS]\n", stderr);
    return 2;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  const net::IpAddress loopback = net::IpAddress::v4(0x7F00'0001);
  const auto protocol = std::string_view(argv[2]) == "sflow" ? collect::Protocol::Sflow : collect::Protocol::Ipfix;
  collect::CollectorOptions options;
  const collect::UdpEndpoint endpoint{loopback, static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10))};
  (protocol == collect::Protocol::Sflow ? options.sflow : options.ipfix) = endpoint;
  options.exporters.push_back({loopback, protocol, "border", 0});
  options.workers = argc > 3 ? static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)) : 1;
  collect::Collector collector(options, servers(), system_clock(), [](abuse::Finding) {});
  int signal = 0;
  sigwait(&stop, &signal);
  collector.stop();
  const collect::CollectorCounters counters = collector.counters();
  const collect::ExporterCounters& exporter = counters.exporters.front();
  const detect::PipelineCounters& p = counters.pipeline;
  std::printf(
      "{\"datagrams\":%lu,\"decode_errors\":%lu,\"records\":%lu,\"sets_dropped\":%lu,\"lost_datagrams\":%lu,\"lost_records\":%lu,"
      "\"pipeline_records\":%lu,\"accounted\":%lu,\"spare\":%lu,\"foreign\":%lu,\"events\":%lu,\"late\":%lu,\"wrong_clock\":%lu,\"findings\":%lu,"
      "\"kernel_drops\":%lu}\n",
      exporter.datagrams, exporter.decode_errors, exporter.records, exporter.sets_dropped, exporter.lost_datagrams, exporter.lost_records, p.records,
      p.accounted, p.spare, p.foreign, p.events, p.late, p.wrong_clock, p.findings,
      counters.sockets.at(static_cast<std::size_t>(protocol)).kernel_drops);
  return 0;
}
