/// What backup and restore both need of plain files. Private to this folder. Errors: BackupError, naming the file. Threads: none.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace pinfold::backup {

/// Lower-case hex. Reads through a memory map, so it takes no memory of the file's size.
[[nodiscard]] std::string sha256_of_file(const std::filesystem::path& file);

/// A file that is read from its beginning, or written anew (refused when it exists; mode 0600).
class PlainFile {
public:
  enum class Use : std::uint8_t { Read, WriteNew };
  PlainFile(std::filesystem::path file, Use use);
  [[nodiscard]] std::size_t read(std::span<char> block);
  void write(std::span<const char> bytes);
  void sync();

private:
  struct Close {
    void operator()(std::FILE* f) const { static_cast<void>(std::fclose(f)); }
  };
  [[noreturn]] void fail() const;
  std::filesystem::path x_path;
  std::unique_ptr<std::FILE, Close> x_file;
};

/// Makes names that were given in this folder durable.
void sync_folder(const std::filesystem::path& folder);

}  // namespace pinfold::backup
