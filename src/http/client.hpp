/// Who really asks: the peer, or whom a trusted proxy names in X-Forwarded-For; and whether the line to him is encrypted.
/// A proxy is trusted by address (configuration), loopback always. Of the header only the last entry counts: that is the one which the proxy itself
/// has added; everything before it is the client's own word.
/// Threads: any. Source: RFC 7239 section 8.1 on trusting such fields.
#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"
#include "net/ip_address.hpp"

namespace pinfold::http {

struct Client {
  std::string address;
  bool is_local = false;    ///< on this machine, with no proxy in between
  bool is_secure = false;   ///< TLS, to us or to the proxy
  bool is_exposed = false;  ///< in clear, and not from a trusted proxy: nothing secret may pass
};

[[nodiscard]] Client client_of(const Request& request, const std::vector<net::IpAddress>& trusted);

}  // namespace pinfold::http
