#include "report/class_words.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

using abuse::AbuseClass;

struct Word {
  std::string_view word;
  AbuseClass meaning;
};

/// The more telling a word, the higher it stands: "ssh-brute-force from a botnet" is a brute force, "Malware-C2" a compromised server.
constexpr std::array kWords = {Word{"urheberrecht", AbuseClass::Copyright},
                               Word{"droit d'auteur", AbuseClass::Copyright},
                               Word{"droits d'auteur", AbuseClass::Copyright},
                               Word{"derechos de autor", AbuseClass::Copyright},
                               Word{"diritto d'autore", AbuseClass::Copyright},
                               Word{"hameçonnage", AbuseClass::Phishing},
                               Word{"suplantación", AbuseClass::Phishing},
                               Word{"impersonat", AbuseClass::Phishing},
                               Word{"credential harvest", AbuseClass::Phishing},
                               Word{"фишинг", AbuseClass::Phishing},
                               Word{"passwörter", AbuseClass::BruteForce},
                               Word{"passwort", AbuseClass::BruteForce},
                               Word{"anmeldeversuch", AbuseClass::BruteForce},
                               Word{"loginversuch", AbuseClass::BruteForce},
                               Word{"mot de passe", AbuseClass::BruteForce},
                               Word{"mots de passe", AbuseClass::BruteForce},
                               Word{"tentatives de connexion", AbuseClass::BruteForce},
                               Word{"contraseña", AbuseClass::BruteForce},
                               Word{"fuerza bruta", AbuseClass::BruteForce},
                               Word{"forza bruta", AbuseClass::BruteForce},
                               Word{"hasło", AbuseClass::BruteForce},
                               Word{"pokusy o přihlášení", AbuseClass::BruteForce},
                               Word{"подбор парол", AbuseClass::BruteForce},
                               Word{"ssh-bf", AbuseClass::BruteForce},
                               Word{"login failure", AbuseClass::BruteForce},
                               Word{"failed authentication", AbuseClass::BruteForce},
                               Word{"authentication failed", AbuseClass::BruteForce},
                               Word{"wrong password", AbuseClass::BruteForce},
                               Word{"credential stuffing", AbuseClass::BruteForce},
                               Word{"locked out", AbuseClass::BruteForce},
                               Word{"schadsoftware", AbuseClass::MalwareHosting},
                               Word{"schadcode", AbuseClass::MalwareHosting},
                               Word{"logiciel malveillant", AbuseClass::MalwareHosting},
                               Word{"вредоносн", AbuseClass::MalwareHosting},
                               Word{"offener dns", AbuseClass::Reflector},
                               Word{"offene memcached", AbuseClass::Reflector},
                               Word{"offene ntp", AbuseClass::Reflector},
                               Word{"offene snmp", AbuseClass::Reflector},
                               Word{"offene ssdp", AbuseClass::Reflector},
                               Word{"offene portmapper", AbuseClass::Reflector},
                               Word{"offene netbios", AbuseClass::Reflector},
                               Word{"offene mdns", AbuseClass::Reflector},
                               Word{"offen aus dem internet", AbuseClass::OpenService},
                               Word{"offen erreichbar", AbuseClass::OpenService},
                               Word{"malware-infektion", AbuseClass::Compromised},
                               Word{"infizierte", AbuseClass::Compromised},
                               Word{"failed attempts", AbuseClass::BruteForce},
                               Word{"attempting to log in", AbuseClass::BruteForce},
                               Word{"spfbl", AbuseClass::Spam},
                               Word{"account takeover", AbuseClass::BruteForce},
                               Word{"denyhosts", AbuseClass::BruteForce},
                               Word{"hosts.deny", AbuseClass::BruteForce},
                               Word{"offene dns", AbuseClass::Reflector},
                               Word{"exploitable ntp", AbuseClass::Reflector},
                               Word{"open ntp", AbuseClass::Reflector},
                               Word{"open memcached", AbuseClass::Reflector},
                               Word{"open ssdp", AbuseClass::Reflector},
                               Word{"indésirable", AbuseClass::Spam},
                               Word{"pourriel", AbuseClass::Spam},
                               Word{"unerwünschte e-mail", AbuseClass::Spam},
                               Word{"unerwünschte werbung", AbuseClass::Spam},
                               Word{"correo no deseado", AbuseClass::Spam},
                               Word{"спам", AbuseClass::Spam},
                               Word{"vulnerability scan", AbuseClass::PortScan},
                               Word{"vulnerability-scan", AbuseClass::PortScan},
                               Word{"web scan", AbuseClass::PortScan},
                               Word{"balayage de ports", AbuseClass::PortScan},
                               Word{"escaneo de puertos", AbuseClass::PortScan},
                               Word{"skenov", AbuseClass::PortScan},
                               Word{"сканирован", AbuseClass::PortScan},
                               Word{"copyright", AbuseClass::Copyright},
                               Word{"infring", AbuseClass::Copyright},
                               Word{"dmca", AbuseClass::Copyright},
                               Word{"bittorrent", AbuseClass::Copyright},
                               Word{"phish", AbuseClass::Phishing},
                               Word{"fraudulent", AbuseClass::Phishing},
                               Word{"fraud", AbuseClass::Phishing},
                               Word{"fake shop", AbuseClass::Phishing},
                               Word{"brute", AbuseClass::BruteForce},
                               Word{"login-attack", AbuseClass::BruteForce},
                               Word{"login_attack", AbuseClass::BruteForce},
                               Word{"login attack", AbuseClass::BruteForce},
                               Word{"login attempt", AbuseClass::BruteForce},
                               Word{"failed login", AbuseClass::BruteForce},
                               Word{"logins", AbuseClass::BruteForce},
                               Word{"password", AbuseClass::BruteForce},
                               Word{"invalid user", AbuseClass::BruteForce},
                               Word{"auth fail", AbuseClass::BruteForce},
                               Word{"authentication failure", AbuseClass::BruteForce},
                               Word{"xmlrpc", AbuseClass::BruteForce},
                               Word{"wp-login", AbuseClass::BruteForce},
                               Word{"sshd", AbuseClass::BruteForce},
                               Word{"fail2ban", AbuseClass::BruteForce},
                               Word{"dictionary", AbuseClass::BruteForce},
                               Word{"command and control", AbuseClass::Compromised},
                               Word{"command_and_control", AbuseClass::Compromised},
                               Word{"c&c", AbuseClass::Compromised},
                               Word{"-c2", AbuseClass::Compromised},
                               Word{"botnet", AbuseClass::Compromised},
                               Word{"drone", AbuseClass::Compromised},
                               Word{"sinkhole", AbuseClass::Compromised},
                               Word{"infected", AbuseClass::Compromised},
                               Word{"infection", AbuseClass::Compromised},
                               Word{"compromised", AbuseClass::Compromised},
                               Word{"webshell", AbuseClass::Compromised},
                               Word{"web shell", AbuseClass::Compromised},
                               Word{"defac", AbuseClass::Compromised},
                               Word{"hacked", AbuseClass::Compromised},
                               Word{"rootkit", AbuseClass::Compromised},
                               Word{"malware", AbuseClass::MalwareHosting},
                               Word{"virus", AbuseClass::MalwareHosting},
                               Word{"trojan", AbuseClass::MalwareHosting},
                               Word{"ransomware", AbuseClass::MalwareHosting},
                               Word{"malicious content", AbuseClass::MalwareHosting},
                               Word{"exploit kit", AbuseClass::MalwareHosting},
                               Word{"open resolver", AbuseClass::Reflector},
                               Word{"open dns", AbuseClass::Reflector},
                               Word{"openresolver", AbuseClass::Reflector},
                               Word{"open recursive", AbuseClass::Reflector},
                               Word{"recursive resolver", AbuseClass::Reflector},
                               Word{"reflect", AbuseClass::Reflector},
                               Word{"amplifier", AbuseClass::Reflector},
                               Word{"monlist", AbuseClass::Reflector},
                               Word{"ddos", AbuseClass::Flood},
                               Word{"denial of service", AbuseClass::Flood},
                               Word{"denial-of-service", AbuseClass::Flood},
                               Word{"flood", AbuseClass::Flood},
                               Word{"amplification", AbuseClass::Flood},
                               Word{"spamvertis", AbuseClass::Spam},
                               Word{"portscan", AbuseClass::PortScan},
                               Word{"port scan", AbuseClass::PortScan},
                               Word{"port-scan", AbuseClass::PortScan},
                               Word{"port_scan", AbuseClass::PortScan},
                               Word{"portflood", AbuseClass::PortScan},
                               Word{"scanning", AbuseClass::PortScan},
                               Word{"scanner", AbuseClass::PortScan},
                               Word{"probing", AbuseClass::PortScan},
                               Word{"network sweep", AbuseClass::PortScan},
                               Word{"reconnaissance", AbuseClass::PortScan},
                               Word{"darknet", AbuseClass::PortScan},
                               Word{"spam", AbuseClass::Spam},
                               Word{"unsolicited", AbuseClass::Spam},
                               Word{"uceprotect", AbuseClass::Spam},
                               Word{"bulk mail", AbuseClass::Spam},
                               Word{"feedback report", AbuseClass::Spam},
                               Word{"nevy\xC5\xBE\xC3\xA1"
                                    "dan",
                                    AbuseClass::Spam},
                               Word{"vulnerab", AbuseClass::VulnerableApp},
                               Word{"outdated", AbuseClass::VulnerableApp},
                               Word{"security issue", AbuseClass::VulnerableApp},
                               Word{"cve-", AbuseClass::VulnerableApp},
                               Word{"misconfigur", AbuseClass::VulnerableApp},
                               Word{"exposed", AbuseClass::OpenService},
                               Word{"openly accessible", AbuseClass::OpenService},
                               Word{"publicly accessible", AbuseClass::OpenService},
                               Word{"open service", AbuseClass::OpenService},
                               Word{"open proxy", AbuseClass::OpenService},
                               Word{"scan", AbuseClass::PortScan}};

