/// What the roles on the stream take from the configuration, and where they leave word of themselves.
#pragma once

#include <string>
#include <vector>

#include "collect/options.hpp"
#include "config/config.hpp"
#include "detect/observation.hpp"
#include "stream/nats.hpp"

namespace pinfold::engine {

[[nodiscard]] stream::NatsOptions nats_options(const config::Config& config);
[[nodiscard]] std::vector<detect::ObservationSource> sources_of(const config::Config& config);
[[nodiscard]] collect::CollectorOptions collector_options(const config::Config& config);
/// The setting under which a collector or detector leaves its counters, as JSON.
inline constexpr std::string_view kStreamReports = "stream.report/";
[[nodiscard]] std::string stream_report(std::string_view role, const std::string& name);

}  // namespace pinfold::engine
