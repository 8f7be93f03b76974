// Publisher and consumers on three real servers: nothing is lost when the stream's leader is killed, and what waits is bounded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nats/nats.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

#include "stream/nats.hpp"

namespace pinfold::stream {
namespace {

constexpr WallTime kLongAgo{Seconds{1'000'000'000}};

class Cluster {
public:
  explicit Cluster(unsigned nodes) : x_place(std::filesystem::temp_directory_path() / ("pinfold-nats-" + std::to_string(::getpid()))) {
    run("start", std::to_string(nodes));
    std::ifstream in(x_place / "urls");
    for (std::string url; std::getline(in, url);) {
      x_urls.push_back(url);
    }
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster() { run("stop", ""); }

  [[nodiscard]] NatsOptions options() const {
    NatsOptions options;
    options.servers = x_urls;
    options.replicas = static_cast<unsigned>(x_urls.size());
    return options;
  }
  void kill(unsigned node) const { run("kill", std::to_string(node)); }
  void revive(unsigned node) const { run("revive", std::to_string(node)); }

  /// The number of the server that leads the stream.
  [[nodiscard]] unsigned leader() const {
    natsOptions* how = nullptr;
    natsConnection* connection = nullptr;
    jsCtx* context = nullptr;
    jsStreamInfo* info = nullptr;
    jsErrCode code = jsErrCode{};
    unsigned node = 0;
    std::vector<const char*> urls;
    for (const std::string& url : x_urls) {
      urls.push_back(url.c_str());
    }
    if (natsOptions_Create(&how) == NATS_OK && natsOptions_SetServers(how, urls.data(), static_cast<int>(urls.size())) == NATS_OK &&
        natsConnection_Connect(&connection, how) == NATS_OK && natsConnection_JetStream(&context, connection, nullptr) == NATS_OK &&
        js_GetStreamInfo(&info, context, options().stream.c_str(), nullptr, &code) == NATS_OK && info->Cluster != nullptr &&
        info->Cluster->Leader != nullptr) {
      node = static_cast<unsigned>(std::strtoul(info->Cluster->Leader + 1, nullptr, 10));  // "n2"
    }
    jsStreamInfo_Destroy(info);
    jsCtx_Destroy(context);
    natsConnection_Destroy(connection);
    natsOptions_Destroy(how);
    return node;
  }

private:
  void run(const std::string& step, const std::string& what) const {
    const std::string command = PINFOLD_SOURCE_DIR "/tests/support/nats " + step + " '" + x_place.string() + "' " + what;
    if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
      throw std::runtime_error(command + " failed");
    }
  }
  std::filesystem::path x_place;
  std::vector<std::string> x_urls;
};

/// Waits on a real server; true as soon as it holds.
bool holds_within(std::chrono::seconds time, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + time;  // a real server's time, not the program's
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

/// Everything a consumer hears until nothing more is missing, or the time is over.
std::multiset<std::string> read_all(Consumer& consumer, std::size_t expected, std::chrono::seconds time) {
  std::multiset<std::string> got;
  std::set<std::string> different;
  static_cast<void>(holds_within(time, [&] {
    for (std::string& message : consumer.fetch(256, Millis{100})) {
      different.insert(message);
      got.insert(std::move(message));
    }
    return different.size() >= expected;
  }));
  return got;
}

TEST(Nats, LosesNothingWhenTheLeaderOfTheStreamIsKilled) {
  const Cluster cluster(3);
  const auto publisher = publish_to_nats(cluster.options());
  ASSERT_TRUE(holds_within(std::chrono::seconds{20}, [&] { return publisher->counters().is_connected; }));
  constexpr std::uint64_t kMessages = 3000;
  const std::string filler(2000, 'x');
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    publisher->offer({3, std::to_string(i) + "/" + filler});
    if (i == kMessages / 3) {
      ASSERT_TRUE(holds_within(std::chrono::seconds{20}, [&] { return publisher->counters().stored > 100; }));
      const unsigned leader = cluster.leader();
      ASSERT_NE(leader, 0U);
      cluster.kill(leader);
    }
  }
  const auto killed = std::chrono::steady_clock::now();
  EXPECT_TRUE(holds_within(std::chrono::seconds{60}, [&] { return publisher->counters().stored == kMessages; })) << publisher->counters().stored;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - killed);
  RecordProperty("all_stored_ms_after_the_kill", static_cast<int>(took.count()));
  EXPECT_EQ(publisher->counters().dropped, 0U);
  EXPECT_EQ(publisher->counters().bytes_waiting, 0U);

  const auto connection = connect_to_nats(cluster.options());
  const auto consumer = connection->consume(3, 1, kLongAgo);
  const auto got = read_all(*consumer, kMessages, std::chrono::seconds{60});
  std::set<std::string> different(got.begin(), got.end());
  EXPECT_EQ(different.size(), kMessages) << "some may be there twice, none is missing";
}

TEST(Nats, ANewHolderOfAShardHearsAgainWhatTheOneBeforeHadTaken) {
  const Cluster cluster(1);
  const auto publisher = publish_to_nats(cluster.options());
  for (int i = 0; i < 50; ++i) {
    publisher->offer({0, "a" + std::to_string(i)});
    publisher->offer({1, "b" + std::to_string(i)});
  }
  ASSERT_TRUE(holds_within(std::chrono::seconds{20}, [&] { return publisher->counters().stored == 100; }));
  const auto connection = connect_to_nats(cluster.options());
  const auto first = connection->consume(0, 1, kLongAgo);
  EXPECT_EQ(read_all(*first, 50, std::chrono::seconds{20}).size(), 50U) << "of its own shard alone";
  const auto second = connect_to_nats(cluster.options());
  EXPECT_EQ(read_all(*second->consume(0, 2, kLongAgo), 50, std::chrono::seconds{20}).size(), 50U);
}

TEST(Nats, KeepsWhatIsNewestWhileNobodyTakesAnything) {
  NatsOptions options;
  options.servers = {"nats://127.0.0.1:1"};
  options.buffer_bytes = 10'000;
  const auto publisher = publish_to_nats(options);
  for (int i = 0; i < 30; ++i) {
    publisher->offer({0, std::string(1000, 'x')});
  }
  const StreamCounters counters = publisher->counters();
  EXPECT_FALSE(counters.is_connected);
  EXPECT_EQ(counters.offered, 30U);
  EXPECT_EQ(counters.dropped, 20U);
  EXPECT_EQ(counters.bytes_waiting, 10'000U);
  EXPECT_TRUE(publisher->is_pressed());
}

TEST(Nats, SendsWhatWaitedWhenTheServersComeBack) {
  const Cluster cluster(1);
  const auto publisher = publish_to_nats(cluster.options());
  publisher->offer({0, "before"});
  ASSERT_TRUE(holds_within(std::chrono::seconds{20}, [&] { return publisher->counters().stored == 1; }));
  cluster.kill(1);
  for (int i = 0; i < 20; ++i) {
    publisher->offer({0, "while away " + std::to_string(i)});
  }
  cluster.revive(1);
  EXPECT_TRUE(holds_within(std::chrono::seconds{60}, [&] { return publisher->counters().stored == 21; })) << publisher->counters().stored;
}

}  // namespace
}  // namespace pinfold::stream
