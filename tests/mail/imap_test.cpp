// Mail by IMAP: the answers' reader alone, a server that misbehaves, and a real one (Dovecot, from the lab's unpacked servers; root only).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/crypto.hpp"
#include "mail/files.hpp"
#include "mail/imap_mailbox.hpp"
#include "mail/loopback.hpp"
#include "message/raw_check.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::mail {
namespace {

TEST(ImapLines, ReadTheSameByteByByteAsAtOnce) {
  const std::string bytes = "* 1 FETCH (BODY[] {11}\r\nhello\r\nyou. UID 4)\r\np1 OK done\r\n";
  for (const std::size_t step : {std::size_t{1}, bytes.size()}) {
    ImapLineReader reader(1000);
    std::vector<ImapLine> lines;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.feed(std::string_view(bytes).substr(at, step));
      for (auto line = reader.next(); line && *line; line = reader.next()) {
        lines.push_back(**line);
      }
    }
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].text, "* 1 FETCH (BODY[] {11} UID 4)");
    EXPECT_EQ(lines[0].literals, std::vector<std::string>{"hello\r\nyou."});
    EXPECT_EQ(lines[1].text, "p1 OK done");
  }
}

TEST(ImapLines, RefuseEachKindOfExcess) {
  const auto feed = [](std::string_view bytes) {
    ImapLineReader reader(100);
    reader.feed(bytes);
    return reader.next();
  };
  EXPECT_FALSE(feed("* 1 FETCH {101}\r\n"));
  EXPECT_FALSE(feed("* 1 FETCH {999999999999}\r\n"));
  EXPECT_FALSE(feed(std::string(kMaxImapLine + 1, 'x')));
  std::string many;
  for (std::size_t i = 0; i <= kMaxImapLiterals; ++i) {
    many += "x {0}\r\n";
  }
  EXPECT_FALSE(feed(many + "\r\n"));
  EXPECT_TRUE(feed("* x {1234567890123}\r\n")) << "more digits than a size has: no literal";
}

TEST(ImapLines, ReadASearchAndQuoteWhatCanBeQuoted) {
  EXPECT_EQ(search_result("* SEARCH 4 7 0 x 9", 10), (std::vector<std::uint32_t>{4, 7, 9}));
  EXPECT_TRUE(search_result("* LIST 4", 10).empty());
  EXPECT_EQ(search_result("* SEARCH 4 7 9", 2).size(), 2U);
  EXPECT_EQ(imap_quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_FALSE(imap_quoted("a\r\nb LOGOUT"));
}

TEST(ImapMailbox, SendsNoPasswordInClearWhereTlsIsWanted) {
  Listener listener;
  std::string heard;
  std::thread server([&] {
    Stream client = listener.accept_one();
    client.say("* OK hello\r\n");
    client.say("* CAPABILITY IMAP4rev1\r\n" + client.line().substr(0, 2) + " OK\r\n");
    const std::string starttls = client.line();
    client.say(starttls.substr(0, 2) + " NO not here\r\n");
    heard = client.line();
  });
  ImapOptions options;
  options.address = *net::IpAddress::parse("127.0.0.1");
  options.port = listener.port();
  options.tls = ImapOptions::Tls::StartTls;
  options.user = "u";
  options.password = "secret";
  options.timeout = Seconds{5};
  EXPECT_FALSE(ImapMailbox::open(options));
  server.join();
  EXPECT_EQ(heard, "");
}

/// Dovecot over the lab's files, in a mount namespace of its own, with one mailbox and a certificate of the test's.
class DovecotTest : public ::testing::Test {
protected:
  void SetUp() override {
    const char* root = std::getenv("PINFOLD_LAB_ROOT");
    if (getuid() != 0 || root == nullptr || !std::filesystem::exists(std::filesystem::path(root) / "usr/sbin/dovecot")) {
      GTEST_SKIP() << "needs root and the lab's servers (make setup-lab)";
    }
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    for (const char* part : {"new", "cur", "tmp"}) {
      std::filesystem::create_directories(folder.path() / "home/Maildir" / part);
    }
    run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("key.pem"), "-out", path("cert.pem"), "-days", "2", "-subj",
         "/CN=imap.test", "-addext", "subjectAltName=DNS:imap.test"});
    run({"chown", "-R", "nobody", path("home")});
    ports = {Listener().port(), Listener().port()};
    std::ofstream(path("dovecot.conf")) << configuration();
    server = start(
        {"unshare", "--mount", "sh", "-c",
         "mount -t overlay overlay -o lowerdir=" + std::string(root) + "/usr:/usr /usr && exec /usr/sbin/dovecot -F -c " + path("dovecot.conf")});
    ASSERT_TRUE(answers()) << read_whole(path("log")) << read_whole(path("output"));
  }
  void TearDown() override {
    if (server > 0) {
      kill(server, SIGTERM);
      waitpid(server, nullptr, 0);
    }
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  [[nodiscard]] ImapOptions options() const {
    ImapOptions chosen;
    chosen.address = *net::IpAddress::parse("127.0.0.1");
    chosen.port = ports.second;
    chosen.name = "imap.test";
    chosen.ca_file = path("cert.pem");
    chosen.user = "desk";
    chosen.password = "secret";
    chosen.archive = "Taken";
    chosen.timeout = Seconds{10};
    return chosen;
  }
  void deliver(const std::string& mail) {
    const std::string name = path("home/Maildir/new/" + std::to_string(++delivered) + ".test");
    std::ofstream(name, std::ios::binary) << mail;
    run({"chown", "nobody", name});
  }
  [[nodiscard]] std::size_t count(const std::string& maildir) const {
    std::size_t mails = 0;
    for (const char* part : {"/new", "/cur"}) {
      std::error_code none;
      for (const auto& entry : std::filesystem::directory_iterator(path("home/Maildir" + maildir + part), none)) {
        mails += entry.is_regular_file() ? 1U : 0U;
      }
    }
    return mails;
  }

  test::TempFolder folder;
  std::pair<std::uint16_t, std::uint16_t> ports;

private:
  [[nodiscard]] std::string configuration() const {
    return "base_dir = " + path("run") + "\nprotocols = imap\nlisten = 127.0.0.1\nlog_path = " + path("log") + "\nssl = required\nssl_cert = <" +
           path("cert.pem") + "\nssl_key = <" + path("key.pem") +
           "\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\ndefault_login_user = nobody\nfirst_valid_uid = 1\n"
           "mail_location = maildir:" +
           path("home/Maildir") +
           "\npassdb {\n driver = static\n args = password=secret\n}\nuserdb {\n driver = static\n args = uid=nobody gid=nogroup home=" +
           path("home") + "\n}\nservice imap-login {\n chroot =\n inet_listener imap {\n port = " + std::to_string(ports.first) +
           "\n }\n inet_listener imaps {\n port = " + std::to_string(ports.second) + "\n ssl = yes\n }\n}\nservice anvil {\n chroot =\n}\n";
  }
  pid_t start(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): posix_spawn's type
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, path("output").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = -1;
    EXPECT_EQ(posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }
  void run(const std::vector<std::string>& words) {
    int status = -1;
    const pid_t pid = start(words);
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << words[0] << ": " << read_whole(path("output"));
  }
  /// Asks until it takes a login; the server gives no other sign of being ready.
  [[nodiscard]] bool answers() {
    for (int tries = 0; tries < 100; ++tries) {
      if (ImapMailbox::open(options())) {
        return true;
      }
      timespec pause{0, 100'000'000};
      nanosleep(&pause, nullptr);
    }
    return false;
  }

  pid_t server = -1;
  unsigned delivered = 0;
};

