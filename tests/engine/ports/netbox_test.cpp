// NetBox's pages over real HTTP: the token goes along, pages are counted, and what goes wrong imports nothing.
#include "engine/ports/netbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_stub.hpp"
#include "support/sample_desk.hpp"

namespace pinfold::engine {
namespace {

using test::HttpStub;
using test::StubRequest;

constexpr std::size_t kInterfaces = 1201;  ///< three pages

std::size_t offset_of(const std::string& head) {
  const auto at = head.find("offset=");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 7));
}

/// The server's interface is the first, its switch port the last; in between are others.
std::string interfaces_page(std::size_t offset) {
  std::string rows;
  for (std::size_t id = offset; id < std::min(kInterfaces, offset + kPageRows); ++id) {
    const std::string device = id == 0 ? "srv-1" : id == kInterfaces - 1 ? "sw1" : "other";
    rows += std::string(rows.empty() ? "" : ",") + R"({"id":)" + std::to_string(id) + R"(,"device":{"name":")" + device + R"("},"name":"swp)" +
            std::to_string(id) + R"(","description":"cust:srv-1","mac_address":null,"cable":{"id":1},"connected_endpoints":null})";
  }
  // A `next` that leads elsewhere, as a hostile or misconfigured NetBox may write it: it must not be followed.
  return R"({"count":)" + std::to_string(kInterfaces) + R"(,"next":"http://127.0.0.1:1/steal","results":[)" + rows + "]}";
}

constexpr const char* kCables =
    R"({"count":1,"next":null,"results":[{"id":1,"a_terminations":[{"object_type":"dcim.interface","object_id":0}],
        "b_terminations":[{"object_type":"dcim.interface","object_id":1200}]}]})";

TEST(NetboxFetch, ReadsAllPagesAndFindsThePort) {
  unsigned asked = 0;
  bool had_token = true;
  HttpStub netbox([&](const StubRequest& request) {
    ++asked;
    had_token = had_token && request.header("authorization") == "Token secret-1";
    const bool is_cables = request.head.starts_with("GET /tools/api/dcim/cables/");
    return HttpStub::Answer{200, is_cables ? kCables : interfaces_page(offset_of(request.head)), false};
  });
  const auto cabling = fetch_netbox(*fetch::parse_url(netbox.url("/tools/")), "secret-1", "");
  ASSERT_TRUE(cabling) << cabling.error();
  EXPECT_EQ(asked, 4U);
  EXPECT_TRUE(had_token);
  const auto result = cabling->apply_to(test::sample_inventory());
  EXPECT_EQ(result.changed, 1U);
  EXPECT_EQ(result.inventory.servers()[0].port->name, PortName{"swp1200"});
}

TEST(NetboxFetch, AFailureIsToldWithItsPage) {
  struct Row {
    unsigned status;
    const char* body;
    const char* word;
  };
  for (const Row& row : {Row{403, "", "refuses the token"}, Row{500, "oops", "answers 500: oops"}, Row{200, "<html>", "offset=0"},
                         Row{200, R"({"count":5,"results":[]})", "an empty page"}}) {
    HttpStub netbox([&](const StubRequest&) { return HttpStub::Answer{row.status, row.body, false}; });
    const auto cabling = fetch_netbox(*fetch::parse_url(netbox.url()), "t", "");
    ASSERT_FALSE(cabling);
    EXPECT_THAT(cabling.error(), testing::HasSubstr(row.word));
  }
  EXPECT_THAT(fetch_netbox(*fetch::parse_url("http://127.0.0.1:1"), "t", "").error(), testing::HasSubstr("cannot connect"));
}

}  // namespace
}  // namespace pinfold::engine
