#include "engine/ports/netbox.hpp"

#include <fmt/format.h>

#include <functional>

#include "base/text.hpp"

namespace pinfold::engine {

namespace {

using inventory::NetboxCabling;
using Take = std::function<Expected<NetboxCabling::Page, std::string>(std::string_view)>;

[[nodiscard]] Expected<void, std::string> fetch_all(fetch::Request request, const std::string& what, const Take& take) {
  const std::string root = request.url.target.ends_with('/') ? request.url.target.substr(0, request.url.target.size() - 1) : request.url.target;
  std::size_t have = 0;
  for (std::size_t page = 0; page < kMaxPages; ++page) {
    request.url.target = fmt::format("{}/api/dcim/{}/?limit={}&offset={}", root, what, kPageRows, have);
    const auto failed = [&](std::string_view why) { return Unexpected(fmt::format("{}: {}", fetch::to_string(request.url), why)); };
    const auto answer = fetch::send(request);
    if (!answer) {
      return failed(answer.error().what);
    }
    if (answer->status == 401 || answer->status == 403) {
      return failed("NetBox refuses the token");
    }
    if (answer->status != 200) {
      return failed(fmt::format("answers {}: {}", answer->status, printable(answer->body, 200)));
    }
    const auto taken = take(answer->body);
    if (!taken) {
      return failed(taken.error());
    }
    have += taken->rows;
    if (have >= taken->count) {
      return {};
    }
    if (taken->rows == 0) {
      return failed(fmt::format("an empty page, though only {} of {} rows have come", have, taken->count));
    }
  }
  return Unexpected(fmt::format("{}: more than {} pages", what, kMaxPages));
}

}  // namespace

Expected<NetboxCabling, std::string> fetch_netbox(const fetch::Url& base, const std::string& token, const std::string& ca_file) {
  NetboxCabling cabling;
  fetch::Request request;
  request.url = base;
  request.ca_file = ca_file;
  request.headers = {{"authorization", "Token " + token}, {"accept", "application/json"}};
  request.within = std::chrono::seconds{60};
  request.max_body = inventory::kMaxNetboxPage;
  if (auto done = fetch_all(request, "interfaces", [&](std::string_view text) { return cabling.add_interfaces(text); }); !done) {
    return Unexpected(done.error());
  }
  if (auto done = fetch_all(request, "cables", [&](std::string_view text) { return cabling.add_cables(text); }); !done) {
    return Unexpected(done.error());
  }
  return cabling;
}

}  // namespace pinfold::engine
