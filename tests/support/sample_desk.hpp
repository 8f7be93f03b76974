/// A small provider for tests: one customer, one server on sw1/swp1, and findings about it. Times are given by the test.
#pragma once

#include "abuse/finding.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::test {

inline const WallTime kNoon = *parse_wall_time("2026-11-23T12:00:00Z");

inline inventory::Inventory sample_inventory() {
  inventory::Server server;
  server.id = ServerId{"srv-1"};
  server.customer = CustomerId{"1001"};
  server.addresses = {*net::Prefix::parse("192.0.2.11/32")};
  server.mac = net::MacAddress::parse("02:00:00:00:00:01");
  server.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp1"}, "cust:srv-1"};
  return {{{CustomerId{"1001"}, "Example Ltd", {{ContactId{"owner@customer.example"}, "en"}}}}, {server}};
}

inline abuse::Finding sample_finding(abuse::Origin origin, WallTime first_seen, const std::string& id) {
  abuse::Finding f;
  f.id = FindingId{id};
  f.server = ServerId{"srv-1"};
  f.abuse_class = origin == abuse::Origin::Host ? abuse::AbuseClass::MaliciousScript : abuse::AbuseClass::PortScan;
  f.kind = origin == abuse::Origin::Host ? "run_from_tmp" : "horizontal";
  f.origin = origin;
  f.first_seen = first_seen;
  f.last_seen = first_seen + Seconds{2};
  f.detected_at = first_seen + Seconds{3};
  f.severity = abuse::Severity::High;
  f.confidence = {95};
  f.summary = origin == abuse::Origin::Host ? "perl ran /dev/shm/x.pl as www-data, started by php" : "contacted 1500 hosts on tcp/22 in 8 s";
  f.evidence.facts = {{"port", "22"}};
  return f;
}

}  // namespace pinfold::test
