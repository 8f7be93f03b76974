#include "store/snapshot.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "store/sqlite_file.hpp"

namespace pinfold::store {
namespace {

constexpr Millis kPatience{10'000};

}  // namespace

void snapshot_sqlite(const std::filesystem::path& from, const std::filesystem::path& to) {
  with_file_name(from.string(), [&] {
    if (!std::filesystem::exists(from)) {
      throw records::StoreError("there is no such database");  // SQLite would make an empty one
    }
    create_private(to.string());  // SQLite fills an empty file and leaves its mode as it is
    soci::session session;
    open_session(session, from.string(), kPatience);
    execute(session, "VACUUM INTO :file", to.string());
    const int fd = ::open(to.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const std::error_code error(errno, std::generic_category());
    if (fd >= 0) {
      ::close(fd);
    }
    if (!synced) {
      throw records::StoreError(error.message());
    }
  });
}

ChainHead chain_head_of(const std::filesystem::path& database) {
  return with_file_name(database.string(), [&] {
    soci::session session;
    open_session(session, database.string(), kPatience);
    long long length = 0;
    std::string hash;
    if (!first_row(session, "SELECT position, hash FROM chain_head", std::tie(), std::tie(length, hash))) {
      throw records::StoreError("has no event chain");
    }
    return ChainHead{static_cast<std::uint64_t>(length), hash};
  });
}

}  // namespace pinfold::store
