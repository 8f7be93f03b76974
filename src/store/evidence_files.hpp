/// Evidence as files named by their SHA-256: DIRECTORY/ab/abcdef…; raw mails, kept scripts.
/// Used by: engine and mail, through records::EvidenceStore.
/// Inert:   mode 0600 in directories of mode 0700; never executable.
/// Durable: a file is written beside its place, synced, renamed, and its directory synced, before put returns. A crash leaves at most a
///          ".new-…" file, which nothing reads.
/// Swept:   a piece's time of change is when it was last put; put and sweep exclude each other by a lock on the directory (flock), piece by piece.
/// Bounds:  kMaxEvidenceBytes a piece. Errors: StoreError (disk, or a file that is not what its name says).
/// Threads: any; several processes.
#pragma once

#include <filesystem>

#include "records/store.hpp"

namespace pinfold::store {

inline constexpr std::size_t kMaxEvidenceBytes = std::size_t{64} * 1024 * 1024;

class FileEvidenceStore final : public records::EvidenceStore {
public:
  /// Makes the directory if it is not there; its parent must be.
  explicit FileEvidenceStore(std::filesystem::path directory);

  [[nodiscard]] std::string put(std::string_view bytes) override;
  /// nullopt: no such piece, or not a SHA-256 at all.
  [[nodiscard]] std::optional<std::string> get(std::string_view sha256) const override;
  Swept sweep(WallTime put_before, const std::function<bool(std::string_view sha256)>& is_named, bool is_trial) override;
  void remove(std::string_view sha256) override;

private:
  [[nodiscard]] std::filesystem::path folder_of(std::string_view sha256) const { return x_directory / std::string(sha256.substr(0, 2)); }

  std::filesystem::path x_directory;
};

}  // namespace pinfold::store
