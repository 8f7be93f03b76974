#include "base/text.hpp"

#include <gtest/gtest.h>

#include "base/byte_reader.hpp"
#include "base/crypto.hpp"
#include "base/json_reader.hpp"
#include "base/units.hpp"

namespace pinfold {
namespace {

TEST(Printable, MakesControlCharactersAndBrokenUtf8Visible) {
  EXPECT_EQ(printable("a\x1b[31mb\xff\n"), "a\\x1b[31mb\\xff\\x0a");
  EXPECT_EQ(printable("Grüße"), "Grüße");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("aaaa", 2), "aa…");
}

TEST(Number, TakesWholeDecimalsOnly) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "+1", "1 ", "18446744073709551616", "0x1"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(Hex, SurvivesARoundTrip) {
  EXPECT_EQ(to_hex(*from_hex("00Ff10")), "00ff10");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(ByteReader, AReadThatDoesNotFitConsumesNothing) {
  const std::array<std::uint8_t, 3> bytes{1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_FALSE(reader.u32());
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_FALSE(reader.sub(2));
  EXPECT_EQ(reader.u8(), 3);
  EXPECT_TRUE(reader.empty());
}

TEST(SamplingRate, ZeroMeansUnsampledAndScalingSaturates) {
  EXPECT_EQ(SamplingRate{0}.one_in(), 1U);
  EXPECT_EQ(SamplingRate{1000}.scale(Sampled<Packets>{Packets{7}}).count.value, 7000U);
  EXPECT_EQ(SamplingRate{1000}.scale(Sampled<Bytes>{Bytes{UINT64_MAX}}).count.value, UINT64_MAX);
}

TEST(Crypto, KnownDigestAndSignatures) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const SigningKey key = make_signing_key();
  const Signature signature = sign(key, "finding");
  EXPECT_TRUE(verify(key.public_key, "finding", signature));
  EXPECT_FALSE(verify(key.public_key, "Finding", signature));
  EXPECT_EQ(random_token(100).size(), 20U);
}

TEST(JsonReader, NamesTheFieldThatIsWrong) {
  const auto json = parse_json(R"({"a":{"b":[{"c":1},{"c":"x"}]}})", 100);
  ASSERT_TRUE(json);
  JsonReader reader(*json);
  reader.object("a", [](JsonReader& a) { a.each("b", [](JsonReader& b) { static_cast<void>(b.number("c")); }); });
  EXPECT_EQ(reader.error(), "a.b[1].c: not an integer");
}

TEST(JsonText, IsBoundedInSizeAndDepth) {
  EXPECT_FALSE(parse_json(std::string(100'000, '['), 200'000));
  EXPECT_FALSE(parse_json("[1]", 2));
  EXPECT_FALSE(parse_json("[1] x", 100));
  EXPECT_TRUE(parse_json("[[1]]", 100, 2));
}

}  // namespace
}  // namespace pinfold
