// What is known of an exporter survives a restart, and damaged bytes do no harm.
#include "flow/exporter_memory.hpp"

#include <gtest/gtest.h>

#include <random>

#include "flow/export_bytes.hpp"

namespace pinfold::flow {
namespace {

using test::Bench;
using test::ExportBytes;
using test::ipfix;
using test::kExporter;
using test::netflow9;

constexpr WallTime kNow{Seconds{1'800'000'000}};

/// Templates with variable lengths and enterprises, options, samplers, interfaces and a time of start, in two protocols and three domains.
Decoder well_informed() {
  Decoder decoder;
  std::vector<FlowRecord> flows;
  const ExportBytes ipfix_sets = ExportBytes{}
                                     .set(2, ExportBytes{}.u16s({256, 2, 8, 4, 10, 4, 300, 3, 8, 4, 82, 0xFFFF, 0x8001, 8}).u32(29305))
                                     .set(3, ExportBytes{}.u16s({400, 3, 1, 143, 4, 160, 8, 34, 4}))
                                     .set(400, ExportBytes{}.u32(1).u64(1'690'000'000'000).u32(512));
  EXPECT_TRUE(decoder.decode(kExporter, ipfix(ipfix_sets).span(), flows, kNow));
  EXPECT_TRUE(decoder.decode(kExporter, ipfix(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 12, 4})), 0, 9).span(), flows, kNow));
  const ExportBytes v9_sets = ExportBytes{}
                                  .set(0, ExportBytes{}.u16s({256, 2, 8, 4, 48, 1}))
                                  .set(1, ExportBytes{}.u16s({300, 4, 8, 1, 4, 48, 1, 50, 4, 301, 4, 4, 2, 4, 34, 4}))
                                  .set(300, ExportBytes{}.u32(1).u8(1).u32(1000).u32(1).u8(2).u32(64))
                                  .set(301, ExportBytes{}.u32s({7, 128}));
  EXPECT_TRUE(decoder.decode(kExporter, netflow9(v9_sets).span(), flows, kNow));
  return decoder;
}

TEST(ExporterMemory, WhatIsRememberedAndRecalledIsRememberedTheSame) {
  const std::vector<std::uint8_t> memory = well_informed().remember(kExporter);
  ASSERT_FALSE(memory.empty());
  Decoder restarted;
  ASSERT_TRUE(restarted.recall(kExporter, memory, kNow));
  EXPECT_EQ(restarted.remember(kExporter), memory);
}

TEST(ExporterMemory, AfterARestartDataIsReadAtOnceAndAtItsSamplingRate) {
  Bench bench;
  ASSERT_TRUE(bench.decoder.recall(kExporter, well_informed().remember(kExporter), kNow));
  const ExportBytes var = ExportBytes{}.u32(5).u8(3).text("abc").u64(77);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(256, ExportBytes{}.u32s({1, 2})).set(300, var))));
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(256, ExportBytes{}.u32(9).u8(2)))));
  ASSERT_EQ(bench.flows.size(), 3U);
  EXPECT_EQ(bench.flows[0].sampling_rate.one_in(), 512U);
  EXPECT_EQ(bench.flows[1].reverse_bytes->value, 77U);
  EXPECT_EQ(bench.flows[2].sampling_rate.one_in(), 64U);
}

TEST(ExporterMemory, TheExporterWinsOverWhatWasRemembered) {
  Bench bench;
  ASSERT_TRUE(bench.decoder.recall(kExporter, well_informed().remember(kExporter), kNow));
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 12, 4})).set(256, ExportBytes{}.u32(1)))));
  EXPECT_TRUE(bench.flows.at(0).exported.has(Field::Dst));
  EXPECT_FALSE(bench.flows.at(0).exported.has(Field::Src));
}

TEST(ExporterMemory, AnExporterThatWasHeardAlreadyIsNotOverwritten) {
  Bench bench;
  ASSERT_TRUE(bench.take(ipfix({})));
  const auto recalled = bench.decoder.recall(kExporter, well_informed().remember(kExporter), kNow);
  ASSERT_FALSE(recalled);
  EXPECT_EQ(recalled.error().fault, MemoryFault::NotWanted);
  Limits limits;
  limits.exporters = 0;
  Decoder full(limits);
  EXPECT_FALSE(full.recall(kExporter, well_informed().remember(kExporter), kNow)) << "no room";
}

