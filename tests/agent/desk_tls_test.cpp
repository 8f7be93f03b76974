// The agent's requests over HTTPS: whom they believe, and that nothing is said to anybody else.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/desk_client.hpp"
#include "agent/fake_desk.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "agent/temporary_folder.hpp"

namespace pinfold::agent {
namespace {

/// A self-signed certificate for an address, made by the operator's own tool; `pin` is what that tool says of its key.
struct Certificate {
  FakeDesk::TlsFiles files;
  std::string pin;
};

class DeskTls : public testing::Test {
protected:
  [[nodiscard]] Certificate certificate(const std::string& name, const std::string& address) const {
    Certificate made{{path(name + ".pem"), path(name + "-key.pem")}, {}};
    shell(
        fmt::format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pinfold -addext subjectAltName=IP:{} "
                    "-keyout {} -out {} 2>/dev/null",
                    address, made.files.key, made.files.certificate));
    shell(fmt::format("openssl x509 -in {} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64 >{}", made.files.certificate,
                      path(name + ".pin")));
    made.pin = trim(read_start(path(name + ".pin"), 100).value_or(FileStart{}).bytes);
    return made;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (x_folder.path() / name).string(); }
  static void shell(const std::string& command) {
    ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe): one thread calls it
  }
  /// What happens when a finding is told to that desk; "" if it was taken.
  [[nodiscard]] static std::string tell(FakeDesk& desk, DeskTrust trust) {
    const DeskUrl url = *parse_desk_url(desk.url());
    if (std::string why = check_trust(url, trust); !why.empty()) {
      return why;
    }
    DeskClient client(url, make_signing_key(), system_clock(), trust);
    const auto answer = client.send("POST", "/agent/v1/findings", "application/json", to_json(wire::FindingBatch{{}, "exec: test"}).dump());
    return !answer ? answer.error() : answer->status == 202 ? "" : fmt::format("{}", answer->status);
  }

  TemporaryFolder x_folder;
};

TEST_F(DeskTls, APinnedKeyIsBelievedAndNoOther) {
  const Certificate own = certificate("own", "192.0.2.77");  // not the address that it is called by: the key is enough
  FakeDesk desk(own.files);
  EXPECT_EQ(tell(desk, {own.pin, ""}), "");
  EXPECT_EQ(desk.told().tier, "exec: test");
  EXPECT_EQ(desk.told().bad_signatures, 0U);
  const Certificate other = certificate("other", "127.0.0.1");
  EXPECT_EQ(tell(desk, {other.pin, ""}), "the desk shows another key than the pinned one; nothing was sent: " + own.pin);
  EXPECT_EQ(desk.told().order.size(), 1U) << "nothing was said to the stranger";
}

TEST_F(DeskTls, AnAuthorityIsBelievedAboutTheDesksAddressOnly) {
  const Certificate own = certificate("own", "127.0.0.1");
  FakeDesk desk(own.files);
  EXPECT_EQ(tell(desk, {"", own.files.certificate}), "");
  const Certificate other = certificate("other", "127.0.0.1");
  EXPECT_NE(tell(desk, {"", other.files.certificate}).find("nothing was sent"), std::string::npos) << "of another authority";
  const Certificate elsewhere = certificate("elsewhere", "192.0.2.77");
  FakeDesk impostor(elsewhere.files);
  EXPECT_NE(tell(impostor, {"", elsewhere.files.certificate}).find("nothing was sent"), std::string::npos) << "for another address";
  EXPECT_EQ(tell(desk, {"", path("nowhere.pem")}), path("nowhere.pem") + ": no certificate of an authority can be read there");
  EXPECT_EQ(desk.told().order.size(), 1U);
  EXPECT_EQ(impostor.told().order.size(), 0U);
}

TEST_F(DeskTls, ADeskWithoutTlsIsNotTalkedToInClear) {
  FakeDesk plain;
  DeskUrl url = *parse_desk_url(plain.url());
  url.is_https = true;
  DeskClient client(url, make_signing_key(), system_clock(), {std::string(64, 'a'), ""});
  const auto answer = client.send("POST", "/agent/v1/findings", "application/json", "{}");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().find("no TLS with the desk; nothing was sent"), std::string::npos) << answer.error();
  EXPECT_EQ(plain.told().order.size(), 0U);
}

TEST(DeskTrust, HttpsNeedsExactlyOneAndHttpNone) {
  const DeskUrl secure = *parse_desk_url("https://192.0.2.1");
  const DeskUrl plain = *parse_desk_url("http://192.0.2.1");
  EXPECT_EQ(secure.port, 443);
  EXPECT_EQ(to_string(secure), "https://192.0.2.1:443");
  const std::string pin(64, 'a');
  struct Row {
    const DeskUrl& url;
    DeskTrust trust;
    bool good;
  };
  for (const Row& row : std::vector<Row>{{secure, {pin, ""}, true},
                                         {secure, {"", "/etc/ca.pem"}, true},
                                         {secure, {"", ""}, false},
                                         {secure, {pin, "/etc/ca.pem"}, false},
                                         {secure, {pin + "a", ""}, false},
                                         {secure, {std::string(64, 'x'), ""}, false},
                                         {plain, {"", ""}, true},
                                         {plain, {pin, ""}, false}}) {
    DeskTrust trust = row.trust;
    EXPECT_EQ(check_trust(row.url, trust).empty(), row.good) << row.trust.pin << " " << row.trust.ca_file;
  }
  DeskTrust written{"SHA256:" + std::string("AA:").append("BB:CC").append(58, 'D'), ""};
  EXPECT_EQ(check_trust(secure, written), "");
  EXPECT_EQ(written.pin, "aabbcc" + std::string(58, 'd'));
}

TEST_F(DeskTls, WhomToBelieveSurvivesARestart) {
  const std::string pin(64, 'b');
  ASSERT_TRUE(save_enrolled(x_folder.path(), {*parse_desk_url("https://[2001:db8::1]:8443"), ServerId{"web1"}, {pin, ""}}));
  const auto loaded = load_enrolled(x_folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(to_string(loaded->desk), "https://[2001:db8::1]:8443");
  EXPECT_EQ(loaded->trust.pin, pin);
  std::ofstream(x_folder.path() / "desk.json") << R"({"url":"https://192.0.2.1","server":"web1"})";
  EXPECT_FALSE(load_enrolled(x_folder.path())) << "somebody took the pin out";
}

}  // namespace
}  // namespace pinfold::agent
