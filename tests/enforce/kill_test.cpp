// Real processes, really killed: desks over one SQLite journal and a simulated switch in shared memory, SIGKILL at random moments, often two
// desks at once. What must hold afterwards: no write that nobody asked for, none twice over, no port forgotten, no intent left open.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "enforce/executor.hpp"
#include "enforce/process_owner.hpp"
#include "store/store.hpp"

namespace pinfold::enforce {
namespace {

using desk::PortWish;
using guard::AdminState;
using records::JournalState;

constexpr unsigned kPorts = 10;  ///< 0 is the uplink
constexpr unsigned kActions = 600;
constexpr unsigned kKills = 300;
const SwitchId kSwitch{"sw1"};

/// The switch and what it saw. Plain atomics: it outlives every desk.
struct Shared {
  std::atomic<int> admin[kPorts];
  std::atomic<int> writes[kPorts];
  std::atomic<int> blind_writes;  ///< the state was as wished already
  std::atomic<int> two_writers;   ///< another living desk was inside set()
  std::atomic<int> uplink_writes;
  std::atomic<int> writer;        ///< process number inside set(); 0: nobody
  std::atomic<int> actions;       ///< begun
  std::atomic<int> lost_answers;  ///< how many sets were done and not answered
};

bool is_dead(pid_t pid) {
  std::string stat;
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::getline(in, stat);
  const auto at = stat.rfind(')');
  return at == std::string::npos || stat[at + 2] == 'Z' || stat[at + 2] == 'X';
}

void pause_for(unsigned microseconds) { ::usleep(microseconds); }

class SharedDriver final : public Driver {
public:
  SharedDriver(Shared& shared, std::mt19937& random) : x_shared(shared), x_random(random) {}

  Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override { return reread(port); }
  Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override {
    pause_for(60);
    const auto number = static_cast<unsigned>(std::stoul(port.name.value.substr(3)));
    guard::PortFacts facts;
    facts.identity = {"sw1", 1, Millis{1000}, 1};
    facts.index = IfIndex{number + 1};
    facts.name = port.name.value;
    facts.alias = number == 0 ? "core:UPLINK" : "cust:" + std::to_string(number);
    facts.if_type = guard::kEthernet;
    facts.admin = static_cast<AdminState>(x_shared.admin[number].load());
    facts.oper = facts.admin == AdminState::Up ? guard::OperState::Up : guard::OperState::Down;
    facts.learned_macs = {{net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)}}}};
    facts.learned_elsewhere.emplace();
    facts.bridge_neighbours = 0;
    facts.is_own_path = false;
    facts.switch_ports_up = 2000;
    return facts;
  }
  Expected<void, DriverError> set(const guard::PortFacts& facts, AdminState wish) override {
    const int other = x_shared.writer.exchange(::getpid());
    x_shared.two_writers += other != 0 && other != ::getpid() && !is_dead(other) ? 1 : 0;
    pause_for(80);
    const unsigned number = facts.index->value - 1;
    x_shared.uplink_writes += number == 0 ? 1 : 0;
    x_shared.writes[number] += 1;
    x_shared.blind_writes += x_shared.admin[number].exchange(static_cast<int>(wish)) == static_cast<int>(wish) ? 1 : 0;
    pause_for(80);
    x_shared.writer = 0;
    if (x_random() % 8 == 0) {
      x_shared.lost_answers += 1;
      return Unexpected(DriverError{DriverError::Kind::Timeout, "no answer to the set"});
    }
    return {};
  }
  std::string describe_write(const guard::PortFacts& facts, AdminState) const override { return facts.name; }

private:
  Shared& x_shared;
  std::mt19937& x_random;
};

inventory::Inventory sample_inventory() {
  std::vector<inventory::Customer> customers;
  std::vector<inventory::Server> servers;
  for (unsigned n = 0; n < kPorts; ++n) {
    customers.push_back({CustomerId{std::to_string(n)}, "c", {{ContactId{"a@b.example"}, "en"}}});
    inventory::Server server;
    server.id = ServerId{"srv-" + std::to_string(n)};
    server.customer = customers.back().id;
    server.mac = net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(n)}};
    server.port = inventory::AccessPort{kSwitch, PortName{"swp" + std::to_string(n)}, n == 0 ? "core:UPLINK" : "cust:" + std::to_string(n)};
    servers.push_back(server);
  }
  return {customers, servers};
}

ExecutorSettings settings() {
  ExecutorSettings s;
  s.owner = process_owner();
  s.is_gone = [](const std::string& owner) { return process_is_gone(owner, Reach::OneMachine); };
  s.policy.max_disables_per_switch_day = s.policy.max_servers_down_per_customer = s.policy.max_disables_per_switch_hour =
      s.policy.max_disables_per_site_hour = s.policy.max_disables_per_site_day = 1'000'000;
  s.warrant = [](records::Transaction&, const ActionRequest&) {
    const WallTime now = system_clock().wall();
    return guard::Warrant{now, {{StaffId{"anna"}, now, true}}};
  };
  return s;
}

const Executor::StillHolds kHolds = [](records::Transaction&, const ActionRequest&) { return std::nullopt; };

