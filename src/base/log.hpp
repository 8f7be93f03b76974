/// Structured log lines for operators. Every message has a stable id that docs/messages.md explains:
///   log_info("COLLECT_STARTED", "listening for flow exports on {}", address);
/// prints "2026-11-23T04:12:00.123Z INFO COLLECT_STARTED listening for flow exports on 192.0.2.1:2055".
/// Used by: adapters, engine, apps. Pure folders return what happened instead of logging it.
/// Rules:   text from outside goes through `printable` (base/text.hpp); secrets never go in.
/// Threads: any. Goes to standard error, one write a line (spdlog).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace pinfold {

enum class LogLevel : unsigned char { Debug, Info, Warning, Error };

void set_log_level(LogLevel at_least);
/// One line; `id` is a constant in capitals.
void log_line(LogLevel level, std::string_view id, const std::string& text);

template <typename... Args>
void log_debug(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Debug, id, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Info, id, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Warning, id, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Error, id, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace pinfold
