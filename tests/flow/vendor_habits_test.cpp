// The many ways in which exporters say the same: each row is a record as some vendor sends it, and what must come out.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flow/export_bytes.hpp"
#include "flow/record_json.hpp"

namespace pinfold::flow {
namespace {

using nlohmann::json;
using test::Bench;
using test::ExportBytes;
using test::ipfix;
using test::kExporter;
using test::netflow9;

constexpr std::uint16_t kTemplates = 2;
constexpr std::uint16_t kOptions = 3;

struct Element {
  std::uint16_t id;
  std::uint16_t length;
  std::uint64_t value;
};

/// One record of those elements; a length above 8 is filled up with zeros in front.
ExportBytes layout_of(std::initializer_list<Element> elements) {
  ExportBytes layout = ExportBytes{}.u16s({256, elements.size()});
  for (const Element& element : elements) {
    layout.u16s({element.id, element.length});
  }
  return layout;
}
ExportBytes record_of(std::initializer_list<Element> elements) {
  ExportBytes record;
  for (const Element& element : elements) {
    record.zeros(element.length > 8 ? element.length - 8U : 0).integer(element.value, std::min<unsigned>(element.length, 8));
  }
  return record;
}

struct Habit {
  const char* name;
  std::initializer_list<Element> record;
  const char* expected;  ///< JSON, without version and sampling_rate
};

const Habit kHabits[] = {
    {"delta before total counts", {{85, 8, 9000}, {86, 8, 90}, {1, 4, 700}, {2, 4, 7}}, R"({"bytes":700,"packets":7})"},
    {"total counts alone", {{85, 8, 9000}, {86, 8, 90}}, R"({"bytes":9000,"packets":90})"},
    {"an event log of a firewall with both directions",
     {{8, 4, 0x0A000001}, {231, 4, 500}, {298, 4, 5}, {232, 4, 60000}, {299, 4, 50}},
     R"({"src":"10.0.0.1","bytes":500,"packets":5})"},
    {"counted behind the observation point only", {{23, 4, 700}, {24, 4, 7}}, R"({"bytes":700,"packets":7})"},
    {"totals behind it only", {{171, 8, 700}, {172, 8, 7}}, R"({"bytes":700,"packets":7})"},
    {"layer 2 octets", {{352, 8, 714}, {2, 8, 7}}, R"({"bytes":714,"packets":7})"},
    {"MAC addresses alone",
     {{56, 6, 0x020000000001}, {80, 6, 0x020000000002}, {2, 4, 3}},
     R"({"src_mac":"02:00:00:00:00:01","dst_mac":"02:00:00:00:00:02","packets":3})"},
    {"MAC addresses as they left",
     {{81, 6, 0x020000000001}, {57, 6, 0x020000000002}, {2, 4, 3}},
     R"({"src_mac":"02:00:00:00:00:01","dst_mac":"02:00:00:00:00:02","packets":3})"},
    {"addresses before and after translation",
     {{8, 4, 0x0A000001}, {12, 4, 0xC6336407}, {225, 4, 0xC0000209}, {226, 4, 0xC6336408}, {227, 2, 1}},
     R"({"src":"10.0.0.1","dst":"198.51.100.7"})"},
    {"interfaces of two bytes", {{2, 4, 1}, {10, 2, 513}, {14, 2, 7}}, R"({"packets":1,"in_if":513,"out_if":7})"},
    {"interfaces of three bytes", {{2, 4, 1}, {10, 3, 0x010203}, {14, 3, 7}}, R"({"packets":1,"in_if":66051,"out_if":7})"},
    {"physical interfaces alone", {{2, 4, 1}, {252, 4, 5}, {253, 4, 6}}, R"({"packets":1,"in_if":5,"out_if":6})"},
    {"TCP flags of two bytes", {{2, 4, 1}, {6, 2, 0x0112}}, R"({"packets":1,"tcp_flags":18})"},
    {"counters of five bytes", {{1, 5, 0x01'0000'0000}, {2, 3, 70000}}, R"({"bytes":4294967296,"packets":70000})"},
    {"ports of UDP and TCP apart",
     {{2, 4, 1}, {180, 2, 0}, {182, 2, 4444}, {181, 2, 0}, {183, 2, 22}},
     R"({"packets":1,"src_port":4444,"dst_port":22})"},
    {"ICMP in the destination port", {{4, 1, 1}, {2, 4, 1}, {11, 2, 0x0800}}, R"({"protocol":1,"packets":1,"dst_port":2048})"},
    {"ICMPv6 in one field", {{4, 1, 58}, {2, 4, 1}, {139, 2, 0x8000}}, R"({"protocol":58,"packets":1,"dst_port":32768})"},
    {"ICMPv6 in two fields", {{4, 1, 58}, {2, 4, 1}, {178, 1, 128}, {179, 1, 1}}, R"({"protocol":58,"packets":1,"dst_port":32769})"},
    {"a VLAN by 802.1Q's name", {{2, 4, 1}, {243, 2, 100}}, R"({"packets":1,"vlan":100})"},
    {"a VLAN as it left", {{2, 4, 1}, {254, 2, 100}}, R"({"packets":1,"vlan":100})"},
    {"IPv6 beside an unused IPv4", {{8, 4, 0}, {27, 16, 5}, {12, 4, 0}, {28, 16, 6}, {2, 4, 1}}, R"({"src":"::5","dst":"::6","packets":1})"},
    {"a duration and an end",
     {{2, 4, 1}, {153, 8, 1'700'000'000'000}, {161, 4, 2500}},
     R"({"packets":1,"first":"2023-11-14T22:13:17.500Z","last":"2023-11-14T22:13:20Z"})"},
    {"a start and a duration in microseconds",
     {{2, 4, 1}, {150, 4, 1'700'000'000}, {162, 4, 1'500'000}},
     R"({"packets":1,"first":"2023-11-14T22:13:20Z","last":"2023-11-14T22:13:21.500Z"})"},
    {"the start of the system in each record",
     {{2, 4, 1}, {160, 8, 1'699'999'900'000}, {22, 4, 90'000}, {21, 4, 100'000}},
     R"({"packets":1,"first":"2023-11-14T22:13:10Z","last":"2023-11-14T22:13:20Z"})"},
};

TEST(VendorHabits, EachWayOfSayingItGivesTheSameFields) {
  for (const Habit& habit : kHabits) {
    Bench bench;
    ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout_of(habit.record)).set(256, record_of(habit.record))))) << habit.name;
    ASSERT_EQ(bench.flows.size(), 1U) << habit.name;
    json ours = to_json(bench.flows[0], std::nullopt);
    ours.erase("version");
    ours.erase("sampling_rate");
    EXPECT_EQ(ours, json::parse(habit.expected)) << habit.name;
  }
}

