#include "message/authentication.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::message {
namespace {

constexpr std::size_t kMaxDomains = 16;

/// Without comments (in brackets, which nest) and with a quoted string's quotes taken off.
std::string plain(std::string_view value) {
  std::string out;
  unsigned depth = 0;
  for (const char c : value) {
    depth += c == '(' ? 1U : 0U;
    if (depth == 0 && c != '"') {
      out += c;
    }
    depth -= c == ')' && depth > 0 ? 1U : 0U;
  }
  return out;
}

std::string domain_in(std::string_view property) {
  const std::string_view value = trim(property.substr(property.rfind('@') + 1));
  const bool is_name = !value.empty() && value.size() <= 253 &&
                       value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == std::string_view::npos;
  return is_name ? to_lower(value) : std::string{};
}

/// "dkim=pass header.d=example.net header.s=x" → "example.net"; "" when it did not pass or names nobody.
std::string passed(std::string_view result) {
  struct Method {
    std::string_view verdict;
    std::array<std::string_view, 2> properties;
  };
  static constexpr std::array<Method, 3> kMethods{{{"dkim=pass", {"header.d=", "header.i="}},
                                                   {"spf=pass", {"smtp.mailfrom=", "smtp.mailfrom="}},
                                                   {"dmarc=pass", {"header.from=", "header.from="}}}};
  std::vector<std::string_view> words;
  for (const std::string_view word : split(result, ' ')) {
    if (!trim(word).empty()) {
      words.push_back(trim(word));
    }
  }
  for (const Method& method : kMethods) {
    if (words.empty() || !iequals(words.front(), method.verdict)) {
      continue;
    }
    for (const std::string_view property : method.properties) {
      for (const std::string_view word : words) {
        if (istarts_with(word, property)) {
          return domain_in(word.substr(property.size()));
        }
      }
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> authenticated_domains(const Mail& mail, std::string_view authserv_id) {
  std::vector<std::string> domains;
  for (const Header& header : mail.headers) {
    if (authserv_id.empty() || !iequals(header.name, "Authentication-Results")) {
      continue;
    }
    const std::string value = plain(header.value);
    const auto results = split(value, ';');
    const std::string_view name = trim(results.front());
    if (!iequals(name.substr(0, name.find(' ')), authserv_id)) {
      continue;
    }
    for (std::size_t i = 1; i < results.size() && domains.size() < kMaxDomains; ++i) {
      std::string domain = passed(trim(results[i]));
      if (!domain.empty() && std::find(domains.begin(), domains.end(), domain) == domains.end()) {
        domains.push_back(std::move(domain));
      }
    }
  }
  return domains;
}

}  // namespace pinfold::message
