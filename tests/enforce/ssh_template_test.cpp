// The vendors' templates as data: they load, they say what they are sure of, and what a manual shows is read as it means.
#include "enforce/drivers/ssh_template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "enforce/drivers/ssh_session.hpp"

namespace pinfold::enforce::drivers {
namespace {

struct Sample {
  const char* vendor;
  const char* name;
  const char* output;  ///< in the form that the vendor's manual prints
  bool is_missing;
  const char* port;
  bool admin_up;
  bool oper_up;
  const char* alias;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> rows{
      {"frr", "up", "Interface swp2 is up, line protocol is up\n  Description: cust:srv-2\n  flags: <UP,BROADCAST,RUNNING,MULTICAST>\n", false,
       "swp2", true, true, "cust:srv-2"},
      {"frr", "shut", "Interface swp2 is down\n  index 12 metric 0\n  flags: <BROADCAST,MULTICAST>\n", false, "swp2", false, false, nullptr},
      {"frr", "no carrier", "Interface swp2 is up, line protocol is down\n  flags: <UP,BROADCAST,MULTICAST>\n", false, "swp2", true, false, nullptr},
      {"frr", "absent", "% Can't find interface swp9\n", true, nullptr, false, false, nullptr},
      {"linux", "up", "12: swp2@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br0 state UP mode DEFAULT\n    alias cust:srv-2\n", false,
       "swp2", true, true, "cust:srv-2"},
      {"linux", "shut", "12: swp2: <BROADCAST,MULTICAST> mtu 1500 master br0 state DOWN mode DEFAULT\n", false, "swp2", false, false, nullptr},
      {"ios", "up", "GigabitEthernet1/0/7 is up, line protocol is up (connected)\r\n  Description: cust:srv-2\r\n", false, "GigabitEthernet1/0/7",
       true, true, "cust:srv-2"},
      {"ios", "shut", "GigabitEthernet1/0/7 is administratively down, line protocol is down (disabled)\r\n", false, "GigabitEthernet1/0/7", false,
       false, nullptr},
      {"ios", "no carrier", "GigabitEthernet1/0/7 is down, line protocol is down (notconnect)\r\n", false, "GigabitEthernet1/0/7", true, false,
       nullptr},
      {"eos", "up", "Ethernet7 is up, line protocol is up (connected)\r\n  Description: cust:srv-2\r\n", false, "Ethernet7", true, true,
       "cust:srv-2"},
      {"eos", "shut", "Ethernet7 is administratively down, line protocol is down (disabled)\r\n", false, "Ethernet7", false, false, nullptr},
      {"junos", "up", "Physical interface: ge-0/0/7, Enabled, Physical link is Up\n  Description: cust:srv-2\n", false, "ge-0/0/7", true, true,
       "cust:srv-2"},
      {"junos", "shut", "Physical interface: ge-0/0/7, Administratively down, Physical link is Down\n", false, "ge-0/0/7", false, false, nullptr},
      {"routeros", "up", "name ether7\ndisabled false\nrunning true\ncomment cust:srv-2\n", false, "ether7", true, true, "cust:srv-2"},
      {"routeros", "absent", "no such port\n", true, nullptr, false, false, nullptr},
  };
  return rows;
}

TEST(SshTemplate, EveryVendorLoadsAndOnlyTwoClaimToBeTried) {
  std::vector<std::string> tried;
  for (const std::string& vendor : ssh_vendors()) {
    const auto loaded = load_ssh_template(vendor);
    ASSERT_TRUE(loaded) << vendor << ": " << loaded.error();
    EXPECT_EQ(loaded->vendor, vendor);
    if (loaded->is_tried) {
      tried.push_back(vendor);
    }
  }
  EXPECT_THAT(ssh_vendors(), testing::UnorderedElementsAre("eos", "frr", "ios", "junos", "linux", "routeros"));
  EXPECT_THAT(tried, testing::UnorderedElementsAre("frr", "linux"));
}

TEST(SshTemplate, ReadsWhatTheManualsShow) {
  for (const Sample& row : samples()) {
    SCOPED_TRACE(std::string(row.vendor) + ", " + row.name);
    const auto commands = load_ssh_template(row.vendor);
    ASSERT_TRUE(commands);
    const auto says = [&](const char* key) -> std::optional<std::string> {
      const auto found = commands->looks.find(key);
      return found == commands->looks.end() ? std::nullopt : look_for(found->second, row.output);
    };
    EXPECT_EQ(says("missing").has_value(), row.is_missing);
    if (row.is_missing) {
      continue;
    }
    EXPECT_EQ(says("name"), row.port);
    EXPECT_EQ(says("admin_up").has_value(), row.admin_up);
    EXPECT_EQ(says("admin_down").has_value(), !row.admin_up);
    EXPECT_EQ(says("oper_up").has_value(), row.oper_up);
    if (row.alias != nullptr) {
      EXPECT_EQ(says("alias"), row.alias);
    }
    for (const std::regex& failed : commands->failed) {
      EXPECT_FALSE(look_for(failed, row.output));
    }
  }
}

TEST(SshTemplate, ACommandThatWasNotUnderstoodIsSeen) {
  for (const auto& [vendor, output] :
       std::vector<std::pair<const char*, const char*>>{{"ios", "interface Gi9\n       ^\n% Invalid input detected at '^' marker.\n"},
                                                        {"eos", "% Invalid input\n"},
                                                        {"junos", "syntax error, expecting <command>\n"},
                                                        {"routeros", "bad command name shut (line 1 column 1)\n"},
                                                        {"frr", "% Unknown command: shutdwon\n"}}) {
    const auto commands = load_ssh_template(vendor);
    ASSERT_TRUE(commands);
    EXPECT_TRUE(std::any_of(commands->failed.begin(), commands->failed.end(), [&, output = output](const std::regex& sign) {
      return look_for(sign, output).has_value();
    })) << vendor;
  }
}

TEST(SshTemplate, FaultsAreNamedAndNothingIsHalfLoaded) {
  const std::string good =
      "vendor='x'\nmode='exec'\n[state]\ncommands=['show {port}']\nname='^(x)'\nadmin_up='u'\nadmin_down='d'\noper_up='o'\n"
      "[down]\ncommands=['down {port}']\n[up]\ncommands=['up {port}']\n";
  EXPECT_TRUE(parse_ssh_template(good));
  const auto without = [&](const std::string& part, const std::string& instead) {
    std::string text = good;
    text.replace(text.find(part), part.size(), instead);
    return text;
  };
  for (const auto& [text, word] : std::vector<std::pair<std::string, const char*>>{{"not toml [", "line"},
                                                                                   {without("mode='exec'", "mode='magic'"), "mode"},
                                                                                   {without("down {port}", "down"), "{port}"},
                                                                                   {without("oper_up='o'\n", ""), "oper_up"},
                                                                                   {without("admin_up='u'", "admin_up='('"), "admin_up"},
                                                                                   {good + "[save]\ncommands=['w']\n", "done"},
                                                                                   {good + "[macs]\ncommands=['m']\nentry='(one group)'\n", "entry"},
                                                                                   {without("['up {port}']", "[\"up {port}\\nreload\"]"), "commands"},
                                                                                   {std::string(kMaxTemplate + 1, '#'), "longer"}}) {
    const auto parsed = parse_ssh_template(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), testing::HasSubstr(word));
  }
  EXPECT_THAT(load_ssh_template("vax").error(), testing::HasSubstr("there are"));
  EXPECT_FALSE(load_ssh_template("/nonexistent/template.toml"));
}

TEST(SshTemplate, AnEndlessLineIsCutBeforeItIsLookedAt) {
  const auto commands = load_ssh_template("ios");
  const std::string endless(2'000'000, 'a');
  EXPECT_FALSE(look_for(commands->looks.at("name"), endless));
}

TEST(SshPortNames, OnlyWhatNoCommandLineCouldMistake) {
  for (const char* name : {"swp1", "GigabitEthernet1/0/7", "ge-0/0/7.0", "Ethernet7/1", "port:7", "eth_0"}) {
    EXPECT_TRUE(is_safe_port_name(name)) << name;
  }
  for (const char* name : {"", "-x", "a b", "a;b", "a'b", "a\"b", "a`b", "a$b", "a\nb", "a|b", "a&b", "a>b", "a\\b", "a#b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_safe_port_name(name)) << name;
  }
  EXPECT_FALSE(is_safe_port_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace pinfold::enforce::drivers
