#include "report/sealed.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

/// Hotlines of the INHOPE network and those who send for them.
constexpr std::array kSenders = {"ncmec.org",
                                 "cybertip.org",
                                 "missingkids.org",
                                 "iwf.org.uk",
                                 "inhope.org",
                                 "cybertip.ca",
                                 "protectchildren.ca",
                                 "jugendschutz.net",
                                 "stopline.at",
                                 "offlimits.nl",
                                 "eokm.nl",
                                 "pointdecontact.net",
                                 "stoponline.cz",
                                 "hotline.ie",
                                 "dyzurnet.pl",
                                 "meldpunt-kinderporno.nl"};
constexpr std::array kWords = {"child sexual abuse",
                               "child sexual exploitation",
                               "child abuse material",
                               "child porn",
                               "child exploitation",
                               "csam",
                               "csem",
                               "kinderporno",
                               "kinderpornograf",
                               "kindesmissbrauch",
                               "missbrauchsdarstellung",
                               "indecent images of children",
                               "sexual abuse of children",
                               "pedopornograf",
                               "pédopornograph",
                               "pornografía infantil",
                               "dětská pornografie",
                               "sexually exploited minor"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c & 0x80) != 0; }

bool names_it(std::string_view text) {
  const std::string lower = to_lower(text.substr(0, kMaxOwnText));
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    for (auto at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
      if (at == 0 || !is_letter(lower[at - 1])) {
        return true;
      }
    }
    return false;
  });
}

bool sent_by_hotline(const std::vector<std::string>& senders) {
  return std::any_of(senders.begin(), senders.end(), [](std::string_view sender) {
    const std::string_view host = sender.substr(sender.rfind('@') + 1);
    return std::any_of(kSenders.begin(), kSenders.end(), [&](std::string_view domain) {
      return host.size() >= domain.size() && host.substr(host.size() - domain.size()) == domain &&
             (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.');
    });
  });
}

}  // namespace

bool is_child_abuse_report(const Input& input) {
  return sent_by_hotline(input.senders) || names_it(input.subject) || names_it(input.text) ||
         std::any_of(input.documents.begin(), input.documents.end(), [](const Document& document) {
           return document.type == "application/json" &&
                  (icontains(document.text, "\"csam\"") || icontains(document.text, "\"csem\"") || icontains(document.text, "\"childabuse\""));
         });
}

message::Mail redacted(message::Mail mail) {
  constexpr std::string_view kSealed = "(sealed)";
  static constexpr std::array<std::string_view, 5> kKept = {"date", "message-id", "received", "return-path", "authentication-results"};
  const auto seal = [](std::vector<message::Header>& headers) {
    headers.erase(std::remove_if(headers.begin(), headers.end(),
                                 [](const message::Header& h) { return std::find(kKept.begin(), kKept.end(), to_lower(h.name)) == kKept.end(); }),
                  headers.end());
  };
  seal(mail.headers);
  mail.subject = kSealed;
  for (message::Mailbox& from : mail.from) {
    from.name.clear();
  }
  for (message::Part& part : mail.parts) {
    part.text.clear();
    part.filename.clear();
    part.headers.clear();
  }
  return mail;
}

}  // namespace pinfold::report
