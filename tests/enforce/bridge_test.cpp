// The rtnetlink driver on real Linux bridges: this thread is the hypervisor, in a network namespace of its own; each virtual server is a
// namespace behind a veth. Root only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <iostream>

#include "enforce/drivers/bridge_driver.hpp"
#include "enforce/guard_rows.hpp"
#include "support/command.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using drivers::BridgeDriver;
using drivers::BridgeOptions;
using guard::AdminState;
using lab::Arguments;
using Ending = ActionOutcome::Ending;

class Bridge : public testing::Test {
protected:
  void SetUp() override {
    if (::getuid() != 0) {
      GTEST_SKIP() << "needs root for network namespaces";
    }
    x_old = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    run({"ip", "link", "add", "br0", "type", "bridge", "stp_state", "0"});
    x_has_vlans = lab::finish(lab::start({"ip", "link", "set", "br0", "type", "bridge", "vlan_filtering", "1"}, "/dev/null")) == 0;
    run({"ip", "link", "set", "br0", "up"});
    run({"ip", "addr", "add", "10.0.0.254/24", "dev", "br0"});
    for (unsigned n = 1; n <= 2; ++n) {
      add_server(n);
    }
    world.is_on_system_clock = true;
    world.settings.policy.max_disables_per_switch_hour = 1000;
    world.settings.policy.max_disables_per_switch_day = 1000;
    world.settings.policy.max_disables_per_site_hour = 1000;
    world.settings.policy.max_disables_per_site_day = 1000;
    restart_desk({});
    ASSERT_TRUE(pings(1) && pings(2));  // also lets the bridge learn
  }
  void TearDown() override {
    for (const pid_t one : x_servers) {
      ::kill(one, SIGKILL);
      lab::finish(one);
    }
    if (x_old >= 0) {
      ::setns(x_old, CLONE_NEWNET);
      ::close(x_old);
    }
  }

  void run(const Arguments& arguments) {
    const std::string log = x_folder.path() / "command.log";
    ASSERT_EQ(lab::finish(lab::start(arguments, log)), 0) << testing::PrintToString(arguments) << lab::text_of(log);
  }
  void in_server(unsigned n, Arguments arguments) {
    arguments.insert(arguments.begin(), {"nsenter", "-t", std::to_string(x_servers[n - 1]), "-n"});
    run(arguments);
  }
  void add_server(unsigned n) {
    int ready[2] = {-1, -1};
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::unshare(CLONE_NEWNET) == 0 && ::write(ready[1], "+", 1) == 1) {
        ::pause();
      }
      ::_exit(1);
    }
    char sign = 0;
    ASSERT_EQ(::read(ready[0], &sign, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    x_servers.push_back(child);
    const std::string port = "swp" + std::to_string(n);
    const std::string mac = net::to_string(net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(n)}});
    run({"ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "address", mac, "netns", std::to_string(child)});
    run({"ip", "link", "set", port, "master", "br0", "alias", "cust:srv-" + std::to_string(1000 + n), "up"});
    in_server(n, {"ip", "addr", "add", "10.0.0." + std::to_string(n) + "/24", "dev", "eth0"});
    in_server(n, {"ip", "link", "set", "eth0", "up"});
  }
  /// One answer within the time; asked each second.
  [[nodiscard]] bool pings(unsigned n, const char* seconds = "10") const {
    return lab::finish(lab::start({"ping", "-q", "-c", "1", "-w", seconds, "10.0.0." + std::to_string(n)}, x_folder.path() / "ping.log")) == 0;
  }
  void restart_desk(const BridgeOptions& options) {
    executor = std::make_unique<Executor>(
        world.store, [options](const SwitchId&) { return std::make_unique<BridgeDriver>(options); }, system_clock(),
        [](Micros by) { ::usleep(static_cast<useconds_t>(by.count())); }, world.settings);
  }
  ActionOutcome run(const ActionRequest& request) {
    return executor->run(request, world.inventory, [](records::Transaction&, const ActionRequest&) { return std::nullopt; });
  }
  [[nodiscard]] static inventory::AccessPort port(unsigned n) {
    return {SwitchId{"sw1"}, PortName{"swp" + std::to_string(n)}, "cust:srv-" + std::to_string(1000 + n)};
  }

  [[nodiscard]] bool has_vlans() const { return x_has_vlans; }

  fakes::World world{2};
  std::unique_ptr<Executor> executor;

private:
  bool x_has_vlans = false;  ///< CONFIG_BRIDGE_VLAN_FILTERING
  test::TempFolder x_folder;
  int x_old = -1;
  std::vector<pid_t> x_servers;
};

