#include "http/api/call.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pinfold::http::api {
namespace {

constexpr std::size_t kMaxCursor = 500;

std::string dump(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

bool is_blank(std::string_view text) { return trim(text).empty(); }

}  // namespace

std::string Call::param(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string{} : found->second;
}

std::optional<WallTime> Call::time_param(const std::string& name) const {
  const std::string text = param(name);
  if (text.empty()) {
    return std::nullopt;
  }
  const auto time = parse_wall_time(text);
  if (!time) {
    throw invalid(name, "a time like 2026-11-23T00:00:00Z");
  }
  return time;
}

std::size_t Call::limit() const {
  const std::string text = param("limit");
  if (text.empty()) {
    return kUsualPage;
  }
  const auto number = parse_number(text);
  if (!number || *number == 0 || *number > kMaxPage) {
    throw invalid("limit", fmt::format("a number from 1 to {}", kMaxPage));
  }
  return static_cast<std::size_t>(*number);
}

std::vector<std::string> Call::cursor(std::size_t fields) const {
  const std::string text = param("cursor");
  if (text.empty()) {
    return {};
  }
  const auto bytes = text.size() <= kMaxCursor ? from_hex(text) : std::nullopt;
  std::vector<std::string> parts;
  if (bytes) {
    const std::string raw(bytes->begin(), bytes->end());
    for (const std::string_view part : split(raw, '\x1f')) {
      parts.emplace_back(part);
    }
  }
  if (parts.size() != fields) {
    throw invalid("cursor", "not a cursor of this list");
  }
  return parts;
}

std::optional<CustomerId> Call::customer_param() const {
  if (!who().is_staff()) {
    return who().user.customer;
  }
  const std::string wanted = param("customer");
  return wanted.empty() ? std::nullopt : std::optional(CustomerId{wanted});
}

std::string Call::text(const std::string& field, std::size_t most) const {
  std::string value = text_or(field, most, {});
  if (is_blank(value)) {
    throw invalid(field, "missing");
  }
  return value;
}

std::string Call::text_or(const std::string& field, std::size_t most, const std::string& otherwise) const {
  if (!has(field)) {
    return otherwise;
  }
  if (!body[field].is_string()) {
    throw invalid(field, "a text");
  }
  const auto& value = body[field].get_ref<const std::string&>();
  if (value.size() > most) {
    throw invalid(field, fmt::format("at most {} bytes", most));
  }
  return printable_lines(value, most * 4);
}

bool Call::flag(const std::string& field, bool otherwise) const {
  if (!has(field)) {
    return otherwise;
  }
  if (!body[field].is_boolean()) {
    throw invalid(field, "true or false");
  }
  return body[field].get<bool>();
}

std::optional<WallTime> Call::time(const std::string& field) const {
  const std::string raw = text_or(field, 40, {});
  const auto value = raw.empty() ? std::nullopt : parse_wall_time(raw);
  if (!raw.empty() && !value) {
    throw invalid(field, "a time like 2026-11-23T00:00:00Z");
  }
  return value;
}

CaseId Call::case_id() const {
  const auto id = parse_case(path.at(0));
  if (!id) {
    throw not_found("there is no such case");
  }
  return *id;
}

ticket::TicketId Call::ticket_id() const {
  const std::string_view text = path.at(0);
  const auto number = whole(text.substr(0, 2) == "T-" ? text.substr(2) : std::string_view{});
  if (!number) {
    throw not_found("there is no such ticket");
  }
  return ticket::TicketId{*number};
}

std::int64_t Call::number(std::size_t index) const {
  const auto number = parse_number(path.at(index));
  if (!number || *number == 0 || *number > INT32_MAX) {
    throw not_found("there is no such number");
  }
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> whole(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > INT64_MAX) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

std::optional<CaseId> parse_case(std::string_view text) {
  const auto number = whole(text.substr(0, 3) == "PF-" ? text.substr(3) : std::string_view{});
  return number ? std::optional(CaseId{*number}) : std::nullopt;
}

std::string make_cursor(const std::vector<std::string>& fields) {
  const std::string raw = fmt::format("{}", fmt::join(fields, "\x1f"));
  const std::vector<std::uint8_t> bytes(raw.begin(), raw.end());
  return to_hex(bytes);
}

std::string printable_lines(std::string_view text, std::size_t most) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    out += (out.empty() ? "" : "\n") + printable(!line.empty() && line.back() == '\r' ? line.substr(0, line.size() - 1) : line, most);
  }
  return out;
}

Response ok(const json& body, unsigned status) { return {.status = status, .content_type = "application/json", .body = dump(body), .headers = {}}; }

Response ok_with_tag(const json& body, std::int64_t version, unsigned status) {
  Response response = ok(body, status);
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", version));
  return response;
}

Response done() { return {.status = 204, .content_type = {}, .body = {}, .headers = {}}; }

Response list_of(json items, const std::optional<std::string>& next) {
  return ok({{"items", std::move(items)}, {"next", next ? json(*next) : json(nullptr)}});
}

Response download(std::string bytes, std::string_view name) {
  std::string safe;
  for (const char c : name.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    safe += plain ? c : '_';
  }
  return {.status = 200,
          .content_type = "application/octet-stream",
          .body = std::move(bytes),
          .headers = {{"Content-Disposition", fmt::format("attachment; filename=\"{}\"", safe)},
                      {"Content-Security-Policy", "default-src 'none'; sandbox"}}};
}

json nullable(const std::optional<WallTime>& t) { return t ? json(to_string(*t)) : json(nullptr); }
json nullable(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

}  // namespace pinfold::http::api
