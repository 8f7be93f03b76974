#include "collect/counters.hpp"

#include "base/enum_names.hpp"

namespace pinfold::collect {
namespace {

using flow::Fault;

constexpr EnumNames<Fault, kFaults> kFaultNames{{{{Fault::UnknownVersion, "unknown_version"},
                                                  {Fault::Truncated, "truncated"},
                                                  {Fault::BadLength, "bad_length"},
                                                  {Fault::BadTemplate, "bad_template"},
                                                  {Fault::TooManyFields, "too_many_fields"},
                                                  {Fault::TooManyTemplates, "too_many_templates"},
                                                  {Fault::TooManyRecords, "too_many_records"},
                                                  {Fault::TooManySamples, "too_many_samples"},
                                                  {Fault::TooManyExporters, "too_many_exporters"}}}};

}  // namespace

std::string_view to_string(Protocol protocol) { return protocol == Protocol::Sflow ? "sflow" : "ipfix"; }

std::string_view fault_name(Fault fault) { return kFaultNames.name(fault); }

}  // namespace pinfold::collect
