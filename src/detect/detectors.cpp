#include "detect/detectors.hpp"

#include <algorithm>
#include <utility>

#include "detect/rules/brute_force.hpp"
#include "detect/rules/burst.hpp"
#include "detect/rules/file_sharing.hpp"
#include "detect/rules/flood.hpp"
#include "detect/rules/reflector.hpp"
#include "detect/rules/scan.hpp"
#include "detect/rules/slow_connections.hpp"
#include "detect/rules/spam.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

using inventory::Role;

constexpr Micros kTenMinutes = std::chrono::minutes{10};
/// Exports of a window are late by seconds; its figures are taken when they are complete.
constexpr Micros kGrace = std::chrono::seconds{60};
/// A server that received mail so recently is a mail server.
constexpr std::uint32_t kMailHours = 24;
constexpr std::size_t kMostRemembered = 100'000;

std::uint32_t hour_of(WallTime at) { return static_cast<std::uint32_t>(std::max<std::int64_t>(at.since_epoch / std::chrono::hours{1}, 0)); }

void remember(std::unordered_map<std::uint32_t, WallTime>& times, inventory::ServerIndex server, WallTime at) {
  if (times.size() < kMostRemembered || times.contains(server.value)) {
    WallTime& time = times[server.value];
    time = std::max(time, at);
  }
}

void forget_before(std::unordered_map<std::uint32_t, WallTime>& times, WallTime oldest) {
  std::erase_if(times, [oldest](const auto& entry) { return entry.second < oldest; });
}

bool is_mail_session_to_server(const flow::FlowRecord& record) {
  const PortKind kind = kind_of_port(record.dst_port);
  return record.protocol == flow::kTcp && (kind == PortKind::Mail || kind == PortKind::MailLogin) && record.src_port > record.dst_port &&
         (record.tcp_flags.value_or(flow::kAck) & flow::kAck) != 0;
}

/// The same thresholds at half their height: what passes these and not the others is a near miss.
Thresholds halved(Thresholds t) {
  const auto half = [](std::uint32_t& value) { value = std::max<std::uint32_t>((value + 1) / 2, 1); };
  for (std::uint32_t* value : {&t.port_scan.min_targets_per_minute,
                               &t.port_scan.min_targets_per_ten_minutes,
                               &t.port_scan.min_targets_per_hour,
                               &t.port_scan.min_ports_per_minute,
                               &t.flood.min_syn_pps,
                               &t.flood.min_udp_pps,
                               &t.flood.min_icmp_pps,
                               &t.flood.min_other_pps,
                               &t.flood.min_ack_pps,
                               &t.flood.min_slow_connections,
                               &t.brute_force.min_logins_one_host,
                               &t.brute_force.min_logins_one_host_busy,
                               &t.brute_force.min_logins_odd_port,
                               &t.brute_force.min_logins_many_hosts,
                               &t.brute_force.min_hosts_one_try,
                               &t.spam.min_servers_per_minute,
                               &t.spam.min_servers_per_ten_minutes,
                               &t.spam.min_servers_mail_host,
                               &t.reflector.min_kbps,
                               &t.reflector.min_pps}) {
    half(*value);
  }
  return t;
}

}  // namespace

Detectors::Detectors(const Thresholds& thresholds, std::shared_ptr<const inventory::Inventory> inventory, ClientTracker::Rows clients,
                     std::uint64_t hash_seed)
    : x_thresholds(thresholds),
      x_halved(halved(thresholds)),
      x_inventory(std::move(inventory)),
      x_clients(std::move(clients), hash_seed, thresholds.port_scan.settle),
      x_volumes(x_inventory->servers().size(), x_halved.flood, x_halved.reflector),
      x_baselines(x_inventory->servers().size()),
      x_incidents({thresholds.port_scan.update_interval, thresholds.port_scan.quiet}),
      x_mail_received(x_inventory->servers().size()) {
  index_roles();
}

void Detectors::index_roles() {
  x_roles.clear();
  std::map<ServerId, std::vector<inventory::DeclaredRole>> by_id;
  for (const inventory::RoleOfServer& role : x_thresholds.roles) {
    by_id[role.server].push_back(role.declared);
  }
  for (std::uint32_t i = 0; i < x_inventory->servers().size(); ++i) {
    std::vector<inventory::DeclaredRole> roles = x_inventory->server({i}).roles;
    if (const auto found = by_id.find(x_inventory->server({i}).id); found != by_id.end()) {
      roles.insert(roles.end(), found->second.begin(), found->second.end());
    }
    if (!roles.empty()) {
      x_roles.emplace(i, std::move(roles));
    }
  }
}

