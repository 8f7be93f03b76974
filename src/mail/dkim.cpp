#include "mail/dkim.hpp"

// The library's own types; in C, without const.
#include <sys/param.h>
#include <sys/types.h>

#include <cstdbool>
#ifdef __clang__
using _Bool = bool;  // NOLINT(bugprone-reserved-identifier): C's name, which g++'s <cstdbool> gives and clang's does not
#endif
extern "C" {
#include <dkim.h>
}

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>

#include "base/text.hpp"

namespace pinfold::mail {
namespace {

unsigned char* bytes(const std::string& text) { return reinterpret_cast<unsigned char*>(const_cast<char*>(text.c_str())); }  // NOLINT: C's way

struct Free {
  void operator()(DKIM* handle) const { dkim_free(handle); }
};
using Handle = std::unique_ptr<DKIM, Free>;

/// Asked before libopendkim is, which loses memory over a key that it cannot read, and says less.
bool is_private_key(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  const auto nobody_to_ask = [](char*, int, int, void*) { return 0; };  // for a pass phrase
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(PEM_read_bio_PrivateKey(text.get(), nullptr, nobody_to_ask, nullptr), EVP_PKEY_free);
  return key != nullptr;
}

}  // namespace

struct DkimSigner::Library {
  DKIM_LIB* handle = nullptr;
  Library() : handle(dkim_init(nullptr, nullptr)) {}
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle != nullptr) {
      dkim_close(handle);
    }
  }
};

DkimSigner::DkimSigner(std::unique_ptr<Library> library, std::string domain, std::string selector, std::string key)
    : x_library(std::move(library)), x_domain(std::move(domain)), x_selector(std::move(selector)), x_key(std::move(key)) {}
DkimSigner::DkimSigner(DkimSigner&&) noexcept = default;
DkimSigner& DkimSigner::operator=(DkimSigner&&) noexcept = default;
DkimSigner::~DkimSigner() = default;

Expected<DkimSigner, std::string> DkimSigner::create(std::string domain, std::string selector, std::string key_pem) {
  if (!is_private_key(key_pem)) {
    return Unexpected(std::string("the DKIM key cannot sign: it is no private key in PEM"));
  }
  auto library = std::make_unique<Library>();
  if (library->handle == nullptr) {
    return Unexpected(std::string("libopendkim cannot be made ready"));
  }
  // NUL at the end is the library's wish for lists of names.
  static std::array<const char*, 13> signed_headers = {"From",
                                                       "To",
                                                       "Subject",
                                                       "Date",
                                                       "Message-ID",
                                                       "Reply-To",
                                                       "References",
                                                       "In-Reply-To",
                                                       "MIME-Version",
                                                       "Content-Type",
                                                       "Content-Transfer-Encoding",
                                                       "Auto-Submitted",
                                                       nullptr};
  static std::array<const char*, 2> oversigned = {"From", nullptr};
  const bool set = dkim_options(library->handle, DKIM_OP_SETOPT, DKIM_OPTS_SIGNHDRS, signed_headers.data(), sizeof(void*)) == DKIM_STAT_OK &&
                   dkim_options(library->handle, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS, oversigned.data(), sizeof(void*)) == DKIM_STAT_OK;
  if (!set) {
    return Unexpected(std::string("libopendkim does not take its options"));
  }
  DkimSigner signer(std::move(library), std::move(domain), std::move(selector), std::move(key_pem));
  const auto tried = signer.sign("From: a@" + signer.x_domain + "\r\n\r\nx\r\n");
  if (!tried) {
    return Unexpected("the DKIM key cannot sign: " + tried.error());
  }
  return signer;
}

Expected<std::string, std::string> DkimSigner::sign(std::string_view mail) const {
  DKIM_STAT status = DKIM_STAT_OK;
  const std::string id = "notice";
  const Handle handle(dkim_sign(x_library->handle, bytes(id), nullptr, bytes(x_key), bytes(x_selector), bytes(x_domain), DKIM_CANON_RELAXED,
                                DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1, &status));
  const std::string whole(mail);
  if (handle) {
    status = dkim_chunk(handle.get(), bytes(whole), whole.size());
    status = status == DKIM_STAT_OK ? dkim_chunk(handle.get(), nullptr, 0) : status;
    status = status == DKIM_STAT_OK ? dkim_eom(handle.get(), nullptr) : status;
  }
  unsigned char* header = nullptr;
  std::size_t length = 0;
  if (handle && status == DKIM_STAT_OK) {
    status = dkim_getsighdr_d(handle.get(), sizeof DKIM_SIGNHEADER, &header, &length);
  }
  if (!handle || status != DKIM_STAT_OK || header == nullptr) {
    const char* why = handle ? dkim_geterror(handle.get()) : nullptr;
    return Unexpected(printable(why != nullptr ? why : dkim_getresultstr(status), 200));
  }
  std::string value;
  for (const char c : std::string_view(reinterpret_cast<const char*>(header), length)) {  // folded with LF alone
    value += c == '\n' && (value.empty() || value.back() != '\r') ? "\r\n" : std::string(1, c);
  }
  return std::string(DKIM_SIGNHEADER) + ": " + value + "\r\n" + whole;
}

}  // namespace pinfold::mail
