/// The tar file of a backup, entry by entry: libarchive with errors that name the file. Private to this folder.
/// Errors: BackupError. Threads: none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "backup/backup.hpp"

struct archive;

namespace pinfold::backup {

/// Compressed with zstd, mode 0600, refused when the file exists.
class ArchiveWriter {
public:
  explicit ArchiveWriter(const std::filesystem::path& file);
  /// A plain file of mode 0600 and exactly `size` bytes; `read` fills a block and says how much came (0: no more).
  void add(const std::string& name, std::uint64_t size, WallTime modified, const std::function<std::size_t(std::span<char>)>& read);
  /// Writes the end and syncs. Without it the file is cut off.
  void close();

private:
  void check(int status);
  struct Close {
    void operator()(archive* a) const;
  };
  std::filesystem::path x_file;
  std::unique_ptr<archive, Close> x_archive;
};

struct ArchiveEntry {
  std::string name;
  bool is_file = false;  ///< plain, not a link or a device
  std::uint64_t size = 0;
};

class ArchiveReader {
public:
  explicit ArchiveReader(const std::filesystem::path& file);
  /// The next entry, or nullopt at the end of the archive.
  [[nodiscard]] std::optional<ArchiveEntry> next();
  /// A block of the present entry's content; empty at its end.
  [[nodiscard]] std::span<const char> block(std::span<char> room);

private:
  [[noreturn]] void fail() const;
  struct Close {
    void operator()(archive* a) const;
  };
  std::filesystem::path x_file;
  std::unique_ptr<archive, Close> x_archive;
};

}  // namespace pinfold::backup
