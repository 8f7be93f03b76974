#include "message/wrap.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::message {
namespace {

struct Ending {
  std::string_view end;
  std::string_view type;
};
constexpr std::array<Ending, 4> kEndings{
    {{".json", "application/json"}, {".csv", "text/csv"}, {".xml", "application/xml"}, {".zip", "application/zip"}}};

/// RFC 4648 section 4, in lines of 76.
std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + bytes.size() / 57 * 2 + 8);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8U) | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= count ? kDigits[(group >> (18U - 6U * j)) & 63U] : '=';
    }
    if (i % 57 == 54) {
      out += "\r\n";
    }
  }
  return out;
}

}  // namespace

std::string as_mail(std::string_view file_name, std::string bytes) {
  const auto known = std::find_if(kEndings.begin(), kEndings.end(), [&](const Ending& e) {
    return file_name.size() > e.end.size() && iequals(file_name.substr(file_name.size() - e.end.size()), e.end);
  });
  if (known == kEndings.end()) {
    return bytes;
  }
  std::string name;
  for (const char c : file_name.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    name += plain ? c : '_';
  }
  std::string mail = "MIME-Version: 1.0\r\nContent-Type: " + std::string(known->type) + "; name=\"" + name +
                     "\"\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  return mail + base64(bytes) + "\r\n";
}

}  // namespace pinfold::message
