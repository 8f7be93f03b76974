#include "store/evidence_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "base/crypto.hpp"
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

class EvidenceFiles : public testing::Test {
protected:
  [[nodiscard]] std::filesystem::path root() const { return x_folder.path() / "evidence"; }
  [[nodiscard]] std::filesystem::path place_of(const std::string& hash) const { return root() / hash.substr(0, 2) / hash; }
  [[nodiscard]] std::size_t count_files() const {
    const std::filesystem::recursive_directory_iterator files(root());
    return static_cast<std::size_t>(std::count_if(begin(files), end(files), [](const auto& entry) { return entry.is_regular_file(); }));
  }
  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }

  TemporaryFolder x_folder;
};

TEST_F(EvidenceFiles, GiveBackTheBytesByTheirHash) {
  FileEvidenceStore store(root());
  const std::string bytes("#!/bin/sh\0\xFF\r\n", 13);
  const std::string hash = store.put(bytes);
  EXPECT_EQ(hash, sha256_hex(bytes));
  EXPECT_EQ(FileEvidenceStore(root()).get(hash), bytes);
  EXPECT_EQ(store.get(store.put("")), "");
}

TEST_F(EvidenceFiles, KeepTheSameBytesOnce) {
  FileEvidenceStore store(root());
  EXPECT_EQ(store.put("x"), store.put("x"));
  EXPECT_EQ(count_files(), 1U);
}

TEST_F(EvidenceFiles, AreInertAndPrivate) {
  const mode_t before = ::umask(0);
  FileEvidenceStore store(root());
  const std::string hash = store.put("#!/bin/sh\n");
  ::umask(before);
  EXPECT_EQ(mode_of(root()), 0700U);
  EXPECT_EQ(mode_of(place_of(hash).parent_path()), 0700U);
  EXPECT_EQ(mode_of(place_of(hash)), 0600U);
}

TEST_F(EvidenceFiles, KnowNothingUnderOtherNames) {
  const FileEvidenceStore store(root());
  EXPECT_EQ(store.get(sha256_hex("never kept")), std::nullopt);
  for (const char* name : {"", "ab", "../../../../etc/passwd", "..", "ZZ"}) {
    EXPECT_EQ(store.get(name), std::nullopt) << name;
  }
  EXPECT_EQ(store.get(std::string(64, 'A')), std::nullopt);
  EXPECT_EQ(store.get(std::string("../") + std::string(61, 'a')), std::nullopt);
}

TEST_F(EvidenceFiles, NoticeDamageAndPutMendsIt) {
  FileEvidenceStore store(root());
  const std::string hash = store.put("script");
  std::ofstream(place_of(hash), std::ios::binary) << "forged";
  EXPECT_THROW((void)store.get(hash), records::StoreError);
  EXPECT_EQ(store.put("script"), hash);
  EXPECT_EQ(store.get(hash), "script");
}

TEST_F(EvidenceFiles, AreNotReadThroughALink) {
  FileEvidenceStore store(root());
  const std::string hash = store.put("script");
  std::filesystem::rename(place_of(hash), x_folder.path() / "elsewhere");
  std::filesystem::create_symlink(x_folder.path() / "elsewhere", place_of(hash));
  EXPECT_THROW((void)store.get(hash), records::StoreError);
}

TEST_F(EvidenceFiles, LeaveNothingWhenTheyCannotBeWritten) {
  FileEvidenceStore store(root());
  const std::string hash = sha256_hex("script");
  std::filesystem::create_directories(place_of(hash) / "in the way");
  EXPECT_THROW((void)store.put("script"), records::StoreError);
  EXPECT_EQ(count_files(), 0U);
}

TEST_F(EvidenceFiles, AreBounded) {
  FileEvidenceStore store(root());
  EXPECT_THROW((void)store.put(std::string(kMaxEvidenceBytes + 1, 'x')), records::StoreError);
  EXPECT_EQ(count_files(), 0U);
}

TEST_F(EvidenceFiles, NeedTheirParentFolder) { EXPECT_THROW(FileEvidenceStore(x_folder.path() / "none" / "evidence"), records::StoreError); }

}  // namespace
}  // namespace pinfold::store
