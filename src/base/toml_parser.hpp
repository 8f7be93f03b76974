/// The one way in which toml++ is included: it throws nothing, and a faulty file ends in an error with its line.
/// Used by: config, the parser definitions of report, and the command lines of switches.
/// Why:     toml++ 3.0 to 3.4 asserts that a table's header begins with a key before it reports that it does not ("[=]"): with asserts on, a slip of
///          an operator's pen would abort the program. What it asserts, it checks again right behind.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>
