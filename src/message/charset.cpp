#include "message/charset.hpp"

#include <iconv.h>

#include <array>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "base/utf8.hpp"

namespace pinfold::message {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct CloseConverter {
  void operator()(iconv_t converter) const { iconv_close(converter); }
};
using Converter = std::unique_ptr<std::remove_pointer_t<iconv_t>, CloseConverter>;

Converter open_converter(const std::string& charset) {
  iconv_t converter = iconv_open("UTF-8", charset.c_str());
  return Converter(converter == reinterpret_cast<iconv_t>(-1) ? nullptr : converter);  // NOLINT(performance-no-int-to-ptr): iconv's way
}

/// As utf8_length, but a NUL is replaced as well.
std::size_t character_length(std::string_view text) { return text.front() == '\0' ? 0 : utf8_length(text); }

}  // namespace

void load_charsets() {
  static constexpr std::array kCommon = {"ISO-8859-1",   "ISO-8859-2", "ISO-8859-15", "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252",
                                         "WINDOWS-1256", "KOI8-R",     "ISO-2022-JP", "SHIFT_JIS",    "EUC-JP",       "EUC-KR",
                                         "GB2312",       "GBK",        "GB18030",     "BIG5",         "UTF-16",       "US-ASCII"};
  static const auto open_for_good = [] {
    std::array<Converter, kCommon.size()> open;
    for (std::size_t i = 0; i < kCommon.size(); ++i) {
      open[i] = open_converter(kCommon[i]);  // a missing one is read as UTF-8 later
    }
    return open;
  }();
  static_cast<void>(open_for_good);
}

std::string clean_utf8(std::string_view text, std::size_t max_bytes) {
  std::string result;
  result.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    if (text.substr(0, 2) == "\r\n") {
      text.remove_prefix(1);
    }
    const std::size_t length = character_length(text);
    const std::string_view piece = length == 0 ? kReplacement : text.substr(0, length);
    if (result.size() + piece.size() > max_bytes) {
      break;
    }
    result += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

std::string to_utf8(std::string_view bytes, const std::string& charset, std::size_t max_bytes) {
  const Converter converter = charset.empty() || charset == "utf-8" || charset == "us-ascii" ? nullptr : open_converter(charset);
  if (!converter) {
    return clean_utf8(bytes, max_bytes);
  }
  std::string converted;
  std::string input(bytes.substr(0, max_bytes * 2));  // no charset here needs more than two bytes for what UTF-8 says in one
  char* in = input.data();
  std::size_t in_left = input.size();
  std::array<char, 4096> buffer{};
  while (in_left > 0 && converted.size() < max_bytes) {
    char* out = buffer.data();
    std::size_t out_left = buffer.size();
    const std::size_t left_before = in_left;
    iconv(converter.get(), &in, &in_left, &out, &out_left);
    converted.append(buffer.data(), buffer.size() - out_left);
    if (in_left == left_before && out_left == buffer.size()) {  // a byte that means nothing in this charset
      converted += kReplacement;
      ++in;
      --in_left;
    }
  }
  return clean_utf8(converted, max_bytes);
}

}  // namespace pinfold::message