TEST_F(DovecotTest, GivesEachMailByteForByteAndArchivesIt) {
  const std::string first = "Subject: one\r\n\r\nA line\r\n)\r\np4 OK not the end\r\n{5}\r\n";
  const std::string second = "Subject: two\r\n\r\n" + std::string(200'000, 'x') + "\r\n";
  deliver(first);
  deliver(second);
  auto box = ImapMailbox::open(options());
  ASSERT_TRUE(box) << box.error();
  const auto waiting = box->waiting();
  ASSERT_TRUE(waiting) << waiting.error();
  ASSERT_EQ(waiting->uids.size(), 2U);
  EXPECT_EQ(box->fetch(waiting->uids[0]).value(), first);
  EXPECT_EQ(box->fetch(waiting->uids[1]).value(), second);
  EXPECT_TRUE(box->done(waiting->uids[0]));
  EXPECT_EQ(count(""), 1U);
  EXPECT_EQ(count("/.Taken"), 1U);
  EXPECT_EQ(box->waiting()->uids, std::vector<std::uint32_t>{waiting->uids[1]}) << "what was not taken waits for the next round";
}

TEST_F(DovecotTest, DeletesWhereThereIsNoArchive) {
  deliver("Subject: one\r\n\r\nx\r\n");
  ImapOptions chosen = options();
  chosen.archive.clear();
  chosen.tls = ImapOptions::Tls::StartTls;
  chosen.port = ports.first;
  auto box = ImapMailbox::open(chosen);
  ASSERT_TRUE(box) << box.error();
  const auto waiting = box->waiting();
  ASSERT_EQ(waiting->uids.size(), 1U);
  EXPECT_TRUE(box->done(waiting->uids[0]));
  EXPECT_EQ(count(""), 0U);
}

TEST_F(DovecotTest, LeavesWhatIsTooLargeForAPerson) {
  deliver("Subject: large\r\n\r\n" + std::string(message::kMaxRawBytes + 10, 'x') + "\r\n");
  auto box = ImapMailbox::open(options());
  ASSERT_TRUE(box) << box.error();
  const auto waiting = box->waiting();
  ASSERT_TRUE(waiting) << waiting.error();
  EXPECT_TRUE(waiting->uids.empty());
  EXPECT_EQ(waiting->too_large, 1U);
  EXPECT_EQ(count(""), 1U);
}

TEST_F(DovecotTest, RefusesAWrongPasswordAndAStrangersCertificate) {
  ImapOptions wrong = options();
  wrong.password = "guess";
  EXPECT_FALSE(ImapMailbox::open(wrong));
  ImapOptions other = options();
  other.name = "imap.somebody-else.test";
  const auto box = ImapMailbox::open(other);
  ASSERT_FALSE(box);
  EXPECT_NE(box.error().find("certificate"), std::string::npos) << box.error();
  ImapOptions untrusted = options();
  untrusted.ca_file.clear();
  EXPECT_FALSE(ImapMailbox::open(untrusted));
}

}  // namespace
}  // namespace pinfold::mail
