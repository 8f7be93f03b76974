#include "http/client.hpp"

#include <algorithm>

namespace pinfold::http {

Client client_of(const Request& request, const std::vector<net::IpAddress>& trusted) {
  const auto peer = net::IpAddress::parse(request.remote);
  const bool is_loopback = peer && net::is_loopback(*peer);
  Client client{request.remote, is_loopback, request.is_tls};
  const bool believed = is_loopback || (peer && std::find(trusted.begin(), trusted.end(), *peer) != trusted.end());
  client.is_exposed = !believed && !request.is_tls;
  const std::string_view forwarded = request.header("x-forwarded-for");
  if (believed && !forwarded.empty()) {
    client.address = printable(trim(split(forwarded, ',').back()), 64);
    client.is_local = false;
    client.is_secure = iequals(trim(request.header("x-forwarded-proto")), "https");
  }
  return client;
}

}  // namespace pinfold::http
