/// What is usual for each server, learned from its own past: the outbound rate at each hour of the week, how many hosts it contacts a minute, to how
/// many mail servers it delivers. New servers are compared with others of their service level.
/// Rates are kept as logarithms in eighths of a power of two: one byte an hour of the week (9 % steps), 1 bit/s to 4 Gbit/s and beyond.
/// Learning: an eighth of the way to each new value; down as fast as up. The owner does not call `learn` while an incident of the server runs, so
///          abuse does not become usual; a burst counts at most double.
/// Memory:  176 bytes a server that was ever active. Persistable: `save` and `restore`, by server id, so a restart forgets nothing.
/// Errors:  restore refuses what is not of this form and says why; nothing is half restored.
/// Clock:   event times, UTC hours from Monday. Threads: none.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "base/units.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

struct Usual {
  static constexpr std::size_t kHours = 168;
  std::array<std::uint8_t, kHours> rate{};  ///< log2(bit/s) in eighths, 0 = not known
  std::uint16_t hours_known = 0;            ///< saturating; ten-minute windows learned, in hours
  std::uint8_t windows = 0;                 ///< of the running hour
  std::uint16_t targets = 0;                ///< contacted a minute, in eighths
  std::uint16_t mail_servers = 0;           ///< in ten minutes, in eighths
};

/// One ten-minute window of one server.
struct WindowOfPast {
  WallTime start;
  Bps rate;
  std::uint64_t targets = 0;
  std::uint64_t mail_servers = 0;
};

class Baselines {
public:
  static constexpr std::size_t kLevels = 6;  ///< of service, 0 unused
  /// After so many hours a server's habits count as known.
  static constexpr std::uint16_t kHoursToKnow = 24;

  explicit Baselines(std::size_t servers) : x_servers(servers) {}

  void learn(inventory::ServerIndex server, inventory::ServiceLevel level, const WindowOfPast& window);

  struct UsualRate {
    Bps rate;
    bool is_own = false;  ///< else its service level's
  };
  [[nodiscard]] std::optional<UsualRate> rate(inventory::ServerIndex server, inventory::ServiceLevel level, WallTime at,
                                              std::uint32_t min_hours) const;
  [[nodiscard]] std::optional<std::uint32_t> targets(inventory::ServerIndex server) const;       ///< a minute
  [[nodiscard]] std::optional<std::uint32_t> mail_servers(inventory::ServerIndex server) const;  ///< in ten minutes

  void reorder(const std::vector<std::uint32_t>& old_index);

  /// Opaque bytes; fewer than kMaxSaved.
  static constexpr std::size_t kMaxSaved = 256;
  [[nodiscard]] std::optional<std::string> save(inventory::ServerIndex server) const;
  [[nodiscard]] Expected<void, std::string> restore(inventory::ServerIndex server, std::string_view saved);
  /// The same for what servers of a service level have in common: what a new server is compared with.
  [[nodiscard]] std::optional<std::string> save_level(inventory::ServiceLevel level) const;
  [[nodiscard]] Expected<void, std::string> restore_level(inventory::ServiceLevel level, std::string_view saved);

private:
  [[nodiscard]] const Usual* known(inventory::ServerIndex server) const;

  std::vector<std::unique_ptr<Usual>> x_servers;
  std::array<Usual, kLevels> x_levels;  ///< by service level
};

}  // namespace pinfold::detect
