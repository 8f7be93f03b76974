/// Detection over files. The captures belong to other projects (Slips, nDPI, Zeek, Cisco Joy; see the data folder's SOURCES.md) and are not
/// part of this repository: without them those tests are skipped.
#include "detect/offline.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "flow/capture.hpp"
#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const std::filesystem::path kData = std::filesystem::path(PINFOLD_SOURCE_DIR) / "../shared/data/flows";

OfflineOptions options_for(std::vector<const char*> prefixes) {
  OfflineOptions options;
  for (const char* prefix : prefixes) {
    options.servers.push_back(net::Prefix::parse(prefix).value());
  }
  return options;
}

std::vector<flow::FlowRecord> some_scan(net::IpAddress from, std::uint32_t targets, WallTime at) {
  std::vector<flow::FlowRecord> records;
  for (std::uint32_t i = 0; i < targets; ++i) {
    records.push_back(tcp({from, 40'000}, {target(i), 22}, flow::kSyn, at + seconds(0.05) * i));
    records.back().version = flow::ExportVersion::Packet;
  }
  return records;
}

TEST(Offline, EveryAddressOfAPrefixIsAServer) {
  auto records = some_scan(ip("192.0.2.9"), 300, kStart + seconds(600));
  const auto other = some_scan(ip("192.0.2.200"), 300, kStart);  // later in the file, earlier in time
  records.insert(records.end(), other.begin(), other.end());
  const auto stranger = some_scan(ip("203.0.113.1"), 300, kStart);
  records.insert(records.end(), stranger.begin(), stranger.end());
  const auto findings = detect_offline(records, options_for({"192.0.2.0/24"}));
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].server, ServerId{"192.0.2.200"});
  EXPECT_EQ(findings[1].server, ServerId{"192.0.2.9"});
  EXPECT_EQ(findings[1].first_seen, kStart + seconds(600));
}

TEST(Offline, SamplingIsRepeatable) {
  const auto records = some_scan(ip("192.0.2.9"), 6000, kStart);
  OfflineOptions options = options_for({"192.0.2.0/24"});
  options.sampling = SamplingRate{50};
  const auto findings = detect_offline(records, options);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].sampling_rate, SamplingRate{50});
  EXPECT_EQ(findings, detect_offline(records, options));
}

TEST(Offline, NoRecordsNoFindings) { EXPECT_TRUE(detect_offline({}, options_for({"192.0.2.0/24"})).empty()); }

std::optional<std::vector<flow::FlowRecord>> packets_of(const std::filesystem::path& file) {
  if (!std::filesystem::exists(kData / file)) {
    return std::nullopt;
  }
  std::vector<flow::FlowRecord> records;
  EXPECT_TRUE(flow::read_packets(kData / file, [&records](const flow::FlowRecord& record) { records.push_back(record); })) << file;
  return records;
}

const std::vector<const char*> kPrivate = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"};

struct ScanRow {
  const char* file;
  std::uint32_t min_targets;  ///< 0: the default
  const char* server;
  const char* kind;
  const char* protocol;
};

TEST(Offline, RealScansAreFound) {
  // Slips' scanner tries 26 hosts a minute on its busiest port and changes ports: a patient block scan; with a lower limit also a fast one.
  for (const ScanRow& row : {ScanRow{"ndpi/tests/cfgs/default/pcap/synscan.pcap", 0, "172.16.0.8", "vertical", "tcp"},
                             ScanRow{"slips/dataset/test7-malicious.pcap", 0, "192.168.2.16", "block", "tcp"},
                             ScanRow{"slips/dataset/test7-malicious.pcap", 20, "192.168.2.16", "horizontal", "tcp"}}) {
    const auto records = packets_of(row.file);
    if (!records) {
      GTEST_SKIP() << "no " << row.file;
    }
    OfflineOptions options = options_for(kPrivate);
    if (row.min_targets != 0) {
      options.thresholds.port_scan.min_targets_per_minute = row.min_targets;
    }
    const auto findings = detect_offline(*records, options);
    ASSERT_EQ(findings.size(), 1U) << row.file;
    EXPECT_EQ(findings[0].server.value, row.server);
    EXPECT_EQ(findings[0].kind, row.kind);
    EXPECT_EQ(fact(findings[0], "protocol"), row.protocol);
  }
}

struct GuessRow {
  const char* file;
  const char* server;
  const char* service;
  std::uint64_t least_sessions;
};

TEST(Offline, RealPasswordGuessingIsFound) {
  for (const GuessRow& row : {GuessRow{"zeek/testing/btest/Traces/ftp/bruteforce.pcap", "192.168.56.1", "ftp", 25},
                              GuessRow{"zeek/testing/btest/Traces/ssh/sshguess.pcap", "192.168.56.1", "ssh", 8},
                              GuessRow{"slips/dataset/test19-malicious-ssh/malicious-ssh-bruteforce.pcap", "147.32.80.40", "unknown", 30},
                              GuessRow{"cisco-joy/test/pcaps/kali-password-attack_hydra.pcap", "192.168.1.2", "ssh", 7}}) {
    const auto records = packets_of(row.file);
    if (!records) {
      GTEST_SKIP() << "no " << row.file;
    }
    const auto findings = detect_offline(*records, options_for({"0.0.0.0/0", "::/0"}));
    ASSERT_EQ(findings.size(), 1U) << row.file;
    EXPECT_EQ(findings[0].server.value, row.server);
    EXPECT_EQ(findings[0].abuse_class, abuse::AbuseClass::BruteForce);
    EXPECT_EQ(findings[0].kind, row.service);
    EXPECT_GE(std::stoul(fact(findings[0], "sessions")), row.least_sessions) << row.file;
  }
}

TEST(Offline, RealInnocentsAreNot) {
  for (const char* file :
       {"cisco-joy/test/pcaps/kali-normal-ssh.pcap", "cisco-joy/test/pcaps/sample.pcap", "zeek/testing/btest/Traces/ftp/bigtransfer.pcap",
        "zeek/testing/btest/Traces/workshop_2011_browse.pcap", "zeek/testing/btest/Traces/ssh/ssh.pcap",
        "ipfixprobe/tests/functional/inputs/mixed.pcap", "ipfixprobe/tests/functional/inputs/dns.pcap", "zeek/testing/btest/Traces/mysql/auth.pcap",
        "zeek/testing/btest/Traces/mysql/mysql.pcap", "zeek/testing/btest/Traces/smtp.pcap", "zeek/testing/btest/Traces/rdp/rdp-to-ssl.pcap",
        "zeek/testing/btest/Traces/rdp/rdp-proprietary-encryption.pcap", "zeek/testing/btest/Traces/dhcp/dhcp_flood.pcap",
        "ndpi/tests/cfgs/default/pcap/ftp.pcap", "ndpi/tests/cfgs/default/pcap/telnet.pcap"}) {
    const auto records = packets_of(file);
    if (!records) {
      GTEST_SKIP() << "no " << file;
    }
    EXPECT_GT(records->size(), 10U) << file;
    EXPECT_TRUE(detect_offline(*records, options_for({"0.0.0.0/0", "::/0"})).empty()) << file;
  }
}

}  // namespace
}  // namespace pinfold::detect::testing
