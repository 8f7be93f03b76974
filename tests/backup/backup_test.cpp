#include "backup/backup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "backup/archive.hpp"
#include "backup/manifest.hpp"
#include "base/crypto.hpp"
#include "store/evidence_files.hpp"
#include "store/history_file.hpp"
#include "store/store.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::backup {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr WallTime kNow{Seconds{1'795'000'000}};

void no_progress(std::string_view /*what*/, std::uint64_t /*done*/, std::uint64_t /*of*/) {}
void change_nothing(records::Transaction& /*tx*/) {}

/// The error's text; empty when there was none.
template <typename F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const BackupError& error) {
    return error.what();
  }
  return {};
}

/// One desk on disk, and an empty place for another.
class Backup : public testing::Test {
protected:
  Places desk(const std::string& name) const { return {path(name) / "pinfold.sqlite", path(name) / "history.sqlite", path(name) / "evidence"}; }
  [[nodiscard]] fs::path path(const std::string& name) const { return x_folder.path() / name; }
  [[nodiscard]] fs::path file() const { return path("desk.backup"); }

  void SetUp() override {
    fs::create_directory(path("old"));
    x_store = store::open_sqlite(desk("old").database);
    set("hello", "world");
    x_evidence = store::FileEvidenceStore(desk("old").evidence).put("a script that was kept");
  }
  void set(std::string_view name, std::string_view value) const {
    x_store->transact([&](records::Transaction& tx) { tx.settings().set(name, value); });
  }
  static std::optional<std::string> setting(const Places& places, std::string_view name) {
    std::optional<std::string> value;
    store::open_sqlite(places.database)->read([&](records::Transaction& tx) { value = tx.settings().get(name); });
    return value;
  }
  Manifest back_up() const { return write(desk("old"), file(), "0.1.0", kNow, no_progress); }
  Manifest restore_to(const std::string& name) const { return restore(file(), desk(name), change_nothing, no_progress); }

  test::TempFolder x_folder;
  std::unique_ptr<records::Store> x_store;
  std::string x_evidence;
};

