/// Owners for the GObject and GLib things that GMime hands out. For message/*.cpp only.
#pragma once

#include <gmime/gmime.h>

#include <memory>
#include <string>

namespace pinfold::message {

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
template <typename T>
using GRef = std::unique_ptr<T, Unref>;

struct GFree {
  void operator()(char* text) const { g_free(text); }
};
using GText = std::unique_ptr<char, GFree>;

[[nodiscard]] inline std::string text_or_empty(const char* text) { return text == nullptr ? std::string{} : std::string{text}; }

/// g_mime_init, once.
void start_gmime();

}  // namespace pinfold::message
