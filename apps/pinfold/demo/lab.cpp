#include "pinfold/demo/lab.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::app {
namespace {

constexpr int kEnrolAttempts = 20;
constexpr std::size_t kMaxFacts = std::size_t{1} << 20U;
/// What the intruder's script is called on the server, and how it is called: so many addresses in so many seconds.
constexpr std::string_view kScript = "/dev/shm/.cal.pl";
constexpr std::string_view kScriptArguments = "1500 8";

/// serve is killed once after each of these, when it is to be killed between steps.
constexpr std::array<std::string_view, 18> kKillAfter{"case opened",         "queued",
                                                      "NOTICE_CLAIMED",      "NOTICE_SUBMITTED",
                                                      "MAIL_TAKEN",          "automatic reply",
                                                      "delivered (DSN",      "response window of",
                                                      "port off asks",       "approved by policy",
                                                      "PORT_ACTION_STARTED", "PORT_JOURNAL intent:",
                                                      "PORT_JOURNAL sent:",  "PORT_JOURNAL verified:",
                                                      "guard rails on",      "silence on the wire",
                                                      "answer from",         "second notice"};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Quoted-printable's soft line breaks (RFC 2045 section 6.7) taken out, so that words can be looked for.
std::string joined_lines(std::string text) {
  for (const std::string_view soft : {"=\r\n", "=\n"}) {
    for (std::size_t at = 0; (at = text.find(soft, at)) != std::string::npos;) {
      text.erase(at, soft.size());
    }
  }
  return text;
}

/// The value of a header in the head of a raw mail; folded lines joined.
std::string header_of(std::string_view mail, std::string_view name) {
  std::string value;
  bool inside = false;
  for (const std::string_view raw : split(mail, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty()) {
      break;
    }
    const bool folded = raw.front() == ' ' || raw.front() == '\t';
    if (inside && folded) {
      value += std::string(" ") + std::string(line);
    } else if (inside) {
      break;
    }
    const bool starts = !folded && istarts_with(line, name) && line.size() > name.size() && line[name.size()] == ':';
    if (!inside && starts) {
      inside = true;
      value = std::string(trim(line.substr(name.size() + 1)));
    }
  }
  return value;
}

/// One raw mail each, as `lab mailbox` separates them.
std::vector<std::string> split_mailbox(const std::string& text) {
  std::vector<std::string> mails;
  for (const std::string_view line : split(text, '\n')) {
    if (line.substr(0, 5) == "==== ") {
      mails.emplace_back();
    } else if (!mails.empty()) {
      mails.back() += std::string(line) + "\n";
    }
  }
  return mails;
}

}  // namespace

Lab::Lab(Options options) : x_options(std::move(options)) {
  x_facts.response_window = Seconds{x_options.fast ? 12 : 60};
  // A restart costs a second or two, in which nobody hears the scan: its findings must still be one bout.
  x_facts.quiet_gap = Seconds{x_options.kill_between_steps ? 8 : x_options.fast ? 4 : 20};
  std::vector<std::string> up{"up",
                              x_options.folder,
                              "--quiet-gap",
                              fmt::format("{} s", x_facts.quiet_gap.count()),
                              "--response-window",
                              fmt::format("{} s", x_facts.response_window.count()),
                              "--bridge-mib",
                              x_options.programs / "pinfold-lab-bridge-mib"};
  if (x_options.fast) {
    up.emplace_back("--fast");
  }
  std::vector<std::string> command{x_options.tool};
  command.insert(command.end(), up.begin(), up.end());
  const Finished finished = run(command);
  if (finished.exit_status != 0) {
    throw std::runtime_error(finished.output);
  }
  try {
    read_facts();
  } catch (...) {
    static_cast<void>(run({x_options.tool, "down", x_options.folder}));
    throw;
  }
}

Lab::~Lab() {
  x_agents.clear();
  x_serve.reset();
  try {
    static_cast<void>(run({x_options.tool, "down", x_options.folder}));
  } catch (const std::exception& failure) {
    static_cast<void>(std::fprintf(stderr, "pinfold: the lab may still be up: %s\n", failure.what()));
  }
}

