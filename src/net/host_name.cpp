#include "net/host_name.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::net {
namespace {

bool is_inner(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; }

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' && std::all_of(text.begin(), text.end(), is_inner);
}

}  // namespace

bool is_host_name(std::string_view text) {
  const auto labels = split(text, '.');
  return text.size() <= 253 && std::all_of(labels.begin(), labels.end(), is_label);
}

}  // namespace pinfold::net
