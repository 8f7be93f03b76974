#include "enforce/lease.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace pinfold::enforce {

namespace {

constexpr char kSeparator = '|';

[[nodiscard]] std::string lease_setting(const SwitchId& id) { return "enforce/writer/" + id.value; }

struct Held {
  std::string owner;
  WallTime until;
};

[[nodiscard]] std::optional<Held> parse_held(const std::optional<std::string>& value) {
  if (!value) {
    return std::nullopt;
  }
  const auto at = value->rfind(kSeparator);
  const auto until = at == std::string::npos ? std::nullopt : parse_number(std::string_view(*value).substr(at + 1));
  if (!until || *until > INT64_MAX) {
    return std::nullopt;
  }
  return Held{value->substr(0, at), WallTime{Micros{static_cast<std::int64_t>(*until)}}};
}

}  // namespace

bool take_lease(records::Transaction& tx, std::string_view setting, Micros life, const std::string& owner, WallTime now, const IsGone& is_gone) {
  const auto held = parse_held(tx.settings().get(setting));
  const bool is_others = held && held->owner != owner && held->until > now && !(is_gone && is_gone(held->owner));
  if (is_others) {
    return false;
  }
  tx.settings().set(setting, fmt::format("{}{}{}", owner, kSeparator, (now + life).since_epoch.count()));
  return true;
}

void release_lease(records::Transaction& tx, std::string_view setting, const std::string& owner) {
  const auto held = parse_held(tx.settings().get(setting));
  if (held && held->owner == owner) {
    tx.settings().set(setting, "");
  }
}

bool take_lease(records::Transaction& tx, const SwitchId& id, const std::string& owner, WallTime now, const IsGone& is_gone) {
  return take_lease(tx, lease_setting(id), kLeaseLife, owner, now, is_gone);
}

void release_lease(records::Transaction& tx, const SwitchId& id, const std::string& owner) { release_lease(tx, lease_setting(id), owner); }

}  // namespace pinfold::enforce