TEST(VendorHabits, TheSameHoldsInNetFlow9) {
  for (const Habit& habit : kHabits) {
    Bench bench;
    ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(0, layout_of(habit.record)).set(256, record_of(habit.record))))) << habit.name;
    ASSERT_EQ(bench.flows.size(), 1U) << habit.name;
    const json expected = json::parse(habit.expected);
    const json ours = to_json(bench.flows[0], std::nullopt);
    for (const auto& [name, value] : expected.items()) {
      if (name != "first" && name != "last") {  // the header's own uptime decides in v9
        EXPECT_EQ(ours.value(name, json()), value) << habit.name << ": " << name;
      }
    }
  }
}

TEST(VendorHabits, ResponderCountersAreTheReverseDirection) {
  Bench bench;
  const auto record = {Element{8, 4, 1}, {231, 4, 500}, {298, 4, 5}, {232, 4, 60000}, {299, 4, 50}};
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout_of(record)).set(256, record_of(record)))));
  EXPECT_EQ(bench.flows.at(0).reverse_bytes->value, 60000U);
  EXPECT_EQ(bench.flows.at(0).reverse_packets->value, 50U);
}

/// Ethernet, VLAN 100, IPv4, a SYN from 192.0.2.1:4444 to 198.51.100.1:22.
ExportBytes frame() {
  ExportBytes bytes;
  bytes.u64(0x0200'0000'0002'0200).u32(1).u16(0x8100).u16(100).u16(0x0800);
  bytes.u16(0x4500).u16(60).u32(0x00010000).u16(0x4006).u16(0).u32(0xC0000201).u32(0xC6336401);
  return bytes.u16(4444).u16(22).u32(1).u32(0).u16(0x5002).u16(1024).u32(0);
}

TEST(VendorHabits, SampledPacketsInsteadOfFlowsAreReadFromTheirHeaders) {
  for (const std::uint16_t length : {std::uint16_t{0xFFFF}, static_cast<std::uint16_t>(frame().size())}) {
    for (const std::uint16_t element : {std::uint16_t{315}, std::uint16_t{104}}) {
      Bench bench;
      ExportBytes record = ExportBytes{}.u16(1514).u32(9);
      if (length == 0xFFFF) {
        record.u8(frame().size());
      }
      record.append(frame());
      const ExportBytes layout = ExportBytes{}.u16s({256, 3, 312, 2, 10, 4, element, length});
      ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(256, record))));
      json ours = to_json(bench.flows.at(0), std::nullopt);
      EXPECT_EQ(ours, json::parse(R"({"version":"ipfix","sampling_rate":1,"src":"192.0.2.1","dst":"198.51.100.1","src_port":4444,"dst_port":22,
        "protocol":6,"tcp_flags":2,"packets":1,"bytes":1514,"in_if":9,"vlan":100,"src_mac":"02:00:00:00:00:01","dst_mac":"02:00:00:00:00:02"})"));
    }
  }
}

