#include "detect/rules/login_sessions.hpp"

#include <algorithm>

namespace pinfold::detect {
namespace {

struct Size {
  std::uint64_t least = 0;  ///< bytes sent: less is a banner check or a dropped connection
  std::uint64_t most = 0;   ///< bytes sent: more is a session that got in
  std::uint64_t most_back = 0;
  std::uint32_t packets = 60;  ///< of either side
};

/// IP headers included. SSH: the key exchange alone is about 1,200 to 3,000 bytes, three passwords another 1,000; one that got in opens a channel and
/// is told more. RDP without network authentication paints its login screen first (Vizváry and Vykopal: up to 180 kB). IMAP and POP over TLS: a chain
/// of certificates. Port 25: a mail is larger than a refused password.
Size size_of(std::uint16_t port) {
  switch (kind_of_port(port)) {
    case PortKind::Login: {
      const std::string_view service = service_of_port(port);
      return service == "ssh" ? Size{700, 4500, 4500} : service == "rdp" ? Size{400, 8100, 180'000, 200} : Size{300, 3000, 3000};
    }
    case PortKind::MailLogin: return {200, 5000, 8000};
    case PortKind::Database: return {250, 1500, 2000};
    case PortKind::Mail: return {200, 900, 2500};
    default: return {1000, 4500, 4500};
  }
}

template <typename T>
T middle(std::vector<T> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

bool is_login_sized(const Session& session) {
  constexpr std::uint32_t kMinPackets = 4;
  constexpr Micros kLongest = std::chrono::minutes{2};
  const Size size = size_of(session.key.port);
  // What came back may go another way; that the server went on sending says that something did.
  const bool in_fits = session.in_packets <= size.packets && session.in_bytes <= size.most_back;
  const bool out_fits =
      session.out_packets >= kMinPackets && session.out_packets <= size.packets && session.out_bytes >= size.least && session.out_bytes <= size.most;
  // Acknowledgements alone (and what says no to them) are a flood's, whose ports come up more than once; a login says something.
  const bool says_nothing = (session.flags & flow::kAck) != 0 && (session.flags & ~(flow::kAck | flow::kRst)) == 0;
  return out_fits && in_fits && !says_nothing && session.last - session.first <= kLongest;
}

LoginShape shape_of(const std::vector<const Session*>& sessions) {
  LoginShape shape;
  if (sessions.empty()) {
    return shape;
  }
  std::vector<std::uint64_t> bytes;
  std::vector<std::uint32_t> packets;
  std::vector<Micros> durations;
  for (const Session* session : sessions) {
    bytes.push_back(session->out_bytes);
    packets.push_back(session->out_packets);
    durations.push_back(session->last - session->first);
  }
  shape.bytes = middle(bytes);
  shape.packets = middle(packets);
  shape.duration = middle(durations);
  const std::uint64_t reach = std::max<std::uint64_t>(shape.bytes / 5, 150);
  const auto alike = std::count_if(bytes.begin(), bytes.end(), [&](std::uint64_t b) { return b + reach >= shape.bytes && b <= shape.bytes + reach; });
  shape.similar_percent = static_cast<std::uint32_t>(static_cast<std::uint64_t>(alike) * 100 / bytes.size());
  return shape;
}

}  // namespace pinfold::detect
