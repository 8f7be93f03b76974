#include "agent/origin.hpp"

#include <algorithm>
#include <array>

#include "agent/ancestors.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxEnvironment = 32768;
constexpr std::size_t kMaxShown = 300;

bool is_hex_id(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// "docker-ID.scope" (systemd) and a bare "ID" (cgroupfs) are containers.
std::string container_of(std::string_view name) {
  struct Row {
    std::string_view prefix;
    std::string_view title;
  };
  constexpr std::array<Row, 7> kRows{{{"docker-", "docker"},
                                      {"libpod-", "podman"},
                                      {"cri-containerd-", "kubernetes"},
                                      {"crio-", "kubernetes"},
                                      {"lxc.payload.", "lxc"},
                                      {"lxc-", "lxc"},
                                      {"machine-", "machine"}}};
  const std::string_view stem = name.substr(0, name.rfind(".scope"));
  for (const Row& row : kRows) {
    if (stem.starts_with(row.prefix)) {
      return std::string(row.title) + " " + printable(stem.substr(row.prefix.size()).substr(0, 64), 64);
    }
  }
  return is_hex_id(stem) ? "container " + printable(stem, 64) : std::string{};
}

std::string value_after(std::string_view line, std::string_view option) {
  const std::size_t at = line.find(option);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = trim(line.substr(at + option.size()));
  return printable(rest.substr(0, rest.find(' ')), kMaxShown);
}

}  // namespace

void read_cgroup(std::string_view cgroup, Origin& origin) {
  for (const std::string_view line : split(cgroup, '\n')) {
    for (const std::string_view name : split(line.substr(line.rfind(':') + 1), '/')) {
      if (const std::string container = container_of(name); !container.empty()) {
        origin.container = container;
      } else if (name.ends_with(".service") || (name.ends_with(".scope") && name.starts_with("session-"))) {
        origin.unit = printable(name, 100);
      }
    }
  }
}

void read_cgi(std::string_view environment, Origin& origin) {
  for (const std::string_view entry : split(environment, '\0')) {
    const std::size_t sign = entry.find('=');
    if (sign == std::string_view::npos || sign + 1 == entry.size()) {
      continue;
    }
    const std::string_view name = entry.substr(0, sign);
    const std::string_view value = entry.substr(sign + 1);
    if (name == "SCRIPT_FILENAME") {
      origin.page = printable(value, kMaxShown);
    } else if (name == "REQUEST_URI" && origin.page.empty()) {
      origin.page = printable(value.substr(0, value.find('?')), kMaxShown);
    } else if (name == "DOCUMENT_ROOT") {
      origin.web_folder = printable(value, kMaxShown);
    } else if (name == "HTTP_HOST" || (name == "SERVER_NAME" && origin.site.empty())) {
      origin.site = printable(value, kMaxShown);
    }
  }
}

Origin origin_of(const ProcReader& proc, const ExecEvent& event, const WatchedPaths& watched) {
  Origin origin;
  read_cgroup(event.cgroup, origin);
  if (origin.unit.empty() && origin.container.empty()) {
    if (const auto text = read_start(proc.path(event.pid, "cgroup"), kMaxProcText)) {
      read_cgroup(text->bytes, origin);
    }
  }
  const Process* service = find_ancestor(event.ancestors, serves_strangers);
  if (service == nullptr) {
    return origin;
  }
  if (const auto text = read_start(proc.path(event.pid, "environ"), kMaxEnvironment)) {
    read_cgi(text->bytes, origin);
  }
  const std::string& line = service->command_line;
  constexpr std::string_view kPool = "php-fpm: pool ";
  if (line.starts_with(kPool) && origin.site.empty()) {
    origin.site = "pool " + printable(std::string_view(line).substr(kPool.size()), 100);
  }
  if (origin.web_folder.empty() && role_of(*service) == Role::Php) {
    origin.web_folder = value_after(line, " -t ");
  }
  // PHP changes to the folder of the page that it runs, and what it starts begins there.
  for (const std::string& folder : {event.cwd, proc.link(service->pid, "cwd")}) {
    if (origin.web_folder.empty() && folder.size() > 1 && !below(watched, folder)) {
      origin.web_folder = printable(folder, kMaxShown);
    }
  }
  return origin;
}

}  // namespace pinfold::agent
