/// What the readers of pinfold.toml's sections share: the configuration as far as it is read, the file's folder, and who listens where.
/// Used by: config.cpp and the sections' readers only.
///   reading.config.mail.log_file = reading.path(table, "log_file");
///   reading.claim(table, "lmtp", Transport::Tcp, reading.config.mail.lmtp);
/// Errors:  faults of `faults`, the first of which is the answer; a reader goes on after one.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.hpp"
#include "config/toml_table.hpp"

namespace pinfold::config {

enum class Transport : std::uint8_t { Tcp, Udp };

inline constexpr std::size_t kMinPassPhrase = 8;  ///< RFC 3414 section 11.2

class Reading {
public:
  explicit Reading(const std::filesystem::path& file) : faults(file.string()), x_folder(file.parent_path()) {}

  Faults faults;
  Config config;

  /// A path as the file means it: relative to the folder that it lies in.
  [[nodiscard]] std::filesystem::path resolve(const std::string& path) const { return (x_folder / path).lexically_normal(); }
  /// The key's path, resolved; empty when the key is absent.
  [[nodiscard]] std::filesystem::path path(TableReader& table, std::string_view key) const;
  /// The path of a file that must be named and be there.
  [[nodiscard]] std::filesystem::path file(TableReader& table, std::string_view key) const;
  /// The one line of a file that only the desk's user may read, `least` characters or more; empty after a fault.
  [[nodiscard]] std::string secret(TableReader& table, std::string_view key, std::size_t least = kMinPassPhrase) const;
  /// The whole of such a file; empty when the key is absent, and after a fault.
  [[nodiscard]] std::string key_file(TableReader& table, std::string_view key) const;
  /// tls_certificate and tls_key: both or none.
  void tls(TableReader& table, std::string& certificate, std::string& key) const;
  /// Two services cannot listen on one socket; said here, it names both keys.
  void claim(TableReader& table, std::string_view key, Transport transport, const std::optional<Endpoint>& endpoint);

private:
  std::filesystem::path x_folder;
  std::map<std::pair<Transport, std::string>, std::string> x_claimed;  ///< by which key
};

// One for each part of the file: http_section.cpp, flow_section.cpp, mail_section.cpp, switch_section.cpp.
void read_http(TableReader& root, Reading& reading);
void read_flows(TableReader& root, Reading& reading);  ///< [flows], [[exporter]], [[mirror]]
/// When all is read, for switches may stand behind the exporters that name them.
void check_exporter_switches(TableReader& root, const Reading& reading);
void read_mail(TableReader& root, Reading& reading);      ///< [mail], [reports], [[brand]]
void read_switches(TableReader& root, Reading& reading);  ///< [[switch]]

}  // namespace pinfold::config
