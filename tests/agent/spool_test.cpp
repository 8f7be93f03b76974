#include "agent/spool.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "agent/fake_desk.hpp"
#include "agent/finding.hpp"
#include "agent/identity.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "agent/temporary_folder.hpp"
#include "agent/uplink.hpp"
#include "agent/watch/capture.hpp"
#include "base/crypto.hpp"

namespace pinfold::agent {
namespace {

namespace fs = std::filesystem;

abuse::Finding finding(const std::string& id, const std::string& content = {}) {
  abuse::Finding f;
  f.id = FindingId{id};
  f.server = ServerId{"web1"};
  f.abuse_class = abuse::AbuseClass::MaliciousScript;
  f.kind = "run_from_tmp";
  f.origin = abuse::Origin::Host;
  f.first_seen = f.last_seen = f.detected_at = WallTime{Seconds{1700000000}};
  f.summary = "perl ran /dev/shm/x.pl";
  f.evidence.facts = {{"script", "/dev/shm/x.pl"}};
  if (!content.empty()) {
    f.evidence.files = {{"/dev/shm/x.pl", sha256_hex(content), content.size()}};
  }
  return f;
}

std::unique_ptr<Spool> open_spool(const fs::path& folder, Spool::Limits limits = {}) {
  auto spool = Spool::open(folder, limits);
  EXPECT_TRUE(spool) << (spool ? "" : spool.error());
  return spool ? std::move(*spool) : nullptr;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(Spool, KeepsFindingsInOrderOverARestart) {
  const TemporaryFolder folder;
  {
    const auto spool = open_spool(folder.path());
    EXPECT_EQ(spool->add(finding("a", "content"), "content"), Spool::Kept::Whole);
    EXPECT_EQ(spool->add(finding("b"), {}), Spool::Kept::Whole);
  }
  const auto spool = open_spool(folder.path());
  EXPECT_EQ(spool->add(finding("c"), {}), Spool::Kept::Whole);
  const auto items = spool->oldest(10);
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].finding, finding("a", "content"));
  EXPECT_EQ(items[2].finding.id.value, "c");
  EXPECT_EQ(spool->evidence(sha256_hex("content")), "content");
  spool->remove(items[0].name);
  EXPECT_EQ(open_spool(folder.path())->oldest(10).front().finding.id.value, "b");
}

TEST(Spool, CarriesOnFromWhatACrashLeft) {
  const TemporaryFolder folder;
  EXPECT_EQ(open_spool(folder.path())->add(finding("a", "kept"), "kept"), Spool::Kept::Whole);
  // Killed while writing the next finding, and between another's file and the finding itself.
  std::ofstream(folder.path() / "findings" / "0000000000000002.json.tmp") << "{\"half";
  std::ofstream(folder.path() / "evidence" / sha256_hex("orphan")) << "orphan";
  std::ofstream(folder.path() / "evidence" / (sha256_hex("half") + ".tmp")) << "ha";
  // A disk that lied about fsync.
  std::ofstream(folder.path() / "findings" / "0000000000000003.json") << "";
  const auto spool = open_spool(folder.path());
  const auto items = spool->oldest(10);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].finding.id.value, "a");
  EXPECT_EQ(files_in(folder.path() / "evidence"), 1U);
  EXPECT_EQ(files_in(folder.path() / "findings"), 1U);
  EXPECT_EQ(files_in(folder.path() / "refused"), 1U) << "the damaged one is kept for a human";
  EXPECT_EQ(spool->lost(), 1U);
  EXPECT_EQ(open_spool(folder.path())->lost(), 1U) << "losses are remembered";
}

TEST(Spool, IsBoundedAndCountsWhatItLoses) {
  const TemporaryFolder folder;
  const auto spool = open_spool(folder.path(), {.findings = 2, .evidence_bytes = 10, .refused = 1});
  EXPECT_EQ(spool->add(finding("a", "123456"), "123456"), Spool::Kept::Whole);
  EXPECT_EQ(spool->add(finding("b", "abcdef"), "abcdef"), Spool::Kept::WithoutEvidence);
  EXPECT_EQ(spool->add(finding("c"), {}), Spool::Kept::Lost);
  EXPECT_EQ(spool->lost(), 2U);
  const auto items = spool->oldest(10);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_TRUE(items[1].finding.evidence.files.empty());
  EXPECT_EQ(items[1].finding.evidence.facts.back().first, "evidence lost");
  spool->remove_evidence(sha256_hex("123456"));
  spool->remove(items[0].name);
  EXPECT_EQ(spool->add(finding("d", "abcdef"), "abcdef"), Spool::Kept::Whole) << "room again";
}

TEST(Spool, EvidenceNamesCannotLeaveItsFolder) {
  const TemporaryFolder folder;
  const auto spool = open_spool(folder.path());
  EXPECT_FALSE(spool->evidence("../lost"));
  EXPECT_FALSE(spool->evidence(""));
}

