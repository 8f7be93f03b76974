#include "http/ui_assets.hpp"

#include <algorithm>

#include "base/embedded.hpp"
#include "http/page.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& ui_files();
}

namespace pinfold::http {
namespace {

constexpr std::string_view kPage = "index.html";
constexpr std::string_view kHashed = "assets/";

const EmbeddedFile* find(std::string_view name) {
  const auto& files = ui_files();
  const auto found = std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

std::string_view type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{".html", "text/html; charset=utf-8"},
                                                                             {".js", "text/javascript; charset=utf-8"},
                                                                             {".css", "text/css; charset=utf-8"},
                                                                             {".svg", "image/svg+xml"},
                                                                             {".png", "image/png"},
                                                                             {".ico", "image/x-icon"},
                                                                             {".txt", "text/plain; charset=utf-8"},
                                                                             {".json", "application/json"},
                                                                             {".webmanifest", "application/manifest+json"},
                                                                             {".woff2", "font/woff2"}};
  for (const auto& [ending, type] : kTypes) {
    if (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending) {
      return type;
    }
  }
  return "application/octet-stream";
}

/// The coding's name stands as a whole token, and is not refused with q=0.
bool takes(std::string_view accept, std::string_view coding) {
  for (const std::string_view one : split(accept, ',')) {
    const auto parts = split(one, ';');
    if (iequals(trim(parts[0]), coding)) {
      return parts.size() < 2 || trim(parts[1]) != "q=0";
    }
  }
  return false;
}

}  // namespace

bool has_ui() { return find(kPage) != nullptr; }

Response ui_asset(const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return plain(405, "This is only for reading.\n");
  }
  const std::string_view path = request.path();
  std::string_view name = path.size() > kUiPath.size() ? path.substr(kUiPath.size()) : kPage;
  const bool is_hashed = name.substr(0, kHashed.size()) == kHashed;
  const EmbeddedFile* file = find(name);
  if (file == nullptr && is_hashed) {
    return plain(404, "There is no such file.\n");
  }
  if (file == nullptr) {
    name = kPage;
    file = find(kPage);
  }
  if (file == nullptr) {
    return plain(404, "This program was built without its user interface; /cases needs none.\n");
  }
  Response response{.status = 200,
                    .content_type = std::string(type_of(name)),
                    .body = {},
                    .headers = {{"Vary", "Accept-Encoding"},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Cache-Control", is_hashed ? "public, max-age=31536000, immutable" : "no-cache"}}};
  for (const auto& [coding, ending] : {std::pair{"br", ".br"}, std::pair{"gzip", ".gz"}}) {
    const EmbeddedFile* twin = takes(request.header("accept-encoding"), coding) ? find(std::string(name) + ending) : nullptr;
    if (twin != nullptr) {
      response.headers.emplace_back("Content-Encoding", coding);
      file = twin;
      break;
    }
  }
  if (name == kPage) {
    response.headers.emplace_back("Content-Security-Policy", std::string(kUiPolicy));
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  }
  response.body = std::string(file->text);
  return response;
}

}  // namespace pinfold::http