void Lab::read_facts() {
  const auto json = parse_json(read_file(x_options.folder / "lab.json"), kMaxFacts);
  if (!json) {
    throw std::runtime_error("lab.json: " + json.error());
  }
  JsonReader reader(*json);
  reader.object("internet", [&](JsonReader& internet) {
    x_facts.internet = internet.text("address");
    x_facts.big_file = internet.text("large_file");
  });
  reader.object("desk", [&](JsonReader& desk) {
    x_facts.agent_url = desk.text("agents_url");
    x_facts.pages_url = desk.text("pages_url");
    x_facts.config = desk.text("config");
    x_facts.inventory = desk.text("inventory");
    x_facts.state_dir = desk.text("state_dir");
  });
  reader.object("servers", [&](JsonReader& servers) {
    for (const char* name : {"srv-a", "srv-b", "srv-c"}) {
      servers.object(name, [&](JsonReader& server) {
        x_facts.addresses[name] = server.text("address");
        x_facts.owners[name] = server.text("owner");
        x_facts.agent_states[name] = server.text("state_dir_inside") + "/agent";
      });
    }
  });
  x_facts.checkout_inside = reader.text("checkout_inside");
  if (reader.error()) {
    throw std::runtime_error("lab.json: " + *reader.error());
  }
}

Finished Lab::exec(const std::string& host, const std::vector<std::string>& command) {
  std::vector<std::string> words{x_options.tool, "exec", x_options.folder, host};
  words.insert(words.end(), command.begin(), command.end());
  return run(words);
}

Finished Lab::pinfold(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {x_options.programs / "pinfold", "--config", x_facts.config});
  return exec("desk", arguments);
}

std::unique_ptr<Child> Lab::spawn_serve() {
  Child::Setup setup;
  setup.command = {x_options.tool, "exec", x_options.folder, "desk", x_options.programs / "pinfold", "--config", x_facts.config, "serve"};
  setup.line = [this](pid_t serve, const std::string& line) { serve_line(serve, line); };
  return std::make_unique<Child>(std::move(setup));
}

void Lab::start_serving() {
  x_serve = spawn_serve();
  for (int i = 0; i < 200 && !x_serving; ++i) {
    if (x_serve->ended() && x_kill_wanted) {
      return;  // killed on purpose while it started; check_serving starts it again
    }
    if (x_serve->ended()) {
      throw std::runtime_error("pinfold serve ended at once; its log is " + (x_options.folder / "log/serve.log").string());
    }
    poll(nullptr, 0, 50);
  }
}

void Lab::serve_line(pid_t serve, const std::string& line) {
  const std::lock_guard lock(x_mutex);
  std::ofstream(x_options.folder / "log/serve.log", std::ios::app) << line << '\n';
  x_serving = x_serving || line.find("SERVING") != std::string::npos;
  if (!x_options.kill_between_steps || x_kill_wanted) {
    return;
  }
  for (const std::string_view kind : kKillAfter) {
    if (line.find(kind) != std::string::npos && x_killed_at.insert(std::string(kind)).second) {
      x_kill_wanted = true;
      kill(serve, SIGKILL);
      return;
    }
  }
}

void Lab::check_serving() {
  if (!x_serve->ended()) {
    return;
  }
  if (!x_kill_wanted) {
    throw std::runtime_error("pinfold serve ended by itself; its log is " + (x_options.folder / "log/serve.log").string());
  }
  ++x_kills;
  x_serving = false;
  x_serve.reset();
  x_kill_wanted = false;
  start_serving();
}

Finished Lab::enrol_agent(const std::string& server, const std::string& program, const std::string& state) {
  const Finished token = pinfold({"agent", "token", server, "--json"});
  const auto json = parse_json(trim(token.output), kMaxFacts);
  if (token.exit_status != 0 || !json || !json->contains("token")) {
    throw std::runtime_error("no token for the agent of " + server + ": " + token.output);
  }
  return exec(server, {program, "enroll", x_facts.agent_url, (*json)["token"].get<std::string>(), "--state", state});
}

