/// A whole desk in one file: written while it runs, brought back onto an empty machine after a disaster.
/// Used by: `pinfold backup FILE` and `pinfold restore FILE`.
///
/// The file is a POSIX tar (pax), compressed with zstd, so that it can be looked into without Pinfold:
///   pinfold.sqlite           a snapshot of the database (SQLite's VACUUM INTO: one consistent state, writers go on meanwhile)
///   history.sqlite           the same of the traffic history, if there is one
///   evidence/ab/abcdef…      every piece of evidence, named by its SHA-256
///   manifest.json            last: when, which version, the head of the event chain, SHA-256 and size of both databases, number of pieces
/// Consistent: evidence is durable before the database speaks of it, and it is read after the snapshot was made, so every piece that the
///          snapshot names is there. A backup without a manifest was cut off and is refused.
/// Not in it: pinfold.toml, the policy and secrets. They belong to the machine's own configuration management.
/// Restore: into places where nothing is yet; never over a desk. All is checked (names, hashes, manifest, the event chain) beside its place and
///          renamed into it last, the database at the very end: a kill leaves no half desk that would start.
/// Hostile: a backup may have been tampered with. Only the names above are taken, only plain files, kMaxDatabaseBytes each.
/// Durable: `write` returns after the file was synced and renamed to its name; a crash leaves at most FILE.part. Mode 0600.
/// Cost:    a database's size of free space beside FILE. Errors: BackupError, naming the file. Threads: none; other programs may have the desk open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/time.hpp"
#include "records/store.hpp"

namespace pinfold::backup {

inline constexpr std::uint64_t kMaxDatabaseBytes = std::uint64_t{1} << 40U;
inline constexpr std::size_t kMaxManifestBytes = 64UL * 1024;

struct BackupError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where the parts of a desk are.
struct Places {
  std::filesystem::path database;
  std::filesystem::path history;   ///< need not exist
  std::filesystem::path evidence;  ///< need not exist
};

struct Manifest {
  std::string version;  ///< of the Pinfold that wrote it
  WallTime made;
  std::uint64_t chain_length = 0;  ///< events
  std::string chain_head;          ///< hash of the newest one, lower-case hex: compare it with one kept elsewhere
  std::uint64_t evidence = 0;      ///< pieces
  std::string database_sha256;
  std::string history_sha256;  ///< empty: there was no history
};

/// Called now and then: what is being done, bytes or pieces done, and of how many (0: unknown).
using Progress = std::function<void(std::string_view what, std::uint64_t done, std::uint64_t of)>;

/// Refused when `file` exists.
Manifest write(const Places& from, const std::filesystem::path& file, std::string_view version, WallTime now, const Progress& progress);

/// Refused when there is anything at one of the places. Makes the database's folder (mode 0700) if it is not there. The chain of the restored
/// database is walked, and `prepare` runs in a transaction of it, before it gets its name: what the desk did after the backup is forgotten, so it
/// must not go on as if nothing had happened.
Manifest restore(const std::filesystem::path& file, const Places& to, const std::function<void(records::Transaction&)>& prepare,
                 const Progress& progress);

}  // namespace pinfold::backup
