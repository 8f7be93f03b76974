// pinfold demo [--fast]: the whole story on real traffic in network namespaces.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "base/log.hpp"
#include "pinfold/context.hpp"
#include "pinfold/demo/replay.hpp"
#include "pinfold/demo/story.hpp"
#include "store/store.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  bool fast = false;
  bool kill = false;
  std::string lab = PINFOLD_SOURCE_DIR "/lab/lab";
  std::string recorded = PINFOLD_SOURCE_DIR "/lab/recorded";
  std::string folder = PINFOLD_SOURCE_DIR "/build/lab/run";
};

void wait_for_interrupt() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  int signal = 0;
  sigwait(&set, &signal);
}

/// From here on they are waited for, not died of: the lab must be taken down.
void hold_interrupts() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool interrupted() {
  sigset_t set{};
  sigpending(&set);
  return sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1;
}

void play(Context& context, const Arguments& arguments) {
  const Output out = context.output();
  out.say("Pinfold's demo: a small hosting network in network namespaces. Nothing outside its own folder is touched.");
  out.say("bringing up the network, the switch, the mail servers and three customers' servers …");
  Lab lab({.tool = arguments.lab,
           .folder = arguments.folder,
           .programs = std::filesystem::read_symlink("/proc/self/exe").parent_path(),
           .fast = arguments.fast,
           .kill_between_steps = arguments.kill});
  const Finished imported = lab.pinfold({"inventory", "import", lab.facts().inventory});
  const Finished armed = lab.pinfold({"switch", "arm", "sw1"});
  if (imported.exit_status != 0 || armed.exit_status != 0) {
    throw Stop(Exit::Environment, imported.output + armed.output);
  }
  lab.start_serving();
  for (const char* server : {"srv-a", "srv-b", "srv-c"}) {
    lab.start_agent(server);
  }
  const auto store = store::open_sqlite(std::filesystem::path(lab.facts().state_dir) / "pinfold.sqlite");
  Story story(lab, *store, context.clock(), out);
  story.play();
  out.say(fmt::format("\n{} of {} expectations held.", story.passed(), story.passed() + story.failed()));
  out.line({{"passed", story.passed()}, {"failed", story.failed()}, {"kills", lab.kills()}});
  if (arguments.kill) {
    out.say(fmt::format("pinfold serve was killed {} times on the way.", lab.kills()));
  }
  if (!arguments.fast && !interrupted()) {
    out.say(fmt::format("\nThe case of server A: {}/cases/PF-1\nThe lab stays up until Ctrl-C.", lab.facts().pages_url));
    wait_for_interrupt();
  }
  if (!story.held()) {
    throw Stop(Exit::No, fmt::format("{} expectations did not hold; logs are in {}/log", story.failed(), arguments.folder));
  }
}

}  // namespace

void add_demo_command(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* demo = add_command(app, "demo", "the whole story on real traffic, in network namespaces (root)", [&context, a] {
    if (geteuid() != 0) {
      context.output().say("not root: no network namespaces can be made, so what the lab recorded earlier is replayed instead (lab/recorded).");
      if (!replay_recording(a->recorded, context.output())) {
        throw Stop(Exit::No, "the replay did not hold");
      }
      return;
    }
    hold_interrupts();
    set_log_level(LogLevel::Error);
    try {
      play(context, *a);
    } catch (const Stop&) {
      throw;
    } catch (const std::runtime_error& failure) {
      throw Stop(Exit::Environment, failure.what());
    }
  });
  demo->add_flag("--fast", a->fast, "the policy's durations in seconds, and no waiting at the end");
  demo->add_flag("--kill-between-steps", a->kill, "kill pinfold serve after every kind of step, and start it again");
  demo->add_option("--lab", a->lab, "the lab's tool");
  demo->add_option("--folder", a->folder, "where the lab keeps its files");
}

}  // namespace pinfold::app
