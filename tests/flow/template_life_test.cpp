// How long templates live, and that exporters cannot harm one another.
#include <gtest/gtest.h>

#include "flow/export_bytes.hpp"

namespace pinfold::flow {
namespace {

using test::ExportBytes;
using test::ipfix;

constexpr ExporterKey kOther{};
const ExporterKey kQuiet{net::IpAddress::v4(0xC0000201), 0};

ExportBytes layout(std::uint16_t id, std::uint16_t element = 8) { return ExportBytes{}.set(2, ExportBytes{}.u16s({id, 1, element, 4})); }
ExportBytes data(std::uint16_t id) { return ExportBytes{}.set(id, ExportBytes{}.u32(1)); }

struct Site {
  explicit Site(const Limits& limits = {}) : decoder(limits) {}
  Expected<DecodeStats, DecodeError> take(const ExportBytes& sets, std::int64_t second, std::uint32_t domain = 1, const ExporterKey& from = kQuiet) {
    return decoder.decode(from, ipfix(sets, 0, domain).span(), flows, WallTime{Seconds{1'700'000'000 + second}});
  }
  Decoder decoder;
  std::vector<FlowRecord> flows;
};

TEST(TemplateLife, ARedefinitionHoldsFromItsDatagramOn) {
  Site site;
  ASSERT_TRUE(site.take(ExportBytes{}.append(layout(256, 8)).append(data(256)).append(layout(256, 12)).append(data(256)), 0));
  ASSERT_EQ(site.flows.size(), 2U);
  EXPECT_TRUE(site.flows[0].exported.has(Field::Src));
  EXPECT_TRUE(site.flows[1].exported.has(Field::Dst));
}

TEST(TemplateLife, ATemplateNotRepeatedForItsLifetimeIsForgottenAndDataWaits) {
  Site site;
  const std::int64_t lifetime = Limits{}.template_lifetime.count();
  ASSERT_TRUE(site.take(layout(256), 0));
  ASSERT_TRUE(site.take(data(256), lifetime));
  EXPECT_EQ(site.flows.size(), 1U);
  ASSERT_TRUE(site.take(layout(256), lifetime));
  ASSERT_TRUE(site.take(data(256), 2 * lifetime));
  EXPECT_EQ(site.flows.size(), 2U) << "a repetition starts it again";
  const auto late = site.take(data(256), 2 * lifetime + 1);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->sets_waiting, 1U);
  ASSERT_TRUE(site.take(layout(256, 12), 2 * lifetime + 2));
  ASSERT_EQ(site.flows.size(), 3U);
  EXPECT_TRUE(site.flows[2].exported.has(Field::Dst)) << "read by the new template, not by the old";
}

TEST(TemplateLife, ExpiredTemplatesMakeRoomForNewOnes) {
  Limits limits;
  limits.templates_per_exporter = 2;
  Site site(limits);
  ASSERT_TRUE(site.take(layout(256).append(layout(257)), 0));
  EXPECT_FALSE(site.take(layout(258), 10));
  ASSERT_TRUE(site.take(layout(257), 20));
  EXPECT_TRUE(site.take(layout(258), limits.template_lifetime.count() + 10));
  ASSERT_TRUE(site.take(data(257).append(data(256)), limits.template_lifetime.count() + 11));
  EXPECT_EQ(site.flows.size(), 1U) << "257 was refreshed, 256 gone";
}

TEST(TemplateLife, TheFieldsOfAllTemplatesTogetherAreLimited) {
  Limits limits;
  limits.template_fields_per_exporter = 3;
  Site site(limits);
  ASSERT_TRUE(site.take(layout(256).append(layout(257)), 0));
  const auto refused = site.take(ExportBytes{}.set(2, ExportBytes{}.u16s({258, 2, 8, 4, 12, 4})), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::TooManyTemplates);
  EXPECT_TRUE(site.take(layout(258), 0));
}

/// One exporter sends all that it can think of: domains, templates, waiting data, sampling rules, garbage. The quiet one's templates, waiting
/// data and rates stand.
TEST(TemplateLife, OneExporterCannotEvictAnothers) {
  Site site;
  const ExportBytes rate = ExportBytes{}.set(3, ExportBytes{}.u16s({400, 2, 1, 143, 4, 34, 4})).set(400, ExportBytes{}.u32s({1, 777}));
  ASSERT_TRUE(site.take(layout(256).append(rate), 0));
  ASSERT_TRUE(site.take(data(300), 0));
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const auto id = static_cast<std::uint16_t>(256 + i % 3000);
    static_cast<void>(site.take(layout(id).append(data(static_cast<std::uint16_t>(60000 - i % 3000))), 1, i % 1000, kOther));
    static_cast<void>(site.decoder.decode(kOther, data(256).span(), site.flows, WallTime{}));
  }
  site.flows.clear();
  ASSERT_TRUE(site.take(data(256), 2));
  ASSERT_TRUE(site.take(layout(300), 3));
  ASSERT_EQ(site.flows.size(), 2U) << "the template, and the data that had waited";
  EXPECT_EQ(site.flows[0].sampling_rate.one_in(), 777U);
  EXPECT_EQ(site.decoder.counters(kQuiet).malformed, 0U);
}

TEST(TemplateLife, WaitingBytesAreBoundedForEachDomain) {
  Limits limits;
  limits.pending_bytes_per_domain = 1000;
  Site site(limits);
  const ExportBytes big = ExportBytes{}.set(256, ExportBytes{}.zeros(600));
  ASSERT_TRUE(site.take(big, 0));
  ASSERT_TRUE(site.take(big, 0));
  ASSERT_TRUE(site.take(big, 0, 2));
  EXPECT_EQ(site.decoder.counters(kQuiet).sets_waiting, 2U);
  EXPECT_EQ(site.decoder.counters(kQuiet).sets_dropped, 1U);
}

}  // namespace
}  // namespace pinfold::flow
