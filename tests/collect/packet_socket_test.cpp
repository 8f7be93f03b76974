// A mirror port: packets that one end of a veth pair sends arrive at the other as flow records. Needs root, for a network namespace of its own.
#include "collect/packet_socket.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "datagrams.hpp"

namespace pinfold::collect::testing {
namespace {

constexpr auto kDeadline = std::chrono::seconds{10};
constexpr std::uint32_t kServer = 0xC0000201;
constexpr std::uint32_t kOutside = 0xC6120000;

/// Runs `body` in a thread that has a network namespace of its own, with a veth pair "left" and "right", both up. It ends with the thread.
template <typename Body>
void in_own_network(Body body) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root: a network namespace and a packet socket";
  }
  bool is_ready = false;
  std::jthread([&] {
    is_ready = ::unshare(CLONE_NEWNET) == 0;
    // The thread's namespace goes to the children that it forks.
    is_ready = is_ready && std::system("ip link add left type veth peer name right && ip link set left up && ip link set right up") == 0;  // NOLINT
    if (is_ready) {
      body();
    }
  }).join();
  if (!is_ready) {
    GTEST_SKIP() << "this machine grants no network namespace with a veth pair";
  }
}

Bytes8 frame(std::uint32_t to, std::uint16_t ether_type = ETHERTYPE_IP, std::size_t padding = 0) {
  Bytes8 out;
  put(out, 0x020000000002, 6);
  put(out, 0x020000000001, 6);
  put(out, ether_type, 2);
  put(out, 0x4500, 2);
  put(out, 40 + padding, 2);
  put(out, 0, 4);
  put(out, 64, 1);
  put(out, flow::kTcp, 1);
  put(out, 0, 2);
  put(out, kServer, 4);
  put(out, to, 4);
  put(out, 40'000, 2);
  put(out, 22, 2);
  put(out, 0, 8);
  put(out, 0x5000U | flow::kSyn, 2);
  put(out, 0, 6);
  out.resize(out.size() + padding);
  return out;
}

/// Puts frames onto "left".
class Wire {
public:
  Wire() : x_descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    x_to.sll_family = AF_PACKET;
    x_to.sll_ifindex = static_cast<int>(::if_nametoindex("left"));
    x_to.sll_halen = 6;
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { ::close(x_descriptor); }
  void send(const Bytes8& bytes) const {
    ASSERT_EQ(::sendto(x_descriptor, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&x_to), sizeof(x_to)),
              static_cast<ssize_t>(bytes.size()));
  }

private:
  int x_descriptor;
  sockaddr_ll x_to{};
};

/// Reads until `enough` or the deadline.
template <typename Enough>
PacketSocket::Batch read_until(PacketSocket& socket, std::vector<flow::FlowRecord>& records, Enough enough) {
  PacketSocket::Batch sum;
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!enough(sum) && std::chrono::steady_clock::now() < end) {
    pollfd waiting{socket.descriptor(), POLLIN, 0};
    static_cast<void>(::poll(&waiting, 1, 100));
    const PacketSocket::Batch batch = socket.receive(records);
    sum.not_ip += batch.not_ip;
    sum.kernel_drops += batch.kernel_drops;
  }
  return sum;
}

TEST(PacketSocket, MakesARecordOfEachPacket) {
  in_own_network([] {
    PacketSocket socket("right", SamplingRate{1});
    const Wire wire;
    for (std::uint32_t i = 0; i < 50; ++i) {
      wire.send(frame(kOutside + i, ETHERTYPE_IP, 500));
      wire.send(frame(0, ETHERTYPE_ARP));
    }
    std::vector<flow::FlowRecord> records;
    // The system's own multicast chatter (IPv6) may come in between.
    const auto ours = [&records] { return std::count_if(records.begin(), records.end(), [](const auto& r) { return r.src.is_v4(); }); };
    const auto sum = read_until(socket, records, [&](const auto& so_far) { return ours() == 50 && so_far.not_ip >= 50; });
    ASSERT_EQ(ours(), 50);
    EXPECT_EQ(sum.not_ip, 50U);
    EXPECT_EQ(sum.kernel_drops, 0U);
    const auto first = *std::find_if(records.begin(), records.end(), [](const auto& r) { return r.src.is_v4(); });
    EXPECT_EQ(first.version, flow::ExportVersion::Packet);
    EXPECT_EQ(first.src, net::IpAddress::v4(kServer));
    EXPECT_EQ(first.dst, net::IpAddress::v4(kOutside));
    EXPECT_EQ(first.dst_port, 22);
    EXPECT_EQ(first.tcp_flags, flow::kSyn);
    EXPECT_EQ(first.bytes.value, 554U);  // as it was on the wire, though only its headers were copied
    ASSERT_TRUE(first.src_mac);
    EXPECT_EQ(to_string(*first.src_mac), "02:00:00:00:00:01");
    EXPECT_TRUE(first.last);
  });
}

TEST(PacketSocket, LooksAtOneInSoMany) {
  in_own_network([] {
    PacketSocket socket("right", SamplingRate{10});
    const Wire wire;
    std::vector<flow::FlowRecord> records;
    for (std::uint32_t i = 0; i < 5000; ++i) {
      wire.send(frame(kOutside + i));
    }
    static_cast<void>(read_until(socket, records, [&](const auto&) { return records.size() >= 350; }));
    EXPECT_GE(records.size(), 350U);  // of 500 expected: beyond seven standard deviations
    EXPECT_LE(records.size(), 650U);
    EXPECT_EQ(records.front().sampling_rate.one_in(), 10U);
  });
}

TEST(PacketSocket, CountsWhatTheRingHadNoRoomFor) {
  in_own_network([] {
    PacketSocket socket("right", SamplingRate{1});
    const Wire wire;
    constexpr std::uint32_t kSent = 40'000;  // a ring holds some 23,000 of these
    for (std::uint32_t i = 0; i < kSent; ++i) {
      wire.send(frame(kOutside + i, ETHERTYPE_IP, 300));
    }
    std::vector<flow::FlowRecord> records;
    PacketSocket::Batch sum = read_until(socket, records, [&](const auto& so_far) { return so_far.kernel_drops + records.size() >= kSent; });
    EXPECT_GT(sum.kernel_drops, 0U);
    EXPECT_GE(records.size() + sum.not_ip + sum.kernel_drops, kSent);
  });
}

TEST(PacketSocket, AnInterfaceThatIsNotThereIsAnError) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root: a packet socket";
  }
  EXPECT_THROW(PacketSocket("nosuchport", SamplingRate{1}), std::system_error);
}

}  // namespace
}  // namespace pinfold::collect::testing
