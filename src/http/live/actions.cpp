#include "http/live/actions.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace pinfold::http {
namespace {

constexpr std::size_t kThreads = 2;
constexpr unsigned kIdBits = 100;
constexpr unsigned kAll = 100;

nlohmann::json time_or_null(const std::optional<WallTime>& t) { return t ? nlohmann::json(to_string(*t)) : nlohmann::json(nullptr); }

}  // namespace

struct Actions::Pool {
  boost::asio::thread_pool threads{kThreads};
};

Actions::Actions(const Clock& clock) : x_clock(clock), x_pool(std::make_unique<Pool>()) {}

Actions::~Actions() {
  x_pool->threads.stop();
  x_pool->threads.join();
}

std::optional<std::string> Actions::begin(const std::string& kind, const std::string& user, Work work) {
  const std::string id = random_token(kIdBits);
  const WallTime now = x_clock.wall();
  const bool taken = x_rows.with([&](std::map<std::string, Row>& rows) {
    std::erase_if(rows, [&](const auto& entry) { return entry.second.ended && now - *entry.second.ended > kKeepEnded; });
    if (rows.size() >= kMaxActions) {
      return false;
    }
    rows[id] = {kind, user, 0, now, std::nullopt, nullptr, {}};
    return true;
  });
  if (!taken) {
    return std::nullopt;
  }
  boost::asio::post(x_pool->threads, [this, id, work = std::move(work)] { run(id, work); });
  return id;
}

void Actions::run(const std::string& id, const Work& work) {
  const auto change = [&](auto&& how) {
    x_rows.with([&](std::map<std::string, Row>& rows) {
      if (const auto found = rows.find(id); found != rows.end()) {
        how(found->second);
      }
    });
  };
  nlohmann::json result;
  std::string problem;
  try {
    auto outcome = work([&](unsigned percent) { change([&](Row& row) { row.progress = std::min(percent, kAll); }); });
    if (outcome) {
      result = *std::move(outcome);
    } else {
      problem = outcome.error();
    }
  } catch (const std::exception& failure) {
    log_error("ACTION_FAILED", "{}: {}", id, failure.what());
    problem = "something failed here; the log says what";
  }
  change([&](Row& row) {
    row.progress = kAll;
    row.ended = x_clock.wall();
    row.result = std::move(result);
    row.problem = problem;
  });
}

std::optional<nlohmann::json> Actions::show(const std::string& id, const std::string& user) const {
  return x_rows.with([&](const std::map<std::string, Row>& rows) -> std::optional<nlohmann::json> {
    const auto found = rows.find(id);
    if (found == rows.end() || found->second.user != user) {
      return std::nullopt;
    }
    const Row& row = found->second;
    const char* state = !row.ended ? "running" : (row.problem.empty() ? "done" : "failed");
    return nlohmann::json{{"id", id},
                          {"kind", row.kind},
                          {"state", state},
                          {"progress", row.progress},
                          {"message", row.problem},
                          {"result", row.result},
                          {"problem", row.problem.empty() ? nlohmann::json(nullptr) : nlohmann::json(row.problem)},
                          {"begun", to_string(row.begun)},
                          {"ended", time_or_null(row.ended)}};
  });
}

}  // namespace pinfold::http
