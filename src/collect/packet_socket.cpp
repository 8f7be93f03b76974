#include "collect/packet_socket.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "flow/packet_record.hpp"
#include "net/packet_header.hpp"

namespace pinfold::collect {
namespace {

constexpr std::size_t kRingBytes = std::size_t{PacketSocket::kBlockBytes} * PacketSocket::kBlocks;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

template <typename T>
bool set_option(int descriptor, int level, int name, const T& value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof(value)) == 0;
}

/// A packet as it lies in the ring.
struct Frame {
  const std::uint8_t* at;
  tpacket3_hdr header;
  explicit Frame(const std::uint8_t* place) : at(place), header{} { std::memcpy(&header, place, sizeof(header)); }
  [[nodiscard]] ByteSpan bytes() const { return {at + header.tp_mac, header.tp_snaplen}; }
};

/// nullopt for what is not IP.
std::optional<flow::FlowRecord> record_of(const Frame& frame, SamplingRate sampling) {
  const net::PacketHeader header = net::parse_ethernet(frame.bytes());
  if (!header.src) {
    return std::nullopt;
  }
  flow::FlowRecord flow;
  flow.version = flow::ExportVersion::Packet;
  flow.sampling_rate = sampling;
  flow.first = ExporterTime{Seconds{frame.header.tp_sec} + Micros{frame.header.tp_nsec / 1000}};
  flow.last = flow.first;
  flow.packets = Packets{1};
  flow.bytes = Bytes{frame.header.tp_len};
  flow.exported.add(flow::Field::Packets);
  flow.exported.add(flow::Field::Bytes);
  fill_from(header, flow);
  // The kernel takes the outermost tag off.
  const unsigned tag = frame.header.hv1.tp_vlan_tci & 0x0FFFU;
  if ((frame.header.tp_status & TP_STATUS_VLAN_VALID) != 0 && tag != 0) {
    flow.vlan = static_cast<std::uint16_t>(tag);
  }
  return flow;
}

}  // namespace

PacketSocket::PacketSocket(const std::string& interface, SamplingRate sampling)
    : x_sampling(sampling), x_descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (x_descriptor < 0) {
    fail("cannot look at packets of " + interface);
  }
  try {
    attach_filter(sampling);
    open_ring();
    bind_to(interface);  // last: no packet comes before the filter stands
  } catch (const std::system_error& error) {
    if (x_ring != nullptr) {
      ::munmap(x_ring, kRingBytes);
    }
    ::close(x_descriptor);
    throw std::system_error(error.code(), "cannot look at packets of " + interface);
  }
}

PacketSocket::~PacketSocket() {
  ::munmap(x_ring, kRingBytes);
  ::close(x_descriptor);
}

void PacketSocket::attach_filter(SamplingRate sampling) const {
  // A classic BPF program: accept when a random number is a multiple of the rate.
  std::array<sock_filter, 5> program = {{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, sampling.one_in()},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
      {BPF_RET | BPF_K, 0, 0, kHeaderBytes},
      {BPF_RET | BPF_K, 0, 0, 0},
  }};
  const sock_fprog attached{static_cast<unsigned short>(program.size()), program.data()};
  if (!set_option(x_descriptor, SOL_SOCKET, SO_ATTACH_FILTER, attached)) {
    fail("filter");
  }
}

void PacketSocket::open_ring() {
  const int version = TPACKET_V3;
  tpacket_req3 request{};
  request.tp_block_size = kBlockBytes;
  request.tp_block_nr = kBlocks;
  request.tp_frame_size = 2048;  // only checked for being a divisor: the frames of this version are as long as they need to be
  request.tp_frame_nr = kRingBytes / request.tp_frame_size;
  request.tp_retire_blk_tov = kRetireMillis;
  if (!set_option(x_descriptor, SOL_PACKET, PACKET_VERSION, version) || !set_option(x_descriptor, SOL_PACKET, PACKET_RX_RING, request)) {
    fail("ring");
  }
  void* const mapped = ::mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, x_descriptor, 0);
  if (mapped == MAP_FAILED) {
    fail("ring");
  }
  x_ring = static_cast<std::uint8_t*>(mapped);
}

void PacketSocket::bind_to(const std::string& interface) const {
  const unsigned index = ::if_nametoindex(interface.c_str());
  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = static_cast<int>(index);
  promiscuous.mr_type = PACKET_MR_PROMISC;
  const int on = 1;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (index == 0 || !set_option(x_descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, on) ||
      !set_option(x_descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous) ||
      ::bind(x_descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    fail("bind");
  }
}

PacketSocket::Batch PacketSocket::receive(std::vector<flow::FlowRecord>& out) {
  Batch batch;
  for (unsigned blocks = 0; blocks < kBlocks; ++blocks) {
    auto* const block = reinterpret_cast<tpacket_block_desc*>(x_ring + std::size_t{x_next} * kBlockBytes);
    std::atomic_ref<std::uint32_t> status(block->hdr.bh1.block_status);
    if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) {
      break;
    }
    const std::uint8_t* at = reinterpret_cast<const std::uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt;
    for (std::uint32_t i = 0; i < block->hdr.bh1.num_pkts; ++i) {
      const Frame frame(at);
      if (const auto record = record_of(frame, x_sampling)) {
        out.push_back(*record);
      } else {
        ++batch.not_ip;
      }
      at += frame.header.tp_next_offset;
    }
    status.store(TP_STATUS_KERNEL, std::memory_order_release);
    x_next = (x_next + 1) % kBlocks;
  }
  batch.kernel_drops = drops_since();
  return batch;
}

/// The kernel starts again at zero with each question.
std::uint64_t PacketSocket::drops_since() const {
  tpacket_stats_v3 stats{};
  socklen_t length = sizeof(stats);
  return ::getsockopt(x_descriptor, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0 ? stats.tp_drops : 0;
}

}  // namespace pinfold::collect