TEST_F(Bridge, ReadsWhatTheGuardsWantToKnow) {
  BridgeDriver driver;
  const auto facts = driver.inspect(port(1));
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->name, "swp1");
  EXPECT_EQ(facts->alias, "cust:srv-1001");
  EXPECT_EQ(facts->if_type, guard::kEthernet);
  EXPECT_EQ(facts->admin, AdminState::Up);
  EXPECT_EQ(facts->oper, guard::OperState::Up);
  EXPECT_EQ(facts->learned_macs, std::vector{*world.inventory.servers()[0].mac});
  EXPECT_EQ(facts->learned_elsewhere, std::vector{*world.inventory.servers()[1].mac});
  EXPECT_EQ(facts->is_own_path, false);
  EXPECT_EQ(facts->switch_ports_up, 2U);
  EXPECT_EQ(facts->stp_root.value, false);
  EXPECT_EQ(facts->tagged_vlans.offered, has_vlans());
  ASSERT_TRUE(facts->bond.value);
  EXPECT_TRUE(facts->bond.value->empty());
  EXPECT_EQ(facts->pvid, std::nullopt);
  if (has_vlans()) {
    EXPECT_EQ(facts->tagged_vlans.value, 0U);
    run({"bridge", "vlan", "add", "dev", "swp1", "vid", "20"});
    run({"bridge", "vlan", "add", "dev", "swp1", "vid", "30"});
    EXPECT_EQ(driver.inspect(port(1))->tagged_vlans.value, 2U);
  }
}

