/// What an ancestor is, in the words that people use: a web server, cron, a build. What a process tree says about an exec rests on this.
/// Used by: judge, origin. Pure; a few comparisons an ancestor.
/// By program where that is known: a name in `comm` can be chosen by whoever runs it. A name excuses only if the program, or the script
/// that an interpreter was given, lies where only root writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sensor/exec_event.hpp"

namespace pinfold::agent {

enum class Role : std::uint8_t {
  Other,
  Php,
  Web,  ///< Apache, nginx, application servers
  Ftp,
  Mail,
  Database,
  Panel,  ///< cPanel, Plesk, DirectAdmin, …
  Cron,
  Login,      ///< a person, by SSH or at the console
  Build,      ///< compilers, make, package builds, CI runners
  Package,    ///< dpkg, apt, rpm, pip, npm, composer, …
  Manage,     ///< Ansible, Puppet, cloud-init, logrotate: what administers servers
  Container,  ///< runc, containerd, podman
  Init,
};

[[nodiscard]] Role role_of(const Process& process);
[[nodiscard]] std::string_view title(Role role);  ///< "a web server"; empty for Other

/// Serves strangers: what it starts was perhaps asked for by one.
[[nodiscard]] bool serves_strangers(Role role);
/// Runs scripts from /tmp all day.
[[nodiscard]] bool is_ordinary_work(Role role);

/// The nearest ancestor for which `predicate` holds; nullptr if there is none.
template <typename Predicate>
const Process* find_ancestor(const std::vector<Process>& ancestors, Predicate predicate) {
  for (const Process& ancestor : ancestors) {
    if (predicate(role_of(ancestor))) {
      return &ancestor;
    }
  }
  return nullptr;
}

/// "php (php -S 192.0.2.11:80)", printable.
[[nodiscard]] std::string described(const Process& process);

/// "php8.2" and "php-fpm8.2" are php and php-fpm, "apache2" is apache.
[[nodiscard]] std::string_view without_version(std::string_view name);
[[nodiscard]] std::string_view base_name(std::string_view path);
/// Below a directory where only root writes: /usr, /bin, /opt, …
[[nodiscard]] bool of_the_system(std::string_view path);

}  // namespace pinfold::agent
