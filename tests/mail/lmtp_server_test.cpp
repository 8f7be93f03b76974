#include "mail/lmtp_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <system_error>
#include <vector>

#include "base/lock_guarded.hpp"
#include "mail/loopback.hpp"

namespace pinfold::mail {
namespace {

class LmtpServerTest : public ::testing::Test {
protected:
  [[nodiscard]] LmtpServer start(LmtpServerOptions options = {}) {
    return LmtpServer(std::move(options),
                      {[](std::string_view recipient) { return recipient.find("+known") != std::string_view::npos; },
                       [this](const Delivery& delivery) {
                         if (!x_disk_works) {
                           return std::vector<bool>(delivery.recipients.size(), false);
                         }
                         x_kept.with([&](std::vector<Delivery>& kept) { kept.push_back(delivery); });
                         return std::vector<bool>(delivery.recipients.size(), true);
                       }},
                      system_clock());
  }
  [[nodiscard]] std::size_t kept() const {
    return x_kept.with([](const std::vector<Delivery>& list) { return list.size(); });
  }

  LockGuarded<std::vector<Delivery>> x_kept;
  std::atomic<bool> x_disk_works = true;
};

constexpr std::string_view kMail =
    "LHLO mx\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<abuse+known@desk.example>\r\nRCPT TO:<x@desk.example>\r\nDATA\r\nSubject: "
    "x\r\n\r\nhello\r\n.\r\n";

TEST_F(LmtpServerTest, TakesAPipelinedMail) {
  const LmtpServer server = start();
  Stream client = Stream::connect_to(server.port());
  EXPECT_EQ(client.line().substr(0, 4), "220 ");
  client.say(std::string(kMail) + "QUIT\r\n");
  EXPECT_EQ(client.reply(), "250 SIZE 26214400\r\n");
  EXPECT_EQ(client.line(), "250 2.1.0 ok\r\n");
  EXPECT_EQ(client.line(), "250 2.1.5 ok\r\n");
  EXPECT_EQ(client.line(), "550 5.1.1 no such address\r\n");
  EXPECT_EQ(client.line().substr(0, 4), "354 ");
  EXPECT_EQ(client.line(), "250 2.0.0 kept\r\n");
  EXPECT_EQ(client.line(), "221 2.0.0 bye\r\n");
  EXPECT_EQ(client.line(), "") << "closed";
  EXPECT_EQ(kept(), 1U);
}

TEST_F(LmtpServerTest, Says451WhileNothingCanBeKeptAndTakesTheMailWhenItComesAgain) {
  const LmtpServer server = start();
  x_disk_works = false;
  for (const char* expected : {"451", "250"}) {
    Stream client = Stream::connect_to(server.port());
    client.say(kMail);
    std::string last;
    for (int i = 0; i < 10; ++i) {  // greeting, five lines of LHLO, MAIL, two RCPT, DATA
      last = client.line();
    }
    EXPECT_EQ(last.substr(0, 4), "354 ");
    EXPECT_EQ(client.line().substr(0, 3), expected);
    EXPECT_EQ(kept(), x_disk_works ? 1U : 0U);
    x_disk_works = true;
  }
}

TEST_F(LmtpServerTest, KeepsNothingOfAMailThatIsCutOff) {
  const LmtpServer server = start();
  {
    Stream client = Stream::connect_to(server.port());
    client.say(kMail.substr(0, kMail.size() - 3));
    while (client.line().substr(0, 4) != "354 ") {
    }
  }
  Stream next = Stream::connect_to(server.port());
  next.say(kMail);
  while (next.line().substr(0, 9) != "250 2.0.0") {
  }
  EXPECT_EQ(kept(), 1U);
}

TEST_F(LmtpServerTest, ClosesASilentClientAndServesTheNext) {
  LmtpServerOptions options;
  options.idle = Millis{50};
  options.connections = 1;
  const LmtpServer server = start(options);
  Stream silent = Stream::connect_to(server.port());
  EXPECT_EQ(silent.line().substr(0, 4), "220 ");
  EXPECT_EQ(silent.line(), "") << "closed by the server, not by this test's patience";
  Stream next = Stream::connect_to(server.port());
  EXPECT_EQ(next.line().substr(0, 4), "220 ");
}

TEST_F(LmtpServerTest, ClosesABusyClientAtTheEndOfItsLifetime) {
  LmtpServerOptions options;
  options.lifetime = Millis{80};
  const LmtpServer server = start(options);
  Stream client = Stream::connect_to(server.port());
  unsigned answers = 0;
  for (std::string line = client.line(); !line.empty() && line.substr(0, 4) != "421 "; line = client.line()) {
    client.say("NOOP\r\n");
    ++answers;
  }
  EXPECT_GT(answers, 1U) << "ends only because the server closes";
}

TEST_F(LmtpServerTest, RefusesMoreConnectionsThanItsCap) {
  LmtpServerOptions options;
  options.connections = 2;
  const LmtpServer server = start(options);
  Stream first = Stream::connect_to(server.port());
  Stream second = Stream::connect_to(server.port());
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_EQ(second.line().substr(0, 4), "220 ");
  Stream third = Stream::connect_to(server.port());
  EXPECT_EQ(third.line(), "421 4.3.2 too many connections\r\n");
}

TEST_F(LmtpServerTest, SaysAtStartThatItsPortIsTaken) {
  const LmtpServer server = start();
  LmtpServerOptions options;
  options.port = server.port();
  EXPECT_THROW(static_cast<void>(start(options)), std::system_error);
}

}  // namespace
}  // namespace pinfold::mail
