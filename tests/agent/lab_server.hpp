/// A server for tests: PID and mount namespaces of its own with an empty /dev/shm and /tmp, a shell in it that takes commands, and the
/// built pinfold-agent beside it. Needs root. Leaving scope ends the namespace's first process, and with it everything in it.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "agent/fake_desk.hpp"
#include "agent/temporary_folder.hpp"

namespace pinfold::agent {

class LabServer {
public:
  LabServer() {
    std::ofstream(x_folder.path() / "desk.json") << fmt::format(R"({{"url":"{}","server":"web1"}})", x_desk.url());
    std::array<int, 2> commands{};
    std::array<int, 2> lines{};
    if (pipe2(commands.data(), O_CLOEXEC) != 0 || pipe2(lines.data(), O_CLOEXEC) != 0) {
      return;
    }
    x_child = fork();
    if (x_child == 0) {
      dup2(commands[0], STDIN_FILENO);
      dup2(lines[1], STDOUT_FILENO);
      dup2(lines[1], STDERR_FILENO);
      execlp("unshare", "unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child", "sh", "-s", nullptr);
      _exit(127);
    }
    close(commands[0]);
    close(lines[1]);
    x_commands = commands[1];
    x_lines = fdopen(lines[0], "r");
    // The programs and the agent's state are shown below /mnt, since the build folder may itself lie below /tmp, which is covered.
    x_ready =
        ask(fmt::format("mount -t tmpfs none /mnt && mkdir /mnt/bin /mnt/state && mount --bind {}/bin /mnt/bin && mount --bind {} /mnt/state && "
                        "mount -t tmpfs none /dev/shm && mount -t tmpfs none /tmp && echo LAB_READY || echo LAB_REFUSED",
                        PINFOLD_BINARY_DIR, x_folder.path().string()),
            "LAB_");
  }
  LabServer(const LabServer&) = delete;
  LabServer& operator=(const LabServer&) = delete;
  ~LabServer() {
    close(x_commands);  // the shell reads its end, and the kernel ends the namespace with it
    waitpid(x_child, nullptr, 0);
    if (x_lines != nullptr) {
      fclose(x_lines);
    }
  }

  [[nodiscard]] bool ready() const { return x_ready == "LAB_READY"; }
  void command(const std::string& line) const {
    const std::string text = line + "\n";
    x_writes_ok = write(x_commands, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && x_writes_ok;
  }
  /// The agent's start line, or "" if it ended instead. Commands given afterwards run under its eyes.
  [[nodiscard]] std::string start_agent(const std::string& flags = {}) {
    command(fmt::format("( /mnt/bin/pinfold-agent run --state /mnt/state {} </dev/null; echo AGENT_ENDED $? ) &", flags));
    return wait_for_line("AGENT_STARTED", "AGENT_ENDED");
  }
  /// Gives a command and returns the first line of output that begins with `prefix`.
  [[nodiscard]] std::string ask(const std::string& line, const std::string& prefix) {
    command(line);
    return wait_for_line(prefix, {});
  }

  [[nodiscard]] FakeDesk& desk() { return x_desk; }
  [[nodiscard]] const std::filesystem::path& folder() const { return x_folder.path(); }
  /// The same, as commands on the server see it.
  [[nodiscard]] static std::filesystem::path folder_inside() { return "/mnt/state"; }
  [[nodiscard]] bool bpf_refused() const { return x_bpf_refused; }

private:
  [[nodiscard]] std::string wait_for_line(const std::string& wanted, const std::string& end) {
    std::array<char, 4096> line{};
    while (x_lines != nullptr && fgets(line.data(), static_cast<int>(line.size()), x_lines) != nullptr) {
      const std::string text(trim(line.data()));
      x_bpf_refused = x_bpf_refused || text.find("AGENT_BPF_REFUSED") != std::string::npos;
      if (text.find(wanted) != std::string::npos) {
        return text;
      }
      if (!end.empty() && text.find(end) != std::string::npos) {
        return {};
      }
    }
    return {};
  }

  TemporaryFolder x_folder;
  FakeDesk x_desk;
  pid_t x_child = -1;
  int x_commands = -1;
  FILE* x_lines = nullptr;
  std::string x_ready;
  bool x_bpf_refused = false;
  mutable bool x_writes_ok = true;
};

}  // namespace pinfold::agent
