// The mail server's log as evidence of delivery, and as the answer to what became of an attempt.
#include "engine/mail/server_log.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class ServerLogTest : public ::testing::Test {
protected:
  ServerLogTest() {
    desk::Policy policy;
    policy.warnings = desk::Arming::Armed;
    service = std::make_unique<DeskService>(*store, policy, clock, [] {});
    store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), kNoon - Seconds{86'400}); });
    id = *service->take_finding(test::sample_finding(abuse::Origin::Network, kNoon - Seconds{60}, "f-1"));
    while (service->find(id)->notices.empty()) {  // a case gathers for a moment before it writes
      clock.advance(Seconds{60});
      service->tick_due();
    }
    notice = service->find(id)->notices.at(0);
    message_id = mail::message_id(ours, id, notice.id, notice.token);
    write("Mar  2 03:04:04 mx postfix/smtpd[1]: connect from desk");
    log = std::make_unique<ServerLog>(folder.path() / "mail.log", *service, std::vector{ours}, clock);
  }
  void write(const std::string& line) { std::ofstream(folder.path() / "mail.log", std::ios::app) << line << "\n"; }
  void queued(const std::string& queue_id, const std::string& with_id) {
    write("Mar  2 03:04:05 mx postfix/cleanup[12]: " + queue_id + ": message-id=<" + with_id + ">");
  }
  void taken(const std::string& queue_id, const std::string& status = "sent (250 OK)",
             const std::string& relay = "mx.customer.example[192.0.2.9]:25") {
    write("Mar  2 03:04:06 mx postfix/smtp[12]: " + queue_id + ": to=<owner@customer.example>, relay=" + relay + ", dsn=2.0.0, status=" + status);
  }
  [[nodiscard]] desk::Notice now() { return *service->find(id)->find_notice(notice.id); }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  std::unique_ptr<DeskService> service;
  mail::OurAddresses ours{"abuse", "desk.example", "b", "bounce.desk.example"};
  std::unique_ptr<ServerLog> log;
  CaseId id;
  desk::Notice notice;
  std::string message_id;
};

TEST_F(ServerLogTest, ProvesDeliveryWithTheRemoteServersWords) {
  queued("4XyZ12", message_id);
  taken("4XyZ12");
  log->work();
  ASSERT_TRUE(now().delivered);
  EXPECT_EQ(now().proof, desk::DeliveryProof::ServerLog);
}

TEST_F(ServerLogTest, FollowsAMailThroughAFilterOnThisMachine) {
  queued("4XyZ12", message_id);
  taken("4XyZ12", "sent (250 2.0.0 Ok: queued as 4NEXT1)", "127.0.0.1[127.0.0.1]:10024");
  log->work();
  EXPECT_FALSE(now().delivered) << "a filter of our own is nobody's mailbox";
  taken("4NEXT1");
  log->work();
  EXPECT_TRUE(now().delivered);
}

TEST_F(ServerLogTest, FailsANoticeThatWasGivenUp) {
  queued("4XyZ12", message_id);
  taken("4XyZ12", "bounced (550 5.1.1 no such user)");
  log->work();
  EXPECT_TRUE(now().failed);
}

TEST_F(ServerLogTest, BelievesNoGuessedTokenAndNoOtherRecipient) {
  queued("4XyZ12", "pf-1.1.guessed9@desk.example");
  taken("4XyZ12");
  queued("4XyZ13", message_id);
  write("Mar  2 03:04:06 mx postfix/smtp[12]: 4XyZ13: to=<somebody@else.example>, relay=mx[192.0.2.9]:25, dsn=2.0.0, status=sent (250 OK)");
  log->work();
  EXPECT_FALSE(now().delivered);
}

TEST_F(ServerLogTest, FindsOutWhatBecameOfAnAttempt) {
  const WallTime tried = clock.wall();
  log->work();
  EXPECT_FALSE(log->find(message_id, tried).is_known) << "nothing was written since";
  clock.advance(Seconds{5});
  write("Mar  2 03:05:00 mx postfix/smtpd[1]: connect from desk");
  log->work();
  EXPECT_TRUE(log->find(message_id, tried).is_known);
  EXPECT_EQ(log->find(message_id, tried).queue_id, "") << "the server never had it";
  queued("4XyZ12", message_id);
  log->work();
  EXPECT_EQ(log->find(message_id, tried).queue_id, "4XyZ12");
}

TEST_F(ServerLogTest, ReadsOnAfterTheLogWasRotatedAndTheLineThatIsNotWholeYet) {
  log->work();
  std::filesystem::rename(folder.path() / "mail.log", folder.path() / "mail.log.1");
  queued("4XyZ12", message_id);
  std::ofstream(folder.path() / "mail.log", std::ios::app)
      << "Mar  2 03:04:06 mx postfix/smtp[12]: 4XyZ12: to=<owner@customer.example>, relay=mx[192.0.2.9]:25, dsn=2.0.0, ";
  log->work();
  EXPECT_FALSE(now().delivered);
  std::ofstream(folder.path() / "mail.log", std::ios::app) << "status=sent (250 OK)\n";
  log->work();
  EXPECT_TRUE(now().delivered);
}

}  // namespace
}  // namespace pinfold::engine
