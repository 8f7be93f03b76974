/// Parser definitions: one-sender formats as data, so that an operator adds one without a build. docs/manual/reports.md describes every key.
/// Used by: parse_report, and `pinfold reports check` (samples).
/// Files:   *.toml in the given folders; a later folder's definition replaces an earlier one of the same name.
/// Safety:  regular expressions are RE2's (linear in the text, kMaxPatternMemory each); texts, events and patterns are bounded, so that neither a
///          definition nor a mail can make the other slow. Definitions are the operator's and are read before the child seals itself.
/// Errors:  loading says file, key and what is wrong; one faulty file refuses the start rather than a format being silently missing.
/// Threads: const after loading.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "report/input.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxDefinitions = 500;
inline constexpr std::size_t kMaxDefinitionFile = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxPattern = 2000;                                  ///< bytes
inline constexpr std::int64_t kMaxPatternMemory = std::int64_t{4} * 1024 * 1024;  ///< of one compiled pattern

struct DefinitionSample {
  struct Expectation {
    std::string address;  ///< or host
    std::string first;    ///< RFC 3339, UTC; empty: the mail's own date stands in
    std::string abuse_class;
  };
  std::filesystem::path file;
  std::vector<Expectation> expect;  ///< all of them, in order
};

class Definition;

class Definitions {
public:
  Definitions();
  Definitions(Definitions&&) noexcept;
  Definitions& operator=(Definitions&&) noexcept;
  ~Definitions();

  [[nodiscard]] static Expected<Definitions, std::string> load(const std::vector<std::filesystem::path>& folders);

  struct Listed {
    std::string name;
    std::string title;
    std::vector<DefinitionSample> samples;
  };
  [[nodiscard]] std::vector<Listed> list() const;

  /// The first whose conditions all hold; nullptr if none.
  [[nodiscard]] const Definition* match(const Input& input) const;
  /// What the definition's own patterns find; true when they found a statement.
  [[nodiscard]] static bool read(const Definition& definition, const Input& input, Report& report);
  /// Gives a report in a standard format the definition's name and classes.
  static void refine(const Definition& definition, Report& report);

private:
  std::vector<std::unique_ptr<Definition>> x_definitions;
};

}  // namespace pinfold::report
