// What transact and read promise: all or nothing, snapshots, several threads and processes, kill -9.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/text.hpp"
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::Transaction;

class Transactions : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Stores, Transactions, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

records::Job job_of(CaseId id) {
  records::Job job;
  job.key = to_string(id) + "/notice/1";
  job.case_id = id;
  job.kind = "send_notice";
  job.payload = "{}";
  return job;
}

/// One unit of work that touches three tables.
CaseId open_case_with_notice(Transaction& tx, const std::string& server) {
  const CaseId id = add_case(tx, {server, "1", abuse::Family::Compromise}, 2, at(0));
  tx.outbox().add(job_of(id));
  tx.settings().set("last", server);
  return id;
}

TEST_P(Transactions, LeaveNothingBehindAfterAnException) {
  transact([](Transaction& tx) { open_case_with_notice(tx, "kept"); });
  EXPECT_THROW(transact([](Transaction& tx) {
                 open_case_with_notice(tx, "lost");
                 throw std::logic_error("in the middle");
               }),
               std::logic_error);
  x_store->read([](Transaction& tx) {
    EXPECT_EQ(tx.cases().list(10).size(), 1U);
    EXPECT_TRUE(tx.cases().events(CaseId{2}).empty());
    EXPECT_EQ(tx.outbox().find("PF-2/notice/1"), std::nullopt);
    EXPECT_EQ(tx.settings().get("last"), "kept");
    EXPECT_EQ(tx.cases().verify_chain(), std::nullopt);
  });
  transact([](Transaction& tx) { open_case_with_notice(tx, "after"); });
  x_store->read([](Transaction& tx) { EXPECT_EQ(tx.cases().verify_chain(), std::nullopt); });
}

TEST_P(Transactions, LeaveNothingBehindAfterAConflict) {
  transact([](Transaction& tx) { open_case_with_notice(tx, "srv-1"); });
  EXPECT_THROW(transact([](Transaction& tx) {
                 tx.settings().set("last", "lost");
                 tx.cases().append(CaseId{1}, 2, {note(3, "x", at(1))}, summary(CaseId{1}, {}, 3, at(0), at(1)), std::nullopt);
               }),
               records::Conflict);
  x_store->read([](Transaction& tx) { EXPECT_EQ(tx.settings().get("last"), "srv-1"); });
}

TEST_P(Transactions, ReadersSeeOneSnapshotWhileAWriterCommits) {
  transact([](Transaction& tx) { tx.settings().set("x", "1"); });
  x_store->read([&](Transaction& before) {
    EXPECT_EQ(before.settings().get("x"), "1");
    transact([](Transaction& tx) { tx.settings().set("x", "2"); });
    EXPECT_EQ(before.settings().get("x"), "1");
    x_store->read([](Transaction& after) { EXPECT_EQ(after.settings().get("x"), "2"); });
  });
}

TEST_P(Transactions, RefuseToWriteWhileReading) {
  EXPECT_THROW(x_store->read([](Transaction& tx) { tx.settings().set("x", "1"); }), records::StoreError);
  x_store->read([](Transaction& tx) { EXPECT_EQ(tx.settings().get("x"), std::nullopt); });
}

TEST_P(Transactions, OfSeveralThreadsAndStoresAllHappen) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  const auto second = x_fixture->open();  // as another process would have it
  const std::array<records::Store*, 2> stores{x_store.get(), second.get()};
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      try {
        for (int i = 0; i < kEach; ++i) {
          stores.at(static_cast<std::size_t>(t % 2))->transact([&](Transaction& tx) {
            // Read, then write: under a deferred transaction this is where two writers fall over each other.
            const auto sum = parse_number(tx.settings().get("sum").value_or("0")).value_or(0);
            tx.settings().set("sum", std::to_string(sum + 1));
            open_case_with_notice(tx, "srv-" + std::to_string(t) + "-" + std::to_string(i));
          });
          stores.at(static_cast<std::size_t>(t % 2))->read([](Transaction& tx) { (void)tx.cases().list(5); });
        }
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  ASSERT_EQ(failures, 0);
  x_store->read([](Transaction& tx) {
    EXPECT_EQ(tx.settings().get("sum"), std::to_string(kThreads * kEach));
    EXPECT_EQ(tx.cases().list(1000).size(), static_cast<std::size_t>(kThreads * kEach));
    EXPECT_EQ(tx.cases().verify_chain(), std::nullopt);
  });
}

TEST_P(Transactions, ClaimEveryJobForOneWorkerOnly) {
  constexpr int kJobs = 40;
  transact([](Transaction& tx) {
    for (int i = 1; i <= kJobs; ++i) {
      tx.outbox().add(job_of(CaseId{i}));
    }
  });
  const auto second = x_fixture->open();
  const std::array<records::Store*, 2> stores{x_store.get(), second.get()};
  std::array<std::vector<std::string>, 2> taken;
  std::vector<std::thread> workers;
  for (std::size_t w = 0; w < 2; ++w) {
    workers.emplace_back([&, w] {
      for (bool more = true; more;) {
        stores.at(w)->take_job([&](Transaction& tx) {
          const auto job = tx.outbox().claim("send_notice", at(0));
          more = job.has_value();
          if (job) {
            taken.at(w).push_back(job->key);
          }
        });
      }
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  std::set<std::string> all(taken[0].begin(), taken[0].end());
  all.insert(taken[1].begin(), taken[1].end());
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kJobs));
  EXPECT_EQ(taken[0].size() + taken[1].size(), static_cast<std::size_t>(kJobs));
}

/// Writes cases for ever and tells each number only after transact has returned. Runs in a child that gets killed.
[[noreturn]] void write_until_killed(StoreFixture& fixture, int acknowledge, int round) {
  try {
    const auto store = fixture.open();
    for (int i = 0;; ++i) {
      std::int64_t number = 0;
      store->transact([&](Transaction& tx) { number = open_case_with_notice(tx, std::to_string(round) + "-" + std::to_string(i)).value; });
      if (::write(acknowledge, &number, sizeof number) != sizeof number) {
        ::_exit(1);
      }
    }
  } catch (const std::exception&) {
    ::_exit(2);
  }
}

TEST_P(Transactions, LoseNothingAcknowledgedToAKill) {
  x_store.reset();  // SQLite's handles do not cross a fork
  std::vector<std::int64_t> acknowledged;
  for (int round = 0; round < 5; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(*x_fixture, ends[1], round);
    }
    ::close(ends[1]);
    std::int64_t number = 0;
    int told = 0;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      acknowledged.push_back(number);
      if (++told == 7 + 5 * round) {
        EXPECT_EQ(::kill(child, SIGKILL), 0);  // in the middle of whatever it does now; what it still told is in the pipe
      }
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << status;
  }
  x_store = x_fixture->open();
  x_store->read([&](Transaction& tx) {
    EXPECT_EQ(tx.cases().verify_chain(), std::nullopt);
    for (const std::int64_t number : acknowledged) {
      EXPECT_EQ(tx.cases().events(CaseId{number}).size(), 3U);
    }
    // Also what was never acknowledged is whole or absent.
    const auto all = tx.cases().list(100'000);
    EXPECT_GE(all.size(), acknowledged.size());
    for (const auto& one : all) {
      EXPECT_EQ(tx.cases().events(one.id).size(), 3U);
      EXPECT_TRUE(tx.outbox().find(job_of(one.id).key)) << to_string(one.id);
    }
  });
}

}  // namespace
}  // namespace pinfold::store
