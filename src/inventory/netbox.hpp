/// Cabling from NetBox: which switch port each known server is plugged into, from pages of its REST API.
/// Used by: engine, which fetches the pages. Pure. Customers, contacts and addresses stay as they are: NetBox is asked about cables only.
///   /api/dcim/interfaces/  id, device.name, name, description, mac_address | primary_mac_address.mac_address, mgmt_only, connected_endpoints
///   /api/dcim/cables/      a_terminations, b_terminations: object_type, object_id
/// A server is the device of its name. Its switch port is the interface at the other end: `connected_endpoints`, or, where NetBox does not fill
/// that in (an accepted fault of its own, issue 4388), the two ends of a cable that joins two interfaces directly.
/// What is not plain is left as it was and listed: no cable, a cable that ends at a patch panel, several cabled interfaces (a bond).
/// Bounds:  kMaxNetboxRows interfaces and cables each. Errors: a text that says which field of which page is wrong; nothing is half taken.
/// Source:  NetBox REST API 3.3 to 4.2 (docs.netbox.dev).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::inventory {

inline constexpr std::size_t kMaxNetboxRows = 2'000'000;
inline constexpr std::size_t kMaxNetboxPage = std::size_t{32} << 20;

struct CablingNote {
  ServerId server;
  std::string what;
};

struct Cabling {
  Inventory inventory;             ///< as before, with the ports and MAC addresses that NetBox knows
  unsigned changed = 0;            ///< servers whose record differs now
  unsigned confirmed = 0;          ///< servers whose record was so already
  std::vector<CablingNote> notes;  ///< what a person should look at
};

class NetboxCabling {
public:
  /// One page of results; how many rows it had, and how many there are in all.
  struct Page {
    std::size_t rows = 0;
    std::size_t count = 0;
  };
  [[nodiscard]] Expected<Page, std::string> add_interfaces(std::string_view json);
  [[nodiscard]] Expected<Page, std::string> add_cables(std::string_view json);
  /// After the last page.
  [[nodiscard]] Cabling apply_to(const Inventory& inventory) const;

private:
  struct Interface {
    std::string device;
    std::string name;
    std::string description;
    std::optional<net::MacAddress> mac;
    bool is_management = false;
    bool has_cable = false;
    std::vector<std::uint64_t> ends;  ///< ids of connected interfaces
  };
  struct Ends {
    std::vector<const Interface*> cabled;                              ///< the server's own interfaces with a cable
    std::vector<std::pair<const Interface*, const Interface*>> found;  ///< own, other
  };
  [[nodiscard]] Ends ends_of(const std::vector<std::uint64_t>& own) const;

  std::map<std::uint64_t, Interface> x_interfaces;
  std::map<std::uint64_t, std::uint64_t> x_direct;  ///< both ways, of cables that join two interfaces
  std::map<std::string, std::vector<std::uint64_t>> x_by_device;
};

}  // namespace pinfold::inventory
