/// From a process's counted connections to a statement: it scans, floods, tries passwords or sends mail by itself.
/// Pure; used by the agent's loop for every record of the connection sensor.
/// How many are too many depends on who: a program that was itself reported needs 16 destinations a minute, a packaged daemon is let be
/// until 1024, and mail servers, resolvers, proxies and time servers always: what they do is their work, and the network's own view judges
/// it. Web ports count for less: crawlers and updates are ordinary. Counts are a minute's (bpf/connect_record.h), so slow scans are left to
/// the network's detectors.
/// Source:  the shapes are those of detect/ (horizontal, vertical, block; floods; service names).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "abuse/finding.hpp"
#include "agent/sensor/exec_event.hpp"
#include "base/time.hpp"
#include "net/ip_address.hpp"

namespace pinfold::agent {

/// One process's minute so far.
struct Connections {
  MonoTime first;
  MonoTime last;
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t tcp_calls = 0;
  std::uint32_t udp_calls = 0;
  std::uint32_t destinations = 0;  ///< distinct
  std::uint32_t ports = 0;         ///< distinct
  std::uint32_t raw_sockets = 0;
  std::vector<std::uint16_t> port_list;  ///< the first of them
  std::optional<net::IpAddress> example;
  std::string comm;
  std::string exe;           ///< empty if unknown
  std::uint32_t parent = 0;  ///< 0 if unknown
  bool raw_only = false;     ///< told because of a raw or packet socket, not of its counts
  bool packet_socket = false;
};

/// A ring-buffer record → connections; nullopt if its size or a number in it is impossible.
[[nodiscard]] std::optional<Connections> decode_connect_record(std::span<const std::uint8_t> record);

/// What is known of the process.
enum class Trust : std::uint8_t {
  Reported,   ///< run from a place from which nothing should be run, from memory, or deleted
  Strangers,  ///< serves strangers, or was started by what does
  Script,     ///< an interpreter, or a program that is not the system's
  System,     ///< a program of the system
  Talker,     ///< one whose work it is to talk to many
};
[[nodiscard]] Trust trust_of(std::string_view exe, const std::vector<Process>& ancestors, bool reported, bool unlinked);

struct NetJudgement {
  abuse::AbuseClass abuse_class = abuse::AbuseClass::PortScan;
  std::string kind;
  abuse::Severity severity = abuse::Severity::Medium;
  abuse::Confidence confidence;
  std::string what;  ///< "connected to 512 addresses on port 22"
};
[[nodiscard]] std::optional<NetJudgement> judge_connections(const Connections& connections, Trust trust, std::string_view exe);

/// The facts by which the desk joins a process and the flows it made.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> connection_facts(const Connections& connections, WallTime now, MonoTime mono);

}  // namespace pinfold::agent
