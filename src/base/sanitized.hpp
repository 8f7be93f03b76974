/// Whether this is a build with the address or the thread sanitizer. They reserve address space by the terabyte, open /proc when they report and slow
/// everything down: limits and cages that are made for the product do not fit them. Such a build is never shipped.
#pragma once

// g++ tells by a macro, clang by a feature.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PINFOLD_IS_SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PINFOLD_IS_SANITIZED true
#endif
#ifndef PINFOLD_IS_SANITIZED
#define PINFOLD_IS_SANITIZED false
#endif

namespace pinfold {

inline constexpr bool kIsSanitized = PINFOLD_IS_SANITIZED;

}  // namespace pinfold
