#include "config/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "config/temporary_folder.hpp"

namespace pinfold::config {
namespace {

constexpr const char* kMail = "[mail]\nsubmission = \"192.0.2.25:587\"\ndomain = \"hosting.example\"\n";

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Endpoint, ReadsAndWritesBothFamilies) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:8080", "[2001:db8::1]:65535", "0.0.0.0:0"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
  for (const char* text :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[127.0.0.1]:80", "localhost:80", "[::1]"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(Config, FillsInDefaults) {
  const auto config = parse(kMail, "/etc/pinfold/pinfold.toml");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->state_dir, "/var/lib/pinfold");
  EXPECT_EQ(config->kill_switch, "/var/lib/pinfold/STOP");
  EXPECT_EQ(to_string(config->http.listen), "127.0.0.1:8080");
  EXPECT_EQ(config->http.public_url, "http://127.0.0.1:8080");
  EXPECT_FALSE(config->agents.listen);
  EXPECT_FALSE(config->flows.ipfix);
  EXPECT_TRUE(config->mail.starttls);
  EXPECT_EQ(config->mail.from_name, "Abuse Desk");
  EXPECT_EQ(config->mail.from_local, "abuse");
  EXPECT_EQ(config->mail.bounce_domain, "hosting.example");
  EXPECT_EQ(config->policy.measures, desk::Arming::Observe);
}

TEST(Config, ReadsASharedStoreAndAStream) {
  const auto config = parse(std::string(kMail) + R"([store]
url = "postgresql://pinfold@db.example/pinfold?passfile=/etc/pinfold/pgpass"
[stream]
servers = ["nats://192.0.2.11:4222", "tls://192.0.2.12:4222"]
shards = 64
credentials = "nats.creds"
)",
                            "/etc/pinfold/pinfold.toml");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->store.url, "postgresql://pinfold@db.example/pinfold?passfile=/etc/pinfold/pgpass");
  EXPECT_EQ(config->stream.servers.size(), 2U);
  EXPECT_FALSE(config->stream.name.empty()) << "the host's";
  EXPECT_EQ(config->stream.shards, 64U);
  EXPECT_EQ(config->stream.credentials, "/etc/pinfold/nats.creds");
}

TEST(Config, RefusesAStoreThatIsNoneAndAPasswordInIt) {
  const auto error_with = [](const std::string& url) {
    const auto config = parse(std::string(kMail) + "[store]\nurl = \"" + url + "\"\n", "pinfold.toml");
    return config ? "none" : to_string(config.error());
  };
  EXPECT_NE(error_with("mysql://db/pinfold").find("store.url: a shared store is named like postgresql://"), std::string::npos);
  for (const char* url : {"postgresql://pinfold:secret@db/pinfold", "postgresql://pinfold@db/pinfold?password=secret"}) {
    EXPECT_NE(error_with(url).find("store.url: no password here"), std::string::npos) << error_with(url);
    EXPECT_EQ(error_with(url).find("secret"), std::string::npos);
  }
}

TEST(Config, ReadsInterfacesAndMirrors) {
  const auto config = parse(std::string(kMail) + R"([flows]
ipfix = "127.0.0.1:0"
[[exporter]]
address = "192.0.2.1"
protocol = "ipfix"
observation_point = "sw1"
interfaces = [3, 40]
[[mirror]]
interface = "eth1"
observation_point = "sw2"
sampling = 100
)",
                            "pinfold.toml");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->flows.exporters.at(0).interfaces, (std::vector{IfIndex{3}, IfIndex{40}}));
  ASSERT_EQ(config->flows.mirrors.size(), 1U);
  EXPECT_EQ(config->flows.mirrors[0].interface, "eth1");
  EXPECT_EQ(config->flows.mirrors[0].sampling.one_in(), 100U);
}

