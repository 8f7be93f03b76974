/// Traffic that looks like a scan to a fan-out counter and is none: no finding may come of it, sampled or not.
#include <gtest/gtest.h>

#include <random>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const net::IpAddress kA = ip("192.0.2.1");

std::uint16_t ephemeral(std::uint32_t i) { return static_cast<std::uint16_t>(32'768 + i % 28'000); }

TEST(Innocent, ALargeDownload) {
  Watch watch;
  for (std::uint32_t i = 0; i < 600; ++i) {
    watch.add(tcp({target(1), 443}, {kA, 40'000}, kData, watch.now + seconds(0.1), 1000, 1'500'000));
    watch.add(tcp({kA, 40'000}, {target(1), 443}, flow::kAck, watch.now, 500, 26'000));
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, ABusyWebServer) {
  Watch watch;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    watch.add(tcp({target(i), ephemeral(i)}, {kA, 443}, kSession, watch.now + seconds(0.01), 8, 900));
    watch.add(tcp({kA, 443}, {target(i), ephemeral(i)}, kSession, watch.now, 10, 9000));
  }
  EXPECT_TRUE(watch.findings().empty());
  EXPECT_EQ(watch.pipeline.contact_slots(), 0U);  // and it costs no contact memory
}

TEST(Innocent, ACrawlerThatIsAnswered) {
  for (const bool answers_come_first : {false, true}) {
    Watch watch;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      const WallTime at = watch.now + seconds(0.02);
      const bool is_dead = i % 4 == 0;  // links rot
      if (!is_dead && answers_come_first) {
        watch.add(tcp({target(i), 443}, {kA, ephemeral(i)}, kSession, at, 20, 20'000));
      }
      watch.add(tcp({kA, ephemeral(i)}, {target(i), 443}, is_dead ? flow::kSyn : kSession, at, is_dead ? 3 : 15, 1500));
      if (!is_dead && !answers_come_first) {
        watch.add(tcp({target(i), 443}, {kA, ephemeral(i)}, kSession, at, 20, 20'000));
      }
      watch.look();
    }
    EXPECT_TRUE(watch.findings().empty());
  }
}

TEST(Innocent, ACrawlerSeenPacketByPacket) {
  Watch watch;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    watch.add(tcp({kA, ephemeral(i)}, {target(i), 80}, flow::kSyn, watch.now + seconds(0.05)));
    watch.add(tcp({target(i), 80}, {kA, ephemeral(i)}, flow::kSyn | flow::kAck, watch.now + seconds(0.02)));
    watch.add(tcp({kA, ephemeral(i)}, {target(i), 80}, flow::kAck, watch.now));
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, ASampledCrawler) {
  Watch watch;
  std::mt19937 random(1);
  const SamplingRate rate{50};
  const auto maybe_add = [&](flow::FlowRecord packet) {
    if (random() % rate.one_in() == 0) {
      packet.version = flow::ExportVersion::Sflow5;
      packet.sampling_rate = rate;
      watch.add(packet);
    }
  };
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const WallTime at = kStart + seconds(0.003) * i;
    const End from{kA, ephemeral(i)};
    const End to{target(i), 443};
    maybe_add(tcp(from, to, flow::kSyn, at));
    maybe_add(tcp(to, from, flow::kSyn | flow::kAck, at));
    for (int packet = 0; packet < 10; ++packet) {
      maybe_add(tcp(from, to, flow::kAck, at));
      maybe_add(tcp(to, from, kData, at, 1, 1400));
    }
    if (i % 500 == 0) {
      watch.look();
    }
  }
  EXPECT_GT(watch.pipeline.counters().accounted, 5000U);
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, AResolver) {
  for (const std::uint32_t one_in : {1U, 10U}) {
    Watch watch;
    std::mt19937 random(2);
    for (std::uint32_t i = 0; i < 30'000; ++i) {
      const WallTime at = kStart + seconds(0.002) * i;
      for (flow::FlowRecord record :
           {udp({kA, ephemeral(i)}, {target(i % 4000), 53}, at), udp({target(i % 4000), 53}, {kA, ephemeral(i)}, at, 1, 300)}) {
        record.sampling_rate = SamplingRate{one_in};
        if (random() % one_in == 0) {
          watch.add(record);
        }
      }
      if (i % 500 == 0) {
        watch.look();
      }
    }
    EXPECT_TRUE(watch.findings().empty()) << "1:" << one_in;
  }
}

TEST(Innocent, AResolverInBiflows) {
  Watch watch;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    flow::FlowRecord record = udp({kA, ephemeral(i)}, {target(i), 53}, watch.now + seconds(0.02));
    record.reverse_packets = Packets{1};
    record.reverse_bytes = Bytes{300};
    watch.add(record);
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, AMonitorWhosePingsAreAnswered) {
  Watch watch;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    watch.add(icmp(kA, target(i), 8, watch.now + seconds(0.03)));
    watch.add(icmp(target(i), kA, 0, watch.now));
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, BackscatterOfAVictim) {
  struct Row {
    const char* name;
    std::uint8_t flags;
  };
  for (const Row& row : {Row{"syn-ack", flow::kSyn | flow::kAck}, Row{"rst", flow::kRst}, Row{"rst-ack", flow::kRst | flow::kAck}}) {
    for (const std::uint16_t client_port : {std::uint16_t{1024}, std::uint16_t{53'000}}) {
      Watch watch;
      for (std::uint32_t i = 0; i < 5000; ++i) {
        watch.add(tcp({target(i), client_port}, {kA, 8080}, flow::kSyn, watch.now + seconds(0.002)));
        watch.add(tcp({kA, 8080}, {target(i), client_port}, row.flags, watch.now));
      }
      EXPECT_TRUE(watch.findings().empty()) << row.name;
    }
  }
  Watch watch;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    watch.add(udp({target(i), 1024}, {kA, 9}, watch.now + seconds(0.002)));
    watch.add(icmp(kA, target(i), 3, watch.now));  // port unreachable
    watch.add(icmp(kA, target(i), 0, watch.now));  // and echo replies
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, AnUdpServiceThatAnswersItsClients) {
  Watch watch;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    watch.add(udp({target(i), 123}, {kA, 123}, watch.now + seconds(0.01)));
    watch.add(udp({kA, 123}, {target(i), 123}, watch.now));
    watch.add(udp({target(9), ephemeral(i)}, {kA, 53}, watch.now));  // one busy client: many of its ports
    watch.add(udp({kA, 53}, {target(9), ephemeral(i)}, watch.now));
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Innocent, TheVictimOfAScan) {
  Watch watch;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    watch.add(tcp({target(1), 50'000}, {kA, static_cast<std::uint16_t>(i + 1)}, flow::kSyn, watch.now + seconds(0.01)));
    watch.add(tcp({kA, static_cast<std::uint16_t>(i + 1)}, {target(1), 50'000}, flow::kRst | flow::kAck, watch.now));
  }
  EXPECT_TRUE(watch.findings().empty());
}

}  // namespace
}  // namespace pinfold::detect::testing