/// One desk's life: recovery, then action after action until it is killed.
[[noreturn]] void be_a_desk(Shared& shared, const std::filesystem::path& file, std::uint32_t seed) {
  set_log_level(LogLevel::Error);
  std::mt19937 random(seed);
  const auto store = store::open_sqlite(file);
  const inventory::Inventory inventory = sample_inventory();
  Executor executor(
      *store, [&](const SwitchId&) { return std::make_unique<SharedDriver>(shared, random); }, system_clock(), [](Micros) { pause_for(100); },
      settings());
  for (;;) {
    static_cast<void>(executor.recover(inventory, kHolds));
    const auto number = static_cast<unsigned>(random() % kPorts);
    const auto wish = shared.admin[number] == static_cast<int>(AdminState::Up) ? PortWish::Down : PortWish::Up;
    const int action = ++shared.actions;
    static_cast<void>(executor.run({CaseId{number + 1}, ActionId{action}, ServerId{"srv-" + std::to_string(number)}, wish}, inventory, kHolds));
  }
}

pid_t start_desk(Shared& shared, const std::filesystem::path& file, std::uint32_t seed) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      be_a_desk(shared, file, seed);
    } catch (const std::exception&) {  // a database that is busy for too long: this desk gives up, as a killed one does
    }
    ::_exit(1);
  }
  return child;
}

unsigned writes_of(const Shared& shared) { return static_cast<unsigned>(std::accumulate(std::begin(shared.writes), std::end(shared.writes), 0)); }

std::filesystem::path fast_folder() {
  // A killed process loses nothing that it gave to the kernel, so the folder need not be on a disk.
  const std::filesystem::path memory = "/dev/shm";
  std::string pattern = ((std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) / "pinfold-kill-XXXXXX").string();
  return ::mkdtemp(pattern.data()) == nullptr ? std::filesystem::path{} : std::filesystem::path(pattern);
}

TEST(Kill, SixHundredActionsUnderRandomKillsEndInNoDoubt) {
  const std::filesystem::path folder = fast_folder();
  ASSERT_FALSE(folder.empty());
  const std::filesystem::path file = folder / "pinfold.db";
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& shared = *new (memory) Shared{};
  set_log_level(LogLevel::Error);
  {
    const auto store = store::open_sqlite(file);
    store->transact([](records::Transaction& tx) { tx.settings().set(arming_setting(kSwitch), "yes"); });
  }
  std::mt19937 random(2026);
  unsigned kills = 0;
  unsigned pairs = 0;
  while (writes_of(shared) < kActions || kills < kKills) {
    std::vector<pid_t> desks{start_desk(shared, file, static_cast<std::uint32_t>(random()))};
    if (random() % 2 == 0) {
      desks.push_back(start_desk(shared, file, static_cast<std::uint32_t>(random())));
      ++pairs;
    }
    for (const pid_t desk : desks) {
      pause_for(4000 + static_cast<unsigned>(random() % 14'000));
      ::kill(desk, SIGKILL);
      int status = 0;
      ::waitpid(desk, &status, 0);
      kills += WIFSIGNALED(status) ? 1 : 0;
    }
    ASSERT_LT(kills, 20'000U);
  }
  // A last desk, which is not killed, finds out about everything that was begun.
  const auto store = store::open_sqlite(file);
  const inventory::Inventory inventory = sample_inventory();
  Executor executor(
      *store, [&](const SwitchId&) { return std::make_unique<SharedDriver>(shared, random); }, system_clock(), [](Micros) { pause_for(100); },
      settings());
  static_cast<void>(executor.recover(inventory, kHolds));
  unsigned violations = static_cast<unsigned>(shared.blind_writes + shared.two_writers + shared.uplink_writes);
  std::size_t open = 0;
  const unsigned written = writes_of(shared);
  store->read([&](records::Transaction& tx) {
    open = tx.journal().open().size();
    for (unsigned n = 0; n < kPorts; ++n) {
      const auto newest = tx.journal().newest_of_each_port();
      const auto row = std::find_if(newest.begin(), newest.end(), [&](const auto& r) { return r.port.value == "swp" + std::to_string(n); });
      const bool is_down = shared.admin[n] == static_cast<int>(AdminState::Down);
      const bool said_down = row != newest.end() && row->wish == PortWish::Down;
      if (is_down != said_down) {  // forgotten, or believed down while up
        ++violations;
        std::cout << "swp" << n << " is " << (is_down ? "down" : "up") << ", the journal's newest row: "
                  << (row == newest.end() ? std::string("none")
                                          : row->id + " wish " + (said_down ? "down " : "up ") + "state " +
                                                std::to_string(static_cast<int>(row->state)) + ", " + row->note)
                  << '\n';
      }
    }
  });
  std::cout << "kills " << kills << " (two desks at once " << pairs << " times), actions asked for " << shared.actions << ", writes " << written
            << ", answers lost " << shared.lost_answers << ", violations " << violations << ", intents left open " << open << '\n';
  EXPECT_EQ(violations, 0U);
  EXPECT_EQ(shared.uplink_writes, 0);
  EXPECT_EQ(shared.two_writers, 0);
  EXPECT_EQ(shared.blind_writes, 0);
  EXPECT_EQ(open, 0U);
  EXPECT_GE(written, kActions);
  EXPECT_GE(kills, kKills);
  ::munmap(memory, sizeof(Shared));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pinfold::enforce
