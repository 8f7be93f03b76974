#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace pinfold {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, LengthIsThatOfTheFirstCharacter) {
  for (const auto& [text, length] : {std::pair{"a"sv, 1U},
                                     {"\0"sv, 1U},
                                     {"\xC3\xBCx"sv, 2U},
                                     {"\xE2\x82\xAC"sv, 3U},
                                     {"\xED\x9F\xBF"sv, 3U},
                                     {"\xF0\x9F\x98\x80"sv, 4U},
                                     {"\xF4\x8F\xBF\xBF"sv, 4U}}) {
    EXPECT_EQ(utf8_length(text), length) << text;
  }
}

TEST(Utf8, WhatIsNoCharacterHasNone) {
  const std::pair<const char*, std::string_view> none[] = {{"nothing", ""sv},
                                                           {"a middle", "\x80"sv},
                                                           {"cut", "\xE2\x82"sv},
                                                           {"no middle", "\xC3x"sv},
                                                           {"overlong, two", "\xC1\xBF"sv},
                                                           {"overlong, three", "\xE0\x9F\xBF"sv},
                                                           {"overlong, four", "\xF0\x8F\xBF\xBF"sv},
                                                           {"a surrogate", "\xED\xA0\x80"sv},
                                                           {"above the last", "\xF4\x90\x80\x80"sv},
                                                           {"no first", "\xF5\x80\x80\x80"sv}};
  for (const auto& [what, text] : none) {
    EXPECT_EQ(utf8_length(text), 0U) << what;
  }
}

}  // namespace
}  // namespace pinfold
