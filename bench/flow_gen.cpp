// Sends export datagrams to 127.0.0.1 at a fixed pace: flow_gen v5|v9|ipfix|sflow PORT DATAGRAMS_PER_SECOND SECONDS
// 8,192 different datagrams over and over, with sequence numbers and time of day as an exporter would write them; templates first and after
// every 16,384 datagrams. A rate of 0 is as fast as it goes. Prints one JSON object with what was really sent.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "bench/exports.hpp"

namespace {

using namespace pinfold::bench;  // NOLINT(google-build-using-namespace): one small program
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPool = 8192;
constexpr std::size_t kBatch = 16;
constexpr std::uint64_t kTemplatesEvery = 16'384;

struct Job {
  Export kind;
  std::uint16_t port;
  double rate;
  double seconds;
};

struct Sent {
  std::uint64_t datagrams = 0;
  std::uint64_t templates = 0;
  std::uint64_t errors = 0;
};

std::uint32_t today() { return static_cast<std::uint32_t>(std::time(nullptr)); }

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = descriptor >= 0 && ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  return connected ? descriptor : -1;
}

class Generator {
public:
  Generator(const Job& job, int descriptor) : x_job(job), x_descriptor(descriptor), x_maker(job.kind, today()), x_templates(x_maker.templates()) {
    for (std::size_t i = 0; i < kPool; ++i) {
      x_pool.push_back(x_maker.data());
    }
  }

  Sent run() {
    send_templates();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const auto start = Clock::now();
    for (;;) {
      const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
      if (elapsed >= x_job.seconds) {
        return x_sent;
      }
      const double due = x_job.rate * elapsed;
      if (x_job.rate > 0 && static_cast<double>(x_sent.datagrams) >= due) {
        std::this_thread::sleep_for(std::chrono::microseconds(20));
        continue;
      }
      send_batch();
      if (x_sent.datagrams % kTemplatesEvery == 0) {
        send_templates();
      }
    }
  }

private:
  void send_templates() {
    if (!x_templates) {
      return;
    }
    stamp(x_job.kind, *x_templates, x_sequence, today());
    // NetFlow v9 counts all datagrams, IPFIX data records only.
    x_sequence += x_job.kind == Export::NetFlow9 ? 1U : 0U;
    while (::send(x_descriptor, x_templates->data(), x_templates->size(), 0) < 0) {
      ++x_sent.errors;
    }
    ++x_sent.templates;
  }

  void send_batch() {
    const std::uint32_t now = today();
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> vectors{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      Datagram& datagram = x_pool[x_next++ % kPool];
      stamp(x_job.kind, datagram, x_sequence, now);
      x_sequence += sequence_step(x_job.kind);
      vectors[i] = {datagram.data(), datagram.size()};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t done = 0; done < kBatch;) {
      const int count = ::sendmmsg(x_descriptor, messages.data() + done, static_cast<unsigned>(kBatch - done), 0);
      done += static_cast<std::size_t>(std::max(count, 0));
      x_sent.errors += count < 0 ? 1U : 0U;
    }
    x_sent.datagrams += kBatch;
  }

  Job x_job;
  int x_descriptor;
  ExportMaker x_maker;
  std::optional<Datagram> x_templates;
  std::vector<Datagram> x_pool;
  std::size_t x_next = 0;
  std::uint32_t x_sequence = 0;
  Sent x_sent;
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = argc == 5 ? parse_export(argv[1]) : std::nullopt;
  if (!kind) {
    std::fputs("usage: flow_gen v5|v9|ipfix|sflow PORT DATAGRAMS_PER_SECOND SECONDS\n", stderr);
    return 2;
  }
  const Job job{*kind, static_cast<std::uint16_t>(std::strtoul(argv[2], nullptr, 10)), std::strtod(argv[3], nullptr), std::strtod(argv[4], nullptr)};
  const int descriptor = connect_to(job.port);
  if (descriptor < 0) {
    std::perror("flow_gen");
    return 3;
  }
  const Sent sent = Generator(job, descriptor).run();
  ::close(descriptor);
  std::printf("{\"datagrams\":%lu,\"templates\":%lu,\"flows\":%lu,\"errors\":%lu,\"seconds\":%.3f}\n", sent.datagrams, sent.templates,
              sent.datagrams * flows_per_datagram(*kind), sent.errors, job.seconds);
  return 0;
}