class UplinkTest : public testing::Test {
protected:
  Uplink make_uplink() {
    return Uplink(DeskClient(*parse_desk_url(x_desk.url()), make_signing_key(), system_clock()), *x_spool, [] { return "exec: test"; });
  }
  TemporaryFolder x_folder;
  std::unique_ptr<Spool> x_spool = open_spool(x_folder.path());
  FakeDesk x_desk;
};

TEST_F(UplinkTest, TellsEvidenceFirstAndSigned) {
  ASSERT_EQ(x_spool->add(finding("a", "content"), "content"), Spool::Kept::Whole);
  Uplink uplink = make_uplink();
  EXPECT_EQ(uplink.step(), Uplink::Round::Sent);
  const auto told = x_desk.told();
  EXPECT_EQ(told.order, (std::vector<std::string>{"PUT /agent/v1/evidence/" + sha256_hex("content"), "POST /agent/v1/findings"}));
  EXPECT_EQ(told.bad_signatures, 0U);
  EXPECT_EQ(told.tier, "exec: test");
  ASSERT_EQ(told.findings.size(), 1U);
  EXPECT_EQ(told.findings[0], finding("a", "content"));
  EXPECT_EQ(x_spool->waiting(), 0U);
  EXPECT_EQ(uplink.step(), Uplink::Round::Idle);
}

TEST_F(UplinkTest, LosesNothingWhenTheDeskFails) {
  ASSERT_EQ(x_spool->add(finding("a", "content"), "content"), Spool::Kept::Whole);
  Uplink uplink = make_uplink();
  for (const unsigned status : {503U, 401U, 429U}) {
    x_desk.answer_next({status});
    EXPECT_EQ(uplink.step(), Uplink::Round::Failed);
    EXPECT_TRUE(x_spool->evidence(sha256_hex("content"))) << status;
  }
  x_desk.answer_next({201, 503});  // the file is taken, the finding is not
  EXPECT_EQ(uplink.step(), Uplink::Round::Failed);
  EXPECT_EQ(uplink.progress().last_error, "findings: the desk answers 503");
  EXPECT_EQ(x_spool->waiting(), 1U);
  EXPECT_EQ(uplink.step(), Uplink::Round::Sent);
  EXPECT_EQ(x_desk.told().findings.size(), 1U);
  EXPECT_EQ(uplink.progress().last_error, "");
}

TEST_F(UplinkTest, OneRefusedFindingDoesNotBlockTheOthers) {
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(x_spool->add(finding(id), {}), Spool::Kept::Whole);
  }
  x_desk.answer_next({400, 202, 400, 202});  // the batch, then one by one: the second is at fault
  Uplink uplink = make_uplink();
  EXPECT_EQ(uplink.step(), Uplink::Round::Sent);
  EXPECT_EQ(x_spool->waiting(), 0U);
  EXPECT_EQ(files_in(x_folder.path() / "refused"), 1U);
}

TEST_F(UplinkTest, SaysThatNobodyAnswers) {
  ASSERT_EQ(x_spool->add(finding("a"), {}), Spool::Kept::Whole);
  // Port 9 of 127.0.0.1 could be served; a port that was ours a moment ago is not.
  std::uint16_t closed = 0;
  {
    const FakeDesk gone;
    closed = gone.port();
  }
  Uplink uplink(DeskClient({*net::IpAddress::parse("127.0.0.1"), closed}, make_signing_key(), system_clock()), *x_spool, [] { return ""; });
  EXPECT_EQ(uplink.step(), Uplink::Round::Failed);
  EXPECT_EQ(uplink.progress().last_error, "findings: cannot connect: Connection refused");
  EXPECT_EQ(x_spool->waiting(), 1U);
}

TEST_F(UplinkTest, EnrolmentNeedsTheRightToken) {
  DeskClient client(*parse_desk_url(x_desk.url()), make_signing_key(), system_clock());
  EXPECT_EQ(enrol(client, "good-token", "web1.example.net").value_or(ServerId{"none"}).value, "web1");
  const auto refused = enrol(client, "bad-token", "web1.example.net");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("refuses the token"), std::string::npos);
}

