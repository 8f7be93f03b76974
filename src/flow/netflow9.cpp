#include "flow/protocols.hpp"
#include "flow/set_decoder.hpp"

namespace pinfold::flow {
namespace {

constexpr Dialect kNetflow9{ExportVersion::NetFlow9, 0, 1};

}  // namespace

Decoded decode_netflow9(ByteSpan datagram, DecodeContext& context) {
  context.stats.version = ExportVersion::NetFlow9;
  ByteReader in{datagram};
  const bool version = in.skip(4);  // and the count, which exporters fill in differently; the sets' lengths say it all
  const auto uptime = in.u32();
  const auto seconds = in.u32();
  const auto sequence = in.u32();
  const auto source = in.u32();
  if (!version || !uptime || !seconds || !sequence || !source) {
    return refuse(Fault::Truncated, in.position());
  }
  const ExportClock clock{Seconds{*seconds}, *uptime};
  Domain& domain = context.exporter.domain({ExportVersion::NetFlow9, *source, {}}, context.limits);
  add_loss(context.exporter.counters.lost_datagrams, domain.sequence.arrived(*sequence, 1));
  SetDecoder decoder{kNetflow9, clock, domain, context};
  const Decoded done = decoder.decode(ByteReader{in.rest()}, in.position(), in.remaining());
  if (done) {
    decoder.decode_waiting();
  }
  return done;
}

}  // namespace pinfold::flow
