#include "engine/worker.hpp"

#include <exception>

#include "base/log.hpp"

namespace pinfold::engine {

Worker::Worker(std::string name, Millis interval, std::function<bool()> work)
    : x_name(std::move(name)), x_interval(interval), x_work(std::move(work)), x_thread([this] { run(); }) {}

Worker::~Worker() { stop(); }

void Worker::wake() {
  {
    const std::lock_guard lock(x_mutex);
    x_woken = true;
  }
  x_signal.notify_one();
}

void Worker::stop() {
  {
    const std::lock_guard lock(x_mutex);
    x_stopping = true;
  }
  x_signal.notify_one();
  if (x_thread.joinable()) {
    x_thread.join();
  }
}

std::optional<std::string> Worker::failure() const {
  return x_failure.with([](const auto& failure) { return failure; });
}

bool Worker::round() {
  try {
    const bool more = x_work();
    x_failure.with([](auto& failure) { failure.reset(); });
    return more;
  } catch (const std::exception& problem) {
    x_failure.with([&](auto& failure) { failure = problem.what(); });
    log_error("WORKER_FAILED", "{}: {}; trying again", x_name, problem.what());
    return false;
  }
}

void Worker::run() {
  for (;;) {
    const bool more = round();
    std::unique_lock lock(x_mutex);
    if (x_stopping) {
      return;
    }
    if (!more || failure()) {
      x_signal.wait_for(lock, failure() ? kPauseAfterFailure : x_interval, [this] { return x_woken || x_stopping; });
    }
    x_woken = false;
    if (x_stopping) {
      return;
    }
  }
}

}  // namespace pinfold::engine
