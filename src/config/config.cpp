#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "config/text_file.hpp"
#include "config/toml_table.hpp"

namespace pinfold::config {
namespace {

/// RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3.
bool is_loopback(const net::IpAddress& address) {
  return net::Prefix{net::IpAddress::v4(0x7F000000), 8}.contains(address) || address == *net::IpAddress::parse("::1");
}

constexpr std::size_t kMinPassPhrase = 8;  ///< RFC 3414 section 11.2
constexpr std::size_t kMaxUserName = 32;   ///< RFC 3414 section 5, usmUserName
constexpr std::size_t kMaxGatewayMacs = 256;

/// RFC 1035 section 2.3.1, and at least one dot.
std::optional<std::string> parse_domain(std::string_view text) {
  const auto labels = split(text, '.');
  const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = text.size() <= 253 && labels.size() >= 2 && std::all_of(labels.begin(), labels.end(), [&](std::string_view label) {
                      return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                             std::all_of(label.begin(), label.end(), is_inner);
                    });
  return good ? std::optional(to_lower(text)) : std::nullopt;
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
    root.table("agents", [&](TableReader& table) {
      table.listen_endpoint("listen", x_config.agents.listen);
      claim(table, "listen", Transport::Tcp, x_config.agents.listen);
    });
    root.table("flows", [&](TableReader& table) {
      table.listen_endpoint("ipfix", x_config.flows.ipfix);
      claim(table, "ipfix", Transport::Udp, x_config.flows.ipfix);
      table.listen_endpoint("sflow", x_config.flows.sflow);
      claim(table, "sflow", Transport::Udp, x_config.flows.sflow);
    });
    root.tables("exporter", kMaxExporters, [&](TableReader& table, std::size_t) { read_exporter(table); });
    root.require("mail", "missing: without [mail] nobody can be warned");
    root.table("mail", [&](TableReader& table) { read_mail(table); });
    root.tables("switch", kMaxSwitches, [&](TableReader& table, std::size_t) { read_switch(table); });
    root.table("guard", [&](TableReader& table) { read_guard(table); });
  }

  [[nodiscard]] std::filesystem::path relative_to_file(const std::string& path) const { return (x_folder / path).lexically_normal(); }

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

  void read_http(TableReader& root) {
    std::optional<Endpoint> listen = Endpoint{net::IpAddress::v4(0x7F000001), 8080};
    root.table("http", [&](TableReader& table) {
      table.listen_endpoint("listen", listen);
      claim(table, "listen", Transport::Tcp, listen);
      if (listen && !is_loopback(listen->address)) {
        table.fail("listen", "must be a loopback address: the pages have no login yet; put a proxy with one in front");
      }
      table.parsed("public_url", x_config.http.public_url, parse_public_url,
                   "a URL like \"https://abuse.hosting.example\", without a slash at its end");
    });
    x_config.http.listen = *listen;
    if (x_config.http.public_url.empty()) {
      x_config.http.public_url = "http://" + to_string(*listen);
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
    read_dkim(table);
    table.listen_endpoint("lmtp", mail.lmtp);
    claim(table, "lmtp", Transport::Tcp, mail.lmtp);
  }

  void read_dkim(TableReader& table) {
    auto& mail = x_config.mail;
    table.parsed("dkim_selector", mail.dkim_selector, parse_domain, "a DKIM selector: letters, digits, dots and hyphens");
    std::string name;
    table.text("dkim_key_file", name);
    if (name.empty() != mail.dkim_selector.empty()) {
      table.fail(name.empty() ? "dkim_selector" : "dkim_key_file", "dkim_selector and dkim_key_file go together");
    } else if (!name.empty()) {
      auto key = read_key_file(relative_to_file(name));
      if (!key) {
        table.fail("dkim_key_file", fmt::format("{} {}", relative_to_file(name).string(), key.error()));
        return;
      }
      mail.dkim_key = *std::move(key);
    }
  }

  void read_switch(TableReader& table) {
    Switch one;
    table.require("id");
    table.text("id", one.id.value);
    table.require("address");
    table.remote_endpoint("address", one.address);
    table.require("user");
    table.text("user", one.user);
    if (one.user.size() > kMaxUserName) {
      table.fail("user", fmt::format("longer than {} bytes, which SNMPv3 does not allow", kMaxUserName));
    }
    one.auth_secret = read_secret(table, "auth_secret_file");
    one.priv_secret = read_secret(table, "priv_secret_file");
    for (std::size_t i = 0; i < x_config.switches.size(); ++i) {
      if (x_config.switches[i].id == one.id) {
        table.fail("id", fmt::format("the same as of switch[{}]", i + 1));
      }
    }
    x_config.switches.push_back(std::move(one));
  }

  [[nodiscard]] std::string read_secret(TableReader& table, std::string_view key) {
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
    if (secret->size() < kMinPassPhrase) {
      table.fail(key, fmt::format("{} has fewer than {} characters, which SNMPv3 does not allow", file.string(), kMinPassPhrase));
      return {};
    }
    return std::move(secret).value();
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
