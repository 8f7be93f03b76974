#include "message/mail.hpp"

#include "base/text.hpp"

namespace pinfold::message {

const Header* find_header(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (iequals(header.name, name)) {
      return &header;
    }
  }
  return nullptr;
}

std::string_view header_value(const Mail& mail, std::string_view name) {
  const Header* header = find_header(mail.headers, name);
  return header == nullptr ? std::string_view{} : std::string_view{header->value};
}

std::vector<std::string> parse_message_ids(std::string_view value) {
  std::vector<std::string> ids;
  while (ids.size() < kMaxReferences) {
    const auto open = value.find('<');
    if (open == std::string_view::npos) {
      break;
    }
    const auto close = value.find('>', open);
    if (close == std::string_view::npos) {
      break;
    }
    const std::string_view id = trim(value.substr(open + 1, close - open - 1));
    if (!id.empty()) {
      ids.emplace_back(id);
    }
    value.remove_prefix(close + 1);
  }
  return ids;
}

}  // namespace pinfold::message
