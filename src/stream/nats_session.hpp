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
[[nodiscard]] Owned<natsConnection> connect(const NatsOptions& options, std::string& error);
/// Makes the stream if there is none.
[[nodiscard]] bool ensure_stream(jsCtx* context, const NatsOptions& options, std::string& error);
[[nodiscard]] std::string describe(natsStatus status);

}  // namespace pinfold::stream
