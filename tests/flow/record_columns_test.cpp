// Reading a set by columns gives what reading it record by record gives, for random templates and random bytes.
#include "flow/record_columns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "flow/decoder.hpp"
#include "flow/exporter_state.hpp"
#include "flow/record_json.hpp"

namespace pinfold::flow {
namespace {

struct Field {
  std::uint16_t id;
  std::uint16_t length;
};

/// Elements that can be read by columns, with the lengths that exporters give them.
constexpr std::array<Field, 30> kFields{{{8, 4},  {12, 4}, {27, 16}, {28, 16}, {7, 2},   {11, 2},  {4, 1},   {6, 1},  {6, 2},  {1, 4},
                                         {1, 8},  {1, 3},  {2, 4},   {2, 8},   {10, 2},  {10, 4},  {14, 4},  {56, 6}, {80, 6}, {58, 2},
                                         {61, 1}, {21, 4}, {22, 4},  {152, 8}, {153, 8}, {150, 4}, {151, 4}, {32, 2}, {48, 1}, {34, 4}}};

void put(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

/// A NetFlow v9 datagram with one set.
std::vector<std::uint8_t> datagram(std::uint16_t set, const std::vector<std::uint8_t>& body, std::uint32_t sequence) {
  std::vector<std::uint8_t> out;
  put(out, 9, 2);
  put(out, 1, 2);
  put(out, 5'000'000, 4);
  put(out, 1'790'000'000, 4);
  put(out, sequence, 4);
  put(out, 1, 4);
  put(out, set, 2);
  put(out, body.size() + 4, 2);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::vector<std::uint8_t> template_of(const std::vector<Field>& fields) {
  std::vector<std::uint8_t> body;
  put(body, 256, 2);
  put(body, fields.size(), 2);
  for (const Field& field : fields) {
    put(body, field.id, 2);
    put(body, field.length, 2);
  }
  return datagram(0, body, 1);
}

std::vector<FlowRecord> decoded(const std::vector<Field>& fields, const std::vector<std::uint8_t>& records) {
  Decoder decoder;
  std::vector<FlowRecord> out;
  EXPECT_TRUE(decoder.decode({}, template_of(fields), out, {}));
  EXPECT_TRUE(decoder.decode({}, datagram(256, records, 2), out, {}));
  return out;
}

/// systemInitTimeMilliseconds cannot be read by columns, and changes nothing where the header has the uptime: it makes the decoder go record by
/// record.
TEST(RecordColumns, AgreeWithReadingRecordByRecord) {
  std::mt19937 random(11);
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Field> fields;
    for (const Field& field : kFields) {
      if (random() % 3 == 0) {
        fields.push_back(field);
      }
    }
    std::shuffle(fields.begin(), fields.end(), random);
    fields.insert(fields.begin(), {{8, 4}, {153, 8}, {152, 8}});
    std::size_t length = 0;
    for (const Field& field : fields) {
      length += field.length;
    }
    constexpr std::size_t kCount = 7;
    std::vector<std::uint8_t> plain;
    std::vector<std::uint8_t> with_more;
    for (std::size_t i = 0; i < kCount; ++i) {
      for (std::size_t b = 0; b < length; ++b) {
        const bool is_high_of_time = b >= 4 && b < 20 && (b - 4) % 8 < 3;  // times before the year 9999
        const auto byte = static_cast<std::uint8_t>(is_high_of_time || random() % 4 == 0 ? 0 : random());
        plain.push_back(byte);
        with_more.push_back(byte);
      }
      put(with_more, 0, 8);
    }
    std::vector<Field> slow = fields;
    slow.push_back({160, 8});
    const auto fast_records = decoded(fields, plain);
    const auto slow_records = decoded(slow, with_more);
    ASSERT_EQ(fast_records.size(), kCount);
    ASSERT_EQ(slow_records.size(), kCount);
    for (std::size_t i = 0; i < kCount; ++i, ++compared) {
      ASSERT_EQ(to_json(fast_records[i], {}).dump(), to_json(slow_records[i], {}).dump()) << "round " << round;
      ASSERT_EQ(fast_records[i].exported, slow_records[i].exported);
      ASSERT_EQ(fast_records[i].direction, slow_records[i].direction);
    }
  }
  EXPECT_EQ(compared, 2800);
}

std::vector<Column> columns(std::initializer_list<Read> reads) {
  std::vector<Column> made;
  for (const Read read : reads) {
    made.push_back({read, 0, 4});
  }
  return made;
}

TEST(RecordColumns, TakeOnlyTemplatesWhoseFieldsStandAlone) {
  EXPECT_TRUE(RecordColumns::compile(columns({Read::SrcV4, Read::DstV4, Read::Bytes, Read::LastUptime, Read::IcmpType, Read::IcmpCode})));
  EXPECT_FALSE(RecordColumns::compile(columns({Read::SrcV4, Read::SrcV6})));
  EXPECT_FALSE(RecordColumns::compile(columns({Read::SrcPort, Read::SrcPort})));
  EXPECT_FALSE(RecordColumns::compile(columns({Read::DurationMillis})));
  EXPECT_FALSE(RecordColumns::compile(columns({Read::ObservedMillis})));
}

TEST(RecordColumns, ReadTheSamplersRate) {
  SamplingRules rules;
  rules.set_sampler(7, 512, 8);
  const std::vector<Column> wanted{{Read::SrcV4, 0, 4}, {Read::SamplerId, 4, 1}};
  const auto made = RecordColumns::compile(wanted);
  ASSERT_TRUE(made);
  const std::vector<std::uint8_t> bytes{192, 0, 2, 1, 7, 192, 0, 2, 2, 8};
  std::vector<FlowRecord> out;
  made->read(bytes.data(), 5, 2, {ExportVersion::NetFlow9, {}, std::nullopt, &rules}, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].sampling_rate.one_in(), 512U);
  EXPECT_EQ(out[1].sampling_rate.one_in(), 1U);
}

}  // namespace
}  // namespace pinfold::flow
