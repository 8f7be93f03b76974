/// The forms in which times are written: data for times.cpp. A blank in a form may hold a joining word ("at", "um").
/// For src/report only.
#pragma once

#include <array>
#include <string_view>

namespace pinfold::report {

struct Zone {
  std::string_view name;
  int minutes_east;
  bool also_small = false;  ///< may be written in small letters
};
// RFC 5322 section 4.3 and what mail programs and logs write. "BST", "CST" and other names that mean several zones are read as in mail headers;
// "IST" is left out.
constexpr auto kZones = std::to_array<Zone>(
    {{"UTC", 0, true},    {"GMT", 0, true},   {"UT", 0},          {"Z", 0, true},      {"EST", -300},       {"EDT", -240, true}, {"CST", -360},
     {"CDT", -300, true}, {"MST", -420},      {"MDT", -360},      {"PST", -480, true}, {"PDT", -420, true}, {"CEST", 120, true}, {"CET", 60, true},
     {"MESZ", 120, true}, {"MEZ", 60, true},  {"WEST", 60},       {"WET", 0},          {"EEST", 180, true}, {"EET", 120, true},  {"BST", 60},
     {"MSK", 180, true},  {"JST", 540, true}, {"KST", 540, true}, {"AEST", 600},       {"AEDT", 660},       {"HKT", 480},        {"SGT", 480},
     {"BRT", -180},       {"ART", -180},      {"SAST", 120},      {"WIB", 420},        {"NZST", 720},       {"NZDT", 780},       {"AWST", 480}});
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

struct Month {
  std::string_view name;
  int number;
};
/// Beginnings of names that are not English ones: German, French, Spanish, Portuguese, Italian, Dutch, Polish, Czech, Swedish, Russian.
constexpr auto kOtherMonths = std::to_array<Month>({
    {"jän", 1},  {"ene", 1},  {"gen", 1},  {"sty", 1},  {"led", 1},  {"янв", 1},  {"fév", 2},  {"fev", 2},  {"lut", 2},  {"únor", 2},
    {"unor", 2}, {"фев", 2},  {"mär", 3},  {"mrt", 3},  {"maa", 3},  {"märz", 3}, {"břez", 3}, {"мар", 3},  {"avr", 4},  {"abr", 4},
    {"kwi", 4},  {"dub", 4},  {"апр", 4},  {"mai", 5},  {"mag", 5},  {"maj", 5},  {"mei", 5},  {"kvě", 5},  {"мая", 5},  {"май", 5},
    {"juin", 6}, {"giu", 6},  {"cze", 6},  {"июн", 6},  {"juil", 7}, {"lug", 7},  {"lip", 7},  {"июл", 7},  {"aoû", 8},  {"ago", 8},
    {"sie", 8},  {"srp", 8},  {"авг", 8},  {"set", 9},  {"wrz", 9},  {"zář", 9},  {"сен", 9},  {"okt", 10}, {"out", 10}, {"ott", 10},
    {"paź", 10}, {"окт", 10}, {"lis", 11}, {"ноя", 11}, {"dez", 12}, {"déc", 12}, {"dic", 12}, {"gru", 12}, {"pro", 12}, {"дек", 12},
});

/// Words and labels that stand between a date and a time, or between a day and a month; a longer one before its beginning.
constexpr auto kJoiners = std::to_array<std::string_view>(
    {"at",         "of",    "on",      "um",     "à",     "a las", "alle ore", "alle",      "de",    "del",      "om",    "o godz.",
     "o godzinie", "o",     "kl.",     "kl",     "klo",   "v",     "в",        "г. в",      "г.",    "r. godz.", "godz.", "r. o",
     "r.",         "uhr",   "às",      "as",     "ore",   "-",     "–",        "/",         "@",     "time=\"",  "time=", "time:",
     "uhrzeit:",   "zeit:", "heure :", "heure:", "hora:", "ora:",  "tijd:",    "tijdstip:", "czas:", "čas:",     "время:"});

/// The longest that fits is taken.
constexpr auto kForms = std::to_array<std::string_view>({"%d %b %Y %H:%M:%S %z",     "%d %b %Y %H:%M:%S",       "%d %b %Y %H:%M %z",
                                                         "%d %b %Y, %H:%M:%S %z",    "%d-%b-%Y %H:%M:%S %z",    "%d-%b-%Y %H:%M:%S",
                                                         "%d %b %y %H:%M:%S %z",     "%d %b %y %H:%M %z",       "%Y-%m-%dT%H:%M:%S%z",
                                                         "%Y-%m-%dT%H:%M:%S %z",     "%Y-%m-%dT%H:%M:%S",       "%Y-%m-%dT%H:%M%z",
                                                         "%Y-%m-%d %H:%M:%S%z",      "%Y-%m-%d %H:%M:%S %z",    "%Y-%m-%d %H:%M:%S (%z)",
                                                         "%Y-%m-%d %H:%M:%S",        "%Y-%m-%d, %H:%M:%S %z",   "%Y-%m-%d %H:%M %z",
                                                         "%Y-%m-%d %H:%M",           "%Y/%m/%d %H:%M:%S %z",    "%Y/%m/%d %H:%M:%S",
                                                         "%Y%m%dT%H%M%S%z",          "%Y-%m-%d_%H:%M:%S",       "%d/%b/%Y:%H:%M:%S %z",
                                                         "%d/%b/%Y:%H:%M:%S",        "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y %z",
                                                         "%a %b %d %H:%M:%S %Y",     "%b %d %Y %H:%M:%S %z",    "%b %d %Y %H:%M:%S",
                                                         "%b %d, %Y %H:%M:%S %z",    "%b %d, %Y %H:%M:%S",      "%b %d, %Y, %I:%M:%S %p %z",
                                                         "%b %d, %Y %I:%M:%S %p %z", "%b %d, %Y %I:%M %p %z",   "%b %d %H:%M:%S %z",
                                                         "%b %d %H:%M:%S",           "%d %b %Y %I:%M:%S %p %z", "%d %b %Y %I:%M:%S %p",
                                                         "%d %b %Y %I:%M %p %z",     "%d %b %Y %I:%M %p",       "%d %b %Y %H:%M",
                                                         "%d %b, %Y %H:%M:%S %z",    "%d %b, %Y %H:%M:%S",      "%b %d, %Y %I:%M:%S %p",
                                                         "%b %d, %Y %I:%M %p",       "%b %d, %Y %H:%M %z",      "%b %d, %Y %H:%M",
                                                         "%b %d %Y %H:%M %z",        "%b %d %Y %H:%M",          "%d/%b/%Y %H:%M:%S %z",
                                                         "%d/%b/%Y %H:%M:%S",        "%d-%b-%Y %H:%M %z",       "%d-%b-%Y %H:%M",
                                                         "%Y-%b-%d %H:%M:%S %z",     "%Y-%b-%d %H:%M:%S",       "%Y.%m.%d %H:%M:%S %z",
                                                         "%Y.%m.%d %H:%M:%S",        "%Y/%m/%d %H:%M %z",       "%Y/%m/%d %H:%M",
                                                         "%Y-%m-%d, %H:%M:%S",       "%Y-%m-%d, %H:%M %z",      "%Y-%m-%d, %H:%M",
                                                         "%Y%m%d %H:%M:%S %z",       "%Y%m%d %H:%M:%S",         "%Y-%m-%d-%H:%M:%S",
                                                         "%Y:%m:%d %H:%M:%S",        "%Y-%m-%dT%H:%M",          "%d. %b %Y %H:%M:%S %z",
                                                         "%d. %b %Y %H:%M:%S",       "%d. %b %Y, %H:%M:%S %z",  "%d. %b %Y, %H:%M:%S",
                                                         "%d. %b %Y %H:%M %z",       "%d. %b %Y %H:%M",         "%d. %b %Y, %H:%M %z",
                                                         "%d. %b %Y, %H:%M",         "%d.%m.%Y, %H:%M:%S %z",   "%d.%m.%Y, %H:%M:%S",
                                                         "%d.%m.%Y, %H:%M %z",       "%d.%m.%Y, %H:%M",         "%d.%m.%Y - %H:%M:%S",
                                                         "%d.%m.%y %H:%M:%S %z",     "%d.%m.%y %H:%M:%S",       "%d.%m.%Y %H:%M:%S %z",
                                                         "%d.%m.%Y %H:%M:%S",        "%d.%m.%Y %H:%M %z",       "%d.%m.%Y %H:%M",
                                                         "%m/%d/%Y %H:%M:%S %z",     "%m/%d/%Y %I:%M:%S %p %z", "%m/%d/%Y %I:%M:%S %p",
                                                         "%m/%d/%Y %H:%M:%S",        "%m/%d/%Y %I:%M %p %z",    "%m/%d/%Y %I:%M %p",
                                                         "%m/%d/%Y %H:%M %z",        "%m/%d/%Y %H:%M",          "%m/%d/%Y, %I:%M:%S %p %z",
                                                         "%m/%d/%Y, %I:%M:%S %p",    "%m/%d/%Y, %H:%M:%S %z",   "%m/%d/%Y, %H:%M:%S",
                                                         "%m/%d/%y %I:%M:%S %p %z",  "%m/%d/%y %I:%M:%S %p",    "%m/%d/%y %H:%M:%S %z",
                                                         "%m/%d/%y %H:%M:%S",        "%d-%m-%Y %H:%M:%S %z",    "%d-%m-%Y %H:%M:%S",
                                                         "%d-%m-%Y %H:%M %z",        "%d-%m-%Y %H:%M",          "%d %b %Y %I:%M%p %z",
                                                         "%m/%d/%Y-%H:%M:%S",        "%m/%d/%Y %Hh%M",          "%d %b %Y %Hh%M",
                                                         "%d %b %Y, %H:%M:%S",       "%d %b %Y, %H:%M %z",      "%d %b %Y, %H:%M",
                                                         "%m/%d-%H:%M:%S",           "%b/%d/%Y %H:%M:%S",       "%a %d %b %Y %H:%M:%S %z",
                                                         "%d.%m.%Y %Hh%M",           "%Y-%m-%dT%H-%M-%S%z",     "%Y-%m-%dT%H-%M-%S",
                                                         "%d-%b-%y %H:%M:%S %z",     "%d-%b-%y %H:%M:%S",       "%d-%b-%y %H:%M %z",
                                                         "%Y-%m-%d %I:%M:%S %p %z",  "%Y-%m-%d %I:%M:%S %p",    "%Y-%m-%d %I:%M %p",
                                                         "%m/%d/%y, %I:%M %p",       "%m/%d/%y %I:%M %p",       "%m/%d/%y %H:%M",
                                                         "%m/%d/%Y, %I:%M %p %z",    "%m/%d/%Y, %I:%M %p",      "%m/%d/%Y, %H:%M",
                                                         "%Y年%m月%d日 %H:%M:%S",    "%Y年%m月%d日 %H:%M",      "%Y年%m月%d日%H:%M",
                                                         "%Y年%m月%d日 %H时%M分",    "%Y年%m月%d日 %H時%M分",   "%Y. %m. %d. %H:%M:%S",
                                                         "%d. %b %Y %H.%M",          "%d %b %Y %H.%M",          "%d %b %H:%M:%S",
                                                         "%d.%m.%y %H:%M",           "%d.%m.%y, %H:%M:%S",      "%d.%m.%y, %H:%M",
                                                         "%d. %m. %Y %H:%M:%S",      "%d. %m. %Y %H:%M",        "%d. %m. %Y, %H:%M",
                                                         "%m-%d-%Y %I:%M:%S %p",     "%Y-%m-%d\" %H:%M:%S",     "%b %d, %Y, %H:%M:%S",
                                                         "%b %d, %Y, %H:%M",         "%b %d, %Y, %I:%M %p",     "%d/%b/%Y %H:%M",
                                                         "%Y-%m-%d %Hh%M",           "%b %d %Y, %H:%M:%S",      "%b %d, %H:%M:%S",
                                                         "%d.%b.%Y %H:%M:%S",        "%Y/%m/%d-%H:%M:%S",       "%H:%M:%S %z %Y-%m-%d",
                                                         "%H:%M %z %Y-%m-%d",        "%H:%M:%S %Y-%m-%d",       "%H:%M %Y-%m-%d",
                                                         "%H:%M:%S %d.%m.%Y",        "%H:%M %d.%m.%Y",          "%H:%M:%S %z %d %b %Y",
                                                         "%H:%M %z %d %b %Y",        "%H:%M:%S %d %b %Y",       "%H:%M %d %b %Y",
                                                         "%H:%M:%S %d/%b/%Y",        "%H:%M %z %b %d, %Y",      "%H:%M %b %d, %Y",
                                                         "%H:%M:%S %b %d, %Y",       "%I:%M %p %z %b %d, %Y",   "%I:%M %p %b %d, %Y",
                                                         "%I:%M:%S %p %b %d, %Y",    "%I:%M %p %z %d %b %Y",    "%I:%M %p %d %b %Y",
                                                         "%d.%m.%Y%k%H.%M",          "%d. %b %Y%k%H.%M",        "%d %b %Y%k%H.%M",
                                                         "%Y-%m-%d%k%H.%M"});
/// Dates without a time.
constexpr auto kDateForms =
    std::to_array<std::string_view>({"%Y-%m-%d", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%d. %b %Y", "%m/%d/%Y", "%d-%m-%Y"});

}  // namespace pinfold::report
