#include "detect/services.hpp"

#include <algorithm>

namespace pinfold::detect {

namespace {

constexpr std::array<std::uint16_t, 10> kLogin{21, 22, 23, 990, 992, 2222, 2323, 3389, 5900, 5901};
constexpr std::array<std::uint16_t, 7> kMailLogin{110, 143, 465, 587, 993, 995, 4190};
constexpr std::array<std::uint16_t, 6> kDatabase{1433, 1521, 3306, 5432, 6379, 27017};
constexpr std::array<std::uint16_t, 1> kMail{25};
constexpr std::array<std::uint16_t, 59> kOrdinary{43,   53,   80,   88,   111,  123,  135,  139,  179,  389,  443,   445,   514,   636,  853,
                                                  873,  1080, 1883, 2049, 2375, 2376, 3000, 3128, 4222, 5000, 5044,  5060,  5061,  5222, 5269,
                                                  5666, 5671, 5672, 5985, 6443, 8000, 8080, 8081, 8086, 8088, 8123,  8200,  8300,  8443, 8500,
                                                  8883, 8888, 9000, 9042, 9090, 9092, 9100, 9200, 9300, 9418, 10050, 10051, 10250, 11211};
constexpr std::array<std::uint16_t, 7> kPlainWeb{80, 81, 8000, 8008, 8080, 8081, 8888};

struct AmplifyingPort {
  std::uint16_t port = 0;
  Amplifier amplifier{};
};
constexpr std::array<AmplifyingPort, 21> kAmplifiers{{
    // Ordinary DNS answers average 150 to 500 bytes, signed ones up to 1,200; what is abused are the largest that a name can give.
    {53, Amplifier{"dns", 1000, 10}},
    // An NTP client gets back exactly as much as it sends; only the control and private modes answer more.
    {123, Amplifier{"ntp", 200, 4}},
    {17, Amplifier{"qotd", 0, 3}},
    {19, Amplifier{"chargen", 0, 3}},
    {69, Amplifier{"tftp", 0, 4}},
    {111, Amplifier{"portmap", 0, 3}},
    {137, Amplifier{"netbios", 0, 3}},
    {161, Amplifier{"snmp", 0, 5}},
    {177, Amplifier{"xdmcp", 0, 4}},
    {389, Amplifier{"cldap", 0, 10}},
    {520, Amplifier{"rip", 0, 4}},
    {1900, Amplifier{"ssdp", 0, 4}},
    {3283, Amplifier{"ard", 0, 4}},
    {3702, Amplifier{"ws-discovery", 0, 4}},
    {5093, Amplifier{"sentinel", 0, 4}},
    {5353, Amplifier{"mdns", 0, 3}},
    {5683, Amplifier{"coap", 0, 5}},
    {10001, Amplifier{"ubiquiti", 0, 3}},
    {11211, Amplifier{"memcached", 0, 10}},
    {27015, Amplifier{"steam", 0, 5}},
    {37810, Amplifier{"dvr", 0, 4}},
}};

constexpr PortTable table_of_ports() noexcept {
  PortTable table;
  for (auto& page : table.pages) {
    page.fill(PortFacts{});  // GCC 12 gives only the first of an array in an array its members' initialisers
  }
  std::uint8_t used = 1;
  const auto facts_of = [&](std::uint16_t port) -> PortFacts& {
    std::uint8_t& page = table.page_of[port / PortTable::kPage];
    page = page == 0 ? used++ : page;
    return table.pages[page][port % PortTable::kPage];  // more pages than there are: not constant, so an error of the compiler
  };
  const auto set = [&](const auto& ports, PortKind kind) {
    for (const std::uint16_t port : ports) {
      facts_of(port).kind = kind;
    }
  };
  set(kLogin, PortKind::Login);
  set(kMailLogin, PortKind::MailLogin);
  set(kDatabase, PortKind::Database);
  set(kMail, PortKind::Mail);
  set(kOrdinary, PortKind::Ordinary);
  for (const std::uint16_t port : kPlainWeb) {
    facts_of(port).is_plain_web = true;
  }
  for (const AmplifyingPort& known : kAmplifiers) {
    facts_of(known.port).is_amplifier = true;
  }
  return table;
}

}  // namespace

constinit const PortTable kPortTable = table_of_ports();

std::string_view service_of_port(std::uint16_t port) {
  switch (port) {
    case 21:
    case 990: return "ftp";
    case 22:
    case 2222: return "ssh";
    case 23:
    case 992:
    case 2323: return "telnet";
    case 25:
    case 465:
    case 587: return "smtp";
    case 110:
    case 995: return "pop3";
    case 143:
    case 993: return "imap";
    case 1433: return "mssql";
    case 1521: return "oracle";
    case 3306: return "mysql";
    case 3389: return "rdp";
    case 4190: return "sieve";
    case 5432: return "postgresql";
    case 5900:
    case 5901: return "vnc";
    case 6379: return "redis";
    case 27017: return "mongodb";
    default: return "unknown";
  }
}

std::optional<Amplifier> amplifier_on(std::uint16_t udp_port) {
  const auto known = std::find_if(kAmplifiers.begin(), kAmplifiers.end(), [=](const AmplifyingPort& each) { return each.port == udp_port; });
  return known == kAmplifiers.end() ? std::nullopt : std::optional{known->amplifier};
}

}  // namespace pinfold::detect
