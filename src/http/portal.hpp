/// Everything that people and programs reach on the desk's main address: the API, the user interface, the staff's pages that need no script.
///   /v1/…                the API (api/api.hpp)
///   /app/…               the user interface (ui_assets.hpp); `/` leads there when it was built
///   /login, /logout      for the pages that need no script
///   /, /cases, /cases/…  those pages, for staff who have logged in
///   /healthz, /metrics   from this machine, for staff, or with a token that has desk:read
/// While there is no user at all, the pages are open to this machine alone (a first look, the demo); from elsewhere nothing is shown.
/// Security: forms are taken from our own origin only. Over TLS, Strict-Transport-Security is sent.
/// Threads: any. `is_slow` names what belongs on a thread of its own.
#pragma once

#include "http/api/api.hpp"
#include "http/staff_pages.hpp"

namespace pinfold::http {

class Portal {
public:
  Portal(api::Api& api, StaffPages& pages) : x_api(api), x_pages(pages) {}
  [[nodiscard]] Response handle(const Request& request);
  [[nodiscard]] static bool is_slow(const Request& request);

private:
  [[nodiscard]] Response serve(const Request& request, const Client& client);
  [[nodiscard]] Response log_in(const Request& request, const Client& client);
  [[nodiscard]] Response log_out(const Request& request, const Client& client);
  [[nodiscard]] std::optional<Response> refusal(const Request& request, const Client& client);

  api::Api& x_api;
  StaffPages& x_pages;
};

}  // namespace pinfold::http
