/// One in how many packets an exporter samples, and for which of its records that holds: what options records have said.
/// Used by: the decoders; exporter_memory.cpp writes the rules down and reads them again.
/// Bounds:  the caller names the limit; rules beyond it are left out. Threads: none. O(1) a record.
/// Source:  RFC 3954 section 8 (SAMPLING_INTERVAL, FLOW_SAMPLER_ID); RFC 5477 (PSAMP selectors); RFC 7011 section 3.4.2 (scopes).
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/units.hpp"
#include "flow/template.hpp"

namespace pinfold::flow {

class SamplingRules {
public:
  using Table = std::unordered_map<std::uint64_t, std::uint32_t>;

  /// Each gives true if that is news.
  bool set_default(std::uint32_t one_in);
  bool set_sampler(std::uint64_t sampler, std::uint32_t one_in, std::size_t limit);
  bool set_interface(std::uint64_t interface, std::uint32_t one_in, std::size_t limit) { return put(x_interfaces, interface, one_in, limit); }

  /// The record's own word first, then its sampler, its interface, and the domain; 1 when none of them says anything.
  [[nodiscard]] SamplingRate rate_of(const RawRecord& record) const;
  /// The same for a record that has no word of its own.
  [[nodiscard]] SamplingRate rate_of(std::optional<std::uint64_t> sampler, std::optional<IfIndex> in_if) const;

  /// No rule looks at the record: rate_of({}, {}) holds for all.
  [[nodiscard]] bool is_uniform() const { return x_samplers.empty() && x_interfaces.empty(); }

  [[nodiscard]] const Table& samplers() const { return x_samplers; }
  [[nodiscard]] const Table& interfaces() const { return x_interfaces; }
  [[nodiscard]] std::uint32_t default_rate() const { return x_default; }  ///< 0: not told
  [[nodiscard]] bool empty() const { return x_default == 0 && x_samplers.empty() && x_interfaces.empty(); }

private:
  static bool put(Table& table, std::uint64_t key, std::uint32_t one_in, std::size_t limit);

  Table x_samplers;
  Table x_interfaces;
  std::uint32_t x_default = 0;
  std::uint32_t x_of_all_samplers = 0;  ///< what every sampler says; 0: there is none, or they differ
};

}  // namespace pinfold::flow