TEST(ExporterMemory, OnlyNewsIsReportedAsChanged) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 8, 4}));
  const ExportBytes options = ExportBytes{}.set(3, ExportBytes{}.u16s({400, 2, 1, 143, 4, 34, 4})).set(400, ExportBytes{}.u32s({1, 10}));
  const auto changes_with = [&bench](const ExportBytes& sets) {
    EXPECT_TRUE(bench.take(ipfix(sets)));
    return bench.decoder.take_changed().size();
  };
  EXPECT_EQ(changes_with(layout), 1U);
  EXPECT_EQ(changes_with(layout), 0U) << "a repetition";
  EXPECT_EQ(changes_with(options), 1U);
  EXPECT_EQ(changes_with(options), 0U);
  EXPECT_EQ(changes_with(ExportBytes{}.set(256, ExportBytes{}.u32(1))), 0U) << "data";
  EXPECT_EQ(changes_with(ExportBytes{}.set(400, ExportBytes{}.u32s({1, 11}))), 1U) << "another rate";
  EXPECT_EQ(changes_with(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 12, 4}))), 1U) << "a redefinition";
  EXPECT_EQ(changes_with(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 0}))), 1U) << "a withdrawal";
  EXPECT_EQ(changes_with(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 0}))), 0U);
}

TEST(ExporterMemory, NothingKnownIsNothingToRemember) {
  Decoder decoder;
  EXPECT_TRUE(decoder.remember(kExporter).empty());
  EXPECT_EQ(decoder.recall(kExporter, {}, kNow).error(), (MemoryError{MemoryFault::Truncated, 0}));
}

TEST(ExporterMemory, CutAnywhereItIsRefused) {
  const std::vector<std::uint8_t> memory = well_informed().remember(kExporter);
  for (std::size_t length = 0; length < memory.size(); ++length) {
    const std::vector<std::uint8_t> cut(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(length));
    Decoder decoder;
    const auto recalled = decoder.recall(kExporter, cut, kNow);
    ASSERT_FALSE(recalled) << length;
    ASSERT_LE(recalled.error().offset, length);
    ASSERT_TRUE(decoder.remember(kExporter).empty()) << "nothing of it was taken";
  }
}

TEST(ExporterMemory, WithAnyByteChangedItIsRefusedOrIsStillGoodMemory) {
  const std::vector<std::uint8_t> memory = well_informed().remember(kExporter);
  std::mt19937 random(20240501);
  std::size_t taken = 0;
  for (std::size_t at = 0; at < memory.size(); ++at) {
    for (int i = 0; i < 8; ++i) {
      std::vector<std::uint8_t> damaged = memory;
      damaged[at] = static_cast<std::uint8_t>(random());
      Decoder decoder;
      if (decoder.recall(kExporter, damaged, kNow)) {
        ++taken;
        ASSERT_EQ(decoder.remember(kExporter), damaged) << "what is taken is taken as it stands, byte " << at;
      }
    }
  }
  EXPECT_GT(taken, 0U) << "ids and rates may be others";
  EXPECT_LT(taken, memory.size() * 8);
}

