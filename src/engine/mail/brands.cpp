#include "engine/mail/brands.hpp"

#include <algorithm>

namespace pinfold::engine {
namespace {

bool names(std::string_view pattern, std::string_view customer) {
  const bool open = !pattern.empty() && pattern.back() == '*';
  return open ? customer.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1) : customer == pattern;
}

mail::OurAddresses addresses_of(const config::Brand& brand) { return {brand.from_local, brand.domain, "b", brand.bounce_domain}; }

mail::OurAddresses main_addresses(const config::Config& config) {
  return {config.mail.from_local, config.mail.domain, "b", config.mail.bounce_domain};
}

}  // namespace

const config::Brand* brand_of(const config::Config& config, const CustomerId& customer) {
  const auto found = std::find_if(config.brands.begin(), config.brands.end(), [&](const config::Brand& brand) {
    return std::any_of(brand.customers.begin(), brand.customers.end(), [&](const std::string& pattern) { return names(pattern, customer.value); });
  });
  return found == config.brands.end() ? nullptr : &*found;
}

mail::OurAddresses addresses_for(const config::Config& config, const CustomerId& customer) {
  const config::Brand* brand = brand_of(config, customer);
  return brand == nullptr ? main_addresses(config) : addresses_of(*brand);
}

std::string name_for(const config::Config& config, const CustomerId& customer) {
  const config::Brand* brand = brand_of(config, customer);
  return brand == nullptr ? config.mail.from_name : brand->from_name;
}

std::vector<mail::OurAddresses> all_addresses(const config::Config& config) {
  std::vector<mail::OurAddresses> all = {main_addresses(config)};
  for (const config::Brand& brand : config.brands) {
    all.push_back(addresses_of(brand));
  }
  return all;
}

}  // namespace pinfold::engine
