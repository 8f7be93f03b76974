#include "detect/services.hpp"

namespace pinfold::detect {

PortKind kind_of_port(std::uint16_t port) {
  switch (port) {
    case 21:
    case 22:
    case 23:
    case 990:
    case 992:
    case 2222:
    case 2323:
    case 3389:
    case 5900:
    case 5901: return PortKind::Login;
    case 110:
    case 143:
    case 465:
    case 587:
    case 993:
    case 995:
    case 4190: return PortKind::MailLogin;
    case 1433:
    case 1521:
    case 3306:
    case 5432:
    case 6379:
    case 27017: return PortKind::Database;
    case 25: return PortKind::Mail;
    case 43:
    case 53:
    case 80:
    case 88:
    case 111:
    case 123:
    case 135:
    case 139:
    case 179:
    case 389:
    case 443:
    case 445:
    case 514:
    case 636:
    case 853:
    case 873:
    case 1080:
    case 1883:
    case 2049:
    case 2375:
    case 2376:
    case 3000:
    case 3128:
    case 4222:
    case 5000:
    case 5044:
    case 5060:
    case 5061:
    case 5222:
    case 5269:
    case 5666:
    case 5671:
    case 5672:
    case 5985:
    case 6443:
    case 8000:
    case 8080:
    case 8081:
    case 8086:
    case 8088:
    case 8123:
    case 8200:
    case 8300:
    case 8443:
    case 8500:
    case 8883:
    case 8888:
    case 9000:
    case 9042:
    case 9090:
    case 9092:
    case 9100:
    case 9200:
    case 9300:
    case 9418:
    case 10050:
    case 10051:
    case 10250:
    case 11211: return PortKind::Ordinary;
    default: return PortKind::Unknown;
  }
}

bool is_plain_web(std::uint16_t port) {
  return port == 80 || port == 81 || port == 8000 || port == 8008 || port == 8080 || port == 8081 || port == 8888;
}

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
  switch (udp_port) {
    // Ordinary DNS answers average 150 to 500 bytes, signed ones up to 1,200; what is abused are the largest that a name can give.
    case 53: return Amplifier{"dns", 1000, 10};
    // An NTP client gets back exactly as much as it sends; only the control and private modes answer more.
    case 123: return Amplifier{"ntp", 200, 4};
    case 17: return Amplifier{"qotd", 0, 3};
    case 19: return Amplifier{"chargen", 0, 3};
    case 69: return Amplifier{"tftp", 0, 4};
    case 111: return Amplifier{"portmap", 0, 3};
    case 137: return Amplifier{"netbios", 0, 3};
    case 161: return Amplifier{"snmp", 0, 5};
    case 177: return Amplifier{"xdmcp", 0, 4};
    case 389: return Amplifier{"cldap", 0, 10};
    case 520: return Amplifier{"rip", 0, 4};
    case 1900: return Amplifier{"ssdp", 0, 4};
    case 3283: return Amplifier{"ard", 0, 4};
    case 3702: return Amplifier{"ws-discovery", 0, 4};
    case 5093: return Amplifier{"sentinel", 0, 4};
    case 5353: return Amplifier{"mdns", 0, 3};
    case 5683: return Amplifier{"coap", 0, 5};
    case 10001: return Amplifier{"ubiquiti", 0, 3};
    case 11211: return Amplifier{"memcached", 0, 10};
    case 27015: return Amplifier{"steam", 0, 5};
    case 37810: return Amplifier{"dvr", 0, 4};
    default: return std::nullopt;
  }
}

}  // namespace pinfold::detect
