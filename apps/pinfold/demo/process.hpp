/// Child processes of the demo: started, watched and ended by pid, and nobody else's.
/// Errors: std::runtime_error when a program cannot be started. Threads: one owner each.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"

namespace pinfold::app {

struct Finished {
  int exit_status = 0;  ///< 128 + signal when it was killed
  std::string output;   ///< standard output and standard error, at most kMaxOutput bytes
};
inline constexpr std::size_t kMaxOutput = std::size_t{4} << 20U;

/// Runs a program to its end; `input` is its standard input.
[[nodiscard]] Finished run(const std::vector<std::string>& command, const std::string& input = {});

/// A long-running child whose standard error is read line by line.
class Child {
public:
  struct Setup {
    std::vector<std::string> command;
    std::function<void(pid_t child, const std::string& line)> line;  ///< called on the reading thread, perhaps before the child is made
  };
  explicit Child(Setup setup);
  ~Child();  ///< SIGTERM, and SIGKILL when it does not end
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill_now();                           ///< SIGKILL, and waits for its end
  [[nodiscard]] std::optional<int> ended();  ///< its exit status, once it has ended

private:
  void read_lines(int descriptor);

  Setup x_setup;
  pid_t x_pid = -1;
  std::optional<int> x_status;
  std::thread x_reader;
};

}  // namespace pinfold::app
