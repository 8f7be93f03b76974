// The SSH driver against a real sshd: FRR's vtysh and a Linux machine's own commands, both of which really shut links.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enforce/drivers/paired_driver.hpp"
#include "enforce/drivers/snmp_driver.hpp"
#include "enforce/drivers/ssh_driver.hpp"
#include "enforce/fakes.hpp"
#include "enforce/lab_guard_rows.hpp"
#include "enforce/ssh_lab.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using drivers::load_ssh_template;
using drivers::PairedDriver;
using drivers::SnmpDriver;
using drivers::SshDriver;
using guard::AdminState;
using Ending = ActionOutcome::Ending;

const inventory::AccessPort kPortTwo{SwitchId{"sw1"}, PortName{"swp2"}, "cust:srv-1002"};

class Ssh : public testing::Test {
protected:
  void SetUp() override {
    if (const auto missing = lab::SshLab::missing()) {
      GTEST_SKIP() << *missing;
    }
    lab.emplace();
    ASSERT_EQ(lab->faults(), "");
    ssh.emplace(*lab);
    world.is_on_system_clock = true;
    ASSERT_TRUE(wait_for("frr")) << ssh->logs();
  }
  [[nodiscard]] SshDriver driver(const char* vendor) const { return {ssh->access(), *load_ssh_template(vendor)}; }
  [[nodiscard]] bool wait_for(const char* vendor) {
    for (unsigned attempt = 0; attempt < 50; ++attempt) {
      SshDriver one(ssh->access(), *load_ssh_template(vendor));
      const auto facts = one.inspect(kPortTwo);
      if (facts && facts->admin) {
        return true;
      }
      last_error = facts ? "" : facts.error().what;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    ADD_FAILURE() << last_error;
    return false;
  }
  ActionOutcome run(const ActionRequest& request, const Executor::DriverFactory& factory) {
    Executor executor(
        world.store, factory, system_clock(), [](Micros by) { std::this_thread::sleep_for(by); }, world.settings);
    return executor.run(request, world.inventory, [](records::Transaction&, const ActionRequest&) { return std::nullopt; });
  }

  fakes::World world{2};
  std::optional<lab::Lab> lab;
  std::optional<lab::SshLab> ssh;
  std::string last_error;
};

TEST_F(Ssh, FrrReadsTheStateAndSaysWhenThereIsNoSuchPort) {
  SshDriver frr(ssh->access(), *load_ssh_template("frr"));
  const auto facts = frr.inspect(kPortTwo);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->name, "swp2");
  EXPECT_EQ(facts->alias, "cust:srv-1002");
  EXPECT_EQ(facts->admin, AdminState::Up);
  EXPECT_EQ(facts->oper, guard::OperState::Up);
  EXPECT_FALSE(facts->learned_macs);  // a router knows no forwarding table: the guards hold until an SNMP agent is paired with it
  const auto absent = frr.inspect({SwitchId{"sw1"}, PortName{"swp9"}, ""});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, DriverError::Kind::NotFound) << absent.error().what;
}

TEST_F(Ssh, FrrShutsAndOpensTheRightLink) {
  SshDriver frr(ssh->access(), *load_ssh_template("frr"));
  const auto facts = frr.inspect(kPortTwo);
  ASSERT_TRUE(facts);
  const MonoTime start = system_clock().mono();
  const auto written = frr.set(*facts, AdminState::Down);
  ASSERT_TRUE(written) << written.error().what;
  const auto after = frr.reread(kPortTwo);
  std::cout << "vtysh over ssh, write to verified state: " << (system_clock().mono() - start).count() / 1'000'000 << " ms\n";
  ASSERT_TRUE(after);
  EXPECT_EQ(after->admin, AdminState::Down);
  EXPECT_EQ(after->oper, guard::OperState::Down);
  EXPECT_FALSE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->is_up("swp1"));
  EXPECT_TRUE(lab->is_up("swp24"));
  EXPECT_FALSE(lab->pings(2));
  EXPECT_TRUE(lab->pings(1));
  ASSERT_TRUE(frr.set(*after, AdminState::Up));
  EXPECT_TRUE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->pings(2));
}

TEST_F(Ssh, SnmpReadsAndTheCommandLineWritesThroughAllGuards) {
  const auto factory = [this](const SwitchId&) {
    return std::make_unique<PairedDriver>(std::make_unique<SnmpDriver>(lab->settings()),
                                          std::make_unique<SshDriver>(ssh->access(), *load_ssh_template("frr")));
  };
  const auto down = run(world.request(2, PortWish::Down), factory);
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_FALSE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->is_up("swp24"));
  const auto up = run(world.request(2, PortWish::Up, 2), factory);
  ASSERT_EQ(up.result, ActionResult::Verified) << up.why;
  EXPECT_TRUE(lab->is_up("swp2"));
}

