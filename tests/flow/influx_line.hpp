/// Reads influx' line protocol, in which telegraf's tests say what an export holds.
#pragma once

#include <map>
#include <string>

namespace pinfold::flow::test {

/// What influx' line protocol says of one flow, by field: `src="192.0.2.1",in_bytes=7u`.
inline std::map<std::string, std::string> influx_fields(const std::string& line) {
  std::map<std::string, std::string> fields;
  const auto start = line.find(' ');
  std::string name;
  std::string value;
  bool in_value = false;
  bool quoted = false;
  for (const char c : line.substr(start == std::string::npos ? line.size() : start + 1) + ",") {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == ' ')) {
      if (in_value) {
        fields[name] = value.ends_with('u') && value.size() > 1 && value[0] >= '0' && value[0] <= '9' ? value.substr(0, value.size() - 1) : value;
      }
      name.clear();
      value.clear();
      in_value = false;
    } else if (!quoted && !in_value && c == '=') {
      in_value = true;
    } else {
      (in_value ? value : name) += c;
    }
  }
  return fields;
}

}  // namespace pinfold::flow::test