TEST(Config, ReadsEveryKeyPolicyAndSecrets) {
  const TemporaryFolder folder;
  folder.write("secrets/auth", "correct horse\n");
  folder.write("secrets/priv", "battery staple");
  folder.write("policy.toml", "[policy]\nresponse_window = \"1 h\"\n");
  const auto file = folder.write("pinfold.toml", R"(
state_dir = "state"
kill_switch = "/run/pinfold.stop"
policy = "policy.toml"
[http]
listen = "[::1]:8081"
public_url = "https://abuse.hosting.example"
[agents]
listen = "192.0.2.5:8443"
[flows]
ipfix = "192.0.2.5:4739"
sflow = "192.0.2.5:6343"
[[exporter]]
address = "192.0.2.21"
protocol = "sflow"
observation_point = "sw1"
[[exporter]]
address = "192.0.2.21"
protocol = "ipfix"
observation_point = "sw1"
rank = 1
switch = "sw1"
[bandwidth]
interface_counters = false
poll_interval = "30 s"
[mail]
submission = "192.0.2.25:587"
starttls = false
domain = "Hosting.Example"
from_name = "Example Host"
from_local = "desk"
bounce_domain = "bounces.hosting.example"
lmtp = "127.0.0.1:0"
[[switch]]
id = "sw1"
address = "192.0.2.2:161"
user = "pinfold"
auth_secret_file = "secrets/auth"
priv_secret_file = "secrets/priv"
[guard]
gateway_macs = ["02:00:00:00:00:fe"]
)");
  const auto config = load(file);
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->state_dir, folder.path() / "state");
  EXPECT_EQ(config->kill_switch, "/run/pinfold.stop");
  EXPECT_EQ(config->policy.response_window, std::chrono::hours{1});
  EXPECT_EQ(to_string(config->http.listen), "[::1]:8081");
  EXPECT_EQ(config->http.public_url, "https://abuse.hosting.example");
  EXPECT_EQ(to_string(config->agents.listen.value()), "192.0.2.5:8443");
  EXPECT_EQ(to_string(config->flows.ipfix.value()), "192.0.2.5:4739");
  EXPECT_EQ(to_string(config->flows.sflow.value()), "192.0.2.5:6343");
  ASSERT_EQ(config->flows.exporters.size(), 2U);
  EXPECT_EQ(config->flows.exporters[0].protocol, "sflow");
  EXPECT_EQ(config->flows.exporters[1].rank, 1U);
  EXPECT_EQ(config->flows.exporters[0].switch_id, std::nullopt);
  EXPECT_EQ(config->flows.exporters[1].switch_id, SwitchId{"sw1"});
  EXPECT_FALSE(config->bandwidth.interface_counters);
  EXPECT_EQ(config->bandwidth.poll_interval, std::chrono::seconds{30});
  EXPECT_EQ(config->flows.exporters[1].observation_point, "sw1");
  EXPECT_FALSE(config->mail.starttls);
  EXPECT_EQ(config->mail.domain, "hosting.example");
  EXPECT_EQ(config->mail.from_name, "Example Host");
  EXPECT_EQ(config->mail.from_local, "desk");
  EXPECT_EQ(config->mail.bounce_domain, "bounces.hosting.example");
  EXPECT_EQ(to_string(config->mail.lmtp.value()), "127.0.0.1:0");
  ASSERT_EQ(config->switches.size(), 1U);
  EXPECT_EQ(config->switches[0].id, SwitchId{"sw1"});
  EXPECT_EQ(to_string(config->switches[0].address.value()), "192.0.2.2:161");
  EXPECT_EQ(config->switches[0].driver, SwitchDriver::Snmp);
  EXPECT_EQ(config->switches[0].user, "pinfold");
  EXPECT_EQ(config->switches[0].auth_secret, "correct horse");
  EXPECT_EQ(config->switches[0].priv_secret, "battery staple");
  ASSERT_EQ(config->gateway_macs.size(), 1U);
  EXPECT_EQ(to_string(config->gateway_macs[0]), "02:00:00:00:00:fe");
}

struct Bad {
  const char* name;
  std::string text;
  const char* error;
};
class ConfigRefuses : public testing::TestWithParam<Bad> {};