/// What counts only where no surer word stands.
constexpr std::array kWeak = {Word{"exploit attempt", AbuseClass::BruteForce},
                              Word{"hacking", AbuseClass::BruteForce},
                              Word{"modsecurity", AbuseClass::BruteForce},
                              Word{"dnsbl", AbuseClass::Spam},
                              Word{"mail reputation", AbuseClass::Spam},
                              Word{"blacklist", AbuseClass::Spam},
                              Word{"blocklist", AbuseClass::Spam},
                              Word{"attack", AbuseClass::BruteForce},
                              Word{"attaque", AbuseClass::BruteForce},
                              Word{"angriff", AbuseClass::BruteForce},
                              Word{"angegriffen", AbuseClass::BruteForce},
                              Word{"ataque", AbuseClass::BruteForce},
                              Word{"attacco", AbuseClass::BruteForce},
                              Word{"aanval", AbuseClass::BruteForce},
                              Word{"ataku", AbuseClass::BruteForce},
                              Word{"útok", AbuseClass::BruteForce},
                              Word{"атак", AbuseClass::BruteForce},
                              Word{"accessible", AbuseClass::OpenService},
                              Word{"intrusion", AbuseClass::BruteForce}};

/// Short names of services and jails stand for guessing passwords there; they are too short to be searched in running text.
constexpr std::array<std::string_view, 22> kServices = {"ssh",      "sshd", "imap",    "pop3",   "smtp",      "sasl",   "ftp",       "sip",
                                                        "asterisk", "rdp",  "telnet",  "mysql",  "vnc",       "mail",   "wordpress", "postfix",
                                                        "dovecot",  "exim", "proftpd", "webmin", "roundcube", "courier"};

