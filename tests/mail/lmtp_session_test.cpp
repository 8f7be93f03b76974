#include "mail/lmtp_session.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace pinfold::mail {
namespace {

class LmtpConversation : public ::testing::Test {
protected:
  LmtpConversation() {
    x_callbacks.knows = [](std::string_view recipient) { return recipient.find("+known") != std::string_view::npos; };
    x_callbacks.keep = [this](const Delivery& delivery) {
      if (x_throws) {
        throw std::runtime_error("disk full");
      }
      x_kept.push_back(delivery);
      return std::vector<bool>(delivery.recipients.size(), x_durable);
    };
    x_limits.mail_bytes = 1000;
  }
  std::string say(std::string_view text) { return x_session.feed(text); }
  std::string to_data() { return say("LHLO mx\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<abuse+known@desk.example>\r\nDATA\r\n"); }

  LmtpLimits x_limits;
  LmtpCallbacks x_callbacks;
  std::vector<Delivery> x_kept;
  bool x_durable = true;
  bool x_throws = false;
  LmtpSession x_session{"desk.example",
                        [] {
                          LmtpLimits l;
                          l.mail_bytes = 1000;
                          l.errors = 5;
                          return l;
                        }(),
                        x_callbacks};
};

bool ends_with(const std::string& text, std::string_view tail) {
  return text.size() >= tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

TEST_F(LmtpConversation, KeepsAMailAndThenSays250) {
  EXPECT_TRUE(ends_with(to_data(), "354 end with a dot on a line of its own\r\n"));
  EXPECT_EQ(say("Subject: x\r\n\r\n..dot\r\n.\r\n"), "250 2.0.0 kept\r\n");
  ASSERT_EQ(x_kept.size(), 1U);
  EXPECT_EQ(x_kept[0].from, "a@b.example");
  EXPECT_EQ(x_kept[0].recipients, std::vector<std::string>{"abuse+known@desk.example"});
  EXPECT_EQ(x_kept[0].raw, "Subject: x\r\n\r\n.dot\r\n");
}

TEST_F(LmtpConversation, AnswersTheSameByteByByteAsAtOnce) {
  const std::string all =
      "LHLO mx\r\nMAIL FROM:<> SIZE=10\r\nRCPT TO:<abuse+known@desk.example>\r\nRCPT TO:<x@desk.example>\r\nDATA\r\nA: b\r\n\r\n.\r\n.\r\nQUIT\r\n";
  std::string slow;
  for (const char c : all) {
    slow += say({&c, 1});
  }
  LmtpSession other("desk.example", x_limits, x_callbacks);
  EXPECT_EQ(slow, other.feed(all));
  EXPECT_EQ(x_kept.size(), 2U);
  EXPECT_EQ(x_kept[0].raw, x_kept[1].raw);
}

TEST_F(LmtpConversation, SaysNoAtRcptAndRefusesDataWithoutARecipient) {
  say("LHLO mx\r\nMAIL FROM:<a@b.example>\r\n");
  EXPECT_EQ(say("RCPT TO:<wrong@desk.example>\r\n"), "550 5.1.1 no such address\r\n");
  EXPECT_EQ(say("DATA\r\n"), "503 5.5.1 no valid recipients\r\n");
  EXPECT_TRUE(x_kept.empty());
}

TEST_F(LmtpConversation, Says451WhenTheSinkFails) {
  x_durable = false;
  to_data();
  EXPECT_EQ(say("x\r\n.\r\n"), "451 4.3.0 not kept, try again later\r\n");
  x_throws = true;
  to_data();
  EXPECT_EQ(say("x\r\n.\r\n"), "451 4.3.0 not kept, try again later\r\n");
}

TEST_F(LmtpConversation, AnswersOncePerRecipient) {
  say("LHLO mx\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a+known@d.example>\r\nRCPT TO:<b+known@d.example>\r\nDATA\r\n");
  EXPECT_EQ(say("x\r\n.\r\n"), "250 2.0.0 kept\r\n250 2.0.0 kept\r\n");
}

TEST_F(LmtpConversation, RefusesWhatIsTooBigAndKeepsNothingOfIt) {
  EXPECT_EQ(say("LHLO mx\r\nMAIL FROM:<a@b.example> SIZE=1001\r\n").substr(0, 4), "250-");
  to_data();
  EXPECT_EQ(say(std::string(2000, 'a') + "\r\n.\r\n"), "552 5.3.4 more than 1000 bytes\r\n");
  EXPECT_TRUE(x_kept.empty());
}

TEST_F(LmtpConversation, EndsAMailOnlyAtCrlfDotCrlf) {
  to_data();
  EXPECT_EQ(say("a\n.\nMAIL FROM:<evil@x.example>\r\nb\r\n.\nc\r\n"), "") << "bare line feeds smuggle nothing";
  EXPECT_EQ(say(".\r\n"), "250 2.0.0 kept\r\n");
  ASSERT_EQ(x_kept.size(), 1U);
  EXPECT_EQ(x_kept[0].raw, "a\n.\nMAIL FROM:<evil@x.example>\r\nb\r\n\nc\r\n");
}

TEST_F(LmtpConversation, EndsWithARudeClient) {
  EXPECT_EQ(say(std::string(5000, 'a')), "");
  EXPECT_EQ(say("\r\n"), "500 5.5.2 line too long\r\n");
  EXPECT_TRUE(ends_with(say("a\r\nb\r\nc\r\nd\r\ne\r\n"), "421 4.7.0 too many errors\r\n"));
  EXPECT_TRUE(x_session.finished());
}

}  // namespace
}  // namespace pinfold::mail
