#include "config/config.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "base/text_file.hpp"
#include "config/toml_table.hpp"

namespace pinfold::config {
namespace {

constexpr std::size_t kMinPassPhrase = 8;      ///< RFC 3414 section 11.2
constexpr std::size_t kMaxUserName = 32;       ///< RFC 3414 section 5, usmUserName
constexpr std::size_t kMinWebhookSecret = 24;  ///< Standard Webhooks: 24 to 64 bytes
constexpr std::size_t kMaxUrl = 2000;
constexpr std::int64_t kMaxVlan = 4094;
constexpr std::size_t kMaxOidParts = 128;  ///< RFC 3416 section 4.1
constexpr std::size_t kMaxGatewayMacs = 256;
constexpr DurationBounds kCanaryIntervals{std::chrono::minutes{1}, std::chrono::hours{24}};
constexpr DurationBounds kPollIntervals{std::chrono::seconds{10}, std::chrono::minutes{5}};
constexpr DurationBounds kRetentions{std::chrono::days{30}, std::chrono::days{3650}};  // shorter would take what a running dispute needs

/// RFC 1035 section 2.3.1: one label or several.
std::optional<std::string> parse_labels(std::string_view text) {
  const auto labels = split(text, '.');
  const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = text.size() <= 253 && std::all_of(labels.begin(), labels.end(), [&](std::string_view label) {
                      return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                             std::all_of(label.begin(), label.end(), is_inner);
                    });
  return good ? std::optional(to_lower(text)) : std::nullopt;
}

/// With at least one dot.
std::optional<std::string> parse_domain(std::string_view text) {
  return text.find('.') == std::string_view::npos ? std::nullopt : parse_labels(text);
}

/// The part in front of the @. No '+': what follows it in our addresses is the case's token.
std::optional<std::string> parse_local_part(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  const bool good =
      !text.empty() && text.size() <= 32 && text.front() != '.' && text.back() != '.' && std::all_of(text.begin(), text.end(), is_plain);
  return good ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<std::string> parse_public_url(std::string_view text) {
  const bool scheme = text.substr(0, 7) == "http://" || text.substr(0, 8) == "https://";
  const std::string_view rest = text.substr(std::min(text.size(), text.find("//") + 2));
  const bool good =
      scheme && !rest.empty() && rest.back() != '/' && rest.front() != '/' && rest.find_first_of(" ?#\"'<>\\") == std::string_view::npos;
  return good ? std::optional(std::string(text)) : std::nullopt;
}

/// https anywhere, http on this machine only.
std::optional<std::string> parse_webhook_url(std::string_view text) {
  const bool is_secure = istarts_with(text, "https://");
  const bool is_here = istarts_with(text, "http://127.") || istarts_with(text, "http://[::1]") || istarts_with(text, "http://localhost:") ||
                       istarts_with(text, "http://localhost/");
  return (is_secure || is_here) && text.size() < kMaxUrl ? std::optional(std::string(text)) : std::nullopt;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unnamed";
}

class Reader {
public:
  explicit Reader(const std::filesystem::path& file) : x_folder(file.parent_path()), x_faults(file.string()) {}

  [[nodiscard]] Expected<Config, ConfigError> read(std::string_view text) {
    if (const auto document = parse_toml(text, x_faults)) {
      TableReader root(*document, "", x_faults);
      read_root(root);
      root.finish();
    }
    if (x_faults.first()) {
      return Unexpected(*x_faults.first());
    }
    return std::move(x_config);
  }

private:
  void read_root(TableReader& root) {
    read_paths(root);
    read_http(root);
    root.table("store", [&](TableReader& table) { read_store(table); });
    root.table("stream", [&](TableReader& table) { read_stream(table); });
    root.table("agents", [&](TableReader& table) {
      table.listen_endpoint("listen", x_config.agents.listen);
      claim(table, "listen", Transport::Tcp, x_config.agents.listen);
      read_tls(table, x_config.agents.tls_certificate, x_config.agents.tls_key);
    });
    root.table("flows", [&](TableReader& table) {
      table.listen_endpoint("ipfix", x_config.flows.ipfix);
      claim(table, "ipfix", Transport::Udp, x_config.flows.ipfix);
      table.listen_endpoint("sflow", x_config.flows.sflow);
      claim(table, "sflow", Transport::Udp, x_config.flows.sflow);
      table.number("workers", x_config.flows.workers, 1, kMaxFlowWorkers);
    });
    root.tables("exporter", kMaxExporters, [&](TableReader& table, std::size_t) { read_exporter(table); });
    root.tables("mirror", kMaxMirrors, [&](TableReader& table, std::size_t) { read_mirror(table); });
    root.require("mail", "missing: without [mail] nobody can be warned");
    root.table("mail", [&](TableReader& table) { read_mail(table); });
    root.table("reports", [&](TableReader& table) { read_reports(table); });
    root.tables("brand", kMaxBrands, [&](TableReader& table, std::size_t) { read_brand(table); });
    root.tables("switch", kMaxSwitches, [&](TableReader& table, std::size_t) { read_switch(table); });
    check_exporter_switches(root);
    root.table("bandwidth", [&](TableReader& table) {
      table.boolean("interface_counters", x_config.bandwidth.interface_counters);
      table.duration("poll_interval", x_config.bandwidth.poll_interval, kPollIntervals);
    });
    root.table("retention", [&](TableReader& table) { read_retention(table); });
    root.table("guard", [&](TableReader& table) { read_guard(table); });
  }

  [[nodiscard]] std::filesystem::path relative_to_file(const std::string& path) const { return (x_folder / path).lexically_normal(); }

  void read_store(TableReader& table) {
    std::string& url = x_config.store.url;
    table.text("url", url);
    if (url.empty()) {
      return;
    }
    const std::size_t scheme = url.find("://");
    if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
      table.fail("url", "a shared store is named like postgresql://pinfold@db.example/pinfold; without url it is SQLite in state_dir");
      return;
    }
    const std::string_view authority = std::string_view(url).substr(scheme + 3, url.find_first_of("/?", scheme + 3) - scheme - 3);
    const std::size_t at = authority.rfind('@');
    const bool has_password =
        (at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos) || url.find("password=") != std::string::npos;
    if (has_password) {
      table.fail("url", "no password here: put it into a file that only the desk can read and add ?passfile=/etc/pinfold/pgpass (libpq's format)");
    }
  }

  void read_stream(TableReader& table) {
    auto& stream = x_config.stream;
    table.require("servers");
    stream.servers = table.texts("servers", kMaxStreamServers);
    for (const std::string& server : stream.servers) {
      if (!server.starts_with("nats://") && !server.starts_with("tls://")) {
        table.fail("servers", "\"" + server + "\" is not like nats://host:4222");
      }
    }
    stream.name = host_name();
    table.text("name", stream.name);
    table.number("shards", stream.shards, 1, kMaxStreamShards);
    table.number("replicas", stream.replicas, 1, 5);
    table.number("buffer_mb", stream.buffer_mb, 1, 4096);
    const auto file = [&](std::string_view key, std::string& target) {
      std::string path;
      table.text(key, path);
      target = path.empty() ? path : relative_to_file(path).string();
    };
    file("credentials", stream.credentials);
    file("ca", stream.ca);
  }

  void read_paths(TableReader& root) {
    std::string state_dir = "/var/lib/pinfold";
    root.text("state_dir", state_dir);
    x_config.state_dir = relative_to_file(state_dir);
    std::string kill_switch;
    root.text("kill_switch", kill_switch);
    x_config.kill_switch = kill_switch.empty() ? x_config.state_dir / "STOP" : relative_to_file(kill_switch);
    std::string policy;
    root.text("policy", policy);
    if (policy.empty()) {
      return;
    }
    auto loaded = load_policy(relative_to_file(policy));
    if (loaded) {
      x_config.policy = loaded->policy;
      x_config.thresholds = loaded->thresholds;
    } else if (loaded.error().line == 0 && loaded.error().key.empty()) {
      root.fail("policy", fmt::format("{} {}", loaded.error().file, loaded.error().what));
    } else {
      x_faults.add(std::move(loaded).error());
    }
  }

  void read_tls(TableReader& table, std::string& certificate, std::string& key) {
    table.text("tls_certificate", certificate);
    table.text("tls_key", key);
    if (certificate.empty() != key.empty()) {
      table.fail(key.empty() ? "tls_key" : "tls_certificate", "missing: tls_certificate and tls_key belong together");
    }
    for (std::string* file : {&certificate, &key}) {
      *file = file->empty() ? *file : relative_to_file(*file).string();
    }
  }

  /// Passwords never cross a network in clear: TLS here, or a trusted proxy that has it.
  void read_exposure(TableReader& table, const std::optional<Endpoint>& listen) {
    auto& http = x_config.http;
    read_tls(table, http.tls_certificate, http.tls_key);
    for (const std::string& text : table.texts("trusted_proxies", kMaxProxies)) {
      if (const auto address = net::IpAddress::parse(text)) {
        http.trusted_proxies.push_back(*address);
      } else {
        table.fail("trusted_proxies", "\"" + text + "\" is not an IP address");
      }
    }
    if (listen && !is_loopback(listen->address) && http.tls_certificate.empty() && http.trusted_proxies.empty()) {
      table.fail("listen", "must be a loopback address unless tls_certificate and tls_key are set, or trusted_proxies names the TLS proxy in front");
    }
  }

  void read_site(TableReader& table) {
    auto& http = x_config.http;
    table.text("name", http.name);
    table.text("language", http.language);
    table.number("calls_per_minute", http.calls_per_minute, 0, 1'000'000);
    std::string logo;
    table.text("logo", logo);
    if (!logo.empty()) {
      http.logo = relative_to_file(logo);
      if (http.logo.extension() != ".svg" && http.logo.extension() != ".png") {
        table.fail("logo", "an SVG or PNG file");
      }
    }
    table.table("colours", [&](TableReader& colours) {
      for (const char* token : {"accent", "accent_dark"}) {
        std::string value;
        colours.text(token, value);
        const bool is_hex = value.size() == 7 && value[0] == '#' && value.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
        if (!value.empty() && !is_hex) {
          colours.fail(token, "a colour like \"#0a5f8a\"");
        }
        if (!value.empty()) {
          http.colours.emplace_back(token, value);
        }
      }
    });
  }

  void read_http(TableReader& root) {
    std::optional<Endpoint> listen = Endpoint{net::IpAddress::v4(0x7F000001), 8080};
    root.table("http", [&](TableReader& table) {
      table.listen_endpoint("listen", listen);
      claim(table, "listen", Transport::Tcp, listen);
      read_exposure(table, listen);
      read_site(table);
      table.listen_endpoint("answers", x_config.http.answers);
      claim(table, "answers", Transport::Tcp, x_config.http.answers);
      table.text("help_line", x_config.http.help_line);
      table.text("console", x_config.http.console);
      table.parsed("public_url", x_config.http.public_url, parse_public_url,
                   "a URL like \"https://abuse.hosting.example\", without a slash at its end");
    });
    x_config.http.listen = *listen;
    if (x_config.http.public_url.empty()) {
      x_config.http.public_url = "http://" + to_string(x_config.http.answers.value_or(*listen));
    }
  }

  void read_exporter(TableReader& table) {
    Exporter exporter;
    table.require("address");
    table.parsed("address", exporter.address, net::IpAddress::parse, "an IP address");
    table.require("protocol");
    if (const auto chosen = table.choice("protocol", {"ipfix", "sflow"})) {
      exporter.protocol = *chosen == 0 ? "ipfix" : "sflow";
      if (!(*chosen == 0 ? x_config.flows.ipfix : x_config.flows.sflow)) {
        table.fail("protocol", fmt::format("flows.{} is not set, so nothing from this exporter would be heard", exporter.protocol));
      }
    }
    table.require("observation_point");
    table.text("observation_point", exporter.observation_point);
    table.number("rank", exporter.rank, 0, 100);
    for (const std::int64_t index : table.numbers("interfaces", kMaxInterfaces, 1, 0x7FFF'FFFF)) {  // RFC 2863 InterfaceIndex
      exporter.interfaces.push_back(IfIndex{static_cast<std::uint32_t>(index)});
    }
    std::string switch_id;
    table.text("switch", switch_id);
    if (!switch_id.empty()) {
      exporter.switch_id = SwitchId{std::move(switch_id)};
    }
    for (std::size_t i = 0; i < x_config.flows.exporters.size(); ++i) {
      const Exporter& other = x_config.flows.exporters[i];
      if (other.address == exporter.address && other.protocol == exporter.protocol) {
        table.fail("address", fmt::format("the same address and protocol as exporter[{}]", i + 1));
      }
      if (other.observation_point == exporter.observation_point && other.rank == exporter.rank) {
        table.fail("rank", fmt::format("exporter[{}] sees the same observation point with the same rank; the one to fall back to needs a higher rank",
                                       i + 1));
      }
    }
    x_config.flows.exporters.push_back(std::move(exporter));
  }

  void read_mirror(TableReader& table) {
    Mirror mirror;
    table.require("interface");
    table.text("interface", mirror.interface);
    table.require("observation_point");
    table.text("observation_point", mirror.observation_point);
    table.number("rank", mirror.rank, 0, 100);
    std::uint32_t one_in = 1;
    table.number("sampling", one_in, 1, 1'000'000);
    mirror.sampling = SamplingRate{one_in};
    x_config.flows.mirrors.push_back(std::move(mirror));
  }

  /// Switches stand behind the exporters in the file, or before them.
  void check_exporter_switches(TableReader& root) {
    for (std::size_t i = 0; i < x_config.flows.exporters.size(); ++i) {
      const auto& wanted = x_config.flows.exporters[i].switch_id;
      const bool is_there =
          !wanted || std::any_of(x_config.switches.begin(), x_config.switches.end(), [&](const Switch& s) { return s.id == *wanted; });
      if (!is_there) {
        root.fail("exporter", fmt::format("exporter[{}].switch: no [[switch]] has the id \"{}\"", i + 1, printable(wanted->value)));
      }
    }
  }

  void read_mail(TableReader& table) {
    auto& mail = x_config.mail;
    table.require("submission");
    table.remote_endpoint("submission", mail.submission);
    table.boolean("starttls", mail.starttls);
    table.require("domain");
    table.parsed("domain", mail.domain, parse_domain, "a mail domain");
    mail.from_name = "Abuse Desk";
    table.text("from_name", mail.from_name);
    mail.from_local = "abuse";
    table.parsed("from_local", mail.from_local, parse_local_part, "the plain part of an address in front of the @ (letters, digits, - _ .)");
    mail.bounce_domain = mail.domain;
    table.parsed("bounce_domain", mail.bounce_domain, parse_domain, "a mail domain");
    table.parsed("authserv_id", mail.authserv_id, parse_domain, "the name of your mail server in its Authentication-Results headers");
    read_dkim(table, mail.dkim_selector, mail.dkim_key);
    table.listen_endpoint("lmtp", mail.lmtp);
    claim(table, "lmtp", Transport::Tcp, mail.lmtp);
    table.table("imap", [&](TableReader& imap) { read_imap(imap); });
    std::string log_file;
    table.text("log_file", log_file);
    mail.log_file = log_file.empty() ? std::filesystem::path{} : relative_to_file(log_file);
    table.number("per_recipient", mail.per_recipient, 0, 10'000);
    table.boolean("answer_reporters", mail.answer_reporters);
    table.boolean("canary", mail.canary);
    table.duration("canary_every", mail.canary_every, kCanaryIntervals);
    if (table.has("canary_every") && !(mail.canary && mail.lmtp)) {
      table.fail("canary_every", "no canary goes round: it needs mail.lmtp, and canary not turned off");
    }
  }

  void read_reports(TableReader& table) {
    constexpr std::size_t kMaxOfficers = 32;
    table.boolean("show_reporters", x_config.reports.show_reporters);
    table.boolean("answer_not_ours", x_config.reports.answer_not_ours);
    x_config.reports.sealed_officers = table.texts("sealed_officers", kMaxOfficers);
    if (table.has("sealed_keep")) {
      Micros keep{0};
      table.duration("sealed_keep", keep, {std::chrono::hours{1}, std::chrono::days{3650}});
      x_config.reports.sealed_keep = keep;
    }
  }

  void read_brand(TableReader& table) {
    Brand brand;
    table.require("name");
    table.text("name", brand.from_name);
    table.require("domain");
    table.parsed("domain", brand.domain, parse_domain, "a mail domain");
    table.parsed("from_local", brand.from_local, parse_local_part, "the plain part of an address in front of the @ (letters, digits, - _ .)");
    brand.bounce_domain = brand.domain;
    table.parsed("bounce_domain", brand.bounce_domain, parse_domain, "a mail domain");
    read_dkim(table, brand.dkim_selector, brand.dkim_key);
    std::string templates;
    table.text("templates", templates);
    brand.templates = templates.empty() ? std::filesystem::path{} : relative_to_file(templates);
    table.require("customers", "missing: whose brand it is");
    brand.customers = table.texts("customers", 10'000);
    x_config.brands.push_back(std::move(brand));
  }

  void read_imap(TableReader& table) {
    Imap imap;
    table.require("server");
    table.remote_endpoint("server", imap.server);
    if (const auto chosen = table.choice("tls", {"implicit", "starttls", "off"})) {
      imap.tls = static_cast<Imap::Tls>(*chosen);
    }
    if (imap.tls == Imap::Tls::Off && !is_loopback(imap.server.address)) {
      table.fail("tls", "off is for a server on this machine: the password would go over the network in clear");
    }
    if (imap.tls != Imap::Tls::Off) {
      table.require("name", "missing: the server's name, as in its certificate");
    }
    table.text("name", imap.name);
    std::string ca_file;
    table.text("ca_file", ca_file);
    imap.ca_file = ca_file.empty() ? "" : relative_to_file(ca_file).string();
    table.require("user");
    table.text("user", imap.user);
    table.require("password_file");
    std::string name;
    table.text("password_file", name);
    if (auto password = read_key_file(relative_to_file(name))) {
      imap.password = trim(*password);
    } else {
      table.fail("password_file", fmt::format("{} {}", relative_to_file(name).string(), password.error()));
    }
    table.text("folder", imap.folder);
    table.text("archive", imap.archive);
    bool deletes = false;
    table.boolean("delete", deletes);
    imap.archive = deletes ? "" : imap.archive;
    table.duration("every", imap.every, {Seconds{5}, std::chrono::hours{1}});
    x_config.mail.imap = std::move(imap);
  }

  void read_dkim(TableReader& table, std::string& selector, std::string& pem) {
    table.parsed("dkim_selector", selector, parse_labels, "a DKIM selector: letters, digits, dots and hyphens");
    std::string name;
    table.text("dkim_key_file", name);
    if (name.empty() != selector.empty()) {
      table.fail(name.empty() ? "dkim_selector" : "dkim_key_file", "dkim_selector and dkim_key_file go together");
    } else if (!name.empty()) {
      auto key = read_key_file(relative_to_file(name));
      if (!key) {
        table.fail("dkim_key_file", fmt::format("{} {}", relative_to_file(name).string(), key.error()));
        return;
      }
      pem = *std::move(key);
    }
  }

  void read_switch(TableReader& table) {
    Switch one;
    table.require("id");
    table.text("id", one.id.value);
    if (const auto chosen = table.choice("driver", {"snmp", "bridge", "ssh", "webhook"})) {
      one.driver = static_cast<SwitchDriver>(*chosen);
    }
    read_switch_snmp(table, one);
    read_switch_measure(table, one);
    read_switch_writer(table, one);
    for (std::size_t i = 0; i < x_config.switches.size(); ++i) {
      if (x_config.switches[i].id == one.id) {
        table.fail("id", fmt::format("the same as of switch[{}]", i + 1));
      }
    }
    x_config.switches.push_back(std::move(one));
  }

  void read_switch_snmp(TableReader& table, Switch& one) {
    if (one.driver == SwitchDriver::Bridge || (one.driver != SwitchDriver::Snmp && !table.has("address"))) {
      return;
    }
    table.require("address");
    Endpoint address;
    table.remote_endpoint("address", address);
    one.address = address;
    if (table.has("community_file")) {
      one.community = read_secret(table, "community_file", 1);
      return;
    }
    table.require("user");
    table.text("user", one.user);
    if (one.user.size() > kMaxUserName) {
      table.fail("user", fmt::format("longer than {} bytes, which SNMPv3 does not allow", kMaxUserName));
    }
    one.auth_secret = read_secret(table, "auth_secret_file");
    one.priv_secret = read_secret(table, "priv_secret_file");
  }

  static void read_switch_measure(TableReader& table, Switch& one) {
    if (one.driver == SwitchDriver::Snmp || one.driver == SwitchDriver::Bridge) {
      std::uint16_t vlan = 0;
      table.number("quarantine_vlan", vlan, 1, kMaxVlan);
      one.quarantine_vlan = vlan == 0 ? std::nullopt : std::optional(vlan);
    }
    if (one.driver != SwitchDriver::Snmp) {
      return;
    }
    for (const auto& [key, target] : {std::pair("save_set", &one.save_set), std::pair("save_done", &one.save_done)}) {
      SnmpObject object;
      table.parsed(key, object, parse_snmp_object, "an object and a value like \"1.3.6.1.4.1.9.2.1.54.0=1\"");
      if (table.has(key)) {
        *target = object;
      }
    }
    if (one.save_set.has_value() != one.save_done.has_value()) {
      table.fail(one.save_set ? "save_set" : "save_done", "save_set and save_done go together: what is not checked is not saved");
    }
  }

  void read_switch_writer(TableReader& table, Switch& one) {
    if (one.driver == SwitchDriver::Ssh) {
      table.require("ssh", "missing: driver = \"ssh\" needs a table [switch.ssh]");
      table.table("ssh", [&](TableReader& inner) {
        inner.require("address");
        inner.remote_endpoint("address", one.ssh.address);
        inner.require("user");
        inner.parsed("user", one.ssh.user, parse_local_part, "a plain user name");
        one.ssh.key_file = read_path(inner, "key_file");
        one.ssh.known_hosts = read_path(inner, "known_hosts_file");
        inner.require("template");
        inner.text("template", one.ssh.commands);
        if (one.ssh.commands.find('/') != std::string::npos) {
          one.ssh.commands = relative_to_file(one.ssh.commands).string();
        }
      });
    } else if (one.driver == SwitchDriver::Webhook) {
      table.require("webhook", "missing: driver = \"webhook\" needs a table [switch.webhook]");
      table.table("webhook", [&](TableReader& inner) {
        inner.require("url");
        inner.parsed("url", one.webhook.url, parse_webhook_url,
                     "an address like \"https://…\" (http only for this machine: the answers are believed)");
        one.webhook.secret = read_secret(inner, "secret_file", kMinWebhookSecret);
        if (inner.has("ca_file")) {
          one.webhook.ca_file = read_path(inner, "ca_file").string();
        }
        inner.boolean("saves", one.webhook.saves);
      });
    }
  }

  [[nodiscard]] std::filesystem::path read_path(TableReader& table, std::string_view key) {
    table.require(key);
    std::string name;
    table.text(key, name);
    const std::filesystem::path file = relative_to_file(name);
    if (!name.empty() && !std::filesystem::is_regular_file(file)) {
      table.fail(key, file.string() + " is not a file");
    }
    return file;
  }

  [[nodiscard]] std::string read_secret(TableReader& table, std::string_view key, std::size_t least = kMinPassPhrase) {
    table.require(key);
    std::string name;
    table.text(key, name);
    if (name.empty()) {
      return {};
    }
    const std::filesystem::path file = relative_to_file(name);
    auto secret = read_secret_file(file);
    if (!secret) {
      table.fail(key, fmt::format("{} {}", file.string(), secret.error()));
      return {};
    }
    if (secret->size() < least) {
      table.fail(key, fmt::format("{} has fewer than {} characters{}", file.string(), least,
                                  least == kMinPassPhrase ? ", which SNMPv3 does not allow" : ""));
      return {};
    }
    return std::move(secret).value();
  }

  void read_retention(TableReader& table) {
    Retention& keep = x_config.retention;
    table.boolean("keep_everything", keep.keep_everything);
    table.duration("closed_cases", keep.closed_cases, kRetentions);
    table.duration("closed_tickets", keep.closed_tickets, kRetentions);
    table.duration("mails", keep.mails, kRetentions);
    table.duration("reports", keep.reports, kRetentions);
    table.duration("unnamed_evidence", keep.unnamed_evidence, kRetentions);
  }

  void read_guard(TableReader& table) {
    for (const std::string& text : table.texts("gateway_macs", kMaxGatewayMacs)) {
      const auto mac = net::MacAddress::parse(text);
      if (!mac) {
        table.fail("gateway_macs", fmt::format("\"{}\" is not a MAC address", printable(text)));
        return;
      }
      x_config.gateway_macs.push_back(*mac);
    }
  }

  enum class Transport : std::uint8_t { Tcp, Udp };

  /// Two services cannot listen on one socket; said here, it names both keys.
  void claim(TableReader& table, std::string_view key, Transport transport, const std::optional<Endpoint>& endpoint) {
    if (!endpoint || endpoint->port == 0) {
      return;
    }
    const auto [taken, is_new] = x_claimed.try_emplace({transport, to_string(*endpoint)}, table.full(key));
    if (!is_new && taken->second != table.full(key)) {
      table.fail(key, fmt::format("{} is taken by {}", to_string(*endpoint), taken->second));
    }
  }

  std::filesystem::path x_folder;
  Faults x_faults;
  Config x_config;
  std::map<std::pair<Transport, std::string>, std::string> x_claimed;
};

}  // namespace

std::optional<SnmpObject> parse_snmp_object(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view name = text.substr(0, equals);
  const auto value = parse_number(text.substr(equals + 1));
  if (!name.empty() && name.front() == '.') {
    name.remove_prefix(1);
  }
  SnmpObject object;
  for (const std::string_view part : split(name, '.')) {
    const auto number = parse_number(part);
    if (!number || *number > UINT32_MAX || object.name.size() == kMaxOidParts) {
      return std::nullopt;
    }
    object.name.push_back(*number);
  }
  if (!value || *value > INT32_MAX || object.name.size() < 2) {
    return std::nullopt;
  }
  object.value = static_cast<std::int64_t>(*value);
  return object;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = net::IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1));
  if (!address || address->is_v4() == bracketed || !port || *port > 65'535) {
    return std::nullopt;
  }
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  return endpoint.address.is_v4() ? fmt::format("{}:{}", address, endpoint.port) : fmt::format("[{}]:{}", address, endpoint.port);
}

std::string to_string(const ConfigError& error) {
  const std::string place = error.line == 0 ? error.file : fmt::format("{}:{}", error.file, error.line);
  return error.key.empty() ? fmt::format("{}: {}", place, error.what) : fmt::format("{}: {}: {}", place, error.key, error.what);
}

Expected<Config, ConfigError> parse(std::string_view text, const std::filesystem::path& file) { return Reader(file).read(text); }

Expected<Config, ConfigError> load(const std::filesystem::path& file) {
  const auto text = read_text_file(file, kMaxConfigBytes);
  if (!text) {
    return Unexpected(ConfigError{file.string(), 0, "", text.error()});
  }
  return parse(*text, file);
}

}  // namespace pinfold::config
