/// What in a shell command line (a crontab's, a startup file's, a unit's) speaks for somebody bringing something back. Pure.
/// Used by: schedules. Linear in the text; lines longer than kMaxCommand are judged by their beginning.
/// Not a sign by itself: wget or curl (monitoring, updates), /tmp as a place for a lock or an output.
#pragma once

#include <string>
#include <string_view>

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxCommand = 4096;

/// "fetches a program and runs it at once"; empty: nothing speaks against it.
[[nodiscard]] std::string_view sign_in(std::string_view command);

}  // namespace pinfold::agent::audit
