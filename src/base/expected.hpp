/// A value or the reason why there is none: std::expected's shape and names, for C++20.
/// Used by everything that reads untrusted bytes or talks to a remote side (error kind 1 of CONTRIBUTING).
/// Errors:  reading the wrong alternative is a bug and aborts (base/assert.hpp).
/// Threads: none. Cost: a std::variant.
/// Source:  P0323R12, the part that Pinfold needs.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.hpp"

namespace pinfold {

/// The wrapper that says "this is the error", so that T and E may be the same type.
template <typename E>
class Unexpected {
public:
  constexpr explicit Unexpected(E error) : x_error(std::move(error)) {}
  [[nodiscard]] constexpr const E& error() const& { return x_error; }
  [[nodiscard]] constexpr E&& error() && { return std::move(x_error); }

private:
  E x_error;
};

template <typename E>
Unexpected(E) -> Unexpected<E>;

template <typename T, typename E>
class [[nodiscard]] Expected {
public:
  using value_type = T;
  using error_type = E;

  constexpr Expected(T value) : x_state(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor): as std::expected
  template <typename G>
  requires std::is_convertible_v<G, E>
  constexpr Expected(Unexpected<G> error)  // NOLINT(google-explicit-constructor): as std::expected
      : x_state(std::in_place_index<1>, std::move(error).error()) {}

  [[nodiscard]] constexpr bool has_value() const { return x_state.index() == 0; }
  constexpr explicit operator bool() const { return has_value(); }

  [[nodiscard]] constexpr T& value() & {
    PINFOLD_ASSERT(has_value());
    return *std::get_if<0>(&x_state);
  }
  [[nodiscard]] constexpr const T& value() const& {
    PINFOLD_ASSERT(has_value());
    return *std::get_if<0>(&x_state);
  }
  [[nodiscard]] constexpr T&& value() && {
    PINFOLD_ASSERT(has_value());
    return std::move(*std::get_if<0>(&x_state));
  }
  [[nodiscard]] constexpr const E& error() const& {
    PINFOLD_ASSERT(!has_value());
    return *std::get_if<1>(&x_state);
  }
  [[nodiscard]] constexpr E&& error() && {
    PINFOLD_ASSERT(!has_value());
    return std::move(*std::get_if<1>(&x_state));
  }

  [[nodiscard]] constexpr T& operator*() & { return value(); }
  [[nodiscard]] constexpr const T& operator*() const& { return value(); }
  [[nodiscard]] constexpr T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] constexpr T* operator->() { return &value(); }
  [[nodiscard]] constexpr const T* operator->() const { return &value(); }

  template <typename U>
  [[nodiscard]] constexpr T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }

private:
  std::variant<T, E> x_state;
};

/// Success without a value.
template <typename E>
class [[nodiscard]] Expected<void, E> {
public:
  using value_type = void;
  using error_type = E;

  constexpr Expected() = default;
  template <typename G>
  requires std::is_convertible_v<G, E>
  constexpr Expected(Unexpected<G> error)  // NOLINT(google-explicit-constructor): as std::expected
      : x_state(std::in_place_index<1>, std::move(error).error()) {}

  [[nodiscard]] constexpr bool has_value() const { return x_state.index() == 0; }
  constexpr explicit operator bool() const { return has_value(); }
  [[nodiscard]] constexpr const E& error() const {
    PINFOLD_ASSERT(!has_value());
    return *std::get_if<1>(&x_state);
  }

private:
  std::variant<std::monostate, E> x_state;
};

}  // namespace pinfold
