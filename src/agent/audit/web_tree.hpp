/// Walks the folders of an ordered audit and looks at what lies there: applications and their versions, malicious scripts, rights that let anybody
/// write, code in upload folders, secrets left behind. Used by: the audit, only with an order that names the folders (the rule of content). Security:
/// what lies there is hostile and may change while it is read. Every step is openat(O_NOFOLLOW) from the folder before, so a link put in the way
///          leads nowhere; pipes and devices are never opened; the kernel's own file systems (/proc, /sys) are not entered. Content leaves only as a
///          rule's name, a SHA-256 and a version.
/// Cost:    one system call a name, three more a file that is read; 5 µs and 2 ns a byte a script. Two threads: 22,000 PHP files (154 MB) in under 2
/// s. Bounds:  below, each with the count of what was left out. Memory: kMaxPending folders' names and one file a thread. Threads: its own `threads`;
/// progress() from any. Clock: never read.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/audit/php/application_rules.hpp"
#include "agent/yara_rules.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxDepth = 60;
inline constexpr std::size_t kMaxEntries = 20'000'000;
inline constexpr std::size_t kMaxPending = 500'000;
inline constexpr std::size_t kMaxScriptBytes = std::size_t{2} << 20U;
inline constexpr std::size_t kMaxPictureBytes = std::size_t{64} << 10U;  ///< pictures larger than this are not looked into
inline constexpr std::size_t kMaxHits = 10'000;                          ///< of each kind
inline constexpr unsigned kMaxThreads = 16;

struct ScriptHit {
  std::string path;
  std::vector<RuleMatch> matches;
  std::string sha256;
  std::string md5;  ///< for comparing with what a package says
  std::uint32_t uid = 0;
  std::int64_t modified = 0;
};
struct FoundApplication {
  std::string app;
  std::string kind;
  std::string version;
  std::string home;
  std::string marked_by;  ///< the file that names the version
  std::string md5;        ///< of that file
  unsigned rank = 0;
};
struct FoundPath {
  std::string path;
  std::string what;
};

struct TreeResult {
  std::vector<ScriptHit> scripts;
  std::vector<FoundApplication> applications;  ///< one for each place and application
  std::vector<FoundPath> writable;             ///< folders and scripts that everybody may write to
  std::vector<FoundPath> uploads;              ///< code in upload folders
  std::vector<FoundPath> left_behind;
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t judged = 0;
  std::map<std::string, std::uint64_t> left_out;
};

class TreeProgress {
public:
  /// How far the walk is, of kWhole. Each folder's part is shared out among the folders in it, so that it only grows, and ends at the whole.
  static constexpr std::uint64_t kWhole = std::uint64_t{1} << 40U;
  std::atomic<std::uint64_t> done = 0;
  std::atomic<std::uint64_t> directories = 0;
  std::atomic<std::uint64_t> files = 0;
  std::atomic<bool> stop = false;  ///< set by a signal: what was found so far is reported
};

/// `folders` are absolute. `rules` may be nullptr: nothing is judged then.
[[nodiscard]] TreeResult walk_tree(const std::vector<std::string>& folders, const YaraRules* rules, const ApplicationRules& applications,
                                   unsigned threads, TreeProgress& progress);

/// How a name is treated. Pure.
enum class FileUse : std::uint8_t { Nothing, Script, Picture };
[[nodiscard]] FileUse use_of(std::string_view name);
/// "wp-config.php.bak", "dump.sql", ".env": what it is; empty: nothing of the kind.
[[nodiscard]] std::string_view secret_of(std::string_view name);

}  // namespace pinfold::agent::audit
