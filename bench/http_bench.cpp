// What the API costs (`make bench-http`): small JSON with authentication over 64 connections of loopback, the server on one core, the load on
// another; a normal request beside 800 clients that dribble and 300 that never read; then a page of the queue with many cases and events in the
// store.
//   http_bench [SECONDS] [CASES] [WHAT]   one JSON object a measurement; WHAT: small, slow, queue; all of them without
// On a machine that does other things at the same time, requests a second say little; `per_core` is requests by processor time of the server and
// holds.
#include <fmt/format.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "http/api/api_fixture.hpp"
#include "http/server.hpp"
#include "support/endless_stream.hpp"
#include "support/http_client.hpp"

namespace pinfold {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kConnections = 64;
constexpr std::size_t kEventsOfCase = 10;
constexpr std::size_t kAtOnce = 1000;

void pin(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::max(1U, std::thread::hardware_concurrency()), &set);
  static_cast<void>(sched_setaffinity(0, sizeof set, &set));
}

double seconds_of(const timespec& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9; }
double cpu_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return seconds_of(t);
}

class Desk final : public test::ApiTest {
public:
  void TestBody() override {}
  using ApiTest::api;
  using ApiTest::call;
  using ApiTest::clock;
  using ApiTest::enter;
  using ApiTest::portal;
  using ApiTest::store;
  using ApiTest::token;
};

struct Load {
  std::vector<double> micros;
  double elapsed = 0;
  double client_cpu = 0;
};

int dial(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  return socket;
}

/// Each connection asks again as soon as it is answered. Every answer is one that fits into a read.
Load run(std::uint16_t port, const std::string& request, double seconds) {
  pin(1);
  Load load;
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> sockets;
  std::vector<Clock::time_point> asked(kConnections);
  for (int i = 0; i < kConnections; ++i) {
    sockets.push_back(dial(port));
    epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(i)}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, sockets.back(), &event);
  }
  const auto ask = [&](std::size_t i) {
    asked[i] = Clock::now();
    static_cast<void>(::send(sockets[i], request.data(), request.size(), MSG_NOSIGNAL));
  };
  const auto begun = Clock::now();
  const auto end = begun + std::chrono::duration<double>(seconds);
  for (std::size_t i = 0; i < kConnections; ++i) {
    ask(i);
  }
  epoll_event ready[kConnections];
  char answer[65'536];
  while (Clock::now() < end) {
    const int count = ::epoll_wait(poll, ready, kConnections, 100);
    for (int k = 0; k < count; ++k) {
      const std::size_t i = ready[k].data.u32;
      const ssize_t got = ::recv(sockets[i], answer, sizeof answer, 0);
      if (got < 12 || std::string_view(answer + 9, 3) != "200") {
        throw std::runtime_error("not answered with 200");
      }
      load.micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - asked[i]).count());
      ask(i);
    }
  }
  load.elapsed = std::chrono::duration<double>(Clock::now() - begun).count();
  load.client_cpu = cpu_of(CLOCK_THREAD_CPUTIME_ID);
  for (const int socket : sockets) {
    ::close(socket);
  }
  ::close(poll);
  return load;
}

void measure_small(Desk& desk, double seconds) {
  pin(0);
  http::Limits limits;
  limits.threads = 1;
  const http::Server server(
      http::ListenAddress{net::IpAddress::v4(0x7F000001), 0}, limits, [&](const http::Request& r) { return desk.portal.handle(r); },
      http::Portal::is_slow);
  const std::string request = "GET /v1/calls HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nAuthorization: Bearer " +
                              desk.token("support", "desk:read") + "\r\n\r\n";
  const double before = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
  Load load;
  std::thread([&] { load = run(server.port(), request, seconds); }).join();
  const double server_cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - before - load.client_cpu;
  std::sort(load.micros.begin(), load.micros.end());
  const auto count = static_cast<double>(load.micros.size());
  fmt::print("{}\n", nlohmann::json{{"what", "small JSON with authentication"},
                                    {"requests_a_second", static_cast<int>(count / load.elapsed)},
                                    {"per_core", static_cast<int>(count / server_cpu)},
                                    {"p50_ms", load.micros[load.micros.size() / 2] / 1000},
                                    {"p99_ms", load.micros[load.micros.size() * 99 / 100] / 1000}}
                         .dump());
}

