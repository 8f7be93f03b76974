#include "engine/open_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enforce/process_owner.hpp"
#include "engine/places.hpp"
#include "store/store.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

constexpr WallTime kNow{Seconds{1'795'000'000}};

std::vector<std::string> orphans(records::Store& store, WallTime now) {
  std::vector<std::string> keys;
  store.transact([&](records::Transaction& tx) {
    for (const records::Job& job : tx.outbox().orphaned("set_port", now)) {
      keys.push_back(job.key);
    }
  });
  return keys;
}

void claim_one(records::Store& store, const char* key) {
  store.transact([&](records::Transaction& tx) {
    records::Job job;
    job.key = key;
    job.kind = "set_port";
    tx.outbox().add(job);
    ASSERT_TRUE(tx.outbox().claim("set_port", kNow));
    tx.outbox().live(kNow);
  });
}

TEST(OpenStore, WhatWasClaimedBeforeARebootOfTheMachineIsTakenUpAtOnce) {
  const test::TempFolder folder;
  config::Config config;
  config.state_dir = folder.path();
  const auto desk = open_store(config);
  // As the desk of the boot before was called.
  std::string name = enforce::process_owner();
  const std::string boot = enforce::this_realm().boot;
  name.replace(name.find(boot), boot.size(), "11111111-2222-3333-4444-555555555555");
  const auto before = store::open_sqlite(database_file(config), {Millis{10'000}, 1, store::Process{name, [](const std::string&) { return false; }}});
  claim_one(*before, "before the reboot");
  claim_one(*desk, "ours");
  EXPECT_THAT(orphans(*desk, kNow + Seconds{1}), testing::ElementsAre("before the reboot"));
}

}  // namespace
}  // namespace pinfold::engine
