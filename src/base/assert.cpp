#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace pinfold {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "pinfold: bug: assertion '%s' failed at %s:%d\n", condition, file, line);  // NOLINT(cert-err33-c): about to abort
  std::abort();
}

}  // namespace pinfold
