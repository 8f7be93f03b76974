/// DKIM signatures for what the desk sends: the From domain is the signing domain (aligned, as DMARC asks).
/// Used by: engine (notices), `pinfold mail preview`. By libopendkim; relaxed/relaxed, rsa-sha256.
/// Signed:  From (twice, so that none can be added), To, Subject, Date, Message-ID, References, In-Reply-To, Reply-To, Auto-Submitted, MIME-Version,
///          Content-Type, Content-Transfer-Encoding.
/// Errors:  create says what is wrong with the key; sign says why a mail could not be signed (it is then not sent unsigned).
/// Threads: any; one library handle, signing is independent. Source: RFC 6376, RFC 8301 (1024 bits are too few).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/expected.hpp"

namespace pinfold::mail {

class DkimSigner {
public:
  /// `key_pem`: an RSA private key. `selector`: "desk1" for desk1._domainkey.DOMAIN.
  [[nodiscard]] static Expected<DkimSigner, std::string> create(std::string domain, std::string selector, std::string key_pem);
  DkimSigner(DkimSigner&&) noexcept;
  DkimSigner& operator=(DkimSigner&&) noexcept;
  ~DkimSigner();

  /// The mail (CRLF line ends) with its DKIM-Signature in front.
  [[nodiscard]] Expected<std::string, std::string> sign(std::string_view mail) const;

private:
  struct Library;
  DkimSigner(std::unique_ptr<Library> library, std::string domain, std::string selector, std::string key);

  std::unique_ptr<Library> x_library;
  std::string x_domain;
  std::string x_selector;
  std::string x_key;
};

}  // namespace pinfold::mail