TEST(VendorHabits, WhatTheRecordSaysGoesBeforeThePacketItBrings) {
  Bench bench;
  const ExportBytes layout = ExportBytes{}.u16s({256, 4, 8, 4, 1, 4, 2, 4, 313, 0xFFFF});
  const ExportBytes ip_only = ExportBytes{}.u16(0x4500).u16(60).u32(0x00010000).u16(0x4006).u16(0).u32(0xC0000201).u32(0xC6336401);
  const ExportBytes named = ExportBytes{}.u32(0x0A000001).u32(5000).u32(5).u8(ip_only.size()).append(ip_only);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(256, named))));
  EXPECT_EQ(test::ip(bench.flows.at(0).src), "10.0.0.1");
  EXPECT_EQ(bench.flows.at(0).packets.value, 5U);
  const ExportBytes bare = ExportBytes{}.u16s({257, 1, 313, 0xFFFF});
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, bare).set(257, ExportBytes{}.u8(ip_only.size()).append(ip_only)))));
  EXPECT_EQ(test::ip(bench.flows.at(1).dst), "198.51.100.1");
  EXPECT_EQ(bench.flows.at(1).packets.value, 1U);
}

/// Line cards export each under a domain of its own, the sampling table of the whole router under 0.
TEST(VendorHabits, SamplingToldForTheWholeExporterHoldsInDomainsThatSayNothing) {
  Bench bench;
  const auto options = [](std::uint32_t rate) {
    return ExportBytes{}.set(kOptions, ExportBytes{}.u16s({400, 2, 1, 144, 4, 34, 4})).set(400, ExportBytes{}.u32s({1, rate}));
  };
  const ExportBytes data = ExportBytes{}.set(kTemplates, ExportBytes{}.u16s({256, 1, 8, 4})).set(256, ExportBytes{}.u32(1));
  ASSERT_TRUE(bench.take(ipfix(options(1000), 0, 0)));
  ASSERT_TRUE(bench.take(ipfix(data, 0, 5)));
  EXPECT_EQ(bench.flows.back().sampling_rate.one_in(), 1000U);
  ASSERT_TRUE(bench.take(ipfix(options(64), 0, 5)));
  ASSERT_TRUE(bench.take(ipfix(data, 0, 5)));
  EXPECT_EQ(bench.flows.back().sampling_rate.one_in(), 64U) << "the domain's own word";
  ASSERT_TRUE(bench.take(netflow9(ExportBytes{}.set(0, ExportBytes{}.u16s({256, 1, 8, 4})).set(256, ExportBytes{}.u32(1)))));
  EXPECT_EQ(bench.flows.back().sampling_rate.one_in(), 1U) << "another protocol's domain 0 is another";
}

