/// A response that has something to say for ever, for clients that do not read: 64 KiB a time. `live` counts how many of them there are, so that a
/// test or benchmark sees when the server has let go of them. Threads: the server's.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "http/server.hpp"

namespace pinfold::test {

class EndlessStream final : public http::Stream {
public:
  explicit EndlessStream(std::atomic<int>& live) : x_live(live) { ++x_live; }
  ~EndlessStream() override { --x_live; }
  std::string take() override { return std::string(64 * 1024, 'x'); }
  [[nodiscard]] bool is_over() const override { return false; }
  void on_more(std::function<void()>) override {}

private:
  std::atomic<int>& x_live;
};

}  // namespace pinfold::test
