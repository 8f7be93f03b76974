#include "inventory/csv.hpp"

#include <gtest/gtest.h>

namespace pinfold::inventory {
namespace {

constexpr std::string_view kHeader = "customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected\n";
constexpr std::string_view kFirst =
    "1001,Example Ltd,ops@example.net;CTO@example.net,en,1,srv-1001,192.0.2.11;2001:db8::/64,02:00:00:00:00:01,sw1,swp1,cust:srv-1001,no\n";

Expected<Inventory, ImportError> parse(const std::string& text) { return parse_csv(text, "servers.csv"); }

TEST(Csv, ReadsEveryColumn) {
  const auto inventory = parse(std::string(kHeader) + std::string(kFirst));
  ASSERT_TRUE(inventory) << to_string(inventory.error());
  const Customer* customer = inventory->find(CustomerId{"1001"});
  ASSERT_NE(customer, nullptr);
  EXPECT_EQ(customer->name, "Example Ltd");
  ASSERT_EQ(customer->contacts.size(), 2U);
  EXPECT_EQ(customer->contacts[1].id.value, "cto@example.net");
  EXPECT_EQ(customer->contacts[1].language, "en");
  const Server* server = inventory->find(ServerId{"srv-1001"});
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->customer, customer->id);
  EXPECT_EQ(server->level, ServiceLevel{1});
  ASSERT_EQ(server->addresses.size(), 2U);
  EXPECT_EQ(to_string(server->addresses[0]), "192.0.2.11/32");
  EXPECT_EQ(to_string(server->addresses[1]), "2001:db8::/64");
  EXPECT_EQ(to_string(server->mac.value()), "02:00:00:00:00:01");
  EXPECT_EQ(server->port, (AccessPort{SwitchId{"sw1"}, PortName{"swp1"}, "cust:srv-1001"}));
  EXPECT_FALSE(server->is_protected);
}

TEST(Csv, ReadsResellersAccountsLanguagesAndDeclaredRoles) {
  const std::string header =
      "customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,account,phone,reseller,notify,roles\n";
  const std::string reseller = "1,Reseller,noc@reseller.example|de,en,1,srv-0,192.0.2.1,,,,,billing@reseller.example,+49 1,,,\n";
  const std::string customer = "2,Shop,ops@shop.example,en,3,srv-1,192.0.2.2,,,,,,,1,yes,scanner|research|2027-01-01T00:00:00Z\n";
  const auto inventory = parse(header + reseller + customer);
  ASSERT_TRUE(inventory) << to_string(inventory.error());
  const auto to = inventory->recipients(CustomerId{"2"});
  ASSERT_EQ(to.size(), 3U);
  EXPECT_EQ(to[0].id.value, "noc@reseller.example");
  EXPECT_EQ(to[0].language, "de");
  EXPECT_EQ(to[1].id.value, "ops@shop.example");
  EXPECT_EQ(to[2].id.value, "billing@reseller.example") << "the account's address last";
  EXPECT_EQ(inventory->roles_at(ServerId{"srv-1"}, *parse_wall_time("2026-12-31T00:00:00Z")).size(), 1U);
  EXPECT_TRUE(inventory->roles_at(ServerId{"srv-1"}, *parse_wall_time("2027-01-01T00:00:00Z")).empty());
  EXPECT_EQ(to_string(parse(header + customer).error()), "servers.csv:2: reseller: no such customer in this file");
  EXPECT_FALSE(parse(header + "1,R,a@b.example,en,1,s,192.0.2.1,,,,,,,,,scanner|x\n"));
  EXPECT_FALSE(parse(header + "1,R,a@b.example|?,en,1,s,192.0.2.1,,,,,,,,,\n"));
}

TEST(Csv, TakesQuotesCrlfByteOrderMarkOtherOrderAndEmptyLines) {
  const auto inventory = parse(
      "\xEF\xBB\xBFserver,customer_name,customer,contacts,language,level,addresses,mac,switch,port,alias\r\n"
      "\r\n"
      "s1,\"Smith, \"\"Bob\"\" & Co\",7,a@example.net,de-AT,5,192.0.2.1,,,,\r\n");
  ASSERT_TRUE(inventory) << to_string(inventory.error());
  EXPECT_EQ(inventory->customers().at(0).name, "Smith, \"Bob\" & Co");
  EXPECT_EQ(inventory->servers().at(0).port, std::nullopt);
  EXPECT_EQ(inventory->servers().at(0).mac, std::nullopt);
}

TEST(Csv, TakesCellsThatLookLikeFormulasAsText) {
  const auto inventory = parse(std::string(kHeader) + "1,=1+1,a@example.net,en,1,-s,192.0.2.1,,sw1,swp1,@x,yes\n");
  ASSERT_TRUE(inventory) << to_string(inventory.error());
  EXPECT_EQ(inventory->customers().at(0).name, "=1+1");
  EXPECT_TRUE(inventory->servers().at(0).is_protected);
}

TEST(Csv, LetsServersShareAPort) {
  const auto inventory = parse(std::string(kHeader) + std::string(kFirst) +
                               "1002,Other,b@example.org,en,1,srv-2,192.0.2.12,,sw1,swp1,,\n"
                               "1002,Other,b@example.org,en,1,srv-3,192.0.2.13,,sw1,swp2,,\n");
  ASSERT_TRUE(inventory) << to_string(inventory.error());
  const auto shared = inventory->on_port({SwitchId{"sw1"}, PortName{"swp1"}, "another alias"});
  ASSERT_EQ(shared.size(), 2U);
  EXPECT_EQ(shared[0]->id.value, "srv-1001");
  EXPECT_EQ(shared[1]->id.value, "srv-2");
  EXPECT_EQ(inventory->on_port({SwitchId{"sw1"}, PortName{"swp2"}, ""}).size(), 1U);
  EXPECT_TRUE(inventory->on_port({SwitchId{"sw2"}, PortName{"swp1"}, ""}).empty());
}

TEST(Csv, AcceptsAHeaderAlone) {
  const auto inventory = parse(std::string(kHeader));
  ASSERT_TRUE(inventory);
  EXPECT_TRUE(inventory->servers().empty());
}

struct BadLine {
  const char* name;
  const char* second;  ///< the line behind kHeader and kFirst
  const char* error;
};
class CsvRefuses : public testing::TestWithParam<BadLine> {};

TEST_P(CsvRefuses, NamingFileLineAndField) {
  const auto inventory = parse(std::string(kHeader) + std::string(kFirst) + GetParam().second);
  ASSERT_FALSE(inventory);
  EXPECT_EQ(to_string(inventory.error()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, CsvRefuses,
    testing::Values(
        BadLine{"Mac", "2,B,b@example.org,en,1,s2,192.0.2.2,02:00:00:00:00,,,,", "servers.csv:3: mac: \"02:00:00:00:00\" is not a MAC address"},
        BadLine{"MacTwice", "2,B,b@example.org,en,1,s2,192.0.2.2,02-00-00-00-00-01,,,,",
                "servers.csv:3: mac: 02:00:00:00:00:01 stands on line 2 already"},
        BadLine{"Level", "2,B,b@example.org,en,6,s2,192.0.2.2,,,,,", "servers.csv:3: level: \"6\" is not a service level from 1 to 5"},
        BadLine{"Address", "2,B,b@example.org,en,1,s2,192.0.2.300,,,,,",
                "servers.csv:3: addresses: \"192.0.2.300\" is not an address or prefix (host bits must be zero)"},
        BadLine{"HostBits", "2,B,b@example.org,en,1,s2,192.0.2.1/24,,,,,",
                "servers.csv:3: addresses: \"192.0.2.1/24\" is not an address or prefix (host bits must be zero)"},
        BadLine{"NoAddress", "2,B,b@example.org,en,1,s2,,,,,,", "servers.csv:3: addresses: missing"},
        BadLine{"AddressTwice", "2,B,b@example.org,en,1,s2,192.0.2.11,,,,,",
                "servers.csv:3: addresses: 192.0.2.11/32 overlaps 192.0.2.11/32 on line 2"},
        BadLine{"AddressInsideAnEarlierPrefix", "2,B,b@example.org,en,1,s2,2001:db8::5,,,,,",
                "servers.csv:3: addresses: 2001:db8::5/128 overlaps 2001:db8::/64 on line 2"},
        BadLine{"PrefixAroundAnEarlierAddress", "2,B,b@example.org,en,1,s2,192.0.2.0/24,,,,,",
                "servers.csv:3: addresses: 192.0.2.0/24 overlaps 192.0.2.11/32 on line 2"},
        BadLine{"OverlapWithinOneServer", "2,B,b@example.org,en,1,s2,198.51.100.0/24;198.51.100.7,,,,,",
                "servers.csv:3: addresses: 198.51.100.7/32 overlaps 198.51.100.0/24 on line 3"},
        BadLine{"ServerTwice", "2,B,b@example.org,en,1,srv-1001,192.0.2.2,,,,,", "servers.csv:3: server: \"srv-1001\" stands on line 2 already"},
        BadLine{"NoServer", "2,B,b@example.org,en,1,,192.0.2.2,,,,,", "servers.csv:3: server: missing"},
        BadLine{"NoContact", "2,B,,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: contacts: missing: an owner who cannot be written to cannot be warned"},
        BadLine{"Contact", "2,B,b@localhost,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: contacts: \"b@localhost\" is not a mail address"},
        BadLine{"ContactTwice", "2,B,b@example.org;B@example.org,en,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: contacts: \"B@example.org\" stands here twice"},
        BadLine{"Language", "2,B,b@example.org,english,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: language: \"english\" is not a language tag like en or de-AT"},
        BadLine{"SwitchWithoutPort", "2,B,b@example.org,en,1,s2,192.0.2.2,,sw1,,,", "servers.csv:3: port: missing: switch and port go together"},
        BadLine{"PortWithoutSwitch", "2,B,b@example.org,en,1,s2,192.0.2.2,,,swp2,,", "servers.csv:3: switch: missing: switch and port go together"},
        BadLine{"AliasWithoutPort", "2,B,b@example.org,en,1,s2,192.0.2.2,,,,x,", "servers.csv:3: alias: given without a switch and port"},
        BadLine{"Protected", "2,B,b@example.org,en,1,s2,192.0.2.2,,,,,true", "servers.csv:3: protected: \"true\" is neither yes nor no"},
        BadLine{"CustomerNameDiffers", "1001,Example Inc,ops@example.net;cto@example.net,en,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: customer_name: differs from line 2: the same customer there is \"Example Ltd\""},
        BadLine{"CustomerContactsDiffer", "1001,Example Ltd,ops@example.net,en,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: contacts: differs from line 2 for the same customer"},
        BadLine{"CustomerLanguageDiffers", "1001,Example Ltd,ops@example.net;cto@example.net,de,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: language: differs from line 2 for the same customer"},
        BadLine{"ControlCharacter", "2,B\x1b[31m,b@example.org,en,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: customer_name: has control characters or is not UTF-8"},
        BadLine{"LineBreakInName", "2,\"B\nC\",b@example.org,en,1,s2,192.0.2.2,,,,,",
                "servers.csv:3: customer_name: has control characters or is not UTF-8"},
        BadLine{"Latin1", "2,B\xE4r,b@example.org,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: customer_name: has control characters or is not UTF-8"},
        BadLine{"Blank", "2, B,b@example.org,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: customer_name: begins or ends with a blank"},
        BadLine{"TooFewCells", "2,B,b@example.org,en,1,s2,192.0.2.2", "servers.csv:3: 7 cells, but the header has 12"},
        BadLine{"StrayQuote", "2,B\"B,b@example.org,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: a quote inside a cell that does not begin with one"},
        BadLine{"TextBehindQuote", "2,\"B\"B,b@example.org,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: text behind a closing quote"},
        BadLine{"UnclosedQuote", "2,\"B,b@example.org,en,1,s2\n\n\n", "servers.csv:3: a quote that is never closed"},
        BadLine{"BareCarriageReturn", "2,B\rC,b@example.org,en,1,s2,192.0.2.2,,,,,", "servers.csv:3: a carriage return that does not end the line"}),
    [](const auto& row) { return row.param.name; });

TEST(Csv, CountsLinesThroughQuotedLineBreaks) {
  const auto inventory = parse(std::string(kHeader) + "\n\"a\n\",B\n");
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().line, 3U);
  const auto later = parse(std::string(kHeader) + "\n2,\"B\",b@example.org,en,1,s2,192.0.2.2,,,,,\n3,x\n");
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().line, 4U);
}

struct BadHeader {
  const char* name;
  const char* text;
  const char* error;
};
class CsvRefusesHeader : public testing::TestWithParam<BadHeader> {};

TEST_P(CsvRefusesHeader, NamingTheColumn) {
  const auto inventory = parse(GetParam().text);
  ASSERT_FALSE(inventory);
  EXPECT_EQ(to_string(inventory.error()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(Headers, CsvRefusesHeader,
                         testing::Values(BadHeader{"Empty", "", "servers.csv:1: the file is empty; its first line must name the columns"},
                                         BadHeader{"Unknown", "customer,colour\n", "servers.csv:1: colour: unknown column"},
                                         BadHeader{"Twice", "customer,customer\n", "servers.csv:1: customer: the column stands in the header twice"},
                                         BadHeader{"Missing", "customer,customer_name,contacts,language,level,server,addresses,mac,switch,port\n",
                                                   "servers.csv:1: alias: the header has no such column"},
                                         BadHeader{"NoHeader", "1001,Example Ltd\n", "servers.csv:1: 1001: unknown column"}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace pinfold::inventory