bool Detectors::has_role(inventory::ServerIndex server, std::initializer_list<Role> roles, WallTime at) const {
  const auto found = x_roles.find(server.value);
  return found != x_roles.end() && std::any_of(found->second.begin(), found->second.end(), [&](const inventory::DeclaredRole& declared) {
           return at < declared.until && std::find(roles.begin(), roles.end(), declared.role) != roles.end();
         });
}

std::optional<Detectors::Reading> Detectors::outbound(const Attributed& who, VolumeGate& gate, const flow::FlowRecord& record) {
  if (who.by_address_only) {
    remember(x_by_address, who.server, who.event);
  }
  x_volumes.outbound(who.server, gate, record, who.event, who.received, who.is_spoofed);
  return x_clients.read_sent(who.server, record);
}

std::optional<Detectors::Reading> Detectors::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event) {
  if (is_mail_session_to_server(record)) {
    x_mail_received[server.value] = std::max(x_mail_received[server.value], hour_of(event));
  }
  x_volumes.inbound(server, record, event);
  return x_clients.read_received(server, record);
}

void Detectors::note(inventory::ServerIndex server, Sighting sighting, WallTime now) {
  remember(x_abusive, server, now);
  x_incidents.note(server, std::move(sighting));
}

void Detectors::note_near(inventory::ServerIndex server, const Sighting& sighting, bool did_pass) {
  x_near_misses.note({x_inventory->server(server).id, sighting.abuse_class, sighting.series, sighting.measure, sighting.last_seen, sighting.measured,
                      did_pass, sighting.rate});
}

template <typename Judge>
void Detectors::judge(inventory::ServerIndex server, WallTime now, Judge&& rule) {
  auto near = rule(x_halved);
  if (!near) {
    return;  // what fails at half the height fails at the whole
  }
  auto found = rule(x_thresholds);
  note_near(server, found ? *found : *near, found.has_value());
  if (found) {
    note(server, *std::move(found), now);
  }
}

void Detectors::look_at_client(inventory::ServerIndex server, const ClientView& view) {
  if (!has_role(server, {Role::Monitoring, Role::Scanner, Role::Proxy}, view.newest)) {
    const auto usual = x_baselines.targets(server);
    const auto fast = x_fast_scans.find(server.value);
    const auto fast_until = fast == x_fast_scans.end() ? std::nullopt : std::optional{fast->second};
    judge(server, view.now, [&](const Thresholds& thresholds) {
      auto found = judge_scan(view, thresholds.port_scan, fast_until, usual);
      if (found && found->is_fast && &thresholds == &x_thresholds) {
        remember(x_fast_scans, server, found->sighting.last_seen);
      }
      return found ? std::optional{std::move(found->sighting)} : std::nullopt;
    });
  }
  if (!has_role(server, {Role::Proxy}, view.newest)) {
    const BruteForceExemptions exempt{has_role(server, {Role::ConfigManagement, Role::Monitoring}, view.newest)};
    for (const Sighting& near : judge_brute_force(view, x_halved.brute_force, exempt)) {
      note_near(server, near, false);
    }
    for (Sighting& found : judge_brute_force(view, x_thresholds.brute_force, exempt)) {
      note_near(server, found, true);
      note(server, std::move(found), view.now);
    }
  }
  if (!has_role(server, {Role::Proxy, Role::MailRelay, Role::Newsletter}, view.newest)) {
    const std::uint32_t mail_hour = x_mail_received[server.value];
    const MailPast past{mail_hour != 0 && hour_of(view.newest) - std::min(mail_hour, hour_of(view.newest)) < kMailHours,
                        x_baselines.mail_servers(server)};
    judge(server, view.now, [&](const Thresholds& thresholds) { return judge_spam(view, thresholds.spam, past); });
  }
  if (!has_role(server, {Role::Proxy, Role::FileSharing}, view.newest)) {
    if (auto found = judge_file_sharing(view, x_thresholds.file_sharing)) {
      note(server, *std::move(found), view.now);
    }
  }
}

