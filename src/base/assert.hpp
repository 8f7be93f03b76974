/// The always-on assertion: for bugs only, never reachable from input (error kind 3 of CONTRIBUTING).
/// Prints the condition and the place to standard error and aborts, in every build.
#pragma once

namespace pinfold {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace pinfold

#define PINFOLD_ASSERT(condition) (static_cast<bool>(condition) ? static_cast<void>(0) : ::pinfold::assertion_failed(#condition, __FILE__, __LINE__))
