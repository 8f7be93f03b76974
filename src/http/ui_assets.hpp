/// The user interface (ui/), compiled into the program: build/ui/dist as it was when the program was configured; empty if it was not built.
/// Paths are below /app/. A name below assets/ carries a hash of its content and is kept by browsers for a year; every other path is the page itself,
/// which knows its own routes. Twins ending in .br or .gz are sent to browsers that take them.
/// Security: one strict policy; no request leaves the origin; trusted types with the policies named in kUiPolicy. Threads: any.
#pragma once

#include "http/message.hpp"

namespace pinfold::http {

inline constexpr std::string_view kUiPath = "/app/";
inline constexpr std::string_view kUiPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html pinfold";

[[nodiscard]] bool has_ui();
[[nodiscard]] Response ui_asset(const Request& request);

}  // namespace pinfold::http