TEST_P(ConfigRefuses, NamingLineAndKey) {
  const auto config = parse(GetParam().text, "pinfold.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(to_string(config.error()), GetParam().error);
}

/// Behind the three lines of kMail: the first line of `rest` is line 4.
std::string with_mail(const std::string& rest) { return kMail + rest; }

std::vector<Bad> bad_files() {
  const std::string flows = "[flows]\nipfix = \"127.0.0.1:4739\"\n";
  const std::string exporter = "[[exporter]]\naddress = \"192.0.2.1\"\nprotocol = \"ipfix\"\nobservation_point = \"sw1\"\n";
  return {
      {"NoMail", "", "pinfold.toml: mail: missing: without [mail] nobody can be warned"},
      {"UnknownKeyNearAnother", with_mail("submision = 1\n"), "pinfold.toml:4: mail.submision: unknown key; did you mean submission?"},
      {"UnknownSection", with_mail("[htp]\nlisten = \"127.0.0.1:1\"\n"), "pinfold.toml:4: htp: unknown key; did you mean http?"},
      {"NoSubmission", "[mail]\ndomain = \"hosting.example\"\n", "pinfold.toml:1: mail.submission: missing"},
      {"SubmissionByName", "[mail]\nsubmission = \"mail:25\"\n",
       "pinfold.toml:2: mail.submission: \"mail:25\" is not an address and port, like \"192.0.2.1:25\" or \"[2001:db8::1]:25\""},
      {"SubmissionPortZero", "[mail]\nsubmission = \"127.0.0.1:0\"\n", "pinfold.toml:2: mail.submission: port 0 cannot be called"},
      {"Domain", "[mail]\nsubmission = \"127.0.0.1:25\"\ndomain = \"hosting\"\n", "pinfold.toml:3: mail.domain: \"hosting\" is not a mail domain"},
      {"FromLocalWithPlus", with_mail("from_local = \"abuse+x\"\n"),
       "pinfold.toml:4: mail.from_local: \"abuse+x\" is not the plain part of an address in front of the @ (letters, digits, - _ .)"},
      {"FromNameWithLineBreak", with_mail("from_name = \"a\\nBcc: b\"\n"),
       "pinfold.toml:4: mail.from_name: has control characters or more than 1024 bytes"},
      {"FromNameEmpty", with_mail("from_name = \"\"\n"), "pinfold.toml:4: mail.from_name: must not be empty"},
      {"StarttlsAsText", with_mail("starttls = \"yes\"\n"), "pinfold.toml:4: mail.starttls: must be true or false"},
      {"StateDirAsNumber", "state_dir = 1\n", "pinfold.toml:1: state_dir: must be a text in quotes"},
      {"AgentsTlsHalf", with_mail("[agents]\nlisten = \"192.0.2.5:8443\"\ntls_certificate = \"a.pem\"\n"),
       "pinfold.toml:4: agents.tls_key: missing: tls_certificate and tls_key belong together"},
      {"PagesBeyondLoopback", with_mail("[http]\nlisten = \"192.0.2.1:8080\"\n"),
       "pinfold.toml:5: http.listen: must be a loopback address unless tls_certificate and tls_key are set, or trusted_proxies names the TLS proxy "
       "in front"},
      {"PublicUrl", with_mail("[http]\npublic_url = \"abuse.hosting.example\"\n"),
       "pinfold.toml:5: http.public_url: \"abuse.hosting.example\" is not a URL like \"https://abuse.hosting.example\", without a slash at its end"},
      {"PublicUrlWithSlash", with_mail("[http]\npublic_url = \"https://abuse.hosting.example/\"\n"),
       "pinfold.toml:5: http.public_url: \"https://abuse.hosting.example/\" is not a URL like \"https://abuse.hosting.example\", without a slash at "
       "its end"},
      {"SameSocketTwice", with_mail("lmtp = \"127.0.0.1:9000\"\n[http]\nlisten = \"127.0.0.1:9000\"\n"),
       "pinfold.toml:4: mail.lmtp: 127.0.0.1:9000 is taken by http.listen"},
      {"SameUdpSocketTwice", with_mail(flows + "sflow = \"127.0.0.1:4739\"\n"),
       "pinfold.toml:6: flows.sflow: 127.0.0.1:4739 is taken by flows.ipfix"},
      {"ExporterWithoutAddress", with_mail(flows + "[[exporter]]\nprotocol = \"ipfix\"\n"), "pinfold.toml:6: exporter[1].address: missing"},
      {"ExporterProtocol", with_mail(flows + "[[exporter]]\naddress = \"192.0.2.1\"\nprotocol = \"netflow\"\n"),
       "pinfold.toml:8: exporter[1].protocol: \"netflow\" is not one of: ipfix, sflow"},
      {"ExporterNotHeard", with_mail(flows + "[[exporter]]\naddress = \"192.0.2.1\"\nprotocol = \"sflow\"\n"),
       "pinfold.toml:8: exporter[1].protocol: flows.sflow is not set, so nothing from this exporter would be heard"},
      {"ExporterTwice", with_mail(flows + exporter + exporter), "pinfold.toml:11: exporter[2].address: the same address and protocol as exporter[1]"},
      {"ExporterSameRank",
       with_mail(flows + exporter + "[[exporter]]\naddress = \"192.0.2.2\"\nprotocol = \"ipfix\"\nobservation_point = \"sw1\"\nrank = 0\n"),
       "pinfold.toml:14: exporter[2].rank: exporter[1] sees the same observation point with the same rank; the one to fall back to needs a higher "
       "rank"},
      {"ExporterInterfaces", with_mail(flows + exporter + "interfaces = [3, 0]\n"),
       "pinfold.toml:10: exporter[1].interfaces: must be a list of at most 256 whole numbers from 1 to 2147483647"},
      {"MirrorWithoutInterface", with_mail("[[mirror]]\nobservation_point = \"sw1\"\n"), "pinfold.toml:4: mirror[1].interface: missing"},
      {"MirrorSampling", with_mail("[[mirror]]\ninterface = \"eth1\"\nobservation_point = \"sw1\"\nsampling = 0\n"),
       "pinfold.toml:7: mirror[1].sampling: must be a whole number from 1 to 1000000"},
      {"ExporterAsOneSection", with_mail("[exporter]\naddress = \"192.0.2.1\"\n"),
       "pinfold.toml:4: exporter: must be a list of sections: [[exporter]]"},
      {"SwitchWithoutUser", with_mail("[[switch]]\nid = \"sw1\"\naddress = \"192.0.2.2:161\"\n"), "pinfold.toml:4: switch[1].user: missing"},
      {"ExporterOfNoSwitch", with_mail(flows + exporter + "switch = \"sw9\"\n"),
       "pinfold.toml:6: exporter: exporter[1].switch: no [[switch]] has the id \"sw9\""},
      {"PollInterval", with_mail("[bandwidth]\npoll_interval = \"1 s\"\n"), "pinfold.toml:5: bandwidth.poll_interval: must be at least 10 s"},
      {"GatewayMac", with_mail("[guard]\ngateway_macs = [\"02:00\"]\n"), "pinfold.toml:5: guard.gateway_macs: \"02:00\" is not a MAC address"},
      {"GatewayMacsAsText", with_mail("[guard]\ngateway_macs = \"02:00:00:00:00:01\"\n"),
       "pinfold.toml:5: guard.gateway_macs: must be a list of at most 256 texts"},
  };
}

INSTANTIATE_TEST_SUITE_P(Files, ConfigRefuses, testing::ValuesIn(bad_files()), [](const auto& row) { return row.param.name; });

class SwitchSecrets : public testing::Test {
protected:
  [[nodiscard]] std::string error_with(const std::string& auth_file) const {
    const auto file =
        x_folder.write("pinfold.toml", std::string(kMail) + "[[switch]]\nid = \"sw1\"\naddress = \"192.0.2.2:161\"\nuser = \"pinfold\"\n" +
                                           "auth_secret_file = \"" + auth_file + "\"\npriv_secret_file = \"priv\"\n");
    const auto config = load(file);
    return config ? "" : to_string(config.error());
  }
  [[nodiscard]] std::string prefix() const { return (x_folder.path() / "pinfold.toml").string() + ":8: switch[1].auth_secret_file: "; }
  [[nodiscard]] std::string path(const char* name) const { return (x_folder.path() / name).string(); }

  TemporaryFolder x_folder;
  std::filesystem::path x_priv = x_folder.write("priv", "battery staple");
};

TEST_F(SwitchSecrets, AreTakenFromPrivateFiles) {
  x_folder.write("auth", "correct horse");
  EXPECT_EQ(error_with("auth"), "");
}

TEST_F(SwitchSecrets, MustBeThere) { EXPECT_EQ(error_with("auth"), prefix() + path("auth") + " cannot be read: No such file or directory"); }

TEST_F(SwitchSecrets, MustNotBeReadableToOthers) {
  for (const mode_t mode : {mode_t{0640}, mode_t{0604}, mode_t{0620}}) {
    x_folder.write("auth", "correct horse", mode);
    EXPECT_EQ(error_with("auth"), prefix() + path("auth") + " others than its owner may read it; run: chmod 600 " + path("auth")) << std::oct << mode;
  }
}

TEST_F(SwitchSecrets, MustBeLongEnough) {
  x_folder.write("auth", "short\n");
  EXPECT_EQ(error_with("auth"), prefix() + path("auth") + " has fewer than 8 characters, which SNMPv3 does not allow");
}

TEST_F(SwitchSecrets, MustBeOneLine) {
  x_folder.write("auth", "correct horse\nbattery staple\n");
  EXPECT_EQ(error_with("auth"), prefix() + path("auth") + " has more than one line");
}

TEST_F(SwitchSecrets, NeverStandInTheMessage) {
  x_folder.write("auth", "hunter2");
  const std::string error = error_with("auth");
  ASSERT_FALSE(error.empty());
  EXPECT_EQ(error.find("hunter2"), std::string::npos);
}

TEST(Config, ReportsAPolicyFaultAtItsPlaceInThePolicyFile) {
  const TemporaryFolder folder;
  folder.write("policy.toml", "[policy]\nmin_confidence = 0\n");
  const auto config = load(folder.write("pinfold.toml", "policy = \"policy.toml\"\n" + std::string(kMail)));
  ASSERT_FALSE(config);
  EXPECT_EQ(to_string(config.error()), (folder.path() / "policy.toml").string() + ":2: policy.min_confidence: must be a whole number from 1 to 100");
}

TEST(Config, ReportsAPolicyFileThatIsNotThereAtTheKey) {
  const TemporaryFolder folder;
  const auto config = load(folder.write("pinfold.toml", "policy = \"policy.toml\"\n" + std::string(kMail)));
  ASSERT_FALSE(config);
  EXPECT_EQ(to_string(config.error()), (folder.path() / "pinfold.toml").string() + ":1: policy: " + (folder.path() / "policy.toml").string() +
                                           " cannot be read: No such file or directory");
}

TEST(Config, RefusesAFileAboveOneMebibyte) {
  const TemporaryFolder folder;
  const auto config = load(folder.write("pinfold.toml", std::string(1024 * 1024 + 1, '#')));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().what, "is larger than 1048576 bytes");
}

