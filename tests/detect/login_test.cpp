// Password guessing and spam: found at their floor, seen whole and sampled; honest logins and honest mail left alone.
#include <gtest/gtest.h>

#include <random>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const net::IpAddress kA = ip("192.0.2.1");

std::uint16_t ephemeral(std::uint32_t i) { return static_cast<std::uint16_t>(32'768 + i % 28'000); }

struct Session {
  std::uint16_t port = 22;
  std::uint64_t packets = 13;
  std::uint64_t out = 1530;
  std::uint64_t in = 2860;
  double seconds_long = 2;
};

/// One session, told by a flow exporter when it is over.
void add_session(Watch& watch, net::IpAddress host, const Session& session, WallTime end, std::uint32_t i) {
  flow::FlowRecord out = tcp({kA, ephemeral(i)}, {host, session.port}, kSession, end, session.packets, session.out);
  out.first = ExporterTime{(end - seconds(session.seconds_long)).since_epoch};
  flow::FlowRecord in = tcp({host, session.port}, {kA, ephemeral(i)}, kSession, end, session.packets, session.in);
  in.first = out.first;
  watch.add(out);
  watch.add(in);
}

/// `count` of them over so many hosts, at an even pace.
std::vector<abuse::Finding> sessions(const Session& session, std::uint32_t count, Micros over, std::uint32_t hosts = 1, Thresholds thresholds = {}) {
  Watch watch({{"border", 0}}, small_network(), std::move(thresholds));
  for (std::uint32_t i = 0; i < count; ++i) {
    add_session(watch, target((i % hosts) * 300), session, kStart + seconds(5) + over * i / count, i);
    watch.look();
  }
  return watch.findings();
}

const Session kSsh{};
const Session kFtp{21, 11, 608, 613, 2};
const Session kMail{993, 12, 1400, 5600, 2.5};
const Session kMysql{3306, 8, 480, 470, 0.1};
const Session kVnc{5900, 8, 460, 480, 0.5};
const Session kSmtp{25, 8, 520, 700, 2};

TEST(BruteForce, SixLoginsAMinuteOnOneHostAreFoundAndFiveAreNot) {
  EXPECT_TRUE(sessions(kSsh, 5, seconds(40)).empty());
  const auto found = sessions(kSsh, 7, seconds(40));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back().abuse_class, abuse::AbuseClass::BruteForce);
  EXPECT_EQ(found.back().kind, "ssh");
  EXPECT_NE(found.back().summary.find("short sessions, all alike"), std::string::npos) << found.back().summary;
  EXPECT_NE(found.back().floor.find("fewer than 6 attempts"), std::string::npos) << found.back().floor;
}

struct Row {
  const char* what;
  Session session;
  std::uint32_t count;
  double over;
  std::uint32_t hosts;
  const char* kind;  ///< empty: nothing
};

