/// The demo without root: exports that the lab recorded (lab/recorded) go through the real decoders, detectors and desk, on a clock that is
/// the recording's; what the desk would have sent is shown. No network is touched. True when all of it held.
#pragma once

#include <filesystem>

#include "pinfold/output.hpp"

namespace pinfold::app {

[[nodiscard]] bool replay_recording(const std::filesystem::path& folder, const Output& output);

}  // namespace pinfold::app
