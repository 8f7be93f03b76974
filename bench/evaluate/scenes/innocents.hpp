/// Servers that do nothing wrong, the hard ones above all: what a detector must leave alone.
/// Every role also has `ordinary_life`: look-ups, time, updates, and the Internet's own noise against it.
#pragma once

#include <span>

#include "evaluate/scenes/stage.hpp"

namespace pinfold::evaluate {

struct Innocent {
  const char* name;
  const char* why_hard;
  void (*play)(Stage& stage);
  const char* declared;  ///< the role that an operator would declare; empty: none
};

[[nodiscard]] std::span<const Innocent> innocents();

/// DNS, NTP, updates, a few calls to other services; scans and logins tried against the server.
/// Noise: about 1 probe a minute an address, as darknets see it (E. Wustrow et al., Internet Background Radiation Revisited, IMC 2010).
void ordinary_life(Stage& stage);

// Web: innocents_web.cpp
void web_server(Stage& stage);
void cdn_origin(Stage& stage);
void crawler(Stage& stage);
void proxy_with_dead_backend(Stage& stage);
void php_with_remote_database(Stage& stage);
// Mail: innocents_mail.cpp
void mail_relay(Stage& stage);
void newsletter(Stage& stage);
void mail_fetcher(Stage& stage);
// Names, time, media: innocents_udp.cpp
void resolver(Stage& stage);
void authoritative_dns(Stage& stage);
void ntp_server(Stage& stage);
void game_server(Stage& stage);
void voice_server(Stage& stage);
void tunnel(Stage& stage);
void metrics_sender(Stage& stage);
// Administration: innocents_admin.cpp
void monitoring(Stage& stage);
void configuration_management(Stage& stage);
void repository_poller(Stage& stage);
void backup(Stage& stage);
void speed_test(Stage& stage);
void big_download(Stage& stage);
// Many peers: innocents_peers.cpp
void bittorrent(Stage& stage);
void blockchain_node(Stage& stage);
void exit_node(Stage& stage);
// Victims: innocents_victims.cpp
void syn_flood_victim(Stage& stage);
void udp_flood_victim(Stage& stage);
void scan_victim(Stage& stage);
void login_victim(Stage& stage);

}  // namespace pinfold::evaluate
