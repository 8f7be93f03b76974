/// What an audit says: findings, installed applications, plain facts, and what was left out. Made by the checks, printed by report_json (machines)
/// and report_text (people), read again by the desk (`pinfold audit run`).
///   {"type":"finding","kind":"runs_from_tmp","severity":"high","subject":"…","what":"…","why":"…","first":"…","step":"remove","evidence":{…}}
///   {"type":"application","app":"WordPress","version":"4.7.1","path":"…","state":"vulnerable","since":"…"}
///   {"type":"fact","kind":"listens","subject":"…","what":"…"}        {"type":"left_out","what":"files larger than 2 MiB","count":3}
///   {"type":"summary","order":"T-7","paths":[…],"findings":4,…}       the last line; without it the report is cut
/// Severity info is advice: it does not make the answer "no".
/// Bounds:  kMaxItems items of each type; what is beyond is counted. Texts from outside are `printable`, kMaxText bytes.
/// Threads: none; the audit adds from one thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/abuse_class.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxItems = 5000;
inline constexpr std::size_t kMaxText = 400;

/// What a kind of finding means; one row a kind (finding_kinds.cpp), so that the report, the manual and the plan say the same.
struct FindingKind {
  std::string_view name;
  std::string_view title;  ///< heading for people
  std::string_view why;    ///< why it matters
  std::string_view first;  ///< what to do first
  std::string_view step;   ///< of a remediation plan: "update", "remove" or "change"
};
/// Aborts when there is none: a finding without words is a bug.
[[nodiscard]] const FindingKind& finding_kind(std::string_view name);
[[nodiscard]] const std::vector<FindingKind>& finding_kinds();

struct Finding {
  std::string kind;
  abuse::Severity severity = abuse::Severity::Medium;
  std::string subject;  ///< a path, a process, a setting
  std::string what;
  std::map<std::string, std::string> evidence{};
};

/// An installed application and what is known of its version.
struct Application {
  enum class State : std::uint8_t { Current, Unknown, Outdated, EndOfLife, Vulnerable, Distribution };
  std::string app;
  std::string kind;     ///< "forum"
  std::string version;  ///< empty: it does not say
  std::string path;
  State state = State::Unknown;
  std::string because;  ///< "2.0.19 closes CVE-…", "no longer maintained since 2009-01-01"
  std::string package;  ///< of the distribution, that owns the file which names the version
};
[[nodiscard]] std::string_view to_string(Application::State state);  ///< "end_of_life"

struct Fact {
  std::string kind;
  std::string subject;
  std::string what;
};

struct Report {
  std::string order;
  std::vector<std::string> paths;
  std::string hostname;
  std::string started;  ///< RFC 3339
  double seconds = 0;
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t scripts = 0;  ///< judged by the rules
  std::vector<Finding> findings;
  std::vector<Application> applications;
  std::vector<Fact> facts;
  std::map<std::string, std::uint64_t> left_out;  ///< "files larger than 2 MiB, read in part" → how many

  void add(Finding finding);
  void add(Application application);
  void add(Fact fact);
  void leave_out(std::string_view what, std::uint64_t count = 1);
  /// Findings that count: not advice.
  [[nodiscard]] std::size_t counted() const;
  /// Worst first, then by kind and subject: the same server gives the same report.
  void sort();
};

/// Every line ends in \n.
[[nodiscard]] std::string to_json_lines(const Report& report);
[[nodiscard]] std::string to_people_text(const Report& report);

}  // namespace pinfold::agent::audit
