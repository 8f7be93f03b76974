#include "mail/submitter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "mail/loopback.hpp"

namespace pinfold::mail {
namespace {

/// What the scripted server says to each step, and where it hangs up. An empty text hangs up.
struct Script {
  std::string mail = "250 2.1.0 ok";
  std::string rcpt = "250 2.1.5 ok";
  std::string data = "354 go";
  std::string end = "250 2.0.0 Ok: queued as 4XyZ1k";
  std::string extensions = "250-mail.desk.example\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME";
};

/// A mail server of one conversation, in a thread of its own.
class ScriptedServer {
public:
  explicit ScriptedServer(Script script) : x_script(std::move(script)), x_thread([this] { run(); }) {}
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() { join(); }
  void join() {
    if (x_thread.joinable()) {
      x_thread.join();
    }
  }
  [[nodiscard]] std::uint16_t port() const { return x_listener.port(); }
  [[nodiscard]] const std::vector<std::string>& commands() const { return x_commands; }
  [[nodiscard]] const std::string& mail() const { return x_mail; }

private:
  void run() {
    Stream stream = x_listener.accept_one();
    stream.say("220 mail.desk.example ESMTP\r\n");
    for (std::string line = stream.line(); !line.empty(); line = stream.line()) {
      x_commands.push_back(line);
      const std::string verb = line.substr(0, 4);
      if (verb == "EHLO") {
        stream.say(x_script.extensions + "\r\n");
      } else if (verb == "QUIT") {
        stream.say("221 2.0.0 bye\r\n");
        return;
      } else if (verb == "RSET") {
        stream.say("250 2.0.0 ok\r\n");
      } else if (!answer(stream, verb)) {
        return;
      }
    }
  }
  /// False: hang up.
  bool answer(Stream& stream, const std::string& verb) {
    const std::string& text = verb == "MAIL" ? x_script.mail : verb == "RCPT" ? x_script.rcpt : x_script.data;
    if (text.empty()) {
      return false;
    }
    stream.say(text + "\r\n");
    if (verb != "DATA" || text.substr(0, 3) != "354") {
      return true;
    }
    for (std::string line = stream.line(); line != ".\r\n"; line = stream.line()) {
      if (line.empty()) {
        return false;
      }
      x_mail += line;
    }
    if (x_script.end.empty()) {
      return false;
    }
    stream.say(x_script.end + "\r\n");
    return true;
  }

