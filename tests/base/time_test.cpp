#include "base/time.hpp"

#include <gtest/gtest.h>

namespace pinfold {
namespace {

TEST(WallTime, TextSurvivesARoundTrip) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-23T04:12:00Z", "2026-11-23T04:12:00.250Z", "2026-02-28T23:59:59.000001Z"}) {
    const auto parsed = parse_wall_time(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), text);
  }
}

TEST(WallTime, OffsetsAreConvertedToUtc) { EXPECT_EQ(to_string(*parse_wall_time("2026-11-23T04:12:00+05:30")), "2026-11-22T22:42:00Z"); }

TEST(WallTime, RefusesWhatIsNotATime) {
  for (const char* text : {"", "2026-11-23", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T04:12:00",
                           "2026-11-23T04:12:00.Z", "2026-11-23T04:12:00Zx", "2026-11-23T04:12:00+0530"}) {
    EXPECT_FALSE(parse_wall_time(text)) << text;
  }
}

TEST(Duration, NeedsAUnit) {
  EXPECT_EQ(parse_duration("24 h"), Micros{std::chrono::hours{24}});
  EXPECT_EQ(parse_duration("250ms"), Micros{250'000});
  EXPECT_EQ(parse_duration("7 d"), Micros{std::chrono::days{7}});
  for (const char* text : {"", "24", "24 hours", "-1 s", "1.5 h", "9999999999999999999 s", "200000000000000 d", "s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, TextSurvivesARoundTrip) {
  for (const char* text : {"24 h", "90 s", "7 d", "250 ms", "15 min"}) {
    EXPECT_EQ(parse_duration(to_string(*parse_duration(text))), parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace pinfold
