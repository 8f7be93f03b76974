/// The library's handles, each destroyed by its owner, and a connection that is tried for until it stands. Internal to `stream`.
#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>

#include "stream/nats.hpp"

namespace pinfold::stream {

struct Destroy {
  void operator()(natsConnection* p) const { natsConnection_Destroy(p); }
  void operator()(natsOptions* p) const { natsOptions_Destroy(p); }
  void operator()(jsCtx* p) const { jsCtx_Destroy(p); }
  void operator()(natsSubscription* p) const { natsSubscription_Destroy(p); }
  void operator()(jsStreamInfo* p) const { jsStreamInfo_Destroy(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Destroy>;

/// nullptr, and why in `error`, while no server answers. Once it stands the library itself connects again for ever.
/// A server that has gone silent (a cut network) is found out within kPingMs * (kMostPings + 1) and left for another. `avoid`: a server's URL that is
/// tried last; empty: in any order.
inline constexpr int kPingMs = 2000;
inline constexpr int kMostPings = 2;
[[nodiscard]] Owned<natsConnection> connect(const NatsOptions& options, const std::string& avoid, std::string& error);
/// The URL of the server it talks to; empty: none.
[[nodiscard]] std::string server_of(natsConnection* connection);
/// A node that is cut off from the others goes on answering, from its own copy; it knows no leader then.
[[nodiscard]] bool has_leader(const jsStreamInfo* info);
/// Makes the stream if there is none.
[[nodiscard]] bool ensure_stream(jsCtx* context, const NatsOptions& options, std::string& error);
[[nodiscard]] std::string describe(natsStatus status);

}  // namespace pinfold::stream
