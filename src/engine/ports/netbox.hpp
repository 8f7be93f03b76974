/// Fetches NetBox's pages about interfaces and cables. The token goes to this one address and nowhere else: NetBox's own `next` links are not
/// followed, pages are counted here.
/// Bounds:  kMaxPages pages of kPageRows rows; fetch's and NetboxCabling's limits. Errors: a text that says which page failed and why.
#pragma once

#include <string>

#include "base/expected.hpp"
#include "fetch/fetch.hpp"
#include "inventory/netbox.hpp"

namespace pinfold::engine {

inline constexpr std::size_t kPageRows = 500;
inline constexpr std::size_t kMaxPages = 8000;

/// `base` is NetBox's address without "/api": "https://netbox.example" or "https://tools.example/netbox".
[[nodiscard]] Expected<inventory::NetboxCabling, std::string> fetch_netbox(const fetch::Url& base, const std::string& token,
                                                                           const std::string& ca_file);

}  // namespace pinfold::engine