TEST_F(Bridge, ShutsAndOpensTheRightServerOnly) {
  const auto down = run(world.request(1, PortWish::Down));
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_THAT(down.instruments, testing::HasSubstr("no MAC address is learned"));
  EXPECT_FALSE(pings(1, "1"));
  EXPECT_TRUE(pings(2));
  ASSERT_EQ(run(world.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_TRUE(pings(1));
}

TEST_F(Bridge, TheStateOfAShutPortIsVerifiedWithin5Milliseconds) {
  std::vector<Nanos> took;
  for (std::int64_t round = 0; round < 20; ++round) {
    BridgeDriver driver;
    const auto facts = driver.inspect(port(2));
    ASSERT_TRUE(facts);
    const MonoTime start = system_clock().mono();
    ASSERT_TRUE(driver.set(*facts, AdminState::Down));
    const auto after = driver.reread(port(2));
    took.push_back(system_clock().mono() - start);
    ASSERT_TRUE(after);
    ASSERT_EQ(after->admin, AdminState::Down);
    ASSERT_NE(after->oper, guard::OperState::Up);
    ASSERT_TRUE(driver.set(*after, AdminState::Up));
  }
  std::sort(took.begin(), took.end());
  std::cout << "set to verified state: median " << took[took.size() / 2].count() / 1000 << " us, slowest " << took.back().count() / 1000 << " us\n";
  EXPECT_LE(took[took.size() / 2], Nanos{std::chrono::milliseconds{5}});
}

TEST_F(Bridge, QuarantineMovesThePortToItsVlanAndBackAndLeavesTheLinkUp) {
  if (!has_vlans()) {
    GTEST_SKIP() << "this kernel's bridge does not filter VLANs; lab.kernel runs it on one that does";
  }
  restart_desk({666});
  ASSERT_EQ(run(world.request(1, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_FALSE(pings(1, "1"));
  EXPECT_TRUE(pings(2));
  BridgeDriver driver({666});
  const auto facts = driver.inspect(port(1));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->admin, AdminState::Up);
  EXPECT_EQ(facts->pvid, 666);
  // The console in the quarantine VLAN still reaches it.
  run({"bridge", "vlan", "add", "dev", "br0", "vid", "666", "self"});
  run({"ip", "link", "add", "link", "br0", "name", "console", "type", "vlan", "id", "666"});
  run({"ip", "addr", "add", "10.0.0.250/32", "dev", "console"});
  run({"ip", "link", "set", "console", "up"});
  run({"ip", "route", "add", "10.0.0.1/32", "dev", "console", "src", "10.0.0.250"});
  EXPECT_TRUE(pings(1));
  run({"ip", "link", "del", "console"});
  const auto up = run(world.request(1, PortWish::Up, 2));
  ASSERT_EQ(up.result, ActionResult::Verified) << up.why;
  EXPECT_EQ(driver.inspect(port(1))->pvid, 1);
  EXPECT_TRUE(pings(1));
}

TEST_F(Bridge, AHalfMovedPortIsNotInQuarantineAndRecoveryFinishesIt) {
  if (!has_vlans()) {
    GTEST_SKIP() << "this kernel's bridge does not filter VLANs; lab.kernel runs it on one that does";
  }
  restart_desk({666});
  run({"bridge", "vlan", "add", "dev", "swp1", "vid", "666", "pvid", "untagged"});  // a crash before the old VLAN was removed
  BridgeDriver driver({666});
  EXPECT_EQ(guard::is_off(*driver.inspect(port(1))), false);
  ASSERT_EQ(run(world.request(1, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(guard::is_off(*driver.inspect(port(1))), true);
}

TEST_F(Bridge, WhereTheBridgeDoesNotFilterVlansAQuarantineIsHeld) {
  if (has_vlans()) {
    run({"ip", "link", "set", "br0", "type", "bridge", "vlan_filtering", "0"});
  }
  restart_desk({666});
  const auto held = run(world.request(1, PortWish::Down));
  EXPECT_EQ(held.ending, Ending::Held);
  EXPECT_THAT(held.why, testing::HasSubstr("the port's VLAN is unreadable"));
  EXPECT_TRUE(pings(1));
}

TEST_F(Bridge, APortThatWasMadeAnewUnderTheSameNameIsNotWrittenTo) {
  BridgeDriver driver;
  const auto remembered = driver.inspect(port(1));
  ASSERT_TRUE(remembered);
  run({"ip", "link", "del", "swp1"});
  run({"ip", "link", "add", "swp1", "type", "veth", "peer", "name", "other0"});
  run({"ip", "link", "set", "swp1", "master", "br0", "alias", "cust:srv-1001", "up"});
  EXPECT_FALSE(driver.set(*remembered, AdminState::Down));
  EXPECT_EQ(driver.reread(port(1))->admin, AdminState::Up);
}

TEST_F(Bridge, WhatIsNoPortOfABridgeIsNotTouched) {
  run({"ip", "link", "add", "lone0", "type", "veth", "peer", "name", "lone1"});
  run({"ip", "link", "set", "lone0", "up"});
  BridgeDriver driver;
  for (const char* name : {"lone0", "br0", "absent0", "", "a-name-that-is-too-long-for-linux"}) {
    const auto facts = driver.inspect({SwitchId{"sw1"}, PortName{name}, ""});
    ASSERT_FALSE(facts) << name;
    EXPECT_EQ(facts.error().kind, DriverError::Kind::NotFound) << name;
  }
}

TEST_F(Bridge, ThePortBehindWhichOurIpv6RouterStandsIsNotShut) {
  run({"ip", "-6", "addr", "add", "fd99::254/64", "dev", "br0", "nodad"});
  run({"ip", "-6", "neigh", "replace", "fd99::2", "lladdr", "02:00:00:00:00:02", "dev", "br0", "nud", "permanent"});
  run({"ip", "-6", "route", "add", "default", "via", "fd99::2", "dev", "br0"});
  const auto refused = run(world.request(2, PortWish::Down));
  EXPECT_EQ(refused.ending, Ending::Refused);
  EXPECT_THAT(refused.why, testing::HasSubstr("our own path to the switch leads over this port"));
  EXPECT_TRUE(pings(2));
  run({"ip", "-6", "route", "del", "default", "via", "fd99::2", "dev", "br0"});
  const auto down = run(world.request(2, PortWish::Down));  // a neighbour that routes nothing is a server like others
  EXPECT_EQ(down.result, ActionResult::Verified) << down.why;
}

TEST_F(Bridge, EachGuardStopsTheWriteOnWhatTheKernelShows) {
  const auto alias = [this](const char* text) { run({"ip", "link", "set", "swp1", "alias", text}); };
  const auto fdb = [this](const char* what, const char* mac, const char* at) {
    run({"bridge", "fdb", what, mac, "dev", at, "master", "static", "sticky"});
  };
  const std::string own = net::to_string(*world.inventory.servers()[0].mac);
  std::vector<GuardRow> rows = desk_rows(world, 1);
  rows.push_back({"another label on the port", guard::kIdentity, Ending::Refused, [&] { alias("cust:srv-7"); }, [&] { alias("cust:srv-1001"); }});
  rows.push_back({"plugged in elsewhere", guard::kWitnesses, Ending::Held, [&] { fdb("replace", own.c_str(), "swp2"); },
                  [&] {
                    fdb("del", own.c_str(), "swp2");
                    EXPECT_TRUE(pings(1));  // learned again
                  }});
  rows.push_back({"a switch behind the port", guard::kUplink, Ending::Held,
                  [&] {
                    for (const char* more : {"02:00:00:00:0a:01", "02:00:00:00:0a:02", "02:00:00:00:0a:03", "02:00:00:00:0a:04"}) {
                      fdb("add", more, "swp1");
                    }
                  },
                  [&] {
                    for (const char* more : {"02:00:00:00:0a:01", "02:00:00:00:0a:02", "02:00:00:00:0a:03", "02:00:00:00:0a:04"}) {
                      fdb("del", more, "swp1");
                    }
                  }});
  BridgeDriver driver;
  expect_each_stops_the_write(
      rows, [this] { return run(world.request(1, PortWish::Down)); }, [&] { return driver.reread(port(1))->admin == AdminState::Up; });
  EXPECT_TRUE(pings(2));
}

TEST_F(Bridge, ABondIsHeldAndWithTwoPersonsOneActionOverAllItsMembers) {
  if (lab::finish(lab::start({"ip", "link", "add", "bond0", "type", "bond"}, "/dev/null")) != 0) {
    GTEST_SKIP() << "this kernel has no bonding; lab.kernel runs it on one that has";
  }
  for (const char* name : {"m0", "m1"}) {
    run({"ip", "link", "add", name, "type", "veth", "peer", "name", std::string(name) + "p"});
    run({"ip", "link", "set", name, "master", "bond0"});
  }
  run({"ip", "link", "set", "bond0", "master", "br0", "alias", "cust:srv-1001", "up"});
  run({"bridge", "fdb", "replace", "02:00:00:00:00:01", "dev", "bond0", "master", "static"});
  auto servers = world.inventory.servers();
  servers[0].port->name = PortName{"bond0"};
  world.inventory = inventory::Inventory(world.inventory.customers(), servers);
  run({"ip", "link", "del", "swp1"});
  const auto held = run(world.request(1, PortWish::Down));
  EXPECT_EQ(held.ending, Ending::Held);
  EXPECT_THAT(held.why, testing::HasSubstr("bonded with m0, m1"));
  world.warrant.approvals.push_back({StaffId{"bert"}, WallTime{}, true});
  const auto down = run(world.request(1, PortWish::Down, 2));
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_THAT(down.read_back, testing::HasSubstr("m0 down/down, m1 down/down"));
}

}  // namespace
}  // namespace pinfold::enforce
