/// Where a process belongs: its service or container, and the web site on whose behalf it was started, as far as that can be known without
/// reading customers' files. The page itself is not: that stands in the access log, which an ordered audit may read.
/// Used by: the agent's loop, for what is reported. Cost: a handful of /proc reads.
/// From:    the control group; "php-fpm: pool NAME"; `php -S … -t ROOT`; the working folder, which PHP sets to that of the page it runs;
///          and, for CGI, five variables of the environment (RFC 3875). No other variable is looked at.
/// Errors:  what cannot be read stays empty. Texts are printable.
#pragma once

#include <string>
#include <string_view>

#include "agent/sensor/exec_event.hpp"
#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/proc_reader.hpp"

namespace pinfold::agent {

struct Origin {
  std::string unit;        ///< "php8.2-fpm.service"
  std::string container;   ///< "docker 3f2a…", by its control group
  std::string site;        ///< "pool www", "/srv/www", "www.example.net"
  std::string web_folder;  ///< the folder of the page, or the document root
  std::string page;        ///< CGI only: the script's file, or the path that was asked for, without its query
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// `cgroup` is a control group's own name, or the text of /proc/PID/cgroup.
void read_cgroup(std::string_view cgroup, Origin& origin);
/// `environment` is the text of /proc/PID/environ.
void read_cgi(std::string_view environment, Origin& origin);
[[nodiscard]] Origin origin_of(const ProcReader& proc, const ExecEvent& event, const WatchedPaths& watched);

}  // namespace pinfold::agent
