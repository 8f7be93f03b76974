#include "abuse/abuse_class.hpp"

#include "base/enum_names.hpp"

namespace pinfold::abuse {
namespace {

constexpr EnumNames<AbuseClass, 15> kClasses{{{
    {AbuseClass::PortScan, "port_scan"},
    {AbuseClass::Flood, "flood"},
    {AbuseClass::BruteForce, "brute_force"},
    {AbuseClass::Spam, "spam"},
    {AbuseClass::BandwidthBurst, "bandwidth_burst"},
    {AbuseClass::Reflector, "reflector"},
    {AbuseClass::FileSharing, "file_sharing"},
    {AbuseClass::MaliciousScript, "malicious_script"},
    {AbuseClass::VulnerableApp, "vulnerable_app"},
    {AbuseClass::Phishing, "phishing"},
    {AbuseClass::MalwareHosting, "malware_hosting"},
    {AbuseClass::Copyright, "copyright"},
    {AbuseClass::Compromised, "compromised"},
    {AbuseClass::OpenService, "open_service"},
    {AbuseClass::Other, "other"},
}}};
constexpr EnumNames<AbuseClass, 15> kTitles{{{
    {AbuseClass::PortScan, "port scan"},
    {AbuseClass::Flood, "traffic flood"},
    {AbuseClass::BruteForce, "password guessing"},
    {AbuseClass::Spam, "spam"},
    {AbuseClass::BandwidthBurst, "unusual bandwidth"},
    {AbuseClass::Reflector, "open reflector"},
    {AbuseClass::FileSharing, "file sharing"},
    {AbuseClass::MaliciousScript, "script run from a temporary folder"},
    {AbuseClass::VulnerableApp, "vulnerable application"},
    {AbuseClass::Phishing, "phishing page"},
    {AbuseClass::MalwareHosting, "malware download"},
    {AbuseClass::Copyright, "copyright complaint"},
    {AbuseClass::Compromised, "compromised server"},
    {AbuseClass::OpenService, "open service"},
    {AbuseClass::Other, "other abuse"},
}}};
constexpr EnumNames<Family, 3> kFamilies{{{{Family::Compromise, "compromise"}, {Family::Exposure, "exposure"}, {Family::Content, "content"}}}};
constexpr EnumNames<Severity, 5> kSeverities{
    {{{Severity::Info, "info"}, {Severity::Low, "low"}, {Severity::Medium, "medium"}, {Severity::High, "high"}, {Severity::Critical, "critical"}}}};
constexpr EnumNames<Origin, 4> kOrigins{
    {{{Origin::Network, "network"}, {Origin::Host, "host"}, {Origin::Reporter, "reporter"}, {Origin::Staff, "staff"}}}};

}  // namespace

Family family_of(AbuseClass c) {
  switch (c) {
    case AbuseClass::PortScan:
    case AbuseClass::Flood:
    case AbuseClass::BruteForce:
    case AbuseClass::Spam:
    case AbuseClass::BandwidthBurst:
    case AbuseClass::MaliciousScript:
    case AbuseClass::Compromised:
    case AbuseClass::Other: return Family::Compromise;
    case AbuseClass::Reflector:
    case AbuseClass::OpenService:
    case AbuseClass::VulnerableApp: return Family::Exposure;
    case AbuseClass::FileSharing:
    case AbuseClass::Phishing:
    case AbuseClass::MalwareHosting:
    case AbuseClass::Copyright: return Family::Content;
  }
  return Family::Compromise;
}

std::string_view to_string(AbuseClass c) { return kClasses.name(c); }
std::string_view to_string(Family f) { return kFamilies.name(f); }
std::string_view to_string(Severity s) { return kSeverities.name(s); }
std::string_view to_string(Origin o) { return kOrigins.name(o); }
std::optional<AbuseClass> parse_abuse_class(std::string_view text) { return kClasses.parse(text); }
std::optional<Family> parse_family(std::string_view text) { return kFamilies.parse(text); }
std::optional<Severity> parse_severity(std::string_view text) { return kSeverities.parse(text); }
std::optional<Origin> parse_origin(std::string_view text) { return kOrigins.parse(text); }
std::string_view title(AbuseClass c) { return kTitles.name(c); }

}  // namespace pinfold::abuse