/// As a desk runs it: deadlines of ten seconds. Clients of one kind at a time; a request of a normal one every 20 ms until all of them are cut.
void measure_slow(const char* what, std::size_t clients, const std::string& opening, bool dribbles) {
  std::atomic<int> live{0};
  const http::Server server(http::ListenAddress{net::IpAddress::v4(0x7F000001), 0}, {}, [&](const http::Request& request) {
    http::Response response{.status = 200, .content_type = "text/plain", .body = "hello", .headers = {}};
    if (request.path() == "/stream") {
      response.stream = std::make_shared<test::EndlessStream>(live);
    }
    return response;
  });
  std::vector<std::unique_ptr<test::HttpClient>> slow;
  for (std::size_t i = 0; i < clients; ++i) {
    slow.push_back(std::make_unique<test::HttpClient>(server.port()));
    slow.back()->send(opening);
  }
  const auto begun = Clock::now();
  const auto is_held = [&] {
    return dribbles ? std::any_of(slow.begin(), slow.end(), [](const auto& client) { return !client->is_closed_within(0); }) : live > 0;
  };
  std::vector<double> times;
  while (Clock::now() - begun < std::chrono::seconds{30} && (times.size() < 50 || is_held())) {
    const auto asked = Clock::now();
    test::HttpClient normal(server.port());
    const auto response = normal.request("GET", "/quick");
    if (!response || response->status != 200) {
      throw std::runtime_error("a normal request was not answered");
    }
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
    if (dribbles && times.size() % 50 == 0) {
      for (const auto& client : slow) {
        client->send("x");
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  std::sort(times.begin(), times.end());
  const double held = std::chrono::duration<double>(Clock::now() - begun).count();
  fmt::print("{}\n", nlohmann::json{{"what", what},
                                    {"clients", clients},
                                    {"requests", times.size()},
                                    {"p50_ms", times[times.size() / 2]},
                                    {"worst_ms", times.back()},
                                    {"all_cut_after_s", is_held() ? -1 : held}}
                         .dump());
}

/// Cases of ten events each, written by the store's own way.
void fill(Desk& desk, std::size_t cases) {
  for (std::size_t done = 0; done < cases; done += kAtOnce) {
    desk.store->transact([&](records::Transaction& tx) {
      for (std::size_t i = done; i < std::min(cases, done + kAtOnce); ++i) {
        const WallTime at = test::kNoon + Seconds{static_cast<std::int64_t>(i)};
        const ServerId server{fmt::format("srv-{}", i)};
        desk::Case c;
        c.id = tx.cases().create();
        std::vector<desk::Event> events{{1, at, desk::CaseOpened{server, CustomerId{fmt::format("{}", i % 5000)}, abuse::Family::Compromise, 0}}};
        while (events.size() < kEventsOfCase) {
          abuse::Finding f = test::sample_finding(abuse::Origin::Network, at, fmt::format("net/{}/{}", i, events.size()));
          f.server = server;
          f.severity = static_cast<abuse::Severity>(i % 5);
          events.push_back({static_cast<std::uint32_t>(events.size() + 1), at, desk::FindingRecorded{f, IncidentId{1}, {}}});
        }
        for (const desk::Event& event : events) {
          desk::apply(c, event);
        }
        tx.cases().append(c.id, 0, events, c, std::nullopt);
      }
    });
  }
}

void measure_queue(Desk& desk, std::size_t cases) {
  fill(desk, cases);
  const auto who = desk.enter("support");
  for (const char* query : {"", "?sort=severity", "?sort=deadline", "?customer=77", "?state=triage&severity=high", "?q=srv-99"}) {
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) {
      const double begun = cpu_of(CLOCK_THREAD_CPUTIME_ID);
      const auto response = desk.call(who, "GET", std::string("/v1/cases") + query);
      times.push_back((cpu_of(CLOCK_THREAD_CPUTIME_ID) - begun) * 1000);
      if (response.status != 200) {
        throw std::runtime_error(response.body);
      }
    }
    std::sort(times.begin(), times.end());
    fmt::print("{}\n", nlohmann::json{{"what", fmt::format("queue page, {} cases, {} events", cases, cases * kEventsOfCase)},
                                      {"query", query},
                                      {"median_ms", times[times.size() / 2]},
                                      {"worst_ms", times.back()}}
                           .dump());
  }
}

}  // namespace
}  // namespace pinfold

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::stod(argv[1]) : 5;
  const std::size_t cases = argc > 2 ? std::stoul(argv[2]) : 100'000;
  const std::string what = argc > 3 ? argv[3] : "";
  pinfold::Desk desk;
  if (what.empty() || what == "small") {
    pinfold::measure_small(desk, seconds);
  }
  if (what.empty() || what == "slow") {
    pinfold::measure_slow("beside clients that dribble", 800, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", true);
    pinfold::measure_slow("beside streams that nobody reads", 300, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", false);
  }
  if (what.empty() || what == "queue") {
    pinfold::measure_queue(desk, cases);
  }
  return 0;
}
