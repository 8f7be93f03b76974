// What NetBox's pages say about cables, and what it leaves open.
#include "inventory/netbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinfold::inventory {
namespace {

Inventory servers(std::initializer_list<const char*> names) {
  std::vector<Server> all;
  for (const char* name : names) {
    Server server;
    server.id = ServerId{name};
    server.customer = CustomerId{"1001"};
    all.push_back(server);
  }
  return {{{CustomerId{"1001"}, "Example", {{ContactId{"a@b.example"}, "en"}}}}, all};
}

std::string page(const std::string& rows, std::size_t count) {
  return R"({"count":)" + std::to_string(count) + R"(,"next":null,"previous":null,"results":[)" + rows + "]}";
}

const std::string kSwitchPort =
    R"({"id":20,"device":{"id":2,"name":"sw1"},"name":"swp1","description":"cust:srv-a","cable":{"id":7},"mac_address":null})";

TEST(Netbox, TakesThePortFromTheConnectedEndPoint) {
  NetboxCabling cabling;
  const auto read = cabling.add_interfaces(page(
      R"({"id":10,"device":{"id":1,"name":"srv-a"},"name":"eth0","mac_address":"02:00:00:00:00:01","cable":{"id":7},"mgmt_only":false,
          "connected_endpoints":[{"id":20,"name":"swp1"}],"connected_endpoints_type":"dcim.interface"},)" +
          kSwitchPort,
      2));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->rows, 2U);
  EXPECT_EQ(read->count, 2U);
  const Cabling result = cabling.apply_to(servers({"srv-a"}));
  EXPECT_EQ(result.changed, 1U);
  EXPECT_TRUE(result.notes.empty());
  const Server& server = result.inventory.servers()[0];
  EXPECT_EQ(server.port, (AccessPort{SwitchId{"sw1"}, PortName{"swp1"}, "cust:srv-a"}));
  EXPECT_EQ(server.mac, net::MacAddress::parse("02:00:00:00:00:01"));
  EXPECT_EQ(cabling.apply_to(result.inventory).confirmed, 1U);
}

TEST(Netbox, FallsBackToADirectCableWhereTheEndPointIsNotFilledIn) {
  NetboxCabling cabling;
  ASSERT_TRUE(cabling.add_interfaces(page(
      R"({"id":10,"device":{"name":"srv-a"},"name":"eth0","primary_mac_address":{"mac_address":"02:00:00:00:00:01"},"cable":{"id":7},"connected_endpoints":null},)" +
          kSwitchPort,
      2)));
  EXPECT_THAT(cabling.apply_to(servers({"srv-a"})).notes.at(0).what, testing::HasSubstr("does not lead to one interface"));
  ASSERT_TRUE(cabling.add_cables(page(
      R"({"id":7,"a_terminations":[{"object_type":"dcim.interface","object_id":10}],"b_terminations":[{"object_type":"dcim.interface","object_id":20}]})",
      1)));
  const Cabling result = cabling.apply_to(servers({"srv-a"}));
  EXPECT_EQ(result.changed, 1U);
  EXPECT_EQ(result.inventory.servers()[0].mac, net::MacAddress::parse("02:00:00:00:00:01"));
}

TEST(Netbox, LeavesWhatIsNotPlainAndSaysWhy) {
  NetboxCabling cabling;
  ASSERT_TRUE(cabling.add_interfaces(page(
      R"({"id":1,"device":{"name":"bonded"},"name":"eth0","cable":{"id":1},"connected_endpoints":[{"id":20}]},
         {"id":2,"device":{"name":"bonded"},"name":"eth1","cable":{"id":2},"connected_endpoints":[{"id":21}]},
         {"id":3,"device":{"name":"panel"},"name":"eth0","cable":{"id":3},"connected_endpoints":null},
         {"id":4,"device":{"name":"bare"},"name":"eth0","cable":null,"connected_endpoints":null},
         {"id":5,"device":{"name":"bare"},"name":"ipmi","cable":{"id":5},"mgmt_only":true,"connected_endpoints":[{"id":21}]},
         {"id":6,"device":{"name":"circuit"},"name":"eth0","cable":{"id":6},"connected_endpoints":[{"id":20}],"connected_endpoints_type":"circuits.circuittermination"},
         {"id":21,"device":{"name":"sw1"},"name":"swp2","description":""},)" +
          kSwitchPort,
      8)));
  ASSERT_TRUE(cabling.add_cables(page(
      R"({"id":3,"a_terminations":[{"object_type":"dcim.interface","object_id":3}],"b_terminations":[{"object_type":"dcim.frontport","object_id":20}]})",
      1)));
  const Cabling result = cabling.apply_to(servers({"bonded", "panel", "bare", "circuit", "unknown"}));
  ASSERT_EQ(result.notes.size(), 5U);
  EXPECT_THAT(result.notes[0].what, testing::HasSubstr("2 interfaces have cables"));
  EXPECT_THAT(result.notes[1].what, testing::HasSubstr("patch panel"));
  EXPECT_THAT(result.notes[2].what, testing::HasSubstr("no interface has a cable"));
  EXPECT_THAT(result.notes[3].what, testing::HasSubstr("does not lead to one interface"));
  EXPECT_THAT(result.notes[4].what, testing::HasSubstr("no interface of a device of this name"));
  EXPECT_EQ(result.changed, 0U);
  for (const Server& server : result.inventory.servers()) {
    EXPECT_FALSE(server.port);
  }
}

TEST(Netbox, NamesAServerThatMovedAndAPortWithoutDescription) {
  NetboxCabling cabling;
  ASSERT_TRUE(cabling.add_interfaces(page(
      R"({"id":10,"device":{"name":"srv-a"},"name":"eth0","cable":{"id":7},"connected_endpoints":[{"id":21}]},
         {"id":21,"device":{"name":"sw2"},"name":"swp2","description":""})",
      2)));
  auto all = servers({"srv-a"}).servers();
  all[0].port = AccessPort{SwitchId{"sw1"}, PortName{"swp1"}, "x"};
  const Cabling result = cabling.apply_to({servers({}).customers(), all});
  ASSERT_EQ(result.notes.size(), 2U);
  EXPECT_THAT(result.notes[0].what, testing::HasSubstr("no description"));
  EXPECT_EQ(result.notes[1].what, "moved from sw1 swp1 to sw2 swp2");
}

TEST(Netbox, RefusesWhatIsNoPage) {
  NetboxCabling cabling;
  for (const char* text : {"", "[]", "{}", R"({"count":1})", R"({"count":-1,"results":[]})", R"({"count":1,"results":[{"name":"x"}]})",
                           R"({"count":1,"results":[1]})", R"({"count":1,"results":{}})"}) {
    EXPECT_FALSE(cabling.add_interfaces(text)) << text;
    EXPECT_FALSE(cabling.add_cables(text)) << text;
  }
}

}  // namespace
}  // namespace pinfold::inventory
