#include "detect/baselines.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "detect/accountant.hpp"

namespace pinfold::detect {
namespace {

constexpr char kForm = 1;
constexpr std::size_t kSavedBytes = 1 + Usual::kHours + 7;
constexpr std::uint8_t kWindowsAnHour = 6;

std::size_t hour_of_week(WallTime at) {
  // 1970-01-01 was a Thursday: three days after a Monday.
  const auto hours = at.since_epoch / std::chrono::hours{1} + 3 * 24;
  return static_cast<std::size_t>(((hours % 168) + 168) % 168);
}

std::uint8_t to_log(Bps rate) {
  const double eighths = 8.0 * std::log2(static_cast<double>(std::max<std::uint64_t>(rate.value, 2)));
  return static_cast<std::uint8_t>(std::clamp(eighths, 1.0, 255.0));
}
Bps from_log(std::uint8_t eighths) { return Bps{static_cast<std::uint64_t>(std::exp2(eighths / 8.0))}; }

/// An eighth of the way, at least one step, and from nothing all the way.
template <typename T>
T towards(T old, std::uint64_t target) {
  constexpr std::uint64_t kMost = std::numeric_limits<T>::max();
  const std::int64_t goal = static_cast<std::int64_t>(std::min(target, kMost));
  const std::int64_t gap = goal - static_cast<std::int64_t>(old);
  const std::int64_t step = gap / 8 != 0 ? gap / 8 : gap > 0 ? 1 : gap < 0 ? -1 : 0;
  return static_cast<T>(old == 0 ? goal : old + step);
}

void learn_into(Usual& usual, const WindowOfPast& window) {
  std::uint8_t& rate = usual.rate.at(hour_of_week(window.start));
  const std::uint8_t fresh = to_log(window.rate);
  rate = towards(rate, rate == 0 ? fresh : std::min<std::uint64_t>(fresh, rate + 8U));
  usual.targets = towards(usual.targets, std::max<std::uint64_t>(window.targets * 8, 1));
  usual.mail_servers = towards(usual.mail_servers, std::max<std::uint64_t>(window.mail_servers * 8, 1));
  if (++usual.windows == kWindowsAnHour) {
    usual.windows = 0;
    usual.hours_known = static_cast<std::uint16_t>(std::min<unsigned>(usual.hours_known + 1U, 60'000U));
  }
}

/// That hour, or the busiest hour known if it has not been lived through yet.
std::optional<Bps> rate_at(const Usual& usual, WallTime at) {
  const std::uint8_t own = usual.rate.at(hour_of_week(at));
  const std::uint8_t best = own != 0 ? own : *std::max_element(usual.rate.begin(), usual.rate.end());
  return best == 0 ? std::nullopt : std::optional{from_log(best)};
}

std::string to_bytes(const Usual& usual) {
  std::string saved(1, kForm);
  saved.append(reinterpret_cast<const char*>(usual.rate.data()), usual.rate.size());
  for (const std::uint16_t number : {usual.hours_known, usual.targets, usual.mail_servers}) {
    saved.push_back(static_cast<char>(number >> 8U));
    saved.push_back(static_cast<char>(number & 0xFFU));
  }
  saved.push_back(static_cast<char>(usual.windows));
  return saved;
}

Expected<Usual, std::string> from_bytes(std::string_view saved) {
  if (saved.size() != kSavedBytes || saved.front() != kForm) {
    return Unexpected(std::string("not a saved baseline of this version: ") + std::to_string(saved.size()) + " bytes");
  }
  const auto byte = [&saved](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(saved[at])); };
  const auto number = [&byte](std::size_t at) { return static_cast<std::uint16_t>((byte(at) << 8U) | byte(at + 1)); };
  Usual usual;
  for (std::size_t i = 0; i < Usual::kHours; ++i) {
    usual.rate.at(i) = static_cast<std::uint8_t>(byte(1 + i));
  }
  constexpr std::size_t kNumbers = 1 + Usual::kHours;
  usual.hours_known = number(kNumbers);
  usual.targets = number(kNumbers + 2);
  usual.mail_servers = number(kNumbers + 4);
  usual.windows = static_cast<std::uint8_t>(byte(kNumbers + 6));
  if (usual.windows >= kWindowsAnHour) {
    return Unexpected(std::string("a saved baseline cannot have that many windows in its hour"));
  }
  return usual;
}

}  // namespace

void Baselines::learn(inventory::ServerIndex server, inventory::ServiceLevel level, const WindowOfPast& window) {
  auto& usual = x_servers[server.value];
  if (!usual) {
    usual = std::make_unique<Usual>();
  }
  learn_into(*usual, window);
  if (level.value < x_levels.size()) {
    learn_into(x_levels.at(level.value), window);
  }
}

std::optional<Baselines::UsualRate> Baselines::rate(inventory::ServerIndex server, inventory::ServiceLevel level, WallTime at,
                                                    std::uint32_t min_hours) const {
  const auto& own = x_servers[server.value];
  if (own && own->hours_known >= min_hours) {
    const auto rate = rate_at(*own, at);
    return rate ? std::optional{UsualRate{*rate, true}} : std::nullopt;
  }
  if (level.value >= x_levels.size() || x_levels.at(level.value).hours_known < min_hours) {
    return std::nullopt;
  }
  const auto rate = rate_at(x_levels.at(level.value), at);
  return rate ? std::optional{UsualRate{*rate, false}} : std::nullopt;
}

const Usual* Baselines::known(inventory::ServerIndex server) const {
  const auto& own = x_servers[server.value];
  return own && own->hours_known >= kHoursToKnow ? own.get() : nullptr;
}

std::optional<std::uint32_t> Baselines::targets(inventory::ServerIndex server) const {
  const Usual* own = known(server);
  return own != nullptr ? std::optional<std::uint32_t>{(own->targets + 4U) / 8U} : std::nullopt;
}

std::optional<std::uint32_t> Baselines::mail_servers(inventory::ServerIndex server) const {
  const Usual* own = known(server);
  return own != nullptr ? std::optional<std::uint32_t>{(own->mail_servers + 4U) / 8U} : std::nullopt;
}

void Baselines::reorder(const std::vector<std::uint32_t>& old_index) {
  std::vector<std::unique_ptr<Usual>> fresh(old_index.size());
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] != Accountant::kUnknown) {
      fresh[i] = std::move(x_servers[old_index[i]]);
    }
  }
  x_servers = std::move(fresh);
}

std::optional<std::string> Baselines::save(inventory::ServerIndex server) const {
  const auto& own = x_servers[server.value];
  return own ? std::optional{to_bytes(*own)} : std::nullopt;
}

Expected<void, std::string> Baselines::restore(inventory::ServerIndex server, std::string_view saved) {
  auto usual = from_bytes(saved);
  if (!usual) {
    return Unexpected(usual.error());
  }
  x_servers[server.value] = std::make_unique<Usual>(*usual);
  return {};
}

std::optional<std::string> Baselines::save_level(inventory::ServiceLevel level) const {
  const bool is_known = level.value < x_levels.size() && (x_levels.at(level.value).hours_known > 0 || x_levels.at(level.value).windows > 0);
  return is_known ? std::optional{to_bytes(x_levels.at(level.value))} : std::nullopt;
}

Expected<void, std::string> Baselines::restore_level(inventory::ServiceLevel level, std::string_view saved) {
  if (level.value >= x_levels.size()) {
    return Unexpected("there is no service level " + std::to_string(level.value));
  }
  auto usual = from_bytes(saved);
  if (!usual) {
    return Unexpected(usual.error());
  }
  x_levels.at(level.value) = *usual;
  return {};
}

}  // namespace pinfold::detect
