/// The event chain: what makes a changed, removed, reordered or cut-off event visible. Pure.
///   commitment n = SHA-256(salt n ‖ payload n)
///   hash n       = SHA-256(hash n-1 ‖ case ‖ seq ‖ at ‖ kind ‖ commitment n)
/// One chain runs over all cases in the order of appending, so that a whole case cannot vanish either. Numbers are 8 bytes, big-endian; `kind` is
/// the only field of variable length and stands between fixed ones, so no two rows have the same bytes. hash 0 is 32 zero bytes.
/// The payload itself is not in the chain, only its salted commitment: payload and salt may be erased by law and the chain still verifies, and
/// without the salt nobody can find the erased payload by guessing.
/// What it does not do: who can write the database can also make a whole new chain; compare the head with one kept elsewhere.
/// Threads: any. O(payload).
#pragma once

#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace pinfold::store {

inline constexpr std::size_t kSaltBytes = 16;

/// All texts are lower-case hex, as the table keeps them.
struct ChainLink {
  CaseId case_id;
  std::uint32_t seq = 0;
  WallTime at;
  std::string kind;
  std::string commitment;
};

[[nodiscard]] std::string genesis_hash();
[[nodiscard]] std::string make_salt();
/// Both: hex that is not what it should be (a damaged row) gives an empty text, which equals no commitment and no hash.
[[nodiscard]] std::string commitment_of(std::string_view salt, std::string_view payload);
[[nodiscard]] std::string link_hash(std::string_view previous, const ChainLink& link);

}  // namespace pinfold::store
