/// How the desk is, told by the engine, shown by /healthz, /readyz, /metrics and the settings page.
#pragma once

#include <string>
#include <vector>

#include "desk/step.hpp"

namespace pinfold::http {

/// What the running desk knows of itself, for /healthz and /metrics.
struct Health {
  struct Part {
    std::string name;
    bool healthy = false;
    std::string note;
  };
  struct Metric {
    std::string name;    ///< "pinfold_exports_dropped_total"
    std::string labels;  ///< "exporter=\"10.99.0.2\",reason=\"unknown\"", already escaped
    double value = 0;
  };
  bool is_ready = false;  ///< all parts run and the store answers: a balancer may send requests here. Whether they are well is another question
  std::vector<Part> parts;
  std::vector<Metric> metrics;
  desk::Ears ears;
};

}  // namespace pinfold::http