  Script x_script;
  Listener x_listener;
  std::vector<std::string> x_commands;
  std::string x_mail;
  std::thread x_thread;
};

const Submission kSubmission{"b+pf-42.1.k7q2x9@bounce.desk.example", "owner@customer.example", "pf-42.1.k7q2x9",
                             "From: Desk <abuse@desk.example>\r\nTo: owner@customer.example\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n"
                             "Message-ID: <pf-42.1.k7q2x9@desk.example>\r\nSubject: x\r\n\r\nhello\r\n.dot\r\n"};

SubmitResult submit(const ScriptedServer& server, Tls tls = Tls::Off) {
  SubmitOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.tls = tls;
  options.hello = "desk.example";
  options.timeout = Seconds{10};
  return Submitter(options).submit(kSubmission);
}

TEST(Submitter, ReportsTheQueueIdOfAnAcceptedMail) {
  ScriptedServer server(Script{});
  const SubmitResult result = submit(server);
  server.join();
  ASSERT_TRUE(std::holds_alternative<Accepted>(result));
  EXPECT_EQ(std::get<Accepted>(result).queue_id, "4XyZ1k");
}

TEST(Submitter, AsksForDeliveryStatusWithWellFormedParameters) {
  ScriptedServer server(Script{});
  static_cast<void>(submit(server));
  server.join();
  std::string mail_from;
  std::string rcpt_to;
  for (const std::string& command : server.commands()) {
    mail_from = command.substr(0, 4) == "MAIL" ? command : mail_from;
    rcpt_to = command.substr(0, 4) == "RCPT" ? command : rcpt_to;
  }
  EXPECT_NE(mail_from.find("FROM:<b+pf-42.1.k7q2x9@bounce.desk.example>"), std::string::npos) << mail_from;
  EXPECT_NE(mail_from.find("RET=HDRS"), std::string::npos) << mail_from;
  EXPECT_NE(mail_from.find("ENVID=pf-42.1.k7q2x9"), std::string::npos) << mail_from;
  for (const char* wish : {"SUCCESS", "FAILURE", "DELAY"}) {
    EXPECT_NE(rcpt_to.find(wish), std::string::npos) << rcpt_to;
  }
  EXPECT_NE(rcpt_to.find("ORCPT=rfc822;owner@customer.example"), std::string::npos) << rcpt_to;
}

TEST(Submitter, SendsAllTheSameToAServerThatKnowsNoDeliveryStatus) {
  Script script;
  script.extensions = "250 mail.desk.example";
  ScriptedServer server(script);
  const SubmitResult result = submit(server);
  server.join();
  EXPECT_TRUE(std::holds_alternative<Accepted>(result));
  for (const std::string& command : server.commands()) {
    EXPECT_EQ(command.find("NOTIFY"), std::string::npos) << command;
    EXPECT_EQ(command.find("ENVID"), std::string::npos) << command;
  }
}

TEST(Submitter, SendsTheMailAsItIs) {
  ScriptedServer server(Script{});
  static_cast<void>(submit(server));
  server.join();
  std::string stuffed = kSubmission.mail;
  stuffed.replace(stuffed.find("\r\n.dot"), 3, "\r\n..");
  EXPECT_EQ(server.mail(), stuffed);
}

TEST(Submitter, SortsRefusals) {
  struct Row {
    const char* name;
    Script script;
    bool permanent;
    const char* says;
  };
  std::vector<Row> rows(6, Row{"", {}, false, ""});
  rows[0] = {"4xx at MAIL", {}, false, "451 4.3.0"};
  rows[0].script.mail = "451 4.3.0 queue full";
  rows[1] = {"5xx at RCPT", {}, true, "550 5.1.1"};
  rows[1].script.rcpt = "550 5.1.1 no such user";
  rows[2] = {"4xx at RCPT", {}, false, "450 4.2.0"};
  rows[2].script.rcpt = "450 4.2.0 greylisted";
  rows[3] = {"4xx at the end", {}, false, "452 4.3.1"};
  rows[3].script.end = "452 4.3.1 disk full";
  rows[4] = {"5xx at the end", {}, true, "554 5.7.1"};
  rows[4].script.end = "554 5.7.1 spam";
  rows[5] = {"4xx at DATA", {}, false, "451 4.3.0"};
  rows[5].script.data = "451 4.3.0 not now";
  for (const Row& row : rows) {
    ScriptedServer server(row.script);
    const SubmitResult result = submit(server);
    server.join();
    const auto* temporary = std::get_if<Temporary>(&result);
    const auto* permanent = std::get_if<Permanent>(&result);
    ASSERT_EQ(permanent != nullptr, row.permanent) << row.name << ", index " << result.index();
    ASSERT_EQ(temporary != nullptr, !row.permanent) << row.name << ", index " << result.index();
    EXPECT_NE((permanent != nullptr ? permanent->why : temporary->why).find(row.says), std::string::npos)
        << row.name << ": " << (permanent != nullptr ? permanent->why : temporary->why);
  }
}

TEST(Submitter, DoesNotKnowWhenTheLastReplyIsLost) {
  Script script;
  script.end.clear();
  ScriptedServer server(script);
  const SubmitResult result = submit(server);
  EXPECT_TRUE(std::holds_alternative<Unclear>(result)) << "index " << result.index();
}

TEST(Submitter, MayTryAgainWhenTheConnectionBreaksBeforeTheMail) {
  for (std::string Script::*step : {&Script::mail, &Script::rcpt, &Script::data}) {
    Script script;
    (script.*step).clear();
    ScriptedServer server(script);
    const SubmitResult result = submit(server);
    EXPECT_TRUE(std::holds_alternative<Temporary>(result)) << "index " << result.index();
  }
}

TEST(Submitter, MayTryAgainWhenNobodyListens) {
  std::uint16_t free_port = 0;
  {
    const Listener listener;
    free_port = listener.port();
  }
  SubmitOptions options;
  options.host = "127.0.0.1";
  options.port = free_port;
  EXPECT_TRUE(std::holds_alternative<Temporary>(Submitter(options).submit(kSubmission)));
}

TEST(Submitter, SendsNothingWithoutTlsWhenTlsIsRequired) {
  ScriptedServer server(Script{});
  const SubmitResult result = submit(server, Tls::Required);
  server.join();
  EXPECT_TRUE(std::holds_alternative<Temporary>(result)) << "index " << result.index();
  EXPECT_EQ(server.mail(), "");
}

TEST(QueueId, IsFoundInWhatMailServersSay) {
  EXPECT_EQ(queue_id_of("2.0.0 Ok: queued as 4XyZ1k"), "4XyZ1k");
  EXPECT_EQ(queue_id_of("OK id=1abc-0002-XY"), "1abc-0002-XY");
  EXPECT_EQ(queue_id_of("2.0.0 1a2b3c4d Message accepted for delivery"), "1a2b3c4d");
  EXPECT_EQ(queue_id_of("thanks"), "thanks");
}

}  // namespace
}  // namespace pinfold::mail
