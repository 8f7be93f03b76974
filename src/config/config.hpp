/// pinfold.toml: where things are. The policy file: how the desk decides. One place, one set of messages; every key is documented in
/// docs/manual/configuration.md.
/// Errors:  an unknown key, a missing or wrong value, a bad unit or an unreadable file refuses start-up, with file, line and key.
/// Secrets: never in the file itself, only paths of files that only the desk's user may read; they are read here and never logged.
/// Bounds:  1 MiB a file; the lists are limited as named below.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "config/endpoint.hpp"
#include "desk/policy.hpp"
#include "detect/thresholds.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::config {

inline constexpr std::size_t kMaxExporters = 4096;
inline constexpr std::size_t kMaxStreamServers = 16;
inline constexpr unsigned kMaxStreamShards = 1024;
inline constexpr std::size_t kMaxInterfaces = 256;  ///< an exporter
inline constexpr std::size_t kMaxMirrors = 8;
inline constexpr unsigned kMaxFlowWorkers = 16;
inline constexpr std::size_t kMaxSwitches = 20'000;
inline constexpr std::size_t kMaxProxies = 64;

/// An allow-listed exporter. Two entries with the same observation point see the same packets: only the lower rank that is alive is accounted.
struct Exporter {
  net::IpAddress address;
  std::string protocol;           ///< "ipfix" (also NetFlow v5 and v9) or "sflow"
  std::string observation_point;  ///< "sw1/swp24"
  unsigned rank = 0;
  std::vector<IfIndex> interfaces{};    ///< records of others are dropped; empty: all count
  std::optional<SwitchId> switch_id{};  ///< the [[switch]] that this is; none: the one with its address, if any
};

/// A network interface of this machine to which a switch copies traffic.
struct Mirror {
  std::string interface;
  std::string observation_point;
  unsigned rank = 0;
  SamplingRate sampling;
};

/// How a switch's ports are written, and read.
enum class SwitchDriver : std::uint8_t { Snmp, Bridge, Ssh, Webhook };

/// An object and the value that is written to it, or waited for: "1.3.6.1.4.1.9.9.96.1.1.1.1.14.1=1".
struct SnmpObject {
  std::vector<unsigned long> name;
  std::int64_t value = 0;
};

struct Switch {
  SwitchId id;
  SwitchDriver driver = SwitchDriver::Snmp;
  std::optional<Endpoint> address;  ///< of its SNMP agent; with driver ssh or webhook: the agent that reads while the other writes
  std::string user;                 ///< SNMPv3 USM security name; authPriv, SHA-256 and AES-128
  std::string auth_secret;
  std::string priv_secret;
  std::string community;                         ///< SNMPv2c instead; in clear on the wire
  std::optional<std::uint16_t> quarantine_vlan;  ///< the measure is this VLAN, not the port down
  std::optional<SnmpObject> save_set;            ///< with save_done: how the agent is told to save, and what says that it has
  std::optional<SnmpObject> save_done;
  struct {
    Endpoint address;
    std::string user;
    std::filesystem::path key_file;
    std::filesystem::path known_hosts;
    std::string commands;  ///< the template: a vendor's name or a file
  } ssh;
  struct {
    std::string url;
    std::string secret;
    std::string ca_file;
    bool saves = false;
  } webhook;
};

/// A mailbox that is polled, where the mail server cannot speak LMTP to the desk.
struct Imap {
  enum class Tls : std::uint8_t { Implicit, StartTls, Off };
  Endpoint server;
  Tls tls = Tls::Implicit;  ///< Off: on loopback only
  std::string name;         ///< the server's, as in its certificate
  std::string ca_file;      ///< empty: the system's authorities
  std::string user;
  std::string password;
  std::string folder = "INBOX";
  std::string archive = "Pinfold";  ///< where mails go that were taken; empty: they are deleted
  Micros every = std::chrono::minutes{1};
};

/// A name under which some of the provider's customers know him.
struct Brand {
  std::string from_name;
  std::string from_local = "abuse";
  std::string domain;
  std::string bounce_domain;
  std::string dkim_selector;
  std::string dkim_key;                ///< PEM
  std::filesystem::path templates;     ///< laid over those that come with the program, file by file; empty: none of its own
  std::vector<std::string> customers;  ///< ids; a '*' at the end stands for any ending
};
inline constexpr std::size_t kMaxBrands = 64;

/// How long what is over is kept (engine/retention.hpp). What is open, and what waits for a person, is always kept.
struct Retention {
  bool keep_everything = false;                      ///< nothing is ever erased; for trials, and where a court asks for it
  Micros closed_cases = std::chrono::days{3 * 365};  ///< from closing; the outcome stays
  Micros closed_tickets = std::chrono::days{3 * 365};
  Micros mails = std::chrono::days{365};            ///< that were worked on, from their coming
  Micros reports = std::chrono::days{365};          ///< that were decided, and what is known of their reporters
  Micros unnamed_evidence = std::chrono::days{30};  ///< that no case, ticket, mail or report names any more
};

