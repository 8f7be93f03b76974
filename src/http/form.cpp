#include "http/form.hpp"

namespace pinfold::http {

namespace {

std::string decode(std::string_view text, char plus) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (const auto byte = from_hex(text.substr(i + 1, 2)); byte && byte->size() == 1) {
        plain += static_cast<char>(byte->front());
        i += 2;
        continue;
      }
    }
    plain += text[i] == '+' ? plus : text[i];
  }
  return plain;
}

}  // namespace

std::string url_decode(std::string_view text) { return decode(text, ' '); }
std::string url_decode_path(std::string_view text) { return decode(text, '+'); }

std::optional<Form> parse_form(const Request& request) {
  if (!istarts_with(request.header("content-type"), "application/x-www-form-urlencoded") || request.body.size() > kMaxForm) {
    return std::nullopt;
  }
  const auto pairs = split(request.body, '&');
  if (pairs.size() > kMaxFields) {
    return std::nullopt;
  }
  Form form;
  for (const std::string_view pair : pairs) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    form.emplace(url_decode(pair.substr(0, equals)), url_decode(pair.substr(std::min(pair.size(), equals + 1))));
  }
  return form;
}

}  // namespace pinfold::http
