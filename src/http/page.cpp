#include "http/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/embedded.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& pages_files();
}

namespace pinfold::http {
namespace {

const EmbeddedFile* find(std::string_view name) {
  const auto& files = pages_files();
  const auto found = std::find_if(files.begin(), files.end(), [name](const EmbeddedFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

std::string_view embedded(std::string_view name) {
  const EmbeddedFile* file = find(name);
  PINFOLD_ASSERT(file != nullptr);
  return file->text;
}

bool is_embedded(std::string_view name) { return find(name) != nullptr; }

std::string render(std::string_view template_name, const kainjow::mustache::data& values) {
  kainjow::mustache::context<std::string> scope;  // not of `values` at once: the library's constructor for that calls a virtual function
  scope.push(&values);
  return kainjow::mustache::mustache(std::string(embedded(template_name))).render(scope);
}

Response style_sheet() {
  return {.status = 200,
          .content_type = "text/css; charset=utf-8",
          .body = std::string(embedded("pinfold.css")),
          .headers = {{"Cache-Control", "max-age=300"}}};
}

Response plain(unsigned status, std::string_view text) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::string(text), .headers = {}};
}

Response html(unsigned status, std::string body, bool may_post) {
  return {.status = status,
          .content_type = "text/html; charset=utf-8",
          .body = std::move(body),
          .headers = {
              {"Content-Security-Policy", fmt::format("default-src 'none'; style-src 'self'; base-uri 'none'; form-action {}; frame-ancestors 'none'",
                                                      may_post ? "'self'" : "'none'")},
              {"Cache-Control", "no-store"},
              {"Referrer-Policy", "no-referrer"},
              {"X-Content-Type-Options", "nosniff"}}};
}

}  // namespace pinfold::http
