/// What a conformance test needs of one kind of store: a fresh one, the same one again, and raw SQL behind its back.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "records/store.hpp"
#include "store/store.hpp"

namespace pinfold::store {

class StoreFixture {
public:
  virtual ~StoreFixture() = default;
  /// Opens the one store of this fixture, again and again; safe in a forked child.
  [[nodiscard]] std::unique_ptr<records::Store> open() { return open_as(Process{}); }
  [[nodiscard]] virtual std::unique_ptr<records::Store> open_as(const Process& process) = 0;
  virtual void sql(const std::string& statement) = 0;
};

struct StoreKind {
  const char* name;
  std::function<std::unique_ptr<StoreFixture>()> make;
};
/// Every kind of store there is.
[[nodiscard]] std::vector<StoreKind> store_kinds();

class TemporaryFolder {
public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return x_path; }

private:
  std::filesystem::path x_path;
};

/// Base of the conformance suites: TEST_P(StoreTest…) runs for every kind.
class StoreTest : public testing::TestWithParam<StoreKind> {
protected:
  void SetUp() override {
    x_fixture = GetParam().make();
    x_store = x_fixture->open();
  }
  void reopen() {
    x_store.reset();
    x_store = x_fixture->open();
  }
  void transact(const std::function<void(records::Transaction&)>& work) { x_store->transact(work); }
  /// The result of one reading transaction.
  template <typename F>
  auto read(F&& f) {
    std::optional<std::invoke_result_t<F, records::Transaction&>> result;
    x_store->read([&](records::Transaction& tx) { result.emplace(f(tx)); });
    return *std::move(result);
  }

  std::unique_ptr<StoreFixture> x_fixture;
  std::unique_ptr<records::Store> x_store;
};

inline WallTime at(std::int64_t seconds) { return WallTime{Seconds{1'795'000'000 + seconds}}; }

/// A case of one server with as many notes as wanted behind its opening: enough for the store, which does not judge.
struct NewCase {
  std::string server = "srv-1";
  std::string customer = "1001";
  abuse::Family family = abuse::Family::Compromise;
};
desk::Event opening(const NewCase& what, WallTime when);
desk::Event note(std::uint32_t seq, const std::string& text, WallTime when);
/// create + append of an opening and `notes` notes, all in the given transaction.
CaseId add_case(records::Transaction& tx, const NewCase& what, unsigned notes, WallTime when, desk::State state = desk::State::Triage);
/// The fold as the store needs it, without going through desk::fold.
desk::Case summary(CaseId id, const NewCase& what, std::uint32_t last_seq, WallTime opened, WallTime changed,
                   desk::State state = desk::State::Triage);

}  // namespace pinfold::store
