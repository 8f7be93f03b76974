// What is made wrong on the lab's switch, so that one guard stops the write to the second server's port. An SNMP agent shows it, whoever writes.
#pragma once

#include <string>
#include <vector>

#include "enforce/guard_rows.hpp"
#include "support/snmp_lab.hpp"

namespace pinfold::enforce {

/// Sticky: a frame of the server, whenever it sends one, does not take its address back to the port that it is really plugged into.
inline void forwarding_entry(const lab::Lab& lab, const char* what, const std::string& mac, const char* port) {
  EXPECT_EQ(lab::finish(lab::start({"bridge", "-n", lab.switch_name(), "fdb", what, mac, "dev", port, "master", "static", "sticky"}, "/dev/null")),
            0);
}

/// Both must outlive the rows.
inline std::vector<GuardRow> switch_rows(lab::Lab& lab, fakes::World& w) {
  using Ending = ActionOutcome::Ending;
  const auto alias = [&lab](const char* text) { lab.in_switch({"link", "set", "swp2", "alias", text}); };
  const auto label = [&w, alias](const char* text) {
    alias(text);
    auto servers = w.inventory.servers();
    servers[1].port->alias = text;
    w.inventory = inventory::Inventory(w.inventory.customers(), servers);
  };
  const auto more = [&lab](const char* what) {
    for (const char* mac : {"02:00:00:00:0a:01", "02:00:00:00:0a:02", "02:00:00:00:0a:03", "02:00:00:00:0a:04"}) {
      forwarding_entry(lab, what, mac, "swp2");
    }
  };
  const auto plug_into = [&lab](const char* port) { forwarding_entry(lab, "replace", "02:00:00:00:00:02", port); };
  return {
      {"another label on the switch", guard::kIdentity, Ending::Refused, [alias] { alias("cust:srv-7"); }, [alias] { alias("cust:srv-1002"); }},
      {"plugged in elsewhere", guard::kWitnesses, Ending::Held, [plug_into] { plug_into("swp1"); }, [plug_into] { plug_into("swp2"); }},
      {"labelled as a link between devices, in the record too", guard::kUplink, Ending::Refused, [label] { label("sw2-trunk1"); },
       [label] { label("cust:srv-1002"); }},
      {"a switch behind the port", guard::kUplink, Ending::Held, [more] { more("add"); }, [more] { more("del"); }},
  };
}

}  // namespace pinfold::enforce