TEST_F(Ssh, EachGuardStopsTheCommandOnWhatTheAgentShows) {
  const auto factory = [this](const SwitchId&) {
    return std::make_unique<PairedDriver>(std::make_unique<SnmpDriver>(lab->settings()),
                                          std::make_unique<SshDriver>(ssh->access(), *load_ssh_template("frr")));
  };
  std::vector<GuardRow> rows = desk_rows(world, 2);
  for (GuardRow& row : switch_rows(*lab, world)) {
    rows.push_back(std::move(row));
  }
  expect_each_stops_the_write(
      rows, [&] { return run(world.request(2, PortWish::Down), factory); }, [this] { return lab->is_up("swp2"); });
  EXPECT_TRUE(lab->is_up("swp1") && lab->is_up("swp24"));
}

TEST_F(Ssh, ALinuxHypervisorIsReadWithItsForwardingTableAndWritten) {
  const auto factory = [this](const SwitchId&) { return std::make_unique<SshDriver>(ssh->access(), *load_ssh_template("linux")); };
  SshDriver linux_driver(ssh->access(), *load_ssh_template("linux"));
  const auto facts = linux_driver.inspect(kPortTwo);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->alias, "cust:srv-1002");
  EXPECT_EQ(facts->learned_macs, std::vector{*world.inventory.servers()[1].mac});
  const auto held = run(world.request(2, PortWish::Down), factory);
  EXPECT_EQ(held.ending, Ending::Held);  // how many ports are up is not in the template
  ASSERT_TRUE(linux_driver.set(*facts, AdminState::Down));
  EXPECT_EQ(linux_driver.reread(kPortTwo)->admin, AdminState::Down);
  EXPECT_FALSE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->is_up("swp1"));
  ASSERT_TRUE(linux_driver.set(*facts, AdminState::Up));
  EXPECT_TRUE(lab->is_up("swp2"));
}

TEST_F(Ssh, AnotherHostKeyOrLoginKeyIsRefusedAndAGoneServerUnreachable) {
  auto access = ssh->access();
  access.known_hosts = ssh->home() / "wrong_hosts";
  auto refused = SshDriver(access, *load_ssh_template("frr")).inspect(kPortTwo);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Refused) << refused.error().what;
  access = ssh->access();
  access.known_hosts = "/dev/null";  // a host that nobody pinned
  refused = SshDriver(access, *load_ssh_template("frr")).inspect(kPortTwo);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Refused) << refused.error().what;
  access = ssh->access();
  access.key_file = ssh->home() / "other_login";
  refused = SshDriver(access, *load_ssh_template("frr")).inspect(kPortTwo);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Refused) << refused.error().what;
  access = ssh->access();
  access.port = 23;
  refused = SshDriver(access, *load_ssh_template("frr")).inspect(kPortTwo);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Unreachable) << refused.error().what;
  access = ssh->access();
  access.client = "/nonexistent/ssh";
  EXPECT_EQ(SshDriver(access, *load_ssh_template("frr")).inspect(kPortTwo).error().kind, DriverError::Kind::Unreachable);
  EXPECT_TRUE(lab->is_up("swp2"));
}

TEST_F(Ssh, ACommandThatNeverEndsIsTimedOutAndEndlessOutputIsCut) {
  auto access = ssh->access();
  access.within = std::chrono::milliseconds{700};
  const auto endless = drivers::run_ssh(access, "sleep 60", {});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().kind, DriverError::Kind::Timeout);
  access.within = std::chrono::seconds{10};
  const auto much = drivers::run_ssh(access, "head -c 1000000 /dev/zero | tr '\\0' x", {});
  ASSERT_TRUE(much) << much.error().what;
  EXPECT_TRUE(much->is_cut);
  EXPECT_EQ(much->output.size(), drivers::kMaxSshOutput);
}

// Half a forwarding table would say that a MAC address is on no other port.
TEST_F(Ssh, AForwardingTableThatIsCutIsUnreadableAndHolds) {
  auto commands = *load_ssh_template("linux");
  commands.macs = {"bridge fdb show; head -c 400000 /dev/zero | tr '\\0' x"};
  SshDriver linux_driver(ssh->access(), commands);
  const auto facts = linux_driver.inspect(kPortTwo);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_FALSE(facts->learned_macs);
  EXPECT_FALSE(facts->learned_elsewhere);
}

TEST_F(Ssh, APortNameNeverReachesAShellAsAnythingElse) {
  SshDriver linux_driver(ssh->access(), *load_ssh_template("linux"));
  for (const char* name :
       {"swp2; ip link set swp24 down", "$(ip link set swp24 down)", "swp2\nip link set swp24 down", "-swp2", "swp2 down", "'", ""}) {
    const auto facts = linux_driver.inspect({SwitchId{"sw1"}, PortName{name}, ""});
    ASSERT_FALSE(facts) << name;
    EXPECT_EQ(facts.error().kind, DriverError::Kind::NotFound) << name;
    guard::PortFacts forged;
    forged.name = name;
    EXPECT_FALSE(linux_driver.set(forged, AdminState::Down)) << name;
  }
  EXPECT_TRUE(lab->is_up("swp24"));
}

}  // namespace
}  // namespace pinfold::enforce
