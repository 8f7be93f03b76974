// A desk with everything but its switch, and a real agent for that one.
#pragma once

#include <gtest/gtest.h>

#include "enforce/drivers/snmp_driver.hpp"
#include "enforce/fakes.hpp"
#include "support/snmp_lab.hpp"

namespace pinfold::enforce {

inline const inventory::AccessPort kPortTwo{SwitchId{"sw1"}, PortName{"swp2"}, "cust:srv-1002"};

class SnmpLab : public testing::Test {
protected:
  void SetUp() override {
    if (const auto missing = lab::Lab::missing()) {
      GTEST_SKIP() << *missing;
    }
    lab.emplace();
    ASSERT_EQ(lab->faults(), "");
    world.is_on_system_clock = true;
    world.settings.policy.max_disables_per_switch_hour = 100;
    world.settings.policy.max_disables_per_switch_day = 100;
    world.settings.policy.max_disables_per_site_hour = 100;
    world.settings.policy.max_disables_per_site_day = 100;
    restart_desk();
    ASSERT_TRUE(wait_for_agent()) << lab->agent_log();
  }

  void restart_desk() {
    executor = std::make_unique<Executor>(
        world.store, [this](const SwitchId&) { return std::make_unique<drivers::SnmpDriver>(settings ? *settings : lab->settings(), options); },
        system_clock(), [](Micros by) { std::this_thread::sleep_for(by); }, world.settings);
  }
  [[nodiscard]] bool wait_for_agent() const {
    for (unsigned attempt = 0; attempt < 100; ++attempt) {
      drivers::SnmpDriver driver(lab->settings());
      if (const auto facts = driver.inspect(kPortTwo); facts && facts->learned_macs) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return false;
  }
  ActionOutcome run(const ActionRequest& request) {
    return executor->run(request, world.inventory, [](records::Transaction&, const ActionRequest&) { return std::nullopt; });
  }

  fakes::World world{2};
  std::optional<snmp::Settings> settings;
  drivers::SnmpOptions options;
  std::unique_ptr<Executor> executor;
  std::optional<lab::Lab> lab;
};

}  // namespace pinfold::enforce
