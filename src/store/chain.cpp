#include "store/chain.hpp"

#include <array>
#include <cstdint>

#include "base/text.hpp"

namespace pinfold::store {
namespace {

void append_number(std::string& bytes, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> static_cast<unsigned>(shift)));
  }
}

/// False if `hex` is not a SHA-256.
[[nodiscard]] bool append_digest(std::string& bytes, std::string_view hex) {
  const auto raw = from_hex(hex);
  if (!raw || raw->size() != Sha256{}.size()) {
    return false;
  }
  bytes.append(raw->begin(), raw->end());
  return true;
}

}  // namespace

std::string genesis_hash() { return std::string(2 * Sha256{}.size(), '0'); }

std::string make_salt() {
  std::array<std::uint8_t, kSaltBytes> salt{};
  random_bytes(salt);
  return to_hex(salt);
}

std::string commitment_of(std::string_view salt, std::string_view payload) {
  const auto raw = from_hex(salt);
  if (!raw || raw->size() != kSaltBytes) {
    return {};
  }
  std::string bytes(raw->begin(), raw->end());
  bytes.append(payload);
  return sha256_hex(bytes);
}

std::string link_hash(std::string_view previous, const ChainLink& link) {
  std::string bytes;
  if (!append_digest(bytes, previous)) {
    return {};
  }
  append_number(bytes, static_cast<std::uint64_t>(link.case_id.value));
  append_number(bytes, link.seq);
  append_number(bytes, static_cast<std::uint64_t>(link.at.since_epoch.count()));
  bytes.append(link.kind);
  if (!append_digest(bytes, link.commitment)) {
    return {};
  }
  return sha256_hex(bytes);
}

}  // namespace pinfold::store