TEST(ExporterMemory, LiesAreRefusedWithTheirReason) {
  struct Row {
    const char* name;
    ExportBytes bytes;
    MemoryFault fault;
  };
  const auto head = [](std::uint16_t domains) { return ExportBytes{}.text("PFXM").u8(1).u16(domains); };
  const auto domain = [](std::uint64_t init = ~0ULL) { return ExportBytes{}.u8(2).u32(1).u64(init).u32(10); };
  const ExportBytes layout = ExportBytes{}.u16(256).u8(0).u16(1).u32(0).u16(8).u16(4).u8(0);
  const auto with_template = [&](const ExportBytes& body) { return head(1).append(domain()).u16s({0, 0, 1}).append(body); };
  const Row rows[] = {
      {"other bytes", ExportBytes{}.text("SQLite format 3"), MemoryFault::NotMemory},
      {"a later version", ExportBytes{}.text("PFXM").u8(2).u16(0), MemoryFault::OtherVersion},
      {"more domains than may be", head(0xFFFF), MemoryFault::TooMuch},
      {"a domain of another protocol", head(1).u8(3), MemoryFault::BadValue},
      {"a start in the far future", head(1).append(domain(1ULL << 62U)), MemoryFault::BadValue},
      {"a domain twice", head(2).append(domain()).u16s({0, 0, 0}).append(domain()).u16s({0, 0, 0}), MemoryFault::OutOfOrder},
      {"more samplers than may be", head(1).append(domain()).u16(0xFFFF), MemoryFault::TooMuch},
      {"a rate of zero", head(1).append(domain()).u16(1).u64(1).u32(0), MemoryFault::BadValue},
      {"a template twice", head(1).append(domain()).u16s({0, 0, 2}).append(layout).append(layout), MemoryFault::OutOfOrder},
      {"a template without fields", with_template(ExportBytes{}.u16(256).u8(0).u16(0)), MemoryFault::BadValue},
      {"a template with too many", with_template(ExportBytes{}.u16(256).u8(0).u16(0xFFFF)), MemoryFault::TooMuch},
      {"an id below the data sets'", with_template(ExportBytes{}.u16(255).u8(0).u16(1)), MemoryFault::BadValue},
      {"records of no bytes", with_template(ExportBytes{}.u16(256).u8(0).u16(1).u32(0).u16(8).u16(0).u8(0)), MemoryFault::BadTemplate},
      {"something behind the end", with_template(layout).u8(0), MemoryFault::TrailingBytes},
      {"far too long", head(0).zeros(kMaxMemoryBytes), MemoryFault::TooMuch},
  };
  for (const Row& row : rows) {
    Decoder decoder;
    const auto recalled = decoder.recall(kExporter, row.bytes.span(), kNow);
    ASSERT_FALSE(recalled) << row.name;
    EXPECT_EQ(recalled.error().fault, row.fault) << row.name << ": " << to_string(recalled.error());
  }
  Decoder decoder;
  EXPECT_TRUE(decoder.recall(kExporter, with_template(layout).span(), kNow)) << "the same without a lie";
}

/// The largest that an exporter can make it within the default limits, beyond which `remember` would write what `recall` refuses.
TEST(ExporterMemory, TheMostThatLimitsAllowCanBeRecalled) {
  Decoder decoder;
  std::vector<FlowRecord> flows;
  const Limits limits;
  const std::size_t per_domain = limits.templates_per_exporter / limits.domains_per_exporter;
  const std::size_t fields = limits.template_fields_per_exporter / limits.templates_per_exporter;
  const auto options_id = static_cast<std::uint16_t>(255 + per_domain);
  for (std::uint32_t domain = 1; domain <= limits.domains_per_exporter; ++domain) {
    for (std::size_t i = 0; i < per_domain; ++i) {
      ExportBytes layout = ExportBytes{}.u16s({256 + i, fields});
      for (std::size_t k = 0; k < fields; ++k) {
        layout.u16s({8, 4});
      }
      ASSERT_TRUE(decoder.decode(kExporter, ipfix(ExportBytes{}.set(2, layout), 0, domain).span(), flows, kNow));
    }
    for (const std::uint16_t element : {std::uint16_t{302}, std::uint16_t{10}}) {
      ExportBytes rates;
      for (std::uint32_t key = 0; key < limits.sampling_rules_per_domain + 9; ++key) {
        rates.u32s({key, 100});
      }
      const ExportBytes options = ExportBytes{}.set(3, ExportBytes{}.u16s({options_id, 2, 1, element, 4, 34, 4})).set(options_id, rates);
      ASSERT_TRUE(decoder.decode(kExporter, ipfix(options, 0, domain).span(), flows, kNow));
    }
  }
  const auto memory = decoder.remember(kExporter);
  EXPECT_LE(memory.size(), kMaxMemoryBytes);
  Decoder restarted;
  const auto recalled = restarted.recall(kExporter, memory, kNow);
  EXPECT_TRUE(recalled) << to_string(recalled.error());
}

}  // namespace
}  // namespace pinfold::flow
