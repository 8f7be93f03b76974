// The poller against a real net-snmp agent: frames that really crossed a port, an agent that really restarts. Real time passes here.
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <iostream>

#include "collect/interface_poller.hpp"
#include "support/snmp_lab.hpp"

namespace pinfold::collect {
namespace {

using enforce::lab::Lab;

constexpr std::uint64_t kFrames = 1000;
constexpr std::uint64_t kFrameBytes = 1000;
const SwitchId kSwitch{"sw1"};

/// Broadcast frames out of the customer's end of a port. In a thread of its own, so that this one stays where it is.
bool send_frames(const std::string& name_space, const std::string& device, std::uint64_t frames) {
  bool sent = false;
  std::thread([&] {
    const int where = ::open(("/run/netns/" + name_space).c_str(), O_RDONLY | O_CLOEXEC);
    if (where < 0 || ::setns(where, CLONE_NEWNET) != 0) {
      return;
    }
    ::close(where);
    const int raw = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
    std::array<std::uint8_t, kFrameBytes> frame{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0, 0, 0, 0, 1, 0x88, 0xB5};  // IEEE 802, local experiment
    sent = raw >= 0 && to.sll_ifindex != 0;
    for (std::uint64_t i = 0; sent && i < frames; ++i) {
      sent = ::sendto(raw, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) == static_cast<ssize_t>(frame.size());
    }
    ::close(raw);
  }).join();
  return sent;
}

class InterfaceLab : public testing::Test {
protected:
  void SetUp() override {
    if (const auto missing = Lab::missing()) {
      GTEST_SKIP() << *missing;
    }
    lab.emplace();
    ASSERT_EQ(lab->faults(), "");
    inventory::Server server;
    server.id = ServerId{"srv-1"};
    server.customer = CustomerId{"1"};
    server.port = inventory::AccessPort{kSwitch, PortName{"swp1"}, ""};
    auto settings = lab->settings();
    settings.timeout = std::chrono::milliseconds{500};
    poller.emplace(std::vector<PolledSwitch>{{kSwitch, agent_at(settings)}}, Nanos{std::chrono::milliseconds{100}}, system_clock(), table,
                   [this](const ServerId& of, const InterfaceInterval& interval) {
                     EXPECT_EQ(of, ServerId{"srv-1"});
                     received += interval.bytes_in;
                     packets += interval.packets_in;
                   });
    poller->set_inventory({{{CustomerId{"1"}, "One", {}}}, {server}});
  }
  /// Polls until it is so; false after half a minute.
  template <typename F>
  bool until(F&& is_so) {
    for (int i = 0; i < 600; ++i) {
      while (poller->poll_one()) {
      }
      if (is_so()) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    return false;
  }
  [[nodiscard]] SwitchCounters counters() const { return poller->counters().front(); }

  std::optional<Lab> lab;
  InterfaceTable table{{{net::IpAddress::v4(1), kSwitch}}};
  std::optional<InterfacePoller> poller;
  Bytes received;
  Packets packets;
};

TEST_F(InterfaceLab, WhatCrossedThePortIsWhatIsCounted) {
  ASSERT_TRUE(until([this] { return counters().intervals > 0; })) << lab->agent_log() << counters().fault.value_or("");
  const Bytes before = received;
  const Packets packets_before = packets;
  ASSERT_TRUE(send_frames(lab->name() + "c", "c11", kFrames));
  ASSERT_TRUE(until([&] { return received.value >= before.value + kFrames * kFrameBytes; })) << received.value;
  EXPECT_LE(received.value, before.value + kFrames * (kFrameBytes + 4) + 20'000);  // the neighbours' own chatter (IPv6 discovery) is small
  EXPECT_GE(packets.value, packets_before.value + kFrames);
  EXPECT_EQ(table.find(net::IpAddress::v4(1), IfIndex{11})->name, PortName{"swp1"});
}

TEST_F(InterfaceLab, AnAgentThatRestartsIsReadAnewAndChargesNothingWrong) {
  ASSERT_TRUE(until([this] { return counters().intervals > 0; })) << lab->agent_log();
  ASSERT_TRUE(send_frames(lab->name() + "c", "c11", kFrames));
  lab->stop_agent();
  ASSERT_TRUE(until([this] { return counters().fault.has_value(); }));
  EXPECT_EQ(table.find(net::IpAddress::v4(1), IfIndex{11}), std::nullopt);
  lab->remove_port("swp1");  // its successor gets another index and counts from zero
  lab->add_port("swp1", 77, "cust:srv-1001", 1);
  lab->start_agent();
  const auto intervals = counters().intervals;
  ASSERT_TRUE(until([&] { return counters().intervals > intervals; })) << counters().fault.value_or("");
  EXPECT_GE(counters().renamings, 2U);
  EXPECT_EQ(table.find(net::IpAddress::v4(1), IfIndex{77})->name, PortName{"swp1"});
  EXPECT_LE(received.value, 2 * kFrames * kFrameBytes);
}

}  // namespace
}  // namespace pinfold::collect
