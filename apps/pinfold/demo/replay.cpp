#include "pinfold/demo/replay.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.hpp"
#include "detect/pipeline.hpp"
#include "engine/desk_service.hpp"
#include "flow/capture.hpp"
#include "flow/decoder.hpp"
#include "inventory/csv.hpp"
#include "pinfold/context.hpp"
#include "store/store.hpp"

namespace pinfold::app {
namespace {

/// The recording has both exports of the same packets on one observation point; the pipeline must count them once.
constexpr detect::SourceIndex kIpfixSource{0};
constexpr detect::SourceIndex kSflowSource{1};
/// Servers were held since long before the recording.
constexpr Micros kTenancyBefore = std::chrono::hours{24};

std::shared_ptr<const inventory::Inventory> load_inventory(const std::filesystem::path& file) {
  auto parsed = inventory::parse_csv(text_of(file, inventory::kMaxCsvBytes), file.string());
  if (!parsed) {
    throw Stop(Exit::Environment, to_string(parsed.error()));
  }
  return std::make_shared<const inventory::Inventory>(*std::move(parsed));
}

struct Replayed {
  std::vector<abuse::Finding> findings;
  std::uint64_t datagrams = 0;
  std::uint64_t records = 0;
  std::uint64_t spare = 0;
};

Replayed detect_in(const std::filesystem::path& capture, std::shared_ptr<const inventory::Inventory> inventory) {
  detect::Pipeline pipeline({}, std::move(inventory), {{"sw1/swp24", 0}, {"sw1/swp24", 1}}, /*hash_seed=*/1);
  flow::Decoder decoder;
  Replayed replayed;
  std::vector<flow::FlowRecord> records;
  const auto read = flow::read_datagrams(capture, [&](const flow::Datagram& datagram) {
    const WallTime received = datagram.received.value_or(WallTime{});
    records.clear();
    const auto decoded = decoder.decode({datagram.source.value_or(net::IpAddress{})}, datagram.payload, records, received);
    if (!decoded) {
      return;
    }
    ++replayed.datagrams;
    const auto source = decoded->version == flow::ExportVersion::Sflow5 ? kSflowSource : kIpfixSource;
    pipeline.heard(source, received);
    for (const flow::FlowRecord& record : records) {
      pipeline.add(record, source, received);
    }
    for (abuse::Finding& finding : pipeline.take_findings(received)) {
      replayed.findings.push_back(std::move(finding));
    }
  });
  if (!read) {
    throw Stop(Exit::Environment, read.error().message);
  }
  replayed.records = pipeline.counters().records;
  replayed.spare = pipeline.counters().spare;
  return replayed;
}

/// A folder for the replay's own database, gone afterwards.
class ScratchFolder {
public:
  ScratchFolder() : x_path(std::filesystem::temp_directory_path() / fmt::format("pinfold-replay-{}", getpid())) {
    std::filesystem::create_directory(x_path);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return x_path; }

private:
  std::filesystem::path x_path;
};

}  // namespace

bool replay_recording(const std::filesystem::path& folder, const Output& output) {
  set_log_level(LogLevel::Error);
  unsigned failed = 0;
  const auto expect = [&](bool holds, const std::string& claim, const std::string& measured) {
    failed += holds ? 0 : 1;
    output.say(fmt::format("  {} {} · {}", holds ? "✓" : "✗", claim, measured));
    output.line({{"holds", holds}, {"claim", claim}, {"measured", measured}});
  };
  const auto inventory = load_inventory(folder / "inventory.csv");
  const Replayed replayed = detect_in(folder / "exports.pcap", inventory);
  expect(replayed.records > 0, "the recorded exports decode", fmt::format("{} datagrams, {} flow records", replayed.datagrams, replayed.records));
  expect(replayed.spare > 0, "the same packets, exported by IPFIX and by sFlow, count once", fmt::format("{} records told twice", replayed.spare));
  expect(!replayed.findings.empty(), "a scan is found", replayed.findings.empty() ? "none" : replayed.findings.back().summary);

  const ScratchFolder scratch;
  const auto store = store::open_sqlite(scratch.path() / "desk.sqlite");
  ManualClock clock(replayed.findings.empty() ? WallTime{kTenancyBefore} : replayed.findings.front().detected_at);
  store->transact([&](records::Transaction& tx) { tx.inventory().replace(*inventory, clock.wall() - kTenancyBefore); });
  engine::DeskService desk(*store, desk::Policy{}, clock, [] {});
  for (const abuse::Finding& finding : replayed.findings) {
    clock.advance(std::max(Micros{0}, finding.detected_at - clock.wall()));
    static_cast<void>(desk.take_finding(finding));
  }
  std::vector<records::CaseSummary> cases;
  store->read([&](records::Transaction& tx) { cases = tx.cases().list(10); });
  const bool only_a = cases.size() == 1 && cases.front().server == ServerId{"srv-a"};
  expect(only_a, "the scanner has a case, and nobody else", cases.empty() ? "no case" : cases.front().server.value);
  const auto c = cases.empty() ? std::nullopt : desk.find(cases.front().id);
  const bool observed = c && !c->notices.empty() && c->notices.front().observed_only;
  expect(observed, "observe-only: the warning is written, and not sent", observed ? "to " + c->notices.front().contact.value : "none");
  return failed == 0;
}

}  // namespace pinfold::app
