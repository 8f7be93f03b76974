// Signatures as another implementation's verifier sees them: libopendkim's own verifier, fed the public key from memory instead of the DNS.
#include "mail/dkim.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/param.h>
#include <sys/types.h>

#include <cstdbool>
#include <cstdio>
#include <cstring>
#ifdef __clang__
using _Bool = bool;  // NOLINT(bugprone-reserved-identifier): C's name, which g++'s <cstdbool> gives and clang's does not
#endif
extern "C" {
#include <dkim.h>
}

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/clock.hpp"
#include "mail/sample_letter.hpp"

namespace pinfold::mail {
namespace {

struct KeyPair {
  std::string pem;
  std::string record;  ///< of the DNS
};

std::string from_bio(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

const KeyPair& key_pair() {
  static const KeyPair kPair = [] {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> secret(BIO_new(BIO_s_mem()), BIO_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> open(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_PUBKEY(open.get(), key.get());
    std::string plain;
    const std::string pem = from_bio(open.get());
    for (std::size_t at = pem.find('\n') + 1; at < pem.size() && pem[at] != '-'; ++at) {
      plain += pem[at] == '\n' ? "" : std::string(1, pem[at]);
    }
    return KeyPair{from_bio(secret.get()), "v=DKIM1; k=rsa; p=" + plain};
  }();
  return kPair;
}

DKIM_STAT look_up(DKIM* /*dkim*/, DKIM_SIGINFO* /*sig*/, unsigned char* buffer, std::size_t size) {
  std::snprintf(reinterpret_cast<char*>(buffer), size, "%s", key_pair().record.c_str());
  return DKIM_STAT_OK;
}

bool verifies(const std::string& mail) {
  DKIM_LIB* library = dkim_init(nullptr, nullptr);
  dkim_set_key_lookup(library, look_up);
  DKIM_STAT status = DKIM_STAT_OK;
  std::string id = "test";
  DKIM* handle = dkim_verify(library, reinterpret_cast<unsigned char*>(id.data()), nullptr, &status);
  std::string copy = mail;
  status = dkim_chunk(handle, reinterpret_cast<unsigned char*>(copy.data()), copy.size());
  if (status == DKIM_STAT_OK) {
    status = dkim_chunk(handle, nullptr, 0);
  }
  bool is_new = true;
  if (status == DKIM_STAT_OK) {
    status = dkim_eom(handle, &is_new);
  }
  dkim_free(handle);
  dkim_close(library);
  return status == DKIM_STAT_OK;
}

const std::string kMail =
    "From: Example Host <abuse@desk.example>\r\nTo: owner@customer.example\r\nSubject: [PF-42] port scan\r\nDate: Tue, 03 Mar 2026 10:00:00 +0000\r\n"
    "Message-ID: <pf-42.1.k7q2x9@desk.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nplease look.\r\n";

TEST(Dkim, SignsSoThatAVerifierAgrees) {
  const auto signer = DkimSigner::create("desk.example", "desk1", key_pair().pem);
  ASSERT_TRUE(signer) << signer.error();
  const auto mail = signer->sign(kMail);
  ASSERT_TRUE(mail) << mail.error();
  EXPECT_NE(mail->find("d=desk.example"), std::string::npos);
  EXPECT_EQ(mail->find("DKIM-Signature: "), 0U);
  EXPECT_TRUE(verifies(*mail));
}

TEST(Dkim, BreaksWhenTheMailIsChangedOrASecondFromIsAdded) {
  const auto signer = DkimSigner::create("desk.example", "desk1", key_pair().pem);
  ASSERT_TRUE(signer) << signer.error();
  const std::string mail = *signer->sign(kMail);
  std::string changed = mail;
  changed.replace(changed.find("please look"), 11, "please pay!");
  EXPECT_FALSE(verifies(changed));
  EXPECT_FALSE(verifies("From: Forger <a@b.example>\r\n" + mail));
}

/// With PINFOLD_LETTERS set to a folder, the signed letters are also left there: `make test-mail` has a spam filter judge them.
/// For tests/mail/spam_score.sh and tests/lab/mail_test.sh: the letters and the key they are signed with.
TEST(Dkim, SignsEveryLetterInEveryLanguage) {
  if (const char* folder = std::getenv("PINFOLD_LETTERS")) {
    std::ofstream(std::filesystem::path(folder) / "key.pem") << key_pair().pem;
  }
  const auto signer = DkimSigner::create(kOurs.domain, "desk1", key_pair().pem);
  ASSERT_TRUE(signer) << signer.error();
  for (const std::string language : {"en", "de"}) {
    for (const std::string name : kLetterNames) {
      NoticeText text = sample(desk::NoticeKind::Warning, language);
      text.letter = parse_letter(name);
      text.now = std::getenv("PINFOLD_LETTERS") != nullptr ? system_clock().wall() : text.now;  // filters mistrust old dates
      const auto mail = signer->sign(compose(text, templates(), kOurs).mail);
      ASSERT_TRUE(mail) << mail.error();
      EXPECT_TRUE(verifies(*mail)) << language << " " << name;
      if (const char* folder = std::getenv("PINFOLD_LETTERS")) {
        std::ofstream(std::filesystem::path(folder) / (language + "-" + name + ".eml"), std::ios::binary) << *mail;
      }
    }
  }
}

TEST(Dkim, RefusesAKeyThatIsNone) {
  const auto signer = DkimSigner::create("desk.example", "desk1", "not a key");
  ASSERT_FALSE(signer);
  EXPECT_NE(signer.error().find("cannot sign"), std::string::npos);
}

}  // namespace
}  // namespace pinfold::mail
