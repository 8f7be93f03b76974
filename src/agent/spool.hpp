/// What is waiting to be told to the desk, on disk: every finding and its evidence is here, synced, before anything is sent, and stays
/// until the desk has acknowledged it. A restart carries on from the files.
/// Layout:  DIR/findings/NNNN.json (in order), DIR/evidence/SHA256, DIR/refused/ (what the desk will never take, for a human).
/// Bounds:  kMaxFindings files, kMaxBytes of evidence. What no longer fits is lost and counted, never silently: evidence first, since a
///          finding without its file still accuses; then findings, the newest, since the first of a flood tell most.
/// Crash:   written aside, fsync, rename, fsync of the folder; a half-written file is removed at the next start.
/// Threads: any; one lock, held over the disk writes (the callers are the agent's two slow paths).
/// Errors:  a folder that cannot be made or written is a broken environment: open() says why. Later failures count as lost.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/finding.hpp"
#include "base/expected.hpp"
#include "base/lock_guarded.hpp"

namespace pinfold::agent {

class Spool {
public:
  struct Limits {
    std::size_t findings = 1000;
    std::uint64_t evidence_bytes = std::uint64_t{64} << 20U;
    std::size_t refused = 100;
  };
  struct Item {
    std::string name;  ///< of the file; what remove() wants
    abuse::Finding finding;
  };
  enum class Kept : std::uint8_t { Whole, WithoutEvidence, Lost };

  [[nodiscard]] static Expected<std::unique_ptr<Spool>, std::string> open(const std::filesystem::path& folder, Limits limits);
  Spool(std::filesystem::path folder, Limits limits) : x_folder(std::move(folder)), x_limits(limits) {}

  /// `content` is the finding's first evidence file; empty if it has none.
  [[nodiscard]] Kept add(abuse::Finding finding, std::string_view content);
  /// The oldest findings, at most `count`; what cannot be read is set aside among the refused.
  [[nodiscard]] std::vector<Item> oldest(std::size_t count);
  [[nodiscard]] std::optional<std::string> evidence(const std::string& sha256) const;
  void remove_evidence(const std::string& sha256);
  void remove(const std::string& name);
  /// Out of the way, but not destroyed.
  void set_aside(const std::string& name);

  [[nodiscard]] std::size_t waiting() const;
  /// Findings lost, and findings that lost their evidence, since the folder was made: kept over restarts.
  [[nodiscard]] std::uint64_t lost() const;

private:
  struct State {
    std::vector<std::string> names;  ///< of the findings, sorted: oldest first
    std::uint64_t next = 1;
    std::uint64_t evidence_bytes = 0;
    std::uint64_t lost = 0;
  };
  [[nodiscard]] std::optional<std::string> recover(State& state);
  void count_loss(State& state) const;

  std::filesystem::path x_folder;
  Limits x_limits;
  LockGuarded<State> x_state;
};

/// Writes a whole file so that a crash leaves the old one or the new one. False if the disk refused; errno says why.
[[nodiscard]] bool write_durably(const std::filesystem::path& path, std::string_view bytes, unsigned mode);
/// The same without waiting for the disk: readers see the old file or the new one, a power cut may leave either or none.
[[nodiscard]] bool replace_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace pinfold::agent
