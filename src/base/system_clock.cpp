#include "base/clock.hpp"

namespace pinfold {
namespace {

class SystemClock final : public Clock {
public:
  [[nodiscard]] MonoTime mono() const override { return {std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch())}; }
  [[nodiscard]] WallTime wall() const override { return {std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch())}; }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace pinfold
