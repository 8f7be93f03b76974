/// From a case to what its notice says: the facts, in the owner's terms. Pure.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "desk/case.hpp"
#include "inventory/inventory.hpp"
#include "mail/compose.hpp"

namespace pinfold::engine {

struct NoticeContext {
  const desk::Case& c;
  const std::vector<desk::Event>& events;
  const desk::Notice& notice;
  const inventory::Inventory& inventory;
  const config::Config& config;
  std::string_view answer_key;  ///< of the signed link
  WallTime now;
};

[[nodiscard]] mail::NoticeText notice_text(const NoticeContext& context);

}  // namespace pinfold::engine