TEST(VendorHabits, RecordsThatDoNotNameTheirSamplerHaveTheRateThatAllAgreeOn) {
  const ExportBytes table = ExportBytes{}.u16s({400, 2, 1, 302, 4, 34, 4});
  const ExportBytes data = ExportBytes{}.set(kTemplates, ExportBytes{}.u16s({256, 1, 8, 4})).set(256, ExportBytes{}.u32(1));
  Bench bench;
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kOptions, table).set(400, ExportBytes{}.u32s({3, 20, 4, 20})).append(data))));
  EXPECT_EQ(bench.flows.back().sampling_rate.one_in(), 20U);
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(400, ExportBytes{}.u32s({4, 30})).append(data))));
  EXPECT_EQ(bench.flows.back().sampling_rate.one_in(), 1U) << "nobody can know which";
}

/// dateTimeMicroseconds and dateTimeNanoseconds are NTP time stamps (RFC 7011 section 6.1.9); not every exporter has read that far.
TEST(VendorHabits, TimeStampsInWhatSomeTakeForNtpsFormAreReadAsMeant) {
  constexpr std::uint64_t kAt = 1'699'999'990;  // ten seconds before the export
  constexpr std::uint64_t kNtpEpoch = 2'208'988'800;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, std::uint64_t>>{{"NTP", (kAt + kNtpEpoch) << 32U | 0x8000'0000U},
                                                                    {"seconds and nanoseconds since 1970", kAt << 32U | 500'000'000U},
                                                                    {"microseconds since 1970", kAt * 1'000'000 + 500'000},
                                                                    {"nanoseconds since 1970", kAt * 1'000'000'000 + 500'000'000}}) {
    for (const std::uint16_t variable : {std::uint16_t{0}, std::uint16_t{1}}) {  // by columns, and record by record
      Bench bench;
      const ExportBytes layout =
          variable == 0 ? ExportBytes{}.u16s({256, 3, 2, 4, 156, 8, 157, 8}) : ExportBytes{}.u16s({256, 4, 2, 4, 156, 8, 157, 8, 82, 0xFFFF});
      ExportBytes record = ExportBytes{}.u32(1).u64(value).u64(value);
      if (variable == 1) {
        record.u8(0);
      }
      ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout).set(256, record))));
      EXPECT_EQ(test::time_text(bench.flows.at(0).first), "2023-11-14T22:13:10.500Z") << name;
      EXPECT_EQ(test::time_text(bench.flows.at(0).last), "2023-11-14T22:13:10.500Z") << name;
    }
  }
}