std::size_t count(std::string_view text, std::string_view word, std::size_t most) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string_view::npos && found < most; at = text.find(word, at + word.size())) {
    ++found;
  }
  return found;
}

}  // namespace

std::optional<AbuseClass> class_of_word(std::string_view name) {
  const std::string lower = to_lower(name);
  const auto stands_in = [&](const Word& w) { return lower.find(w.word) != std::string::npos; };
  const auto found = std::find_if(kWords.begin(), kWords.end(), stands_in);
  if (found != kWords.end()) {
    return found->meaning;
  }
  if (const auto weak = std::find_if(kWeak.begin(), kWeak.end(), stands_in); weak != kWeak.end()) {
    return weak->meaning;
  }
  return service_in(lower).empty() ? std::nullopt : std::optional(AbuseClass::BruteForce);
}

std::optional<AbuseClass> class_of_text(std::string_view subject, std::string_view text) {
  const std::string head = to_lower(subject.substr(0, 1000));
  const std::string body = to_lower(text.substr(0, 65536));
  const auto most_said = [&](const auto& words) {
    std::array<std::size_t, 16> scores{};
    std::size_t best = 0;
    std::optional<AbuseClass> chosen;
    for (const Word& word : words) {
      std::size_t& score = scores.at(static_cast<std::size_t>(word.meaning));
      score += 4 * count(head, word.word, 1) + count(body, word.word, 3);
      if (score > best) {
        best = score;
        chosen = word.meaning;
      }
    }
    return chosen;
  };
  const auto sure = most_said(kWords);
  return sure ? sure : most_said(kWeak);
}

std::string_view service_in(std::string_view text) {
  const std::string lower = to_lower(text.substr(0, 4096));
  const auto is_letter = [&](std::size_t at) { return at < lower.size() && lower[at] >= 'a' && lower[at] <= 'z'; };
  for (const std::string_view service : kServices) {
    for (auto at = lower.find(service); at != std::string::npos; at = lower.find(service, at + 1)) {
      if ((at == 0 || !is_letter(at - 1)) && !is_letter(at + service.size())) {
        return service;
      }
    }
  }
  return {};
}

}  // namespace pinfold::report
