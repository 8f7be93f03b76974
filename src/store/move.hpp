/// Moves a whole record from a SQLite file into an empty PostgreSQL database (`pinfold migrate-store`).
///   SQLite: brought to this program's schema, then read under its write lock, so that nobody adds to it meanwhile
///   PostgreSQL: one transaction, by COPY; verified by row counts, the event chain and its head before it commits
/// A failure at any point leaves both as they were (the target with empty tables). The source is never changed beyond its schema; evidence files and
/// traffic history are not part of either database.
/// Used by: the command line. Threads: the caller's. Cost: some 50,000 rows a second; a few rows in memory.
/// Errors:  StoreError: no such file, the target is not empty, a desk is still working with the source, a check that fails; naming which.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"

namespace pinfold::store {

struct MovedTable {
  std::string name;
  std::uint64_t rows = 0;
};
struct Moved {
  std::vector<MovedTable> tables;
  std::uint64_t chain_length = 0;
  std::string chain_head;
};
using MoveProgress = std::function<void(std::string_view table, std::uint64_t done, std::uint64_t of)>;

/// `process.is_gone` tells whether a desk that lately worked with the source has ended.
[[nodiscard]] Moved move_to_postgres(const std::filesystem::path& from, const std::string& url, const Process& process, WallTime now,
                                     const MoveProgress& progress);

}  // namespace pinfold::store