TEST(Identity, KeyAndDeskSurviveARestart) {
  const TemporaryFolder folder;
  const auto key = load_or_make_key(folder.path());
  ASSERT_TRUE(key);
  EXPECT_EQ(load_or_make_key(folder.path())->public_key, key->public_key);
  EXPECT_EQ(fs::status(folder.path() / "key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(load_enrolled(folder.path()));
  ASSERT_TRUE(save_enrolled(folder.path(), {*parse_desk_url("http://[2001:db8::1]:8080"), ServerId{"web1"}}));
  EXPECT_EQ(to_string(load_enrolled(folder.path())->desk), "http://[2001:db8::1]:8080");
  std::ofstream(folder.path() / "key") << "nonsense";
  EXPECT_FALSE(load_or_make_key(folder.path())) << "a damaged key is not silently replaced";
}

TEST(DeskUrl, TakesNumericAddressesOnly) {
  EXPECT_EQ(to_string(*parse_desk_url("http://192.0.2.1")), "http://192.0.2.1:80");
  EXPECT_EQ(to_string(*parse_desk_url("http://192.0.2.1:8080/")), "http://192.0.2.1:8080");
  EXPECT_EQ(to_string(*parse_desk_url("http://[::1]")), "http://[::1]:80");
  for (const char* wrong : {"", "192.0.2.1", "ftp://192.0.2.1", "http://desk.example.net", "http://192.0.2.1:0", "http://192.0.2.1:65536",
                            "http://192.0.2.1:80/x", "http://[192.0.2.1]", "http://::1", "http://[::1", "http://192.0.2.1:"}) {
    EXPECT_FALSE(parse_desk_url(wrong)) << wrong;
  }
}

TEST(RunTable, FoldsRepeatsIntoOneFinding) {
  RunTable runs(Seconds{60}, Seconds{10});
  const auto run_at = [](int second) {
    abuse::Finding f = finding("", "content");
    f.first_seen = f.last_seen = WallTime{Seconds{second}};
    return f;
  };
  const auto first = runs.add(run_at(0), WallTime{Seconds{0}});
  ASSERT_TRUE(first);
  EXPECT_FALSE(runs.add(run_at(1), WallTime{Seconds{1}})) << "not told again at once";
  EXPECT_TRUE(runs.due(WallTime{Seconds{9}}).empty());
  const auto due = runs.due(WallTime{Seconds{10}});
  ASSERT_EQ(due.size(), 1U) << "but told";
  EXPECT_EQ(due[0].id, first->id);
  EXPECT_EQ(due[0].last_seen, WallTime{Seconds{1}});
  EXPECT_EQ(due[0].evidence.facts.back(), (std::pair<std::string, std::string>{"runs", "2"}));
  const auto later = runs.add(run_at(40), WallTime{Seconds{40}});
  ASSERT_TRUE(later);
  EXPECT_EQ(later->id, first->id);
  EXPECT_EQ(later->first_seen, WallTime{Seconds{0}});
  const auto again = runs.add(run_at(101), WallTime{Seconds{101}});
  ASSERT_TRUE(again);
  EXPECT_NE(again->id, first->id) << "after a pause it is another statement";
}

TEST(RunTable, IsBounded) {
  RunTable runs(Seconds{60}, Seconds{10});
  for (std::size_t i = 0; i < RunTable::kMaxRuns + 10; ++i) {
    abuse::Finding f = finding("", std::to_string(i));
    EXPECT_TRUE(runs.add(f, f.last_seen));
  }
  EXPECT_FALSE(runs.add(finding("", std::to_string(RunTable::kMaxRuns + 9)), finding("").last_seen)) << "the newest are remembered";
}

TEST(CaptureStore, PrefersTheOpenersCopyAndForgets) {
  CaptureStore store;
  const auto captured = [](int second, std::uint32_t pid, const char* bytes) {
    return Captured{MonoTime{Seconds{second}}, pid, "/dev/shm/x", {1, 1}, bytes, true};
  };
  store.add(captured(1, 7, "mine"));
  store.add(captured(2, 8, "another's"));
  EXPECT_EQ(store.find("/dev/shm/x", 7, MonoTime{Seconds{3}})->bytes, "mine");
  EXPECT_EQ(store.find("/dev/shm/x", 9, MonoTime{Seconds{3}})->bytes, "another's");
  EXPECT_FALSE(store.find("/dev/shm/y", 7, MonoTime{Seconds{3}}));
  EXPECT_FALSE(store.find("/dev/shm/x", 7, MonoTime{Seconds{20}}));
  store.forget_before(MonoTime{Seconds{2}});
  EXPECT_EQ(store.bytes(), std::string_view("another's").size());
}

TEST(CaptureStore, IsBounded) {
  CaptureStore store;
  for (std::size_t i = 0; i < 20; ++i) {
    store.add({MonoTime{}, 1, "/dev/shm/x", {}, std::string(kMaxCapture, 'x'), true});
  }
  EXPECT_LE(store.bytes(), kMaxCapturedBytes);
}

TEST(ProcReader, ReadsHostileNames) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "7");
  std::ofstream(folder.path() / "7" / "stat") << "7 (a) b (c) S 3 7 7 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n";
  const ProcReader proc(folder.path().string());
  const auto status = proc.status(7);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->comm, "a) b (c");
  EXPECT_EQ(status->parent, 3U);
  EXPECT_EQ(status->start_ticks, 4711U);
  EXPECT_FALSE(proc.status(8));
  EXPECT_FALSE(proc.usable()) << "not our /proc";
  EXPECT_TRUE(ProcReader().usable());
}

TEST(UserName, ComesFromPasswdOrIsANumber) {
  EXPECT_EQ(user_name("root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n", 33), "www-data");
  EXPECT_EQ(user_name("root:x:0:0\n", 33), "33");
  EXPECT_EQ(user_name("", 0), "0");
}

}  // namespace
}  // namespace pinfold::agent
