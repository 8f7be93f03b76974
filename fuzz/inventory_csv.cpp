// Any bytes as an inventory file: no crash, no endless loop, and what is accepted is consistent.
#include <cstdint>

#include "base/assert.hpp"
#include "inventory/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto inventory = pinfold::inventory::parse_csv(text, "fuzz.csv");
  if (inventory) {
    for (const auto& server : inventory->servers()) {
      PINFOLD_ASSERT(inventory->find(server.customer) != nullptr);
      PINFOLD_ASSERT(!server.addresses.empty());
    }
  } else {
    PINFOLD_ASSERT(!to_string(inventory.error()).empty());
  }
  return 0;
}
