/// The demo's hosting network: `lab/lab` brings it up in namespaces, this class runs things in it, with `pinfold serve` at its desk.
/// The destructor takes everything down again. Errors: std::runtime_error with what the lab said.
/// Threads: the story's one; serve's log lines arrive on a thread of their own.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pinfold/demo/process.hpp"

namespace pinfold::app {

/// What lab.json says, as far as the story needs it.
struct LabFacts {
  std::string internet;                             ///< an address that answers
  std::string big_file;                             ///< URL of a large file there
  std::map<std::string, std::string> addresses;     ///< of the servers
  std::map<std::string, std::string> owners;        ///< server → the owner's mail address
  std::map<std::string, std::string> agent_states;  ///< server → the agent's folder, as the server sees it
  std::string agent_url;
  std::string pages_url;
  std::filesystem::path config;
  std::filesystem::path inventory;
  std::filesystem::path state_dir;
  std::string checkout_inside;  ///< where the servers see the checkout
  Seconds response_window{12};
  Seconds quiet_gap{4};
};

class Lab {
public:
  struct Options {
    std::filesystem::path tool;      ///< lab/lab
    std::filesystem::path folder;    ///< everything of this run
    std::filesystem::path programs;  ///< pinfold, pinfold-agent, pinfold-reader
    bool fast = false;
    bool kill_between_steps = false;  ///< SIGKILL serve once after each kind of log line, and start it again
  };
  explicit Lab(Options options);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] const LabFacts& facts() const { return x_facts; }
  [[nodiscard]] unsigned kills() const { return x_kills; }

  void start_serving();
  /// Starts serve again where it was killed on purpose; throws when it ended by itself.
  void check_serving();
  void start_agent(const std::string& server);
  [[nodiscard]] Finished enrol_agent(const std::string& server, const std::string& program, const std::string& state);

  Finished exec(const std::string& host, const std::vector<std::string>& command);
  Finished pinfold(std::vector<std::string> arguments);  ///< the command line, at the desk
  Finished upload_and_run(const std::string& server);
  Finished download(const std::string& server);
  void reply(const std::string& server, const std::string& text);
  [[nodiscard]] std::string mailbox(const std::string& server);  ///< all mails in it, raw
  /// Message-ID → how many copies.
  [[nodiscard]] std::map<std::string, unsigned> message_ids(const std::string& server);
  [[nodiscard]] std::optional<std::string> evidence(const std::string& sha256) const;
  void wait(Seconds duration);

private:
  void read_facts();
  void serve_line(pid_t serve, const std::string& line);
  std::unique_ptr<Child> spawn_serve();

  Options x_options;
  LabFacts x_facts;
  std::unique_ptr<Child> x_serve;
  std::vector<std::unique_ptr<Child>> x_agents;
  std::mutex x_mutex;                 ///< over what follows
  std::set<std::string> x_killed_at;  ///< kinds of log line that serve has been killed after
  std::atomic<bool> x_serving{false};
  std::atomic<bool> x_kill_wanted{false};
  std::atomic<unsigned> x_kills{0};
};

}  // namespace pinfold::app
