#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "backup/archive.hpp"
#include "backup/backup.hpp"
#include "backup/file_bytes.hpp"
#include "backup/manifest.hpp"
#include "store/evidence_files.hpp"
#include "store/snapshot.hpp"

namespace pinfold::backup {
namespace {

/// A file that is gone again at the end of the scope, unless it was renamed meanwhile.
struct Passing {
  std::filesystem::path path;
  explicit Passing(std::filesystem::path file) : path(std::move(file)) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);  // left by a backup that was killed
  }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  ~Passing() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

std::filesystem::path beside(const std::filesystem::path& file, std::string_view ending) { return file.string() + std::string(ending); }

void add_file(ArchiveWriter& archive, const std::string& name, const std::filesystem::path& file, WallTime now, const Progress& progress) {
  const std::uint64_t size = std::filesystem::file_size(file);
  PlainFile from(file, PlainFile::Use::Read);
  std::uint64_t done = 0;
  archive.add(name, size, now, [&](std::span<char> block) {
    const std::size_t got = from.read(block);
    progress(name, done += got, size);
    return got;
  });
}

/// Snapshot, hash, archive: one database.
std::string add_database(ArchiveWriter& archive, const std::string& name, const std::filesystem::path& snapshot, WallTime now,
                         const Progress& progress) {
  std::string hash = sha256_of_file(snapshot);
  add_file(archive, name, snapshot, now, progress);
  return hash;
}

std::vector<std::string> pieces_of(const std::filesystem::path& evidence) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(evidence)) {
    return names;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(evidence)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.starts_with('.')) {  // ".new-…": being written
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::uint64_t add_evidence(ArchiveWriter& archive, const std::filesystem::path& folder, WallTime now, const Progress& progress) {
  const std::vector<std::string> names = pieces_of(folder);
  if (names.empty()) {
    return 0;
  }
  const store::FileEvidenceStore evidence(folder);
  std::uint64_t done = 0;
  for (const std::string& name : names) {
    const auto bytes = evidence.get(name);  // checks it against its name
    if (!bytes) {
      continue;  // erased by the rule of retention while we were reading
    }
    std::string_view left = *bytes;
    archive.add(fmt::format("evidence/{}/{}", name.substr(0, 2), name), bytes->size(), now, [&](std::span<char> block) {
      const std::size_t got = left.copy(block.data(), block.size());
      left.remove_prefix(got);
      return got;
    });
    progress("evidence", ++done, names.size());
  }
  return done;
}

void add_manifest(ArchiveWriter& archive, const Manifest& manifest) {
  const std::string text = to_json(manifest);
  std::string_view left = text;
  archive.add("manifest.json", text.size(), manifest.made, [&](std::span<char> block) {
    const std::size_t got = left.copy(block.data(), block.size());
    left.remove_prefix(got);
    return got;
  });
}

Manifest write_parts(const Places& from, const std::filesystem::path& part, const std::filesystem::path& file, Manifest manifest,
                     const Progress& progress) {
  const Passing database(beside(file, ".database"));
  const Passing history(beside(file, ".history"));
  ArchiveWriter archive(part);
  progress("snapshot of the database", 0, 0);
  store::snapshot_sqlite(from.database, database.path);
  const store::ChainHead head = store::chain_head_of(database.path);
  manifest.chain_length = head.length;
  manifest.chain_head = head.hash;
  manifest.database_sha256 = add_database(archive, "pinfold.sqlite", database.path, manifest.made, progress);
  if (std::filesystem::exists(from.history)) {
    progress("snapshot of the traffic history", 0, 0);
    store::snapshot_sqlite(from.history, history.path);
    manifest.history_sha256 = add_database(archive, "history.sqlite", history.path, manifest.made, progress);
  }
  manifest.evidence = add_evidence(archive, from.evidence, manifest.made, progress);
  add_manifest(archive, manifest);
  archive.close();
  return manifest;
}

}  // namespace

Manifest write(const Places& from, const std::filesystem::path& file, std::string_view version, WallTime now, const Progress& progress) {
  try {
    if (std::filesystem::exists(std::filesystem::symlink_status(file))) {
      throw BackupError(file.string() + ": is there already; a backup never replaces another");
    }
    const Passing part(beside(file, ".part"));
    Manifest manifest;
    manifest.version = version;
    manifest.made = now;
    manifest = write_parts(from, part.path, file, std::move(manifest), progress);
    std::filesystem::rename(part.path, file);
    sync_folder(file.has_parent_path() ? file.parent_path() : ".");
    return manifest;
  } catch (const records::StoreError& error) {
    throw BackupError(error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    throw BackupError(error.what());
  }
}

}  // namespace pinfold::backup
