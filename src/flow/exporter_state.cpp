#include "flow/exporter_state.hpp"

#include <algorithm>

namespace pinfold::flow {
SamplingRate SamplingRules::rate_of(const RawRecord& record) const {
  if (const auto own = record.one_in()) {
    return SamplingRate{*own};
  }
  return rate_of(record.sampler, record.flow.in_if);
}

SamplingRate SamplingRules::rate_of(std::optional<std::uint64_t> sampler, std::optional<IfIndex> in_if) const {
  if (sampler && !x_samplers.empty()) {
    if (const auto rule = x_samplers.find(*sampler); rule != x_samplers.end()) {
      return SamplingRate{rule->second};
    }
  }
  if (in_if && !x_interfaces.empty()) {
    if (const auto rule = x_interfaces.find(in_if->value); rule != x_interfaces.end()) {
      return SamplingRate{rule->second};
    }
  }
  // A domain with one sampler, whose records do not name it.
  if (!sampler && x_default == 1 && x_samplers.size() == 1) {
    return SamplingRate{x_samplers.begin()->second};
  }
  return SamplingRate{x_default};
}

void SamplingRules::put(Table& table, std::uint64_t key, std::uint32_t one_in, std::size_t limit) {
  if (const auto found = table.find(key); found != table.end()) {
    found->second = one_in;
  } else if (table.size() < limit) {
    table.emplace(key, one_in);
  }
}

std::size_t Exporter::template_count() const {
  std::size_t count = 0;
  for (const auto& [key, domain] : domains) {
    count += domain.templates.size();
  }
  return count;
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
