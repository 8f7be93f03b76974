#include "records/reports.hpp"

#include "base/enum_names.hpp"

namespace pinfold::records {
namespace {

constexpr EnumNames<ReportState, 4> kStates{
    {{{ReportState::Found, "found"}, {ReportState::NotOurs, "not_ours"}, {ReportState::Triage, "triage"}, {ReportState::Discarded, "discarded"}}}};

constexpr EnumNames<ReportOutcome, 3> kOutcomes{{{{ReportOutcome::Open, "open"}, {ReportOutcome::Right, "right"}, {ReportOutcome::Wrong, "wrong"}}}};

}  // namespace

std::string_view to_string(ReportState state) { return kStates.name(state); }
std::optional<ReportState> parse_report_state(std::string_view text) { return kStates.parse(text); }
std::string_view to_string(ReportOutcome outcome) { return kOutcomes.name(outcome); }
std::optional<ReportOutcome> parse_report_outcome(std::string_view text) { return kOutcomes.parse(text); }

}  // namespace pinfold::records