/// Also with its commented lines taken in, so that they cannot rot.
TEST(Config, ShippedExampleIsValidWithAndWithoutItsCommentedParts) {
  const std::filesystem::path examples = PINFOLD_SOURCE_DIR "/packaging/examples";
  const auto shipped = load(examples / "pinfold.toml");
  ASSERT_TRUE(shipped) << to_string(shipped.error());
  EXPECT_TRUE(shipped->switches.empty());

  const TemporaryFolder folder;
  folder.write("policy.toml", read_file(examples / "policy.toml"));
  folder.write("secrets/sw1.auth", "correct horse\n");
  folder.write("secrets/sw1.priv", "battery staple\n");
  const std::string whole = std::regex_replace(read_file(examples / "pinfold.toml"), std::regex("(^|\n)#(?=\\S)"), "$1");
  const auto config = load(folder.write("pinfold.toml", whole));
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->switches.size(), 1U);
  EXPECT_TRUE(config->agents.listen);
}

/// The manual names every key that the example shows.
TEST(Config, ManualDocumentsEveryKeyOfTheExamples) {
  const std::string manual = read_file(PINFOLD_SOURCE_DIR "/docs/manual/configuration.md");
  ASSERT_FALSE(manual.empty());
  const std::regex key("(?:^|\n)#?([a-z_]+) = ");
  for (const char* name : {"pinfold.toml", "policy.toml"}) {
    const std::string example = read_file(std::filesystem::path(PINFOLD_SOURCE_DIR "/packaging/examples") / name);
    for (auto found = std::sregex_iterator(example.begin(), example.end(), key); found != std::sregex_iterator(); ++found) {
      EXPECT_TRUE(std::regex_search(manual, std::regex("`([a-z]+\\.)?" + (*found)[1].str() + "`"))) << name << ": " << (*found)[1];
    }
  }
}

}  // namespace
}  // namespace pinfold::config
