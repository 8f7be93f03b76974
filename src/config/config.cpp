#include "config/config.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <utility>

#include "base/text.hpp"
#include "base/text_file.hpp"
#include "config/reading.hpp"

namespace pinfold::config {
namespace {

constexpr std::size_t kMaxGatewayMacs = 256;
constexpr DurationBounds kPollIntervals{std::chrono::seconds{10}, std::chrono::minutes{5}};
constexpr DurationBounds kRetentions{std::chrono::days{30}, std::chrono::days{3650}};  // shorter would take what a running dispute needs

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unnamed";
}

void read_store(TableReader& table, Reading& reading) {
  std::string& url = reading.config.store.url;
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

void read_stream(TableReader& table, Reading& reading) {
  auto& stream = reading.config.stream;
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
  stream.credentials = reading.path(table, "credentials").string();
  stream.ca = reading.path(table, "ca").string();
}

void read_paths(TableReader& root, Reading& reading) {
  std::string state_dir = "/var/lib/pinfold";
  root.text("state_dir", state_dir);
  reading.config.state_dir = reading.resolve(state_dir);
  const std::filesystem::path kill_switch = reading.path(root, "kill_switch");
  reading.config.kill_switch = kill_switch.empty() ? reading.config.state_dir / "STOP" : kill_switch;
}

void read_policy(TableReader& root, Reading& reading) {
  const std::filesystem::path policy = reading.path(root, "policy");
  if (policy.empty()) {
    return;
  }
  auto loaded = load_policy(policy);
  if (loaded) {
    reading.config.policy = loaded->policy;
    reading.config.thresholds = loaded->thresholds;
  } else if (loaded.error().line == 0 && loaded.error().key.empty()) {
    root.fail("policy", fmt::format("{} {}", loaded.error().file, loaded.error().what));
  } else {
    reading.faults.add(std::move(loaded).error());
  }
}

void read_retention(TableReader& table, Reading& reading) {
  Retention& keep = reading.config.retention;
  table.boolean("keep_everything", keep.keep_everything);
  table.duration("closed_cases", keep.closed_cases, kRetentions);
  table.duration("closed_tickets", keep.closed_tickets, kRetentions);
  table.duration("mails", keep.mails, kRetentions);
  table.duration("reports", keep.reports, kRetentions);
  table.duration("unnamed_evidence", keep.unnamed_evidence, kRetentions);
}

void read_guard(TableReader& table, Reading& reading) {
  for (const std::string& text : table.texts("gateway_macs", kMaxGatewayMacs)) {
    const auto mac = net::MacAddress::parse(text);
    if (!mac) {
      table.fail("gateway_macs", fmt::format("\"{}\" is not a MAC address", printable(text)));
      return;
    }
    reading.config.gateway_macs.push_back(*mac);
  }
}

void read_agents(TableReader& table, Reading& reading) {
  auto& agents = reading.config.agents;
  table.listen_endpoint("listen", agents.listen);
  reading.claim(table, "listen", Transport::Tcp, agents.listen);
  reading.tls(table, agents.tls_certificate, agents.tls_key);
}

void read_bandwidth(TableReader& table, Reading& reading) {
  table.boolean("interface_counters", reading.config.bandwidth.interface_counters);
  table.duration("poll_interval", reading.config.bandwidth.poll_interval, kPollIntervals);
}

void read_root(TableReader& root, Reading& reading) {
  const auto table = [&](std::string_view key, void (*read)(TableReader&, Reading&)) {
    root.table(key, [&](TableReader& inner) { read(inner, reading); });
  };
  read_paths(root, reading);
  read_policy(root, reading);
  read_http(root, reading);
  table("store", read_store);
  table("stream", read_stream);
  table("agents", read_agents);
  read_flows(root, reading);
  read_mail(root, reading);
  read_switches(root, reading);
  check_exporter_switches(root, reading);
  table("bandwidth", read_bandwidth);
  table("retention", read_retention);
  table("guard", read_guard);
}

}  // namespace

std::string to_string(const ConfigError& error) {
  const std::string place = error.line == 0 ? error.file : fmt::format("{}:{}", error.file, error.line);
  return error.key.empty() ? fmt::format("{}: {}", place, error.what) : fmt::format("{}: {}: {}", place, error.key, error.what);
}

Expected<Config, ConfigError> parse(std::string_view text, const std::filesystem::path& file) {
  Reading reading(file);
  if (const auto document = parse_toml(text, reading.faults)) {
    TableReader root(*document, "", reading.faults);
    read_root(root, reading);
    root.finish();
  }
  if (reading.faults.first()) {
    return Unexpected(*reading.faults.first());
  }
  return std::move(reading.config);
}

Expected<Config, ConfigError> load(const std::filesystem::path& file) {
  const auto text = read_text_file(file, kMaxConfigBytes);
  if (!text) {
    return Unexpected(ConfigError{file.string(), 0, "", text.error()});
  }
  return parse(*text, file);
}

}  // namespace pinfold::config