void Lab::start_agent(const std::string& server) {
  const std::string program = x_facts.checkout_inside + "/" +
                              std::filesystem::relative(x_options.programs / "pinfold-agent", x_options.tool.parent_path().parent_path()).string();
  const std::string state = x_facts.agent_states.at(server);
  Finished enrolled = enrol_agent(server, program, state);
  for (int i = 0; i < kEnrolAttempts && enrolled.exit_status != 0 && x_options.kill_between_steps; ++i) {
    poll(nullptr, 0, 50);
    check_serving();  // it may have been killed over it: a new token then, for the old one may be spent
    enrolled = enrol_agent(server, program, state);
  }
  if (enrolled.exit_status != 0) {
    throw std::runtime_error("the agent of " + server + " could not enrol: " + enrolled.output);
  }
  Child::Setup setup;
  const auto started = std::make_shared<std::atomic<bool>>(false);
  setup.command = {
      x_options.tool, "exec", x_options.folder, server, program, "run", "--state", state, "--quiet", fmt::format("{} s", x_facts.quiet_gap.count())};
  setup.line = [started, path = x_options.folder / "log" / (server + "-agent.log")](pid_t, const std::string& line) {
    std::ofstream(path, std::ios::app) << line << '\n';
    *started = *started || line.find("AGENT_STARTED") != std::string::npos;
  };
  x_agents.push_back(std::make_unique<Child>(std::move(setup)));
  for (int i = 0; i < 200 && !*started; ++i) {
    if (x_agents.back()->ended()) {
      throw std::runtime_error("the agent of " + server + " ended at once; its log is in " + (x_options.folder / "log").string());
    }
    poll(nullptr, 0, 50);
  }
}

Finished Lab::upload_and_run(const std::string& server) {
  return exec("inet", {"curl", "-sS", "--fail", "--max-time", "30", "-F", "picture=@" + x_facts.checkout_inside + "/lab/payload/scan.pl", "-F",
                       fmt::format("path={}", kScript), "-F", "run=1", "-F", fmt::format("arguments={}", kScriptArguments),
                       "http://" + x_facts.addresses.at(server) + "/"});
}

Finished Lab::download(const std::string& server) {
  return exec(server,
              {"curl", "-sS", "--fail", "--max-time", "60", "-o", "/dev/null", "-w", "%{size_download} bytes in %{time_total} s", x_facts.big_file});
}

std::string Lab::mailbox(const std::string& server) { return joined_lines(run({x_options.tool, "mailbox", x_options.folder, server}).output); }

std::map<std::string, unsigned> Lab::message_ids(const std::string& server) {
  std::map<std::string, unsigned> ids;
  for (const std::string& mail : split_mailbox(mailbox(server))) {
    ++ids[header_of(mail, "Message-ID")];
  }
  return ids;
}

void Lab::reply(const std::string& server, const std::string& text) {
  const auto mails = split_mailbox(mailbox(server));
  if (mails.empty()) {
    throw std::runtime_error("nothing to reply to in the mailbox of " + server);
  }
  const std::string& notice = mails.back();
  const std::filesystem::path file = x_options.folder / "reply.eml";
  std::ofstream(file) << fmt::format(
      "From: Owner <{}>\nTo: {}\nSubject: Re: {}\nIn-Reply-To: {}\nReferences: {}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{}",
      x_facts.owners.at(server), header_of(notice, "Reply-To"), header_of(notice, "Subject"), header_of(notice, "Message-ID"),
      header_of(notice, "Message-ID"), text);
  const Finished sent = run({x_options.tool, "reply", x_options.folder, server, file});
  if (sent.exit_status != 0) {
    throw std::runtime_error("the reply was not taken: " + sent.output);
  }
}

std::optional<std::string> Lab::evidence(const std::string& sha256) const {
  const std::filesystem::path file = std::filesystem::path(x_facts.state_dir) / "evidence" / sha256.substr(0, 2) / sha256;
  return std::filesystem::exists(file) ? std::optional(read_file(file)) : std::nullopt;
}

void Lab::wait(Seconds duration) {
  for (std::int64_t i = 0; i < duration.count() * 10; ++i) {
    check_serving();
    poll(nullptr, 0, 100);
  }
}

}  // namespace pinfold::app
