/// Pages that need no script: Mustache templates compiled into the program, in one frame, under one strict policy.
/// Used by: the staff's pages and the customers' answer page. Security: templates escape all text; nothing leaves the origin.
/// Threads: any. Errors: a template that was not compiled in is a bug and aborts.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace pinfold::http {

/// The text of a file under http/pages/, by name.
[[nodiscard]] std::string_view embedded(std::string_view name);
[[nodiscard]] bool is_embedded(std::string_view name);
[[nodiscard]] std::string render(std::string_view template_name, const kainjow::mustache::data& values);

[[nodiscard]] Response style_sheet();
[[nodiscard]] Response plain(unsigned status, std::string_view text);
/// HTML under a policy that allows our style sheet and, if `may_post`, forms to our own origin; nothing else.
[[nodiscard]] Response html(unsigned status, std::string body, bool may_post);

}  // namespace pinfold::http
