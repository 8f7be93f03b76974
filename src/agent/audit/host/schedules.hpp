/// What starts by itself: crontabs, systemd units and timers, rc files, users' startup files, the preload list. Lines that carry a sign of somebody
/// bringing something back (command_signs) become findings; nothing else of these files leaves the server.
/// Used by: the audit. These are settings of the system and its accounts, not web content: they are read without an order, but for a home that lies
/// in a web root.
/// Bounds:  kMaxHomes homes, kMaxListed names a folder, kMaxSettingsBytes a file. Threads: none.
#pragma once

#include "agent/audit/host_files.hpp"
#include "agent/audit/report.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxHomes = 20'000;

struct Account {
  std::string name;
  std::uint32_t uid = 0;
  std::string home;
  std::string shell;
};
[[nodiscard]] std::vector<Account> accounts_of(const HostFiles& files);
/// Of the users under which web servers and PHP run: their crontabs and programs in /tmp weigh more.
[[nodiscard]] bool is_web_account(std::string_view name);
/// /var/www, /home/x/public_html, /srv/www, /usr/share/nginx…: what only an order may read.
[[nodiscard]] bool is_web_content(std::string_view path);

void check_schedules(const HostFiles& files, const std::vector<Account>& accounts, Report& report);

}  // namespace pinfold::agent::audit
