/// Reads files of a server that may be in hostile hands: nothing here blocks, follows the last symbolic link unless asked to, or reads without a
/// bound. Used by: every check of the audit. `root` is "" for this server, or the folder of a copy (tests, a mounted image). Bounds:  `most` bytes a
/// file, `most` names a folder; what is cut is said. Threads: any; no state. Errors:  a file that is absent, refused, a pipe, a device or a folder
/// reads as nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxListed = 20'000;          ///< names of one folder of settings or schedules
inline constexpr std::size_t kMaxSettingsBytes = 1 << 20;  ///< a configuration, a crontab, a startup file

struct FileFacts {
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< seconds since 1970
};

/// An open descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int fd = -1) : x_fd(fd) {}
  Descriptor(Descriptor&& other) noexcept : x_fd(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return x_fd; }
  [[nodiscard]] int release();
  explicit operator bool() const { return x_fd >= 0; }

private:
  int x_fd;
};

class HostFiles {
public:
  explicit HostFiles(std::string root = "") : x_root(std::move(root)) {}
  [[nodiscard]] const std::string& root() const { return x_root; }

  /// The first `most` bytes of a regular file; follows links (an administrator's are legitimate), never blocks.
  [[nodiscard]] std::optional<std::string> read(const std::string& path, std::size_t most = kMaxSettingsBytes) const;
  /// Names in a folder, sorted; without "." and "..".
  [[nodiscard]] std::vector<std::string> list(const std::string& folder) const;
  /// Of the thing itself, not of what a link points to.
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& path) const;
  [[nodiscard]] bool is_folder(const std::string& path) const;
  [[nodiscard]] bool exists(const std::string& path) const { return facts(path).has_value(); }

private:
  std::string x_root;
};

/// Opens a regular file below a folder without following a link and without waiting for a pipe; nullopt for anything else.
[[nodiscard]] std::optional<std::string> read_regular(int folder, const char* name, std::size_t most, bool* is_cut = nullptr);

}  // namespace pinfold::agent::audit
