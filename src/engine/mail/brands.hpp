/// A provider that runs several brands: each with its own name, addresses, templates and DKIM key. Who has no brand gets the addresses of [mail].
/// Pure, over the configuration.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "mail/addresses.hpp"

namespace pinfold::engine {

/// nullptr: [mail] itself.
[[nodiscard]] const config::Brand* brand_of(const config::Config& config, const CustomerId& customer);
[[nodiscard]] mail::OurAddresses addresses_for(const config::Config& config, const CustomerId& customer);
[[nodiscard]] std::string name_for(const config::Config& config, const CustomerId& customer);  ///< as in From
/// Of [mail], then of each brand: by all of them a mail may come in.
[[nodiscard]] std::vector<mail::OurAddresses> all_addresses(const config::Config& config);

}  // namespace pinfold::engine
