#include "flow/protocols.hpp"
#include "flow/set_decoder.hpp"

namespace pinfold::flow {
namespace {

constexpr Dialect kIpfix{ExportVersion::Ipfix, 2, 3};

}  // namespace

Decoded decode_ipfix(ByteSpan datagram, DecodeContext& context) {
  context.stats.version = ExportVersion::Ipfix;
  ByteReader in{datagram};
  const bool version = in.skip(2);
  const auto length = in.u16();
  const auto seconds = in.u32();
  const auto sequence = in.u32();
  const auto source = in.u32();
  if (!version || !length || !seconds || !sequence || !source) {
    return refuse(Fault::Truncated, in.position());
  }
  const std::size_t header_length = in.position();
  if (*length < header_length || *length > datagram.size()) {
    return refuse(Fault::BadLength, 2);
  }
  const ExportClock clock{Seconds{*seconds}, std::nullopt};
  Domain& domain = context.exporter.domain({ExportVersion::Ipfix, *source, {}}, context.limits);
  SetDecoder decoder{kIpfix, clock, domain, context};
  const Decoded done = decoder.decode(ByteReader{in.rest()}, header_length, *length - header_length);
  if (done && decoder.knows_all_records()) {
    add_loss(context.exporter.counters.lost_records, domain.sequence.arrived(*sequence, decoder.data_records()));
  } else {
    domain.sequence.forget();
  }
  if (done) {
    decoder.decode_waiting();
  }
  return done;
}

}  // namespace pinfold::flow
