/// Data that cannot be reached without its lock.
///   LockGuarded<Table> table;  table.with([](Table& t) { t.insert(...); });
/// Threads: any. Do not call back into the same object from inside `with`: the mutex is not recursive.
#pragma once

#include <mutex>
#include <utility>

namespace pinfold {

template <typename T>
class LockGuarded {
public:
  LockGuarded() = default;
  explicit LockGuarded(T value) : x_value(std::move(value)) {}

  template <typename F>
  decltype(auto) with(F&& f) {
    const std::lock_guard lock(x_mutex);
    return std::forward<F>(f)(x_value);
  }
  template <typename F>
  decltype(auto) with(F&& f) const {
    const std::lock_guard lock(x_mutex);
    return std::forward<F>(f)(x_value);
  }

private:
  mutable std::mutex x_mutex;
  T x_value{};
};

}  // namespace pinfold
