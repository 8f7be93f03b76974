#include "agent/audit/audit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "agent/audit/host/places.hpp"
#include "agent/audit/host/platform.hpp"
#include "agent/audit/host/processes.hpp"
#include "agent/audit/host/schedules.hpp"
#include "agent/audit/host/sockets.hpp"
#include "agent/audit/ownership.hpp"
#include "agent/audit/php/php_settings.hpp"
#include "agent/audit/php/releases.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

using State = Application::State;

/// What every check needs to know.
struct Scene {
  const AuditConfig& config;
  const YaraRules& rules;
  HostFiles files;
  PeopleNames names;
  OperatingSystem os;
  std::string today;
  Report& report;
};

void look_at_host(const Scene& scene, const std::vector<Account>& accounts) {
  const auto mounts_text = scene.files.read("/proc/self/mountinfo");
  const auto mounts = parse_mounts(mounts_text ? *mounts_text : "");
  const ProcessTable processes = running_processes(scene.files, scene.config.own_pid);
  if (processes.empty()) {
    scene.report.leave_out("processes and sockets: there is no /proc here");
  }
  check_processes(scene.files, processes, scene.names, scene.report);
  check_sockets(scene.files, processes, scene.names, scene.report);
  check_schedules(scene.files, accounts, scene.report);
  check_places(scene.files, mounts, scene.names, scene.rules, scene.report);
  if (!mounts.empty()) {
    check_mount_options(mounts, scene.report);
  }
  check_platform(scene.files, scene.os, scene.today, scene.report);
  check_php_settings(scene.files, scene.report);
}

/// As the path stands on the server, without the folder of the image.
std::string on_server(const Scene& scene, const std::string& path) {
  return scene.config.root.empty() || !path.starts_with(scene.config.root) ? path : path.substr(scene.config.root.size());
}

void report_scripts(const Scene& scene, const TreeResult& tree, const std::map<std::string, Owner>& owners) {
  for (const ScriptHit& hit : tree.scripts) {
    const auto owner = owners.find(on_server(scene, hit.path));
    if (scene.config.allowed.count(hit.sha256) != 0) {
      scene.report.leave_out("scripts that match a rule and are on the allow-list");
      continue;
    }
    if (owner != owners.end() && !owner->second.md5.empty() && owner->second.md5 == hit.md5) {
      scene.report.leave_out("scripts that match a rule and are unchanged files of a package");
      continue;
    }
    std::string rules;
    for (const RuleMatch& match : hit.matches) {
      rules += (rules.empty() ? "" : ", ") + match.rule;
    }
    const WallTime modified{Micros{hit.modified * 1'000'000}};
    scene.report.add(Finding{"malicious_script",
                             hit.matches.front().severity,
                             on_server(scene, hit.path),
                             hit.matches.front().says,
                             {{"family", hit.matches.front().family},
                              {"rule", rules},
                              {"sha256", hit.sha256},
                              {"owner", scene.names.of(hit.uid)},
                              {"modified", to_string(modified)}}});
  }
}

const char* finding_of(State state) {
  return state == State::Vulnerable ? "vulnerable_application" : (state == State::EndOfLife ? "end_of_life_application" : "outdated_application");
}

abuse::Severity severity_of(State state, std::string_view because) {
  if (state == State::Vulnerable) {
    return abuse::Severity::High;
  }
  if (state == State::EndOfLife) {
    return because.find("CVE-") != std::string_view::npos ? abuse::Severity::High : abuse::Severity::Medium;
  }
  return abuse::Severity::Low;
}

void report_applications(const Scene& scene, const TreeResult& tree, const std::map<std::string, Owner>& owners) {
  for (const FoundApplication& found : tree.applications) {
    Application application{found.app, found.kind, found.version, on_server(scene, found.home), State::Unknown, "", ""};
    const auto judgement = Releases::own().judge(found.app, found.version, scene.today);
    application.state = judgement.state;
    application.because = judgement.because;
    const auto owner = owners.find(on_server(scene, found.marked_by));
    if (owner != owners.end()) {
      application.package = owner->second.package;
      const bool is_changed = !owner->second.md5.empty() && owner->second.md5 != found.md5;
      if (!scene.os.is_over && !is_changed) {
        application.state = State::Distribution;
        application.because = "package " + application.package + "; its fixes do not change the version";
      }
    }
    if (application.state == State::Vulnerable || application.state == State::EndOfLife || application.state == State::Outdated) {
      scene.report.add(Finding{finding_of(application.state),
                               severity_of(application.state, application.because),
                               application.path,
                               fmt::format("{} {}: {}", application.app, application.version, application.because),
                               {{"named by", on_server(scene, found.marked_by)}}});
    }
    scene.report.add(std::move(application));
  }
}

void look_at_web(const Scene& scene, TreeProgress& progress) {
  std::vector<std::string> folders;
  for (const std::string& path : scene.config.paths) {
    folders.push_back(scene.config.root + path);
  }
  const TreeResult tree = walk_tree(folders, &scene.rules, ApplicationRules::own(), scene.config.threads, progress);
  std::set<std::string> wanted;
  for (const ScriptHit& hit : tree.scripts) {
    wanted.insert(on_server(scene, hit.path));
  }
  for (const FoundApplication& found : tree.applications) {
    wanted.insert(on_server(scene, found.marked_by));
  }
  const auto owners = owners_of(scene.files, wanted);
  report_scripts(scene, tree, owners);
  report_applications(scene, tree, owners);
  for (const FoundPath& found : tree.writable) {
    scene.report.add(Finding{"world_writable_web", abuse::Severity::Medium, on_server(scene, found.path), found.what, {}});
  }
  for (const FoundPath& found : tree.uploads) {
    scene.report.add(Finding{"code_in_uploads", abuse::Severity::Medium, on_server(scene, found.path), found.what, {}});
  }
  for (const FoundPath& found : tree.left_behind) {
    scene.report.add(Finding{"left_behind", abuse::Severity::Low, on_server(scene, found.path), found.what, {}});
  }
  scene.report.files = tree.files;
  scene.report.directories = tree.directories;
  scene.report.scripts = tree.judged;
  for (const auto& [what, count] : tree.left_out) {
    scene.report.leave_out(what, count);
  }
  if (scene.rules.timeouts() > 0) {
    scene.report.leave_out("files that took the rules too long", scene.rules.timeouts());
  }
}

}  // namespace

bool is_order(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 64 && text.front() != '-' && std::all_of(text.begin(), text.end(), is_plain);
}

Report run_audit(const AuditConfig& config, const YaraRules& rules, const Clock& clock, TreeProgress& progress) {
  const MonoTime begin = clock.mono();
  Report report;
  report.order = config.order;
  report.paths = config.paths;
  report.hostname = printable(config.hostname, 100);
  report.started = to_string(WallTime{std::chrono::duration_cast<Seconds>(clock.wall().since_epoch)});
  HostFiles files(config.root);
  const std::string today = report.started.substr(0, 10);
  const auto accounts = accounts_of(files);
  PeopleNames names;
  for (const Account& account : accounts) {
    names.by_uid.emplace(account.uid, account.name);
  }
  const Scene scene{config, rules, files, names, operating_system(files, today), today, report};
  look_at_host(scene, accounts);
  if (!config.order.empty()) {
    look_at_web(scene, progress);
  }
  for (const std::string& problem : rules.problems()) {
    report.leave_out("rule file: " + printable(problem, 200));
  }
  report.sort();
  report.seconds = std::chrono::duration<double>(clock.mono() - begin).count();
  return report;
}

}  // namespace pinfold::agent::audit