TEST(BruteForce, EveryServiceHasItsPace) {
  for (const Row& row : {
           Row{"ftp", kFtp, 30, 59, 1, "ftp"},
           Row{"ftp, several hosts", kFtp, 60, 50, 8, "ftp"},
           Row{"imap", kMail, 120, 50, 1, "imap"},
           Row{"imap, five hosts", kMail, 80, 50, 5, "imap"},
           Row{"a mail client", kMail, 20, 50, 1, ""},
           Row{"a fetcher of many boxes", kMail, 60, 50, 60, ""},
           Row{"mysql", kMysql, 120, 30, 1, "mysql"},
           Row{"mysql, six hosts", kMysql, 90, 50, 6, "mysql"},
           Row{"a few refused connections", kMysql, 13, 50, 1, ""},
           Row{"vnc", kVnc, 40, 50, 1, "vnc"},
           Row{"rdp with painted login screens", {3389, 60, 5200, 90'000, 4}, 20, 50, 1, "rdp"},
           Row{"smtp, one host", kSmtp, 120, 50, 1, "smtp"},
           Row{"a mail server that many refuse", kSmtp, 120, 50, 10, ""},
           Row{"ssh on an odd port", {902, 11, 2324, 2367, 3.5}, 60, 50, 1, "unknown"},
           Row{"an odd port, chatty and quick", {902, 11, 2324, 2367, 0.02}, 60, 50, 1, ""},
           Row{"webmail, logged in at once", {143, 12, 1100, 2500, 0.05}, 120, 50, 1, ""},
           Row{"configuration management", {22, 60, 60'000, 40'000, 10}, 200, 55, 200, ""},
           Row{"banner checks", {22, 5, 300, 400, 0.2}, 200, 55, 40, ""},
           Row{"web pages", {443, 11, 1300, 4000, 0.5}, 400, 55, 1, ""},
       }) {
    const auto found = sessions(row.session, row.count, seconds(row.over), row.hosts);
    if (*row.kind == '\0') {
      EXPECT_TRUE(found.empty()) << row.what << ": " << (found.empty() ? "" : found.front().summary);
      continue;
    }
    ASSERT_FALSE(found.empty()) << row.what;
    EXPECT_EQ(found.back().kind, row.kind) << row.what;
    EXPECT_EQ(found.back().abuse_class, abuse::AbuseClass::BruteForce) << row.what;
    EXPECT_EQ(found.front().id, found.back().id) << row.what << ": one story";
  }
}

TEST(BruteForce, ManyHostsWithOneTryAMinuteEachAreFoundWhenTheTriesAddUp) {
  const auto found = sessions(kSsh, 400, seconds(300), 70);  // 80 a minute; three each after three minutes
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back().kind, "ssh");
  EXPECT_TRUE(sessions(kSsh, 80, seconds(60), 70).empty()) << "a script that reaches each host once";
}

TEST(BruteForce, APatientGuesserIsFoundAndACronJobIsNot) {
  EXPECT_FALSE(sessions(kSsh, 160, seconds(3500)).empty());
  EXPECT_TRUE(sessions(kSsh, 59, seconds(3540)).empty());
}

TEST(BruteForce, AnFtpClientThatGotInIsLeftAlone) {
  Watch watch;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const WallTime end = kStart + seconds(5) + seconds(1.2) * i;
    watch.add(tcp({kA, ephemeral(1000 + i)}, {target(0), static_cast<std::uint16_t>(20'000 + i)}, kSession, end - seconds(0.5), 20, 20'000));
    add_session(watch, target(0), kFtp, end, i);
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
}

/// The ports of an ACK flood come up again and again; what comes back, if anything, is RST.
TEST(BruteForce, AcknowledgementsAloneAreNoLogins) {
  for (const std::uint16_t port : {std::uint16_t{22}, std::uint16_t{31'785}}) {
    Watch watch;
    watch.add(tcp({target(9), 443}, {kA, 40'000}, kData, watch.now));  // answers are visible here
    for (std::uint32_t i = 0; i < 6000; ++i) {
      const WallTime at = kStart + seconds(5) + seconds(0.003) * i;
      watch.add(tcp({kA, ephemeral(i % 400)}, {target(0), port}, flow::kAck, at, 1, 120));
      watch.add(tcp({target(0), port}, {kA, ephemeral(i % 400)}, flow::kRst | flow::kAck, at, 1, 40));
      if (i % 300 == 0) {
        watch.look();
      }
    }
    for (int i = 0; i < 5; ++i) {
      watch.look_after(seconds(1));
    }
    for (const abuse::Finding& found : watch.findings()) {
      EXPECT_NE(found.abuse_class, abuse::AbuseClass::BruteForce) << port << ": " << found.summary;
    }
  }
}

TEST(BruteForce, AScanThatSaysAFewWordsIsAScanOnly) {
  Watch watch;
  for (std::uint32_t i = 0; i < 6000; ++i) {
    const WallTime at = kStart + seconds(0.01) * i;
    if (i % 20 == 0) {
      add_session(watch, target(i * 7), {23, 8, 500, 700, 1}, at, i);
    } else {
      watch.add(tcp({kA, ephemeral(i)}, {target(i * 7), 23}, flow::kSyn, at));
    }
    watch.look();
  }
  for (const abuse::Finding& finding : watch.findings()) {
    EXPECT_EQ(finding.abuse_class, abuse::AbuseClass::PortScan) << finding.summary;
  }
  EXPECT_FALSE(watch.given.empty());
}

/// Sessions of `packets` packets each way, looked at one in `one_in`.
std::vector<abuse::Finding> sampled(const Session& session, std::uint32_t count, Micros over, std::uint32_t one_in) {
  Watch watch;
  std::mt19937 random(3);
  const auto maybe = [&](flow::FlowRecord packet) {
    if (random() % one_in == 0) {
      packet.version = flow::ExportVersion::Sflow5;
      packet.sampling_rate = SamplingRate{one_in};
      watch.add(packet);
    }
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    const WallTime at = kStart + over * i / count;
    maybe(tcp({kA, ephemeral(i)}, {target(0), session.port}, flow::kSyn, at));
    for (std::uint64_t p = 0; p < session.packets; ++p) {
      maybe(tcp({kA, ephemeral(i)}, {target(0), session.port}, kData, at, 1, session.out / session.packets));
      maybe(tcp({target(0), session.port}, {kA, ephemeral(i)}, kData, at, 1, session.in / session.packets));
    }
    if (i % 20 == 0) {
      watch.look();
    }
  }
  return watch.findings();
}

TEST(BruteForce, UnderSamplingTheNumberIsEstimated) {
  struct Sampled {
    const char* what;
    Session session;
    std::uint32_t count;
    double over;
    std::uint32_t one_in;
    bool is_found;
  };
  for (const Sampled& row : {
           Sampled{"ssh", kSsh, 1200, 120, 100, true},
           Sampled{"ssh, 1:1000", kSsh, 6000, 600, 1000, true},
           Sampled{"imap", kMail, 3000, 300, 100, true},
           Sampled{"mysql", kMysql, 6000, 300, 100, true},
           Sampled{"a repository's poller", {22, 16, 3600, 5000, 1}, 180, 3600, 100, false},
           Sampled{"pages with a remote database", {3306, 8, 2000, 9000, 0.2}, 3000, 600, 100, false},
           Sampled{"a transfer every second", {22, 200, 200'000, 9000, 1}, 600, 600, 100, false},
       }) {
    const auto found = sampled(row.session, row.count, seconds(row.over), row.one_in);
    EXPECT_EQ(!found.empty(), row.is_found) << row.what << (found.empty() ? "" : ": " + found.front().summary);
    if (!found.empty()) {
      EXPECT_EQ(found.back().abuse_class, abuse::AbuseClass::BruteForce) << row.what;
      EXPECT_NE(found.back().floor.find("with one packet in"), std::string::npos) << found.back().floor;
    }
  }
}

TEST(BruteForce, ConfigurationManagementIsExemptOverSeveralHostsOnly) {
  Thresholds thresholds;
  thresholds.roles.push_back({ServerId{"a"}, {inventory::Role::ConfigManagement, "ansible", kStart + seconds(86'400)}});
  EXPECT_TRUE(sessions(kSsh, 200, seconds(50), 40, thresholds).empty());
  EXPECT_FALSE(sessions(kSsh, 200, seconds(50), 40).empty());
  EXPECT_FALSE(sessions(kSsh, 60, seconds(50), 1, thresholds).empty());
}

const Session kLetter{25, 14, 4200, 900, 3};

TEST(Spam, IsMailToVeryManyServersByOneThatReceivesNone) {
  const auto found = sessions(kLetter, 60, seconds(50), 60);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back().abuse_class, abuse::AbuseClass::Spam);
  EXPECT_EQ(found.back().kind, "smtp");
  EXPECT_NE(found.back().summary.find("different mail servers on tcp/25"), std::string::npos) << found.back().summary;
  EXPECT_TRUE(sessions(kLetter, 20, seconds(50), 20).empty());
  EXPECT_TRUE(sessions(kLetter, 200, seconds(50), 1).empty()) << "one relay, however often";
}

TEST(Spam, AServerThatReceivesMailMaySend) {
  Watch watch;
  watch.add(tcp({target(60'000), 50'000}, {kA, 25}, kSession, kStart + seconds(1), 12, 4000));
  for (std::uint32_t i = 0; i < 300; ++i) {
    add_session(watch, target(i * 100), kLetter, kStart + seconds(5) + seconds(0.2) * i, i);
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
}

TEST(Spam, ADeclaredNewsletterMaySendUntilItsDeclarationEnds) {
  for (const auto& [until, is_silent] : {std::pair{kStart + seconds(3600), true}, std::pair{kStart + seconds(1), false}}) {
    Thresholds thresholds;
    thresholds.roles.push_back({ServerId{"a"}, {inventory::Role::Newsletter, "weekly", until}});
    EXPECT_EQ(sessions(kLetter, 60, seconds(50), 60, thresholds).empty(), is_silent);
  }
}

}  // namespace
}  // namespace pinfold::detect::testing
