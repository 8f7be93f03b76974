/// The routes for host agents (wire/wire.hpp): enrolment, findings, evidence. What is answered with 2xx is durable.
/// An agent speaks only for the server that its key is enrolled for, whatever its findings say.
/// Threads: any. Bounds: wire's limits; kMaxPendingFindings findings waiting to be worked on, then 503 (the agent keeps its own).
#pragma once

#include <functional>

#include "base/clock.hpp"
#include "http/message.hpp"
#include "records/store.hpp"

namespace pinfold::http {

inline constexpr std::size_t kMaxPendingFindings = 100'000;

class AgentApi {
public:
  /// `arrived` is called after something was stored, so that it is worked on at once.
  AgentApi(records::Store& store, records::EvidenceStore& evidence, const Clock& clock, std::function<void()> arrived);

  [[nodiscard]] Response handle(const Request& request) const;

private:
  [[nodiscard]] Response enrol(const Request& request) const;
  [[nodiscard]] Response findings(const Request& request, const records::AgentRow& agent) const;
  [[nodiscard]] Response keep_evidence(const Request& request) const;
  [[nodiscard]] std::optional<records::AgentRow> authenticate(const Request& request) const;

  records::Store& x_store;
  records::EvidenceStore& x_evidence;
  const Clock& x_clock;
  std::function<void()> x_arrived;
};

}  // namespace pinfold::http
