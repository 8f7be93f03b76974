/// A consistent copy of one of our SQLite files while other programs read and write it. Used by: backup.
/// Errors: StoreError, naming the file. Threads: any. Cost: reads the whole file once; writers go on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace pinfold::store {

/// SQLite's VACUUM INTO: one read transaction, so the copy is one state of the file; without a write-ahead log beside it. `to` must not exist; it is
/// synced, mode 0600.
void snapshot_sqlite(const std::filesystem::path& from, const std::filesystem::path& to);

struct ChainHead {
  std::uint64_t length = 0;  ///< events in the chain
  std::string hash;          ///< of the newest, lower-case hex
};
/// Of a database at rest; does not walk the chain (records::Cases::verify_chain does).
[[nodiscard]] ChainHead chain_head_of(const std::filesystem::path& database);

}  // namespace pinfold::store
