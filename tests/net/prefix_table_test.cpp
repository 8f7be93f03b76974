#include "net/prefix_table.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pinfold::net {
namespace {

TEST(PrefixTable, FindsTheLongestPrefixWhateverTheOrder) {
  const std::vector<std::pair<const char*, std::uint32_t>> prefixes = {
      {"0.0.0.0/0", 0},     {"10.0.0.0/8", 1}, {"10.1.0.0/16", 2},   {"10.1.2.0/24", 3},
      {"10.1.2.128/25", 4}, {"10.1.2.200", 5}, {"2001:db8::/32", 6}, {"2001:db8::1", 7},
  };
  PrefixTable forwards;
  PrefixTable backwards;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    forwards.insert(*Prefix::parse(prefixes[i].first), prefixes[i].second);
    const auto& last = prefixes[prefixes.size() - 1 - i];
    backwards.insert(*Prefix::parse(last.first), last.second);
  }
  struct Row {
    const char* address;
    std::optional<std::uint32_t> value;
  };
  for (const Row& row : {Row{"192.0.2.1", 0}, Row{"10.9.9.9", 1}, Row{"10.1.9.9", 2}, Row{"10.1.2.3", 3}, Row{"10.1.2.129", 4}, Row{"10.1.2.200", 5},
                         Row{"2001:db8::2", 6}, Row{"2001:db8::1", 7}, Row{"2001:db9::1", std::nullopt}}) {
    EXPECT_EQ(forwards.find(*IpAddress::parse(row.address)), row.value) << row.address;
    EXPECT_EQ(backwards.find(*IpAddress::parse(row.address)), row.value) << row.address;
  }
}

TEST(PrefixTable, APlaceHoldsWhatALookUpGives) {
  PrefixTable table;
  table.insert(*Prefix::parse("10.1.0.0/16"), 1);
  table.insert(*Prefix::parse("10.1.2.3"), 2);
  table.insert(*Prefix::parse("2001:db8::/32"), 3);
  std::vector<std::pair<const std::uint32_t*, std::uint32_t>> places;
  for (const char* text : {"10.1.2.3", "10.1.2.4", "10.2.0.1", "2001:db8::1", "2001:db9::1"}) {
    const IpAddress address = *IpAddress::parse(text);
    places.emplace_back(table.place_of(address), table.lookup(address));
  }
  const std::vector<std::uint32_t> values{2, 1, PrefixTable::kNone, 3, PrefixTable::kNone};
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(*places[i].first, values[i]) << i;
    EXPECT_EQ(places[i].second, values[i]) << i;
  }
}

TEST(PrefixTable, AnEmptyTableFindsNothing) {
  const PrefixTable table;
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.find(IpAddress::v4(0)), std::nullopt);
  EXPECT_EQ(table.find(*IpAddress::parse("::")), std::nullopt);
}

TEST(PrefixTable, TheSamePrefixAgainReplacesItsValue) {
  PrefixTable table;
  table.insert(*Prefix::parse("192.0.2.0/28"), 1);
  table.insert(*Prefix::parse("192.0.2.0/28"), 2);
  EXPECT_EQ(table.find(*IpAddress::parse("192.0.2.15")), 2U);
  EXPECT_EQ(table.find(*IpAddress::parse("192.0.2.16")), std::nullopt);
}

/// Against the obvious model: look at every prefix, keep the longest that contains the address.
TEST(PrefixTable, AgreesWithALinearSearch) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    PrefixTable table;
    std::vector<std::pair<Prefix, std::uint32_t>> model;
    const auto address = [&random](bool v4) {
      if (v4) {  // few distinct leading bits, so that prefixes nest and collide
        return IpAddress::v4((random() & 0x0103'0307U) | 0x0A00'0000U);
      }
      std::array<std::uint8_t, 16> bytes{0x20, 0x01};
      bytes[7] = random() & 3U;
      bytes[15] = random() & 7U;
      return IpAddress::v6(bytes);
    };
    for (std::uint32_t i = 0; i < 60; ++i) {
      const bool v4 = (random() & 1U) != 0;
      const Prefix prefix{address(v4), static_cast<unsigned>(random() % (v4 ? 33 : 129))};
      table.insert(prefix, i);
      std::erase_if(model, [&](const auto& row) { return row.first == prefix; });
      model.emplace_back(prefix, i);
    }
    for (int probe = 0; probe < 300; ++probe) {
      const IpAddress wanted = address((random() & 1U) != 0);
      const std::pair<Prefix, std::uint32_t>* best = nullptr;
      for (const auto& row : model) {
        if (row.first.contains(wanted) && (best == nullptr || row.first.length() > best->first.length())) {
          best = &row;
        }
      }
      EXPECT_EQ(table.find(wanted), best == nullptr ? std::nullopt : std::optional{best->second}) << to_string(wanted);
    }
  }
}

}  // namespace
}  // namespace pinfold::net
