#include "audit_command.hpp"

#include <fmt/format.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "agent/audit/audit.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"

namespace pinfold::app {
namespace {

namespace audit = agent::audit;

constexpr std::size_t kMaxAllowBytes = std::size_t{64} << 20U;
constexpr std::size_t kMaxPaths = 64;  ///< as many as an order has
constexpr Millis kRedraw{200};

int fail(int status, const std::string& why) {
  fmt::print(stderr, "pinfold-agent: {}\n", why);
  return status;
}

audit::TreeProgress& progress() {
  static audit::TreeProgress one;
  return one;
}

void on_signal(int) { progress().stop = true; }

/// A customer's pages come first: the lowest share of processor and disk that is left. Refusals do not matter.
void be_polite() {
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, 10));
#ifdef SYS_ioprio_set
  constexpr long kProcess = 1;
  constexpr long kBestEffortLowest = (2L << 13U) | 7L;
  static_cast<void>(::syscall(SYS_ioprio_set, kProcess, 0L, kBestEffortLowest));
#endif
}

/// Draws on standard error while that is a terminal; gone when the audit ends.
class ProgressBar {
public:
  ProgressBar() {
    if (::isatty(STDERR_FILENO) != 0) {
      x_thread = std::jthread([this] { draw(); });
    }
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() {
    {
      const std::lock_guard lock(x_mutex);
      x_is_over = true;
    }
    x_over.notify_all();
    if (x_thread.joinable()) {
      x_thread.join();
      fmt::print(stderr, "\r{:78}\r", "");
    }
  }

private:
  void draw() {
    constexpr std::size_t kWidth = 20;
    constexpr std::size_t kText = 52;  // padded, so that a shorter text covers a longer one; with the bar, less than 80 columns
    std::unique_lock lock(x_mutex);
    while (!x_over.wait_for(lock, kRedraw, [&] { return x_is_over; })) {
      const std::uint64_t percent = progress().done * 100 / audit::TreeProgress::kWhole;
      const std::string text = progress().directories == 0
                                   ? "processes, schedules, settings, temporary folders"
                                   : fmt::format("{:3} %, {} folders, {} files", percent, progress().directories.load(), progress().files.load());
      const auto filled = static_cast<std::size_t>(percent * kWidth / 100);
      fmt::print(stderr, "\r[{}{}] {:{}}", std::string(filled, '#'), std::string(kWidth - filled, ' '), text, kText);
      static_cast<void>(std::fflush(stderr));
    }
  }

  std::mutex x_mutex;
  std::condition_variable x_over;
  bool x_is_over = false;
  std::jthread x_thread;
};

/// One SHA-256 a line; what follows it on the line (sha256sum's file name) does not matter.
Expected<std::set<std::string>, std::string> read_allowed(const std::string& file) {
  std::set<std::string> allowed;
  if (file.empty()) {
    return allowed;
  }
  const auto text = read_text_file(file, kMaxAllowBytes);
  if (!text) {
    return Unexpected(file + ": " + text.error());
  }
  std::size_t number = 0;
  for (const std::string_view line : split(*text, '\n')) {
    ++number;
    const std::string_view hash = trim(line).substr(0, 64);
    if (hash.empty() || hash.front() == '#') {
      continue;
    }
    if (hash.size() != 64 || !from_hex(hash)) {
      return Unexpected(fmt::format("{}:{}: no SHA-256 (64 hexadecimal digits)", file, number));
    }
    allowed.insert(to_lower(hash));
  }
  return allowed;
}

/// "/var/www" of "/var/www/../www/": what the report and the order call it.
Expected<std::vector<std::string>, std::string> absolute_paths(const AuditArguments& arguments) {
  std::vector<std::string> paths;
  for (const std::string& path : arguments.paths) {
    std::error_code error;
    const auto full = std::filesystem::absolute(path, error).lexically_normal().string();
    const std::string plain = full.size() > 1 && full.ends_with('/') ? full.substr(0, full.size() - 1) : full;
    struct stat status {};
    if (error || ::stat((arguments.root + plain).c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return Unexpected(printable(path) + ": no folder that can be read");
    }
    paths.push_back(plain);
  }
  return paths;
}

}  // namespace

CLI::App* add_audit_command(CLI::App& app, AuditArguments& arguments) {
  CLI::App* command = app.add_subcommand("audit", "look this server over once; exit status 1 if something was found");
  command->add_option("PATH", arguments.paths, "folders with web content that an order names; needs --order");
  command->add_option("--order", arguments.order, "the ordered audit whose folders these are: T-7. Without it no web content is read");
  command->add_option("--rules", arguments.rule_folders, "folders of YARA rules of your own (*.yar, *.yara)");
  command->add_option("--allow", arguments.allow_file, "a file of SHA-256 hashes, one a line, of files that are known");
  command->add_option("--threads", arguments.threads, "how many folders are read at once")
      ->capture_default_str()
      ->check(CLI::Range(1U, audit::kMaxThreads));
  command->add_option("--root", arguments.root, "look at a mounted image instead of this server");
  command->add_flag("--json", arguments.json, "one JSON object a line");
  return command;
}

int run_audit_command(AuditArguments arguments, const std::string& hostname) {
  constexpr int kWrongUse = 2;
  constexpr int kEnvironment = 3;
  if (arguments.order.empty() && !arguments.paths.empty()) {
    return fail(kWrongUse, "web content is read only when an audit of it was ordered: name the order, as --order T-7");
  }
  if (!arguments.order.empty() && !audit::is_order(arguments.order)) {
    return fail(kWrongUse, "--order: '" + printable(arguments.order, 80) + "' is no order; orders look like T-7");
  }
  if (!arguments.order.empty() && (arguments.paths.empty() || arguments.paths.size() > kMaxPaths)) {
    return fail(kWrongUse, fmt::format("name the folders that {} allows to be read, {} at most", arguments.order, kMaxPaths));
  }
  while (arguments.root.ends_with('/')) {
    arguments.root.pop_back();
  }
  audit::AuditConfig config;
  auto paths = absolute_paths(arguments);
  auto allowed = paths ? read_allowed(arguments.allow_file) : Expected<std::set<std::string>, std::string>(Unexpected(paths.error()));
  if (!allowed) {
    return fail(kEnvironment, allowed.error());
  }
  config.root = arguments.root;
  config.order = arguments.order;
  config.paths = std::move(*paths);
  config.threads = arguments.threads;
  config.allowed = std::move(*allowed);
  config.hostname = hostname;
  config.own_pid = static_cast<std::uint32_t>(::getpid());
  be_polite();
  struct sigaction action {};
  action.sa_handler = on_signal;
  static_cast<void>(::sigaction(SIGINT, &action, nullptr));
  static_cast<void>(::sigaction(SIGTERM, &action, nullptr));
  const auto rules = agent::YaraRules::create({arguments.rule_folders.begin(), arguments.rule_folders.end()});
  audit::Report report;
  {
    const ProgressBar bar;
    report = audit::run_audit(config, *rules, system_clock(), progress());
  }
  const bool is_stopped = progress().stop;
  if (is_stopped) {
    report.leave_out("everything after the audit was stopped");
  }
  const bool json = arguments.json || ::isatty(STDOUT_FILENO) == 0;
  fmt::print("{}", json ? to_json_lines(report) : to_people_text(report));
  if (is_stopped) {
    return kEnvironment;
  }
  return report.counted() == 0 ? 0 : 1;
}

}  // namespace pinfold::app
