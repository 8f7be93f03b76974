/// What is known of releases (rules/php-apps/releases.tsv and platforms.tsv), and what that says of an installed version.
/// Used by: the audit, for applications, PHP itself and the operating system.
/// Pure: today's date is handed in, as "2026-11-26".
/// Versions: compared number by number; "1.8.9" < "1.8.10", "4.4" < "4.4.1", "3.0rc1" < "3.0", "1.5.8" < "1.5.8a".
/// Errors:  parse() names the line. Threads: const after parsing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/report.hpp"
#include "base/expected.hpp"

namespace pinfold::agent::audit {

/// <0, 0, >0 as a is older than, like or newer than b.
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

class Releases {
public:
  [[nodiscard]] static Expected<Releases, std::string> parse(std::string_view text);
  [[nodiscard]] static const Releases& own();

  struct Judgement {
    Application::State state = Application::State::Unknown;
    std::string because;
  };
  [[nodiscard]] Judgement judge(std::string_view app, std::string_view version, std::string_view today) const;
  [[nodiscard]] bool knows(std::string_view app) const { return x_branches.find(app) != x_branches.end(); }

private:
  struct Branch {
    std::string branch;  ///< "6.4"; "*" for the whole application
    std::string safe;
    std::string latest;
    std::string over;  ///< a date, or "yes"
    std::string advisory;
  };
  std::map<std::string, std::vector<Branch>, std::less<>> x_branches;
};

/// When whoever makes an operating system or PHP stops to repair it.
class Platforms {
public:
  [[nodiscard]] static Expected<Platforms, std::string> parse(std::string_view text);
  [[nodiscard]] static const Platforms& own();
  /// The date (or "yes") if it is over by today; nullopt: not over, or not known. `version` may be longer than the table's ("7.9").
  [[nodiscard]] std::optional<std::string> over(std::string_view id, std::string_view version, std::string_view today) const;

private:
  std::map<std::pair<std::string, std::string>, std::string> x_over;
};

}  // namespace pinfold::agent::audit
