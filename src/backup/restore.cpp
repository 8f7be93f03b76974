#include <fmt/format.h>

#include <array>
#include <system_error>

#include "backup/archive.hpp"
#include "backup/backup.hpp"
#include "backup/file_bytes.hpp"
#include "backup/manifest.hpp"
#include "base/text.hpp"
#include "store/evidence_files.hpp"
#include "store/snapshot.hpp"
#include "store/store.hpp"

namespace pinfold::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEvidencePrefix = "evidence/";
constexpr std::size_t kHexDigits = 64;

/// Everything is made here first, beside where it belongs, and removed again unless it was renamed.
class Staging {
public:
  explicit Staging(const fs::path& beside) : x_folder(beside / ".restoring") {
    std::error_code ignored;
    fs::remove_all(x_folder, ignored);  // left by a restore that was killed
    fs::create_directory(x_folder);
    fs::permissions(x_folder, fs::perms::owner_all);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(x_folder, ignored);
  }
  [[nodiscard]] fs::path database() const { return x_folder / "pinfold.sqlite"; }
  [[nodiscard]] fs::path history() const { return x_folder / "history.sqlite"; }
  [[nodiscard]] fs::path evidence() const { return x_folder / "evidence"; }

private:
  fs::path x_folder;
};

void refuse_occupied(const Places& to) {
  for (const fs::path& place : {to.database, to.history, to.evidence}) {
    if (fs::exists(fs::symlink_status(place))) {
      throw BackupError(fmt::format("{}: is there already; a restore never writes over a desk. Move it away first", place.string()));
    }
  }
}

/// The hash of "evidence/ab/abcdef…", or empty when the name is not of that form.
std::string_view piece_named(std::string_view name) {
  if (!name.starts_with(kEvidencePrefix)) {
    return {};
  }
  name.remove_prefix(kEvidencePrefix.size());
  const bool formed = name.size() == 3 + kHexDigits && name[2] == '/' && name.substr(0, 2) == name.substr(3, 2);
  return formed ? name.substr(3) : std::string_view{};
}

/// Takes the entries of an archive into the staging folder, and only those that a backup has.
class Unpacking {
public:
  Unpacking(const fs::path& file, const Staging& staging, const Progress& progress)
      : x_reader(file), x_staging(staging), x_progress(progress), x_evidence(staging.evidence()) {}

  /// The manifest, which stands last.
  [[nodiscard]] Manifest run() {
    std::optional<Manifest> manifest;
    while (const auto entry = x_reader.next()) {
      if (manifest) {
        throw BackupError(printable(entry->name, 80) + " stands behind the manifest");
      }
      if (!entry->is_file) {
        throw BackupError(printable(entry->name, 80) + " is no plain file");
      }
      if (entry->name == "manifest.json") {
        manifest = parse_manifest(text(*entry, kMaxManifestBytes));
      } else {
        take(*entry);
      }
    }
    if (!manifest) {
      throw BackupError("has no manifest: the backup was cut off");
    }
    return *manifest;
  }
  [[nodiscard]] std::uint64_t pieces() const { return x_pieces; }

private:
  void take(const ArchiveEntry& entry) {
    if (entry.name == "pinfold.sqlite") {
      copy(entry, x_staging.database());
    } else if (entry.name == "history.sqlite") {
      copy(entry, x_staging.history());
    } else if (const std::string_view hash = piece_named(entry.name); !hash.empty()) {
      if (x_evidence.put(text(entry, store::kMaxEvidenceBytes)) != hash) {
        throw BackupError(printable(entry.name, 80) + " is damaged: its content does not match its name");
      }
      x_progress("evidence", ++x_pieces, 0);
    } else {
      throw BackupError(printable(entry.name, 80) + " is nothing that a backup has");
    }
  }

  void copy(const ArchiveEntry& entry, const fs::path& to) {
    if (entry.size > kMaxDatabaseBytes) {
      throw BackupError(fmt::format("{}: {} bytes are more than a database has", entry.name, entry.size));
    }
    PlainFile file(to, PlainFile::Use::WriteNew);
    std::uint64_t done = 0;
    for (std::span<const char> block = x_reader.block(x_room); !block.empty(); block = x_reader.block(x_room)) {
      file.write(block);
      x_progress(entry.name, done += block.size(), entry.size);
    }
    file.sync();
  }