TEST(VendorHabits, ATimeStampThatIsFarFromTheExportIsNtps) {
  Bench bench;
  const auto record = {Element{2, 4, 1}, {156, 8, 3'900'000'000ULL << 32U}};
  ASSERT_TRUE(bench.take(ipfix(ExportBytes{}.set(kTemplates, layout_of(record)).set(256, record_of(record)))));
  EXPECT_EQ(test::time_text(bench.flows.at(0).first), "2023-08-02T21:20:00Z");
}

TEST(VendorHabits, ASamplingIntervalWithoutItsSpaceMeansOneInSoMany) {
  const ExportBytes data = ExportBytes{}.set(kTemplates, ExportBytes{}.u16s({256, 1, 8, 4})).set(256, ExportBytes{}.u32(1));
  Bench alone;
  ASSERT_TRUE(alone.take(
      ipfix(ExportBytes{}.set(kOptions, ExportBytes{}.u16s({400, 2, 1, 149, 4, 305, 4})).set(400, ExportBytes{}.u32s({1, 512})).append(data))));
  EXPECT_EQ(alone.flows.back().sampling_rate.one_in(), 512U);
  Bench both;
  ASSERT_TRUE(both.take(ipfix(
      ExportBytes{}.set(kOptions, ExportBytes{}.u16s({400, 3, 1, 149, 4, 305, 4, 306, 4})).set(400, ExportBytes{}.u32s({1, 512, 0})).append(data))));
  EXPECT_EQ(both.flows.back().sampling_rate.one_in(), 1U) << "a space of none is everything";
}

/// FortiGate, Meraki, nProbe: one record a session, IN_ is what the client sent, OUT_ what came back.
TEST(VendorHabits, OutgoingCountersBesideIncomingOnesAreTheAnswersInNetFlow9) {
  const auto session = {Element{8, 4, 1}, {12, 4, 2}, {1, 4, 500}, {23, 4, 60'000}, {2, 4, 5}, {24, 4, 50}};
  Bench nine;
  ASSERT_TRUE(nine.take(netflow9(ExportBytes{}.set(0, layout_of(session)).set(256, record_of(session)))));
  EXPECT_EQ(nine.flows.at(0).bytes.value, 500U);
  EXPECT_EQ(nine.flows.at(0).packets.value, 5U);
  EXPECT_EQ(nine.flows.at(0).reverse_bytes.value_or(Bytes{}).value, 60'000U);
  EXPECT_EQ(nine.flows.at(0).reverse_packets.value_or(Packets{}).value, 50U);
  Bench ten;
  ASSERT_TRUE(ten.take(ipfix(ExportBytes{}.set(kTemplates, layout_of(session)).set(256, record_of(session)))));
  EXPECT_FALSE(ten.flows.at(0).reverse_bytes) << "IPFIX: the same packets behind the observation point";
  const auto directed = {Element{8, 4, 1}, {1, 4, 500}, {23, 4, 500}, {61, 1, 0}};
  Bench routed;
  ASSERT_TRUE(routed.take(netflow9(ExportBytes{}.set(0, layout_of(directed)).set(256, record_of(directed)))));
  EXPECT_FALSE(routed.flows.at(0).reverse_bytes) << "a record with a direction of its own is one direction's";
}

/// yaf: the flags of the first packet and of the others, as CERT's own elements, in the record or in a record within it.
TEST(VendorHabits, YafsTcpFlagsAreReadWhereverTheyStand) {
  const auto cert = [](std::uint16_t id) { return ExportBytes{}.u16(0x8000U | id).u16(1).u32(6871); };
  Bench flat;
  ASSERT_TRUE(flat.take(ipfix(ExportBytes{}
                                  .set(kTemplates, ExportBytes{}.u16s({256, 3, 86, 8}).append(cert(14)).append(cert(15)))
                                  .set(256, ExportBytes{}.u64(9).u8(0x02).u8(0x18)))));
  EXPECT_EQ(flat.flows.at(0).tcp_flags, std::uint8_t{0x1A});
  EXPECT_EQ(flat.flows.at(0).packets.value, 9U);
  Bench nested;
  const ExportBytes templates = ExportBytes{}.u16s({256, 2, 86, 8, 293, 0xFFFF}).u16s({0xC003, 2}).append(cert(14)).append(cert(15));
  const ExportBytes list = ExportBytes{}.u8(3).u16s({0xC003, 6}).u8(0x02).u8(0x10);
  ASSERT_TRUE(nested.take(ipfix(ExportBytes{}.set(kTemplates, templates).set(256, ExportBytes{}.u64(9).u8(list.size()).append(list)))));
  EXPECT_EQ(nested.flows.at(0).tcp_flags, std::uint8_t{0x12});
  const ExportBytes lying = ExportBytes{}.u8(3).u16s({0xC003, 600}).u8(0x02).u8(0x10);
  ASSERT_TRUE(nested.take(ipfix(ExportBytes{}.set(256, ExportBytes{}.u64(9).u8(lying.size()).append(lying)))));
  EXPECT_FALSE(nested.flows.at(1).tcp_flags);
}

}  // namespace
}  // namespace pinfold::flow
