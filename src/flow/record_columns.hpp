/// Reads all records of a data set field by field: for each field one loop over the records, with offset and width known outside the loop. That is
/// what a template is compiled to where its records have a fixed length and their fields do not depend on one another; template.cpp reads the
/// rest one record at a time, to the same result (tests/flow/record_columns_test.cpp holds the two against each other).
/// Used by: the decoders of NetFlow v9 and IPFIX only.
/// Cost:    1 to 2 ns a field of a record; no allocation but the growth of `out`.
/// Threads: none; const after compilation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "flow/elements.hpp"
#include "flow/record.hpp"

namespace pinfold::flow {

class SamplingRules;

/// A field at a fixed place of every record.
struct Column {
  Read read = Read::Skip;
  std::uint16_t offset = 0;
  std::uint16_t length = 0;
};

/// What holds for all records of a set.
struct SetFacts {
  ExportVersion version = ExportVersion::Ipfix;
  Micros export_time{0};
  std::optional<std::uint32_t> uptime_millis;  ///< the exporter's uptime at export_time, if times given as uptime can be read
  const SamplingRules* sampling = nullptr;
};

class RecordColumns {
public:
  /// nullopt when some field needs more than its own bytes: both address families in one template, two ports of one end, durations,
  /// observation times, deltas, rates in parts.
  [[nodiscard]] static std::optional<RecordColumns> compile(std::span<const Column> wanted);

  /// Appends `count` records that stand `stride` bytes apart from `first` on. The bytes must be there: the caller has counted them.
  void read(const std::uint8_t* first, std::size_t stride, std::size_t count, const SetFacts& facts, std::vector<FlowRecord>& out) const;

private:
  struct Rows;
  static void read_column(const Column& column, const Rows& rows, const SetFacts& facts);
  static void read_times(const Column& column, const Rows& rows, const SetFacts& facts);
  void read_rates(const Rows& rows, const SamplingRules& sampling) const;
  void read_icmp(const Rows& rows) const;

  std::vector<Column> x_columns;
  std::vector<Column> x_icmp;  ///< type and code, in one field or two; read when all else stands
  std::optional<Column> x_sampler;
  std::optional<Column> x_interval;
  FieldSet x_exported;
};

}  // namespace pinfold::flow