  [[nodiscard]] std::string text(const ArchiveEntry& entry, std::size_t most) {
    std::string all;
    for (std::span<const char> block = x_reader.block(x_room); !block.empty(); block = x_reader.block(x_room)) {
      if (all.size() + block.size() > most) {
        throw BackupError(fmt::format("{}: more than {} bytes", printable(entry.name, 80), most));
      }
      all.append(block.data(), block.size());
    }
    return all;
  }

  ArchiveReader x_reader;
  const Staging& x_staging;
  const Progress& x_progress;
  store::FileEvidenceStore x_evidence;
  std::uint64_t x_pieces = 0;
  std::vector<char> x_room = std::vector<char>(256UL * 1024);
};

void check_hash(const fs::path& file, const std::string& expected, std::string_view name) {
  const bool wanted = !expected.empty();
  if (wanted != fs::exists(file) || (wanted && sha256_of_file(file) != expected)) {
    throw BackupError(fmt::format("{} is not what the manifest says", name));
  }
}

using Prepare = std::function<void(records::Transaction&)>;

void check_parts(const Staging& staging, const Manifest& manifest, std::uint64_t pieces) {
  if (manifest.database_sha256.empty()) {
    throw BackupError("the manifest names no database");
  }
  check_hash(staging.database(), manifest.database_sha256, "pinfold.sqlite");
  check_hash(staging.history(), manifest.history_sha256, "history.sqlite");
  if (pieces != manifest.evidence) {
    throw BackupError(fmt::format("{} pieces of evidence, the manifest says {}", pieces, manifest.evidence));
  }
  const store::ChainHead head = store::chain_head_of(staging.database());
  if (head.length != manifest.chain_length || head.hash != manifest.chain_head) {
    throw BackupError("the event chain ends elsewhere than the manifest says");
  }
}

void check_chain_and_prepare(const Staging& staging, const Prepare& prepare) {
  std::optional<std::string> fault;
  const auto store = store::open_sqlite(staging.database());
  store->read([&](records::Transaction& tx) { fault = tx.cases().verify_chain(); });
  if (fault) {
    throw BackupError("the event chain is broken: " + *fault);
  }
  store->transact(prepare);
}

/// The database last: without it nothing of the rest is a desk.
void move_into_place(const Staging& staging, const Places& to) {
  fs::rename(staging.evidence(), to.evidence);
  if (fs::exists(staging.history())) {
    fs::rename(staging.history(), to.history);
  }
  sync_folder(to.database.parent_path());
  fs::rename(staging.database(), to.database);
  sync_folder(to.database.parent_path());
}

Manifest restore_checked(const fs::path& file, const Places& to, const Prepare& prepare, const Progress& progress) {
  refuse_occupied(to);
  if (fs::create_directories(to.database.parent_path())) {
    fs::permissions(to.database.parent_path(), fs::perms::owner_all);
  }
  const Staging staging(to.database.parent_path());
  Unpacking unpacking(file, staging, progress);
  Manifest manifest = unpacking.run();
  check_parts(staging, manifest, unpacking.pieces());
  progress("walking the event chain", 0, manifest.chain_length);
  check_chain_and_prepare(staging, prepare);
  move_into_place(staging, to);
  return manifest;
}

}  // namespace

Manifest restore(const fs::path& file, const Places& to, const Prepare& prepare, const Progress& progress) {
  try {
    return restore_checked(file, to, prepare, progress);
  } catch (const BackupError& error) {
    const std::string text = error.what();
    throw BackupError(text.starts_with('/') || text.starts_with(file.string()) ? text : file.string() + ": " + text);
  } catch (const records::StoreError& error) {
    throw BackupError(error.what());
  } catch (const fs::filesystem_error& error) {
    throw BackupError(error.what());
  }
}

}  // namespace pinfold::backup
