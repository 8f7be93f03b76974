/// The decoders of one datagram each, behind Decoder (decoder.hpp), which picks one by the version in the first bytes.
/// Errors:  the datagram is refused; the caller takes back the records that it added to `context.out`.
/// Source:  netflow5: Cisco "NetFlow Services Solutions Guide", appendix B. netflow9: RFC 3954. ipfix: RFC 7011, RFC 5103 (biflows).
///          sflow5: sFlow Version 5, sflow.org, July 2004, with the drop notification and extended structures skipped by length.
#pragma once

#include "base/byte_reader.hpp"
#include "flow/exporter_state.hpp"

namespace pinfold::flow {

[[nodiscard]] Decoded decode_netflow5(ByteSpan datagram, DecodeContext& context);
[[nodiscard]] Decoded decode_netflow9(ByteSpan datagram, DecodeContext& context);
[[nodiscard]] Decoded decode_ipfix(ByteSpan datagram, DecodeContext& context);
[[nodiscard]] Decoded decode_sflow5(ByteSpan datagram, DecodeContext& context);

}  // namespace pinfold::flow
