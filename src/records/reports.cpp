#include "records/reports.hpp"

#include "base/enum_names.hpp"

namespace pinfold::records {
namespace {

constexpr EnumNames<ReportState, 4> kStates{
    {{{ReportState::Found, "found"}, {ReportState::NotOurs, "not_ours"}, {ReportState::Triage, "triage"}, {ReportState::Discarded, "discarded"}}}};

}  // namespace

std::string_view to_string(ReportState state) { return kStates.name(state); }
std::optional<ReportState> parse_report_state(std::string_view text) { return kStates.parse(text); }

}  // namespace pinfold::records
