// mail::Reader with the real pinfold-reader, and with programs that misbehave in its place.
#include "mail/reader.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include "mail/files.hpp"
#include "message/raw_check.hpp"

namespace pinfold::mail {
namespace {

namespace fs = std::filesystem;

const fs::path kProgram = fs::path(PINFOLD_BINARY_DIR) / "bin/pinfold-reader";

/// A shell script in place of the reader.
class Stand {
public:
  explicit Stand(const std::string& body) : x_path(fs::temp_directory_path() / ("pinfold-stand-" + std::to_string(getpid()))) {
    std::ofstream(x_path) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(x_path, fs::perms::owner_all);
  }
  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;
  ~Stand() { fs::remove(x_path); }
  [[nodiscard]] const fs::path& path() const { return x_path; }

private:
  fs::path x_path;
};

ReadVerdict verdict_of(const fs::path& program, std::string_view raw, Millis deadline = Seconds{20}) {
  auto verdict = Reader(program, system_clock(), deadline).read(raw);
  EXPECT_TRUE(verdict) << verdict.error().why;
  return verdict ? *std::move(verdict) : ReadVerdict{Unreadable{"no verdict"}};
}

std::string why_unreadable(const ReadVerdict& verdict) {
  const auto* unreadable = std::get_if<Unreadable>(&verdict);
  return unreadable == nullptr ? "" : unreadable->why;
}

TEST(Reader, ReadsAMailInItsSealedChild) {
  const ReadVerdict verdict = verdict_of(kProgram, "From: =?koi8-r?b?4Q==?= <a@b.example>\r\nSubject: hello\r\n\r\ntext\r\n");
  const auto* mail = std::get_if<message::Mail>(&verdict);
  ASSERT_NE(mail, nullptr) << why_unreadable(verdict);
  EXPECT_EQ(mail->subject, "hello");
  EXPECT_EQ(mail->from.at(0).name, "А") << "a charset that is loaded before the seal";
  EXPECT_EQ(mail->parts.at(0).text, "text\n");
}

TEST(Reader, ReadsAMailInACharsetThatTheChildMayNoLongerLoad) {
  const ReadVerdict verdict = verdict_of(kProgram, "Subject: hello\r\nContent-Type: text/plain; charset=ibm1047\r\n\r\n\x81 x\r\n");
  EXPECT_TRUE(std::holds_alternative<message::Mail>(verdict)) << why_unreadable(verdict);
}

TEST(Reader, ReadsAMailOfTheFullSize) {
  std::string raw = "Subject: big\r\n\r\n";
  while (raw.size() < 25U * 1024 * 1024) {
    raw += std::string(76, 'x') + "\r\n";
  }
  const ReadVerdict verdict = verdict_of(kProgram, raw);
  const auto* mail = std::get_if<message::Mail>(&verdict);
  ASSERT_NE(mail, nullptr) << why_unreadable(verdict);
  EXPECT_TRUE(mail->cut);
  EXPECT_NE(why_unreadable(verdict_of(kProgram, std::string(message::kMaxRawBytes + 1, 'x'))), "");
}

TEST(Reader, GivesAVerdictOnEveryHostileMail) {
  const fs::path folder = fs::path(PINFOLD_SOURCE_DIR) / "../shared/prototypes/mail/hostile";
  if (!fs::exists(folder)) {
    GTEST_SKIP() << "the hostile sample mails are not on this machine";
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const MonoTime start = system_clock().mono();
    const auto verdict = Reader(kProgram, system_clock()).read(read_whole(entry.path()));
    EXPECT_TRUE(verdict) << entry.path();
    EXPECT_LT(system_clock().mono() - start, Seconds{5}) << entry.path();
  }
}

TEST(Reader, CallsAMailUnreadableThatKillsItsChild) {
  const Stand stand("cat >/dev/null; kill -SEGV $$");
  EXPECT_EQ(why_unreadable(verdict_of(stand.path(), "Subject: x\r\n\r\n")), "its reader was ended by signal 11");
}

TEST(Reader, StopsAChildThatHangs) {
  const Stand stand("exec sleep 1000");
  EXPECT_EQ(why_unreadable(verdict_of(stand.path(), "Subject: x\r\n\r\n", Millis{100})), "its reader was stopped after 100 ms");
}

TEST(Reader, StopsAChildThatDoesNotReadAndABabbler) {
  const Stand deaf("exec sleep 1000");
  EXPECT_NE(why_unreadable(verdict_of(deaf.path(), std::string(20U * 1024 * 1024, 'x'), Millis{100})), "");
  const Stand babbler("cat /dev/zero");
  EXPECT_NE(why_unreadable(verdict_of(babbler.path(), "x", Seconds{20})), "");
}

Reader warm_reader(Millis deadline = Seconds{20}) { return {kProgram, system_clock(), deadline, {}, Reader::Start::Warm}; }

TEST(WarmReader, ReadsMailAfterMailEachInAProcessOfItsOwn) {
  const Reader reader = warm_reader();
  for (int i = 0; i < 20; ++i) {
    const auto verdict = reader.read("Subject: mail " + std::to_string(i) + "\r\n\r\ntext\r\n");
    ASSERT_TRUE(verdict) << verdict.error().why;
    const auto* mail = std::get_if<message::Mail>(&*verdict);
    ASSERT_NE(mail, nullptr) << why_unreadable(*verdict);
    EXPECT_EQ(mail->subject, "mail " + std::to_string(i));
  }
}

TEST(WarmReader, GoesOnAfterAMailThatWasRefused) {
  const Reader reader = warm_reader();
  const auto refused = reader.read("Subject: x\r\n\r\n" + std::string(message::kMaxLines + 1, '\n'));
  ASSERT_TRUE(refused);
  EXPECT_NE(why_unreadable(*refused), "");
  const auto good = reader.read("Subject: good\r\n\r\n");
  ASSERT_TRUE(good);
  EXPECT_TRUE(std::holds_alternative<message::Mail>(*good));
}

TEST(WarmReader, BlamesItselfWhenADefinitionIsFaulty) {
  const Reader reader(kProgram, system_clock(), Seconds{20}, {"/nonexistent"}, Reader::Start::Warm);
  EXPECT_FALSE(reader.read("Subject: x\r\n\r\n"));
}

TEST(Reader, BelievesNoAnswerThatIsNotOne) {
  for (const char* answer : {"{\"mail\":{}}", "{\"mail\":", "[]", "{}", "null", "{\"refused\":7}"}) {
    const Stand stand(std::string("cat >/dev/null; echo '") + answer + "'");
    EXPECT_NE(why_unreadable(verdict_of(stand.path(), "Subject: x\r\n\r\n")), "") << answer;
  }
}

TEST(Reader, BlamesItselfAndNotTheMailWhenItsProgramIsMissing) {
  const auto verdict = Reader("/nonexistent/pinfold-reader", system_clock()).read("Subject: x\r\n\r\n");
  EXPECT_FALSE(verdict);
}

}  // namespace
}  // namespace pinfold::mail
