#include "flow/exporter_state.hpp"

#include <algorithm>

namespace pinfold::flow {

bool Exporter::has_room_for(std::size_t fields, const Limits& limits) const {
  std::size_t templates = 0;
  std::size_t all_fields = 0;
  for (const auto& [key, domain] : domains) {
    templates += domain.templates.size();
    for (const auto& [id, known] : domain.templates) {
      all_fields += known.fields.size();
    }
  }
  return templates < limits.templates_per_exporter && all_fields + fields <= limits.template_fields_per_exporter;
}

void Exporter::expire_templates(WallTime now, const Limits& limits) {
  for (auto& [key, domain] : domains) {
    changed =
        std::erase_if(domain.templates, [&](const auto& entry) { return entry.second.refreshed + limits.template_lifetime < now; }) > 0 || changed;
  }
}

Domain& Exporter::domain(const DomainKey& key, const Limits& limits) {
  auto found = domains.find(key);
  if (found == domains.end()) {
    if (domains.size() >= limits.domains_per_exporter && !domains.empty()) {
      domains.erase(
          std::min_element(domains.begin(), domains.end(), [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; }));
    }
    found = domains.try_emplace(key).first;
  }
  found->second.last_used = counters.datagrams;
  return found->second;
}

void add_loss(std::uint64_t& sum, std::int64_t change) {
  if (change >= 0) {
    sum += static_cast<std::uint64_t>(change);
  } else {
    sum -= std::min(sum, static_cast<std::uint64_t>(-change));
  }
}

}  // namespace pinfold::flow
