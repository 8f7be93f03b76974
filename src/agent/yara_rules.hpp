/// Judges a script or program by YARA rules: Pinfold's own (rules/yara, compiled into the program) and the operator's folders.
/// Used by: the audit (files of an ordered tree), the agent's loop (what was run out of a temporary folder).
/// Own rules carry four lines of `meta`:
///   family    web_shell | hidden_code | dropper | back_door | irc_bot | flooder | scanner | mailer | miner
///   says      what the thing does, for people: "runs code or commands that a visitor sends"
///   severity  high | medium
///   gate      words, blanks between them, of which a file must hold one for the rule to match (word_gate.hpp). There may be several such lines.
///             Most files are so never shown to YARA. A rule without a gate is asked about every file.
/// An operator's rule has no gate and is asked about every text; its `family`, `says` and `severity` are used where it has them.
/// Cost:    own rules 2 ns a byte plus 100 ns a byte of what a gate lets through (1 in 15 of Debian's PHP files). Memory 4 MB.
/// Bounds:  the caller limits the text; kMaxRuleFiles files of kMaxRuleFileBytes; `seconds` a text (kScanSeconds), then it is left without an answer.
///          kMaxMatches matches a text.
/// Security: no `include` in an operator's file; the text is never executed, opened or mapped: it is a buffer.
/// Errors:  an operator's file that does not compile is left out and named in problems(); own rules that do not are a bug and abort.
/// Threads: create() once; scan() from any. Source: YARA 4.2 C API.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "agent/word_gate.hpp"

struct YR_RULES;

namespace pinfold::agent {

inline constexpr std::size_t kMaxRuleFiles = 1000;
inline constexpr std::size_t kMaxRuleFileBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxMatches = 16;
inline constexpr int kScanSeconds = 10;

struct RuleMatch {
  std::string rule;
  std::string family;  ///< "web_shell"; "operator" for an operator's rule that names none
  std::string says;
  abuse::Severity severity = abuse::Severity::High;
  bool is_own = true;
};

class YaraRules {
public:
  /// Own rules and every *.yar and *.yara below the folders. A scan that takes longer than `seconds` is given up.
  [[nodiscard]] static std::unique_ptr<YaraRules> create(const std::vector<std::filesystem::path>& operator_folders = {}, int seconds = kScanSeconds);
  YaraRules(const YaraRules&) = delete;
  YaraRules& operator=(const YaraRules&) = delete;
  ~YaraRules();

  /// What matches, the worst first. Empty: nothing does, or nothing was found in time (see timeouts()).
  [[nodiscard]] std::vector<RuleMatch> scan(std::string_view text) const;
  /// The same without asking the gates: what the gates are measured against.
  [[nodiscard]] std::vector<RuleMatch> scan_all(std::string_view text) const;

  /// The own rules that might match it: for finding out which gate is too wide.
  [[nodiscard]] std::vector<std::string> open_gates(std::string_view text) const;

  [[nodiscard]] const std::vector<std::string>& problems() const { return x_problems; }
  [[nodiscard]] std::size_t own_rules() const { return x_own_rules.size(); }
  [[nodiscard]] std::size_t operator_rules() const { return x_operator_rules; }
  [[nodiscard]] std::uint64_t timeouts() const { return x_timeouts; }
  /// Of all scans, those that YARA was asked about.
  [[nodiscard]] std::uint64_t scanned() const { return x_scanned; }

private:
  YaraRules() = default;
  void load_own();
  void load_folder(const std::filesystem::path& folder, std::vector<std::string>& texts);
  void ask(YR_RULES* rules, std::string_view text, std::vector<RuleMatch>& matches) const;
  [[nodiscard]] std::vector<RuleMatch> matches_of(std::string_view text, bool own) const;

  YR_RULES* x_own = nullptr;
  YR_RULES* x_operator = nullptr;
  std::unique_ptr<WordGate> x_gate;
  std::vector<std::string> x_problems;
  std::vector<std::string> x_own_rules;  ///< their names, in the order of the gates
  std::size_t x_operator_rules = 0;
  int x_seconds = kScanSeconds;
  mutable std::atomic<std::uint64_t> x_timeouts = 0;
  mutable std::atomic<std::uint64_t> x_scanned = 0;
};

}  // namespace pinfold::agent
