#include "engine/reports/detector_record.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "desk/verdict.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kAllCases = 10'000'000;

using Key = std::tuple<abuse::Origin, abuse::AbuseClass, std::string, std::string>;

}  // namespace

std::optional<unsigned> DetectorRecord::percent_wrong() const {
  return right + wrong == 0 ? std::nullopt : std::optional((100 * wrong + (right + wrong) / 2) / (right + wrong));
}

std::vector<DetectorRecord> detector_records(records::Transaction& tx) {
  std::map<Key, DetectorRecord> all;
  for (const records::CaseSummary& row : tx.cases().list(kAllCases)) {
    const std::vector<desk::Event> events = tx.cases().events(row.id);
    desk::Verdict verdict = desk::Verdict::Undecided;
    std::set<Key> accusers;
    for (const desk::Event& event : events) {
      verdict = desk::judged_by(verdict, event.body);
      if (const auto* found = std::get_if<desk::FindingRecorded>(&event.body)) {
        const abuse::Finding& f = found->finding;
        accusers.insert({f.origin, f.abuse_class, f.kind, f.origin == abuse::Origin::Reporter ? f.observation_point : std::string{}});
      }
    }
    for (const Key& key : accusers) {
      DetectorRecord& record = all[key];
      std::tie(record.origin, record.abuse_class, record.kind, record.who) = key;
      ++record.cases;
      if (verdict == desk::Verdict::Wrong) {
        ++record.wrong;
        if (record.wrong_in.size() < kMaxWrongCases) {
          record.wrong_in.push_back(row.id);
        }
      } else if (!desk::is_final(row.state)) {
        ++record.open;
      } else {
        ++(verdict == desk::Verdict::Right ? record.right : record.unknown);
      }
    }
  }
  std::vector<DetectorRecord> list;
  for (auto& [key, record] : all) {
    list.push_back(std::move(record));
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.wrong > b.wrong; });
  return list;
}

}  // namespace pinfold::engine
