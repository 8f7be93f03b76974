#include "engine/reports/sealed_reports.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::engine {
namespace {

constexpr Micros kLookAfter = std::chrono::hours{1};
constexpr std::size_t kAtOnce = 100;

}  // namespace

std::string why_no_officer(const std::vector<std::string>& officers, std::string_view login) {
  if (officers.empty()) {
    return "a sealed report: nobody is named in reports.sealed_officers of the configuration";
  }
  const bool is_one = std::any_of(officers.begin(), officers.end(), [&](const std::string& officer) { return iequals(officer, login); });
  return is_one ? std::string{} : "a sealed report: only those named in reports.sealed_officers may touch it";
}

Expected<std::string, std::string> take_out_sealed(records::Store& store, const records::EvidenceStore& evidence, const config::Config& config,
                                                   std::int64_t report, const std::string& by, const std::string& reason, WallTime now) {
  if (std::string why = why_no_officer(config.reports.sealed_officers, by); !why.empty()) {
    return Unexpected(std::move(why));
  }
  std::optional<records::ReportRow> row;
  store.read([&](records::Transaction& tx) { row = tx.reports().find(report); });
  if (!row || !row->is_sealed) {
    return Unexpected(fmt::format("there is no sealed report {}", report));
  }
  auto raw = evidence.get(row->raw_sha256);
  if (!raw) {
    return Unexpected(fmt::format("the raw mail of report {} was erased", report));
  }
  store.transact([&](records::Transaction& tx) {
    tx.access().add_act({0, now, by, "takeOutSealedReport", std::to_string(report), printable(reason, 300), 200});
  });
  return *std::move(raw);
}

std::size_t SealedRetention::look() {
  const WallTime now = x_clock.wall();
  if (!x_config.reports.sealed_keep || (x_looked && now >= *x_looked && now - *x_looked < kLookAfter)) {
    return 0;
  }
  x_looked = now;
  std::vector<records::ReportRow> over;
  x_store.read([&](records::Transaction& tx) { over = tx.reports().sealed_before(now - *x_config.reports.sealed_keep, kAtOnce); });
  for (const records::ReportRow& row : over) {
    x_evidence.remove(row.raw_sha256);
    x_store.transact([&](records::Transaction& tx) {
      tx.reports().erased(row.id);
      tx.access().add_act({0, now, "(retention)", "eraseSealedReport", std::to_string(row.id),
                           "the raw mail was erased after " + pinfold::to_string(*x_config.reports.sealed_keep), 200});
    });
    log_info("SEALED_ERASED", "report {}: its raw mail was erased by the operator's rule", row.id);
  }
  return over.size();
}

}  // namespace pinfold::engine
