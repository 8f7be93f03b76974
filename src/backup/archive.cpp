#include "backup/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pinfold::backup {
namespace {

constexpr std::size_t kBlockBytes = 256UL * 1024;

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view why) { throw BackupError(fmt::format("{}: {}", file.string(), why)); }

std::string_view reason_of(archive* a) {
  const char* text = archive_error_string(a);
  return text == nullptr ? std::string_view{"damaged"} : std::string_view{text};
}

}  // namespace

void ArchiveWriter::Close::operator()(archive* a) const { archive_write_free(a); }
void ArchiveReader::Close::operator()(archive* a) const { archive_read_free(a); }

ArchiveWriter::ArchiveWriter(const std::filesystem::path& file) : x_file(file), x_archive(archive_write_new()) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (fd < 0) {
    refuse(file, std::generic_category().message(errno));
  }
  ::close(fd);  // libarchive opens it by name; the file is ours now
  check(archive_write_set_format_pax_restricted(x_archive.get()));
  check(archive_write_add_filter_zstd(x_archive.get()));
  check(archive_write_open_filename(x_archive.get(), file.c_str()));
}

void ArchiveWriter::check(int status) {
  if (status != ARCHIVE_OK) {
    refuse(x_file, reason_of(x_archive.get()));
  }
}

void ArchiveWriter::add(const std::string& name, std::uint64_t size, WallTime modified, const std::function<std::size_t(std::span<char>)>& read) {
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), S_IRUSR | S_IWUSR);
  archive_entry_set_mtime(entry.get(), std::chrono::duration_cast<Seconds>(modified.since_epoch).count(), 0);
  check(archive_write_header(x_archive.get(), entry.get()));
  std::vector<char> block(kBlockBytes);
  std::uint64_t written = 0;
  while (const std::size_t got = read(block)) {
    written += got;
    // libarchive silently drops what goes beyond the announced size.
    if (written > size || archive_write_data(x_archive.get(), block.data(), got) != static_cast<la_ssize_t>(got)) {
      refuse(x_file, written > size ? name + " grew while it was read" : std::string(reason_of(x_archive.get())));
    }
  }
  if (written != size) {
    refuse(x_file, name + " shrank while it was read");
  }
}

void ArchiveWriter::close() {
  check(archive_write_close(x_archive.get()));
  const int fd = ::open(x_file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) {
    ::close(fd);
  }
  if (!synced) {
    refuse(x_file, std::generic_category().message(error));
  }
}

ArchiveReader::ArchiveReader(const std::filesystem::path& file) : x_file(file), x_archive(archive_read_new()) {
  archive_read_support_format_tar(x_archive.get());
  archive_read_support_filter_zstd(x_archive.get());
  if (archive_read_open_filename(x_archive.get(), file.c_str(), kBlockBytes) != ARCHIVE_OK) {
    fail();
  }
}

void ArchiveReader::fail() const { refuse(x_file, fmt::format("is no backup that can be read: {}", reason_of(x_archive.get()))); }

std::optional<ArchiveEntry> ArchiveReader::next() {
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(x_archive.get(), &entry);
  if (status == ARCHIVE_EOF) {
    return std::nullopt;
  }
  if (status != ARCHIVE_OK) {
    fail();
  }
  const char* name = archive_entry_pathname(entry);
  const la_int64_t size = archive_entry_size(entry);
  return ArchiveEntry{name == nullptr ? "" : name, archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr && size >= 0,
                      static_cast<std::uint64_t>(std::max<la_int64_t>(size, 0))};
}

std::span<const char> ArchiveReader::block(std::span<char> room) {
  const la_ssize_t got = archive_read_data(x_archive.get(), room.data(), room.size());
  if (got < 0) {
    fail();
  }
  return room.first(static_cast<std::size_t>(got));
}

}  // namespace pinfold::backup
