#include "config/fields.hpp"
#include "config/reading.hpp"

namespace pinfold::config {
namespace {

/// Passwords never cross a network in clear: TLS here, or a trusted proxy that has it.
void read_exposure(TableReader& table, Reading& reading, const std::optional<Endpoint>& listen) {
  auto& http = reading.config.http;
  reading.tls(table, http.tls_certificate, http.tls_key);
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

void read_site(TableReader& table, Reading& reading) {
  auto& http = reading.config.http;
  table.text("name", http.name);
  table.text("language", http.language);
  table.number("calls_per_minute", http.calls_per_minute, 0, 1'000'000);
  http.logo = reading.path(table, "logo");
  if (!http.logo.empty() && http.logo.extension() != ".svg" && http.logo.extension() != ".png") {
    table.fail("logo", "an SVG or PNG file");
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

}  // namespace

void read_http(TableReader& root, Reading& reading) {
  auto& http = reading.config.http;
  std::optional<Endpoint> listen = Endpoint{net::IpAddress::v4(0x7F000001), 8080};
  root.table("http", [&](TableReader& table) {
    table.listen_endpoint("listen", listen);
    reading.claim(table, "listen", Transport::Tcp, listen);
    read_exposure(table, reading, listen);
    read_site(table, reading);
    table.listen_endpoint("answers", http.answers);
    reading.claim(table, "answers", Transport::Tcp, http.answers);
    table.text("help_line", http.help_line);
    table.text("console", http.console);
    table.parsed("public_url", http.public_url, parse_public_url, "a URL like \"https://abuse.hosting.example\", without a slash at its end");
  });
  http.listen = *listen;
  if (http.public_url.empty()) {
    http.public_url = "http://" + to_string(http.answers.value_or(*listen));
  }
}

}  // namespace pinfold::config
