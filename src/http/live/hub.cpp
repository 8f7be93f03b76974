#include "http/live/hub.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"

namespace pinfold::http {
namespace {

constexpr std::size_t kAtOnce = 500;

nlohmann::json nullable(const std::string& text) { return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text); }

}  // namespace

std::string change_json(const records::Change& change) {
  return nlohmann::json{{"id", std::to_string(change.id)},
                        {"at", to_string(change.at)},
                        {"topic", change.topic},
                        {"kind", change.kind},
                        {"subject", change.subject},
                        {"version", change.version},
                        {"customer", nullable(change.customer.value)},
                        {"server", nullable(change.server.value)},
                        {"state", nullable(change.state)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Hub::Line final : public Stream {
public:
  Line(CustomerId customer, std::function<bool()> still_welcome) : x_customer(std::move(customer)), x_still_welcome(std::move(still_welcome)) {}

  std::string take() override {
    const std::lock_guard lock(x_mutex);
    return std::exchange(x_waiting, {});
  }
  bool is_over() const override {
    const std::lock_guard lock(x_mutex);
    return x_over;
  }
  void on_more(std::function<void()> wake) override {
    const std::lock_guard lock(x_mutex);
    x_wake = std::move(wake);
  }

  /// The events of support, billing and colleagues are not a customer's: calls and reports are for staff alone.
  [[nodiscard]] bool sees(const records::Change& change) const { return x_customer.value.empty() || change.customer == x_customer; }
  void add(const records::Change& change) {
    if (sees(change)) {
      write(fmt::format("event: change\nid: {}\ndata: {}\n\n", change.id, change_json(change)));
    }
  }
  void keep_open() {
    if (x_still_welcome()) {
      write(": still here\n\n");
    } else {
      end();
    }
  }
  void write(const std::string& text) {
    const std::lock_guard lock(x_mutex);  // held while waking: who unhooks himself is not called any more
    x_over = x_over || x_waiting.size() + text.size() > kMaxWaiting;
    x_waiting += x_over ? std::string{} : text;
    if (x_wake) {
      x_wake();
    }
  }

  std::int64_t seen = 0;  ///< of the hub's thread
  WallTime kept_open;     ///< likewise

private:
  void end() {
    const std::lock_guard lock(x_mutex);
    x_over = true;
    if (x_wake) {
      x_wake();
    }
  }

  CustomerId x_customer;
  std::function<bool()> x_still_welcome;
  mutable std::mutex x_mutex;
  std::string x_waiting;
  std::function<void()> x_wake;
  bool x_over = false;
};

Hub::Hub(records::Store& store, const Clock& clock) : x_store(store), x_clock(clock), x_thread([this] { run(); }) {}

Hub::~Hub() {
  {
    const std::lock_guard lock(x_mutex);
    x_stopping = true;
  }
  x_signal.notify_all();
  x_thread.join();
}

std::shared_ptr<Stream> Hub::open(const CustomerId& customer, std::optional<std::int64_t> after, std::function<bool()> still_welcome) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  x_store.read([&](records::Transaction& tx) {
    first = tx.feed().first();
    last = tx.feed().last();
  });
  auto line = std::make_shared<Line>(customer, std::move(still_welcome));
  line->kept_open = x_clock.wall();
  line->seen = after.value_or(last);
  if (after && (*after > last || *after + 1 < first)) {
    line->seen = last;
    line->write(fmt::format("event: reset\nid: {}\ndata: {{}}\n\n", last));
  } else {
    line->write("retry: 3000\n\n");
  }
  const std::lock_guard lock(x_mutex);
  std::erase_if(x_lines, [](const auto& weak) { return weak.expired(); });
  if (x_lines.size() >= kMaxStreams) {
    return nullptr;
  }
  x_lines.push_back(line);
  x_woken = true;
  x_signal.notify_all();
  return line;
}

void Hub::wake() {
  {
    const std::lock_guard lock(x_mutex);
    x_woken = true;
  }
  x_signal.notify_all();
}

void Hub::run() {
  for (;;) {
    {
      std::unique_lock lock(x_mutex);
      const bool idle = x_lines.empty();
      const auto ready = [this] { return x_stopping || x_woken; };
      if (idle) {
        x_signal.wait(lock, ready);
      } else {
        x_signal.wait_for(lock, kLookForChanges, ready);
      }
      if (x_stopping) {
        return;
      }
      x_woken = false;
    }
    try {
      while (round()) {
      }
    } catch (const std::exception& failure) {
      log_error("LIVE_FEED_FAILED", "{}", failure.what());
    }
  }
}

/// True: there is more to read at once.
bool Hub::round() {
  std::vector<std::shared_ptr<Line>> lines;
  {
    const std::lock_guard lock(x_mutex);
    for (const auto& weak : x_lines) {
      if (auto line = weak.lock()) {
        lines.push_back(std::move(line));
      }
    }
    std::erase_if(x_lines, [](const auto& weak) { return weak.expired(); });
  }
  if (lines.empty()) {
    return false;
  }
  const std::int64_t from = (*std::min_element(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a->seen < b->seen; }))->seen;
  std::vector<records::Change> changes;
  x_store.read([&](records::Transaction& tx) { changes = tx.feed().since(from, kAtOnce); });
  const WallTime now = x_clock.wall();
  for (const auto& line : lines) {
    for (const records::Change& change : changes) {
      if (change.id > line->seen) {
        line->add(change);
        line->seen = change.id;
      }
    }
    if (now - line->kept_open >= kKeepOpenEvery) {
      line->kept_open = now;
      line->keep_open();
    }
  }
  return changes.size() == kAtOnce;
}

}  // namespace pinfold::http
