#include "store/chain.hpp"

#include <gtest/gtest.h>

namespace pinfold::store {
namespace {

const ChainLink& a_link() {
  static const ChainLink link{CaseId{42}, 3, WallTime{Micros{1'795'000'000'123'456}}, "note_added",
                              commitment_of(std::string(32, '0'), R"({"kind":"x"})")};
  return link;
}

/// The published format: an auditor with another program must come to the same numbers. Made with Python's hashlib:
///   c = sha256(bytes(16) + b'{"kind":"x"}').digest()
///   sha256(bytes(32) + (42).to_bytes(8, 'big') + (3).to_bytes(8, 'big') + (1795000000123456).to_bytes(8, 'big') + b'note_added' + c)
TEST(Chain, HasAFixedFormat) {
  EXPECT_EQ(a_link().commitment, "e3cec36f57fab15b12bb7d54326adfa262289de21e073618dcb9ce3104e9a772");
  EXPECT_EQ(link_hash(genesis_hash(), a_link()), "16948e3a2bc2aa10a2e3a862d03ee07f9b8712ca2839a4f74316cedd42e66714");
}

TEST(Chain, HashDependsOnEveryPart) {
  const std::string hash = link_hash(genesis_hash(), a_link());
  EXPECT_NE(link_hash(hash, a_link()), hash);
  ChainLink other = a_link();
  other.case_id = CaseId{43};
  EXPECT_NE(link_hash(genesis_hash(), other), hash);
  other = a_link();
  other.seq = 4;
  EXPECT_NE(link_hash(genesis_hash(), other), hash);
  other = a_link();
  other.at = other.at + Micros{1};
  EXPECT_NE(link_hash(genesis_hash(), other), hash);
  other = a_link();
  other.kind = "note_adde";
  EXPECT_NE(link_hash(genesis_hash(), other), hash);
  other = a_link();
  other.commitment = commitment_of(std::string(32, '1'), R"({"kind":"x"})");
  EXPECT_NE(link_hash(genesis_hash(), other), hash);
}

TEST(Chain, DamagedHexGivesNoHash) {
  EXPECT_EQ(commitment_of("xyz", "payload"), "");
  EXPECT_EQ(commitment_of("00", "payload"), "");
  ChainLink damaged = a_link();
  damaged.commitment = "00";
  EXPECT_EQ(link_hash(genesis_hash(), damaged), "");
  EXPECT_EQ(link_hash("", a_link()), "");
}

TEST(Chain, SaltsDiffer) {
  const std::string salt = make_salt();
  EXPECT_EQ(salt.size(), 2 * kSaltBytes);
  EXPECT_NE(make_salt(), salt);
}

}  // namespace
}  // namespace pinfold::store
