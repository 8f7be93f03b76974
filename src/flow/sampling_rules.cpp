#include "flow/sampling_rules.hpp"

#include <algorithm>

namespace pinfold::flow {

bool SamplingRules::set_default(std::uint32_t one_in) {
  const bool news = x_default != one_in;
  x_default = one_in;
  return news;
}

bool SamplingRules::set_sampler(std::uint64_t sampler, std::uint32_t one_in, std::size_t limit) {
  const bool news = put(x_samplers, sampler, one_in, limit);
  if (news) {
    const auto same = [this](const auto& rule) { return rule.second == x_samplers.begin()->second; };
    x_of_all_samplers = std::all_of(x_samplers.begin(), x_samplers.end(), same) ? x_samplers.begin()->second : 0;
  }
  return news;
}

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
  // A domain whose records do not name the sampler: with one, or several of one rate, there is no doubt.
  if (!sampler && x_default <= 1 && x_of_all_samplers != 0) {
    return SamplingRate{x_of_all_samplers};
  }
  return SamplingRate{x_default};  // 0 is read as 1
}

bool SamplingRules::put(Table& table, std::uint64_t key, std::uint32_t one_in, std::size_t limit) {
  if (const auto found = table.find(key); found != table.end()) {
    const bool news = found->second != one_in;
    found->second = one_in;
    return news;
  }
  return table.size() < limit && table.emplace(key, one_in).second;
}

}  // namespace pinfold::flow
