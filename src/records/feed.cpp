#include "records/feed.hpp"

#include "base/enum_names.hpp"

namespace pinfold::records {
namespace {

constexpr EnumNames<DeliveryState, 3> kStates{
    {{{DeliveryState::Queued, "queued"}, {DeliveryState::Delivered, "delivered"}, {DeliveryState::Failed, "failed"}}}};

}  // namespace

std::string_view to_string(DeliveryState state) { return kStates.name(state); }

}  // namespace pinfold::records