void Detectors::look_at_volume(inventory::ServerIndex server, const VolumeTracker::View& view, WallTime now) {
  const WallTime at = view.newest;
  const FloodExemptions exempt{has_role(server, {Role::GameOrVoice, Role::SpeedTest}, at)};
  judge(server, now, [&](const Thresholds& thresholds) { return judge_flood(view, thresholds.flood, exempt); });
  judge(server, now, [&](const Thresholds& thresholds) { return judge_slow_connections(view, thresholds.flood); });
  if (auto many = judge_connections(view, x_thresholds.flood)) {
    x_incidents.note(server, *std::move(many));  // a proxy's habit: nothing that should keep the baseline from learning
  }
  if (!has_role(server, {Role::Resolver, Role::GameOrVoice}, at)) {
    judge(server, now, [&](const Thresholds& thresholds) { return judge_reflector(view, thresholds.reflector); });
  }
}

void Detectors::learn(WallTime now, const Surroundings& surroundings) {
  const std::int64_t window = (now - kGrace).since_epoch / kTenMinutes - 1;
  const WallTime start{window * kTenMinutes};
  if (start <= x_learned || surroundings.accountant == nullptr) {
    return;
  }
  x_learned = start;
  const WallTime long_ago = now - std::chrono::hours{2};
  forget_before(x_abusive, long_ago);
  forget_before(x_fast_scans, long_ago);
  forget_before(x_by_address, long_ago);
  for (std::uint32_t i = 0; i < x_inventory->servers().size(); ++i) {
    const inventory::ServerIndex server{i};
    const WindowView view = surroundings.accountant->view(server, Direction::Outbound, WindowLength::TenMinutes);
    const Traffic* traffic = view.slot_start == start ? &view.running : view.slot_start == start + kTenMinutes ? &view.last_whole : nullptr;
    if (traffic == nullptr || traffic->packets.count.value == 0) {
      continue;
    }
    const inventory::ServiceLevel level = x_inventory->server(server).level;
    const auto habits = x_clients.habits(server);
    const WindowOfPast past{start, traffic->bytes.count / kTenMinutes, habits.targets_a_minute, habits.mail_servers};
    if (!has_role(server, {Role::Backup, Role::SpeedTest}, start)) {
      const auto usual = x_baselines.rate(server, level, start, x_thresholds.burst.min_hours_known);
      const std::uint64_t seen = traffic->packets.count.value / habits.rate.one_in();
      if (auto burst = judge_burst(past, habits.rate, seen, usual, x_thresholds.burst)) {
        x_incidents.note(server, *std::move(burst));
      }
    }
    if (!x_abusive.contains(i)) {
      x_baselines.learn(server, level, past);
    }
  }
}

std::vector<abuse::Finding> Detectors::evaluate(WallTime now, const Surroundings& surroundings) {
  x_clients.each_due(now, surroundings.answers_visible, [&](inventory::ServerIndex server, const ClientView& view) { look_at_client(server, view); });
  x_volumes.each_busy(now, surroundings.answers_visible,
                      [&](inventory::ServerIndex server, const VolumeTracker::View& view) { look_at_volume(server, view, now); });
  learn(now, surroundings);
  std::vector<abuse::Finding> findings;
  x_incidents.give_out(now, [&](inventory::ServerIndex server, const Sighting& sighting) {
    FindingContext context = surroundings.context(server);
    context.now = now;
    const auto by_address = x_by_address.find(server.value);
    context.could_be_framed = by_address != x_by_address.end() && by_address->second >= sighting.first_seen;
    findings.push_back(finding_of(sighting, std::move(context)));
  });
  return findings;
}

void Detectors::set_inventory(std::shared_ptr<const inventory::Inventory> inventory, const std::vector<std::uint32_t>& old_index,
                              ClientTracker::Rows clients) {
  x_inventory = std::move(inventory);
  x_clients.reorder(old_index, std::move(clients));
  x_volumes.reorder(old_index);
  x_baselines.reorder(old_index);
  x_incidents.reorder(old_index);
  std::vector<std::uint32_t> mail(old_index.size());
  std::array<std::unordered_map<std::uint32_t, WallTime>, 3> fresh;
  const std::array<std::unordered_map<std::uint32_t, WallTime>*, 3> times = {&x_abusive, &x_fast_scans, &x_by_address};
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    mail[i] = x_mail_received[old_index[i]];
    for (std::size_t t = 0; t < times.size(); ++t) {
      if (const auto known = times.at(t)->find(old_index[i]); known != times.at(t)->end()) {
        fresh.at(t).emplace(i, known->second);
      }
    }
  }
  x_mail_received = std::move(mail);
  for (std::size_t t = 0; t < times.size(); ++t) {
    *times.at(t) = std::move(fresh.at(t));
  }
  index_roles();
}

}  // namespace pinfold::detect
