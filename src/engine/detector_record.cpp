#include "engine/detector_record.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace pinfold::engine {
namespace {

constexpr std::size_t kAllCases = 10'000'000;

using Key = std::tuple<abuse::Origin, abuse::AbuseClass, std::string, std::string>;

bool admits(desk::Statement statement) { return statement == desk::Statement::Looking || statement == desk::Statement::Fixed; }

}  // namespace

std::optional<unsigned> DetectorRecord::percent_wrong() const {
  return right + wrong == 0 ? std::nullopt : std::optional((100 * wrong + (right + wrong) / 2) / (right + wrong));
}

Verdict verdict_on(const desk::Case& c, const std::vector<desk::Event>& events) {
  bool is_right = false;
  for (const desk::Event& event : events) {
    if (const auto* decided = std::get_if<desk::ObjectionDecided>(&event.body)) {
      if (decided->upheld) {
        return Verdict::Wrong;  // also where a port was off meanwhile
      }
      is_right = true;
    } else if (const auto* closed = std::get_if<desk::ClosedByStaff>(&event.body); closed != nullptr && closed->false_positive) {
      return Verdict::Wrong;
    } else if (const auto* answer = std::get_if<desk::ResponseRecorded>(&event.body)) {
      is_right = is_right || admits(answer->statement);
    } else if (std::holds_alternative<desk::DiscussionRecorded>(event.body)) {
      is_right = true;
    } else if (const auto* end = std::get_if<desk::PortActionFinished>(&event.body)) {
      is_right = is_right || end->result == desk::ActionResult::Verified;
    }
  }
  if (!desk::is_final(c.state)) {
    return Verdict::Open;
  }
  return c.state == desk::State::FalsePositive ? Verdict::Wrong : (is_right ? Verdict::Right : Verdict::Unknown);
}

std::vector<DetectorRecord> detector_records(records::Transaction& tx) {
  std::map<Key, DetectorRecord> all;
  for (const records::CaseSummary& row : tx.cases().list(kAllCases)) {
    const std::vector<desk::Event> events = tx.cases().events(row.id);
    const Verdict verdict = verdict_on(desk::fold(row.id, events), events);
    std::set<Key> accusers;
    for (const desk::Event& event : events) {
      if (const auto* found = std::get_if<desk::FindingRecorded>(&event.body)) {
        const abuse::Finding& f = found->finding;
        accusers.insert({f.origin, f.abuse_class, f.kind, f.origin == abuse::Origin::Reporter ? f.observation_point : std::string{}});
      }
    }
    for (const Key& key : accusers) {
      DetectorRecord& record = all[key];
      std::tie(record.origin, record.abuse_class, record.kind, record.who) = key;
      ++record.cases;
      switch (verdict) {
        case Verdict::Right: ++record.right; break;
        case Verdict::Wrong:
          ++record.wrong;
          if (record.wrong_in.size() < kMaxWrongCases) {
            record.wrong_in.push_back(row.id);
          }
          break;
        case Verdict::Unknown: ++record.unknown; break;
        case Verdict::Open: ++record.open; break;
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