TEST_F(Backup, BringsDatabaseHistoryAndEvidenceBack) {
  constexpr WallTime kMinute{Seconds{1'794'999'960}};
  const auto history = store::open_history(desk("old").history);
  history->append({{ServerId{"srv-1"}, records::TrafficSource::Interface, kMinute, {60, {Bytes{1000}, Packets{10}, {}}, {}}}});
  const Manifest written = back_up();
  EXPECT_EQ(written.evidence, 1U);
  set("hello", "later");  // after the backup: not in it
  const Manifest read = restore_to("new");
  EXPECT_EQ(read.chain_head, written.chain_head);
  EXPECT_EQ(read.made, kNow);
  EXPECT_EQ(setting(desk("new"), "hello"), "world");
  EXPECT_EQ(store::FileEvidenceStore(desk("new").evidence).get(x_evidence), "a script that was kept");
  const auto restored = store::open_history(desk("new").history);
  EXPECT_EQ(restored->series(ServerId{"srv-1"}, kMinute, kMinute + Micros{Seconds{60}}, records::Resolution::Minute).size(), 1U);
}

TEST_F(Backup, IsOneStateOfADeskThatIsWrittenToMeanwhile) {
  // Both settings always change together; a backup in which they differ is torn.
  std::atomic<bool> stop{false};
  std::atomic<int> rounds{0};
  std::jthread writer([&] {
    while (!stop || rounds < 3) {
      const std::string value = std::to_string(++rounds);
      x_store->transact([&](records::Transaction& tx) {
        tx.settings().set("left", value);
        tx.settings().set("right", value);
      });
    }
  });
  for (int i = 0; i < 5; ++i) {
    const fs::path one = path("b" + std::to_string(i));
    static_cast<void>(write(desk("old"), one, "0.1.0", kNow, no_progress));
    const Places to = desk("n" + std::to_string(i));
    static_cast<void>(restore(one, to, change_nothing, no_progress));
    EXPECT_EQ(setting(to, "left"), setting(to, "right"));
  }
  stop = true;
}

TEST_F(Backup, IsReadableToItsOwnerOnlyAndLeavesNothingBesideIt) {
  static_cast<void>(back_up());
  struct stat facts {};
  ASSERT_EQ(::stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(x_folder.path())) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("old", "desk.backup"));
}

TEST_F(Backup, NeverReplacesAnotherBackupOrADesk) {
  static_cast<void>(back_up());
  EXPECT_THAT(refusal([&] { static_cast<void>(back_up()); }), HasSubstr("is there already"));
  EXPECT_THAT(refusal([&] { static_cast<void>(restore_to("old")); }), HasSubstr("never writes over a desk"));
  EXPECT_EQ(setting(desk("old"), "hello"), "world");
}

TEST_F(Backup, PreparesTheDatabaseBeforeItIsADesk) {
  static_cast<void>(back_up());
  static_cast<void>(restore(
      file(), desk("new"), [](records::Transaction& tx) { tx.settings().set("stopped", "yes"); }, no_progress));
  EXPECT_EQ(setting(desk("new"), "stopped"), "yes");
  const auto fails = [](records::Transaction& /*tx*/) { throw records::StoreError("no"); };
  EXPECT_THAT(refusal([&] { static_cast<void>(restore(file(), desk("other"), fails, no_progress)); }), HasSubstr("no"));
  EXPECT_FALSE(fs::exists(desk("other").database));
}

TEST_F(Backup, CutOffAnywhereIsRefusedAndLeavesNoDesk) {
  static_cast<void>(back_up());
  std::ifstream whole(file(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  for (std::size_t sixteenth = 0; sixteenth < 16; ++sixteenth) {
    const fs::path cut = path("cut");
    std::ofstream(cut, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size() * sixteenth / 16));
    EXPECT_NE(refusal([&] { static_cast<void>(restore(cut, desk("new"), change_nothing, no_progress)); }), "") << sixteenth;
    EXPECT_FALSE(fs::exists(desk("new").database)) << sixteenth;
  }
}

/// An archive with these entries, as somebody else might make it.
void make_archive(const fs::path& file, const std::vector<std::pair<std::string, std::string>>& entries) {
  ArchiveWriter archive(file);
  for (const auto& [name, content] : entries) {
    std::string_view left = content;
    archive.add(name, content.size(), kNow, [&left](std::span<char> block) {
      const std::size_t got = left.copy(block.data(), block.size());
      left.remove_prefix(got);
      return got;
    });
  }
  archive.close();
}

TEST_F(Backup, TakesNoOtherNamesAndNoEvidenceUnderAFalseOne) {
  const std::string hash = sha256_hex("evidence");
  struct Row {
    const char* name;
    std::string content;
    const char* says;
  };
  const std::vector<Row> rows{{"../escape", "x", "nothing that a backup has"},
                              {"/etc/passwd", "x", "nothing that a backup has"},
                              {"evidence/../../escape", "x", "nothing that a backup has"},
                              {"pinfold.toml", "x", "nothing that a backup has"},
                              {"evidence/ab/short", "x", "nothing that a backup has"},
                              {"manifest.json", "{}", "manifest.json"},
                              {"manifest.json", std::string(kMaxManifestBytes + 1, ' '), "more than"}};
  int number = 0;
  for (const Row& row : rows) {
    const fs::path file = path("hostile" + std::to_string(++number));
    make_archive(file, {{row.name, row.content}});
    EXPECT_THAT(refusal([&] { static_cast<void>(restore(file, desk("new"), change_nothing, no_progress)); }), HasSubstr(row.says)) << row.name;
  }
  const fs::path file = path("false-name");
  make_archive(file, {{"evidence/" + hash.substr(0, 2) + "/" + hash, "something else"}});
  EXPECT_THAT(refusal([&] { static_cast<void>(restore(file, desk("new"), change_nothing, no_progress)); }), HasSubstr("does not match its name"));
  EXPECT_FALSE(fs::exists(x_folder.path() / "escape"));
}

TEST_F(Backup, RefusesADatabaseThatTheManifestDoesNotVouchFor) {
  const Manifest manifest = back_up();
  const fs::path file = path("swapped");
  make_archive(file, {{"pinfold.sqlite", "another database"}, {"manifest.json", to_json(manifest)}});
  EXPECT_THAT(refusal([&] { static_cast<void>(restore(file, desk("new"), change_nothing, no_progress)); }), HasSubstr("not what the manifest says"));
}

TEST_F(Backup, RefusesAChainThatIsBrokenThoughAllHashesOfTheFileAgree) {
  x_store.reset();
  {  // an insider with the database in hand
    soci::session session(soci::sqlite3, "dbname=\"" + desk("old").database.string() + "\"");
    session << "INSERT INTO cases (id, server, customer, family, state, is_final, last_seq, opened_at, changed_at) "
               "VALUES (1, 'srv-1', '1001', 'compromise', 'triage', 0, 1, 0, 0)";
    session << "INSERT INTO events (position, case_id, seq, recorded_at, kind, commitment, hash) VALUES (1, 1, 1, 0, 'note_added', '00', '11')";
    session << "UPDATE chain_head SET position = 1, hash = '11'";
  }
  EXPECT_EQ(back_up().chain_length, 1U);
  EXPECT_THAT(refusal([&] { static_cast<void>(restore_to("new")); }), HasSubstr("the event chain is broken"));
  EXPECT_FALSE(fs::exists(desk("new").database));
}

TEST_F(Backup, RefusesADatabaseWhoseChainEndsElsewhere) {
  Manifest manifest = back_up();
  static_cast<void>(restore_to("new"));
  std::ifstream in(desk("new").database, std::ios::binary);
  const std::string database((std::istreambuf_iterator<char>(in)), {});
  manifest.database_sha256 = sha256_hex(database);
  manifest.evidence = 0;
  manifest.chain_length = 7;
  make_archive(path("other-head"), {{"pinfold.sqlite", database}, {"manifest.json", to_json(manifest)}});
  EXPECT_THAT(refusal([&] { static_cast<void>(restore(path("other-head"), desk("third"), change_nothing, no_progress)); }),
              HasSubstr("ends elsewhere"));
}

}  // namespace
}  // namespace pinfold::backup
