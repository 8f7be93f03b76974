#include "base/json_reader.hpp"

#include <fmt/format.h>

namespace pinfold {

Expected<nlohmann::json, std::string> parse_json(std::string_view text, std::size_t max_bytes, unsigned max_depth) {
  if (text.size() > max_bytes) {
    return Unexpected(fmt::format("{} bytes of JSON, at most {} are taken", text.size(), max_bytes));
  }
  bool too_deep = false;
  const auto depth_guard = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || static_cast<unsigned>(depth) > max_depth;
    return !too_deep;
  };
  nlohmann::json json = nlohmann::json::parse(text.begin(), text.end(), depth_guard, /*allow_exceptions=*/false);
  if (too_deep) {
    return Unexpected(fmt::format("nested deeper than {}", max_depth));
  }
  if (json.is_discarded()) {
    return Unexpected(std::string("not valid JSON"));
  }
  return json;
}

JsonReader::JsonReader(const nlohmann::json& json, std::string path) : x_json(json), x_path(std::move(path)) {
  if (!json.is_object()) {
    x_error = x_path + ": not an object";
  }
}

bool JsonReader::has(std::string_view field) const { return x_json.is_object() && x_json.contains(field); }

void JsonReader::fail(std::string_view field, std::string_view what) {
  if (!x_error) {
    x_error = fmt::format("{}: {}", path_of(field), what);
  }
}

const nlohmann::json* JsonReader::find(std::string_view field, nlohmann::json::value_t type) {
  if (!has(field)) {
    fail(field, "missing");
    return nullptr;
  }
  const nlohmann::json& value = x_json.find(field).value();
  if (value.type() != type) {
    fail(field, fmt::format("is a {}", value.type_name()));
    return nullptr;
  }
  return &value;
}

std::string JsonReader::text(std::string_view field) {
  const nlohmann::json* value = find(field, nlohmann::json::value_t::string);
  return value == nullptr ? std::string{} : value->get<std::string>();
}

bool JsonReader::boolean(std::string_view field) {
  const nlohmann::json* value = find(field, nlohmann::json::value_t::boolean);
  return value != nullptr && value->get<bool>();
}

std::uint64_t JsonReader::number(std::string_view field, std::uint64_t max) {
  const std::int64_t value = signed_number(field);
  if (value < 0 || static_cast<std::uint64_t>(value) > max) {
    fail(field, fmt::format("must be between 0 and {}", max));
    return 0;
  }
  return static_cast<std::uint64_t>(value);
}

std::int64_t JsonReader::signed_number(std::string_view field) {
  if (!has(field)) {
    fail(field, "missing");
    return 0;
  }
  const nlohmann::json& value = x_json.find(field).value();
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)) {
    fail(field, "not an integer");
    return 0;
  }
  return value.get<std::int64_t>();
}

}  // namespace pinfold
