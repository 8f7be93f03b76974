#include "flow/decode_types.hpp"

#include <string_view>

#include "base/enum_names.hpp"

namespace pinfold::flow {
namespace {

constexpr EnumNames<Fault, 9> kFaultTexts{{{{Fault::UnknownVersion, "neither NetFlow v5, NetFlow v9, IPFIX nor sFlow v5"},
                                            {Fault::Truncated, "the datagram ends too early"},
                                            {Fault::BadLength, "a length or count contradicts its surroundings"},
                                            {Fault::BadTemplate, "a template that no record can be read with"},
                                            {Fault::TooManyFields, "a template with too many fields"},
                                            {Fault::TooManyTemplates, "too many templates from this exporter"},
                                            {Fault::TooManyRecords, "too many records in one datagram"},
                                            {Fault::TooManySamples, "too many samples in one datagram"},
                                            {Fault::TooManyExporters, "too many exporters"}}}};

}  // namespace

std::string to_string(const DecodeError& error) { return "byte " + std::to_string(error.offset) + ": " + std::string(kFaultTexts.name(error.fault)); }

}  // namespace pinfold::flow