struct Config {
  std::filesystem::path state_dir;  ///< database, evidence, port journal
  struct {
    std::string url;  ///< postgresql://… of a store that several desks share; empty: SQLite in state_dir
  } store;
  std::filesystem::path kill_switch;  ///< while this file exists, nothing is disabled (guard G0)
  struct {
    Endpoint listen;                                           ///< portal, desk and API; loopback by default
    std::string tls_certificate;                               ///< file: PEM, the whole chain; empty: no TLS here
    std::string tls_key;                                       ///< file: PEM
    std::vector<net::IpAddress> trusted_proxies;               ///< who may say in X-Forwarded-For whom it speaks for; loopback always may
    std::string name;                                          ///< of the provider, on every page
    std::filesystem::path logo;                                ///< SVG or PNG; empty: none
    std::vector<std::pair<std::string, std::string>> colours;  ///< the user interface's design tokens set anew: "accent" = "#0a5f8a"
    std::string language = "en";                               ///< of pages for who has said nothing else
    std::string console;                                       ///< how an owner reaches a server whose port is off; "{server}" stands for its name
    unsigned calls_per_minute = 1200;                          ///< of one user of the API
    std::optional<Endpoint> answers;                           ///< the owners' answer page; none = notices have no link
    std::string public_url;                                    ///< how owners reach the answer page, without a slash at the end
    std::string help_line;                                     ///< whom an owner can call, as the answer page says it
  } http;
  struct {
    std::optional<Endpoint> listen;  ///< host agents; none = no agents
    std::string tls_certificate;     ///< file: PEM, the whole chain; empty: no TLS there
    std::string tls_key;             ///< file: PEM
  } agents;
  struct {
    std::optional<Endpoint> ipfix;
    std::optional<Endpoint> sflow;
    unsigned workers = 1;  ///< threads that receive and decode
    std::vector<Exporter> exporters;
    std::vector<Mirror> mirrors;
  } flows;
  struct {
    Endpoint submission;  ///< the operator's mail server
    bool starttls = true;
    std::string domain;      ///< of From and Reply-To: "hosting.example"
    std::string from_name;   ///< "Example Host Abuse Desk"
    std::string from_local;  ///< "abuse"
    std::string bounce_domain;
    std::optional<Endpoint> lmtp;
    std::optional<Imap> imap;
    std::filesystem::path log_file;  ///< the mail server's, as evidence of delivery; empty: DSNs alone
    unsigned per_recipient = 20;     ///< letters to one mailbox within an hour; 0: no limit
    bool answer_reporters = true;    ///< tell an authenticated reporter how his case ended
    bool canary = true;              ///< with lmtp: a mail goes round regularly, and silence counts only while it comes back
    Micros canary_every = std::chrono::minutes{10};
    std::string dkim_selector;  ///< "desk1": the public key stands at desk1._domainkey.DOMAIN; empty: notices go out unsigned
    std::string dkim_key;       ///< PEM
    std::string authserv_id;    ///< of the mail server that hands mail to us, in Authentication-Results (RFC 8601); empty: nobody is authenticated
  } mail;
  struct {
    std::vector<std::string> servers;  ///< nats://host:port; empty: one process collects and judges
    std::string name;                  ///< of this machine among collectors and detectors; the host's name unless told otherwise
    unsigned shards = 16;              ///< the same on every machine
    unsigned replicas = 3;
    unsigned buffer_mb = 64;  ///< what a collector keeps while the servers take nothing
    std::string credentials;  ///< file: a NATS user's JWT and seed
    std::string ca;           ///< file: PEM; not empty: TLS
  } stream;
  std::vector<Brand> brands;
  struct {
    bool show_reporters = false;               ///< customers see who reported
    bool answer_not_ours = false;              ///< an authenticated reporter of addresses that are not ours is told so, once a day
    std::vector<std::string> sealed_officers;  ///< logins: who alone decides about sealed reports and may take their raw mail out
    std::optional<Micros> sealed_keep;         ///< their raw mail is erased after so long; nullopt: never by the program
  } reports;
  std::vector<Switch> switches;
  struct {
    bool interface_counters = true;  ///< poll the switches for them
    Micros poll_interval = std::chrono::minutes{1};
  } bandwidth;
  Retention retention;
  std::vector<net::MacAddress> gateway_macs;  ///< routers: a port where one is learned is an uplink (guard G4)
  desk::Policy policy;
  detect::Thresholds thresholds;
};

struct ConfigError {
  std::string file;
  std::size_t line = 0;
  std::string key;
  std::string what;
};
/// "pinfold.toml:12: mail.submision: unknown key; did you mean submission?"
[[nodiscard]] std::string to_string(const ConfigError& error);

/// Reads pinfold.toml and the policy file that its key `policy` names (relative to it); no policy key = the defaults (observe-only).
[[nodiscard]] Expected<Config, ConfigError> load(const std::filesystem::path& file);
[[nodiscard]] Expected<Config, ConfigError> parse(std::string_view text, const std::filesystem::path& file);
/// The policy file alone (`pinfold policy check`).
struct PolicyFile {
  desk::Policy policy;
  detect::Thresholds thresholds;
};
[[nodiscard]] Expected<PolicyFile, ConfigError> load_policy(const std::filesystem::path& file);

}  // namespace pinfold::config
