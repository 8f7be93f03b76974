// Who writes next, whatever store it is.
#pragma once

#include <semaphore>
#include <thread>
#include <vector>

#include "records/store.hpp"

namespace pinfold::store {

/// Five writers come one after the other while somebody writes, who then comes at once again: in which order they were served, and he as 0. `places`
/// is released by the store's `writer_waits`. Without a queue it waits for ever.
inline std::vector<int> order_of_writers(records::Store& store, std::counting_semaphore<>& places) {
  std::vector<int> served;  // by whoever writes
  const auto write = [&](int who) { store.transact([&](records::Transaction&) { served.push_back(who); }); };
  std::vector<std::thread> writers;
  store.transact([&](records::Transaction&) {
    for (int who = 1; who <= 5; ++who) {
      writers.emplace_back(write, who);
      places.acquire();
    }
  });
  write(0);
  for (std::thread& writer : writers) {
    writer.join();
  }
  return served;
}

}  // namespace pinfold::store
